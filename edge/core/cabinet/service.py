"""A technician at the cabinet.

*Service mode* begins and ends by their word, and ends by itself when they have done nothing for half an hour. While it
lasts there are no swaps and nothing charges; slots open one by one as they are asked for, also several at once, and a
slot that is opened by key is no break-in.

*Two steps.* Behind the door of a slot that is tripped or in quarantine something may burn. It opens for nobody but a
technician on site, who asks twice: the second time, within a minute, says that they have read what it is.
"""

from collections.abc import Iterator
from typing import Final

from contract.ids import SlotNumber
from contract.records import MessageRefused, ServiceBegan, ServiceEnded, SlotAside, SlotCause
from edge.core import events
from edge.core.cabinet import asides
from edge.core.cabinet.slots import set_now, slot_now, unlock
from edge.core.cabinet.state import CabinetMemory
from edge.core.state import StationState
from edge.core.turn import Turn

IDLE_MS: Final = 30 * 60_000
SECOND_STEP_MS: Final = 60_000
MAX_BY_CHARACTERS: Final = 64
FORGOTTEN: Final = "nothing was done for half an hour"


def booted(turn: Turn) -> None:
    """Work that the run before has left goes on for a while."""
    _act(turn)


def asked(turn: Turn, event: events.ServiceAsked) -> None:
    """A technician begins or ends work."""
    memory, by = turn.durable.cabinet, event.by[:MAX_BY_CHARACTERS]
    if not turn.config.cabinet.slots or not by:
        return
    if event.on and memory.swap is not None:
        turn.record(MessageRefused("console", "service has not begun: a rider's swap is under way"))
    elif event.on and not memory.service_by:
        turn.record(ServiceBegan(by))
    elif not event.on and memory.service_by:
        _end(turn, by, "")
    _act(turn)


def open_asked(turn: Turn, event: events.SlotOpenAsked) -> None:
    """A technician wants a slot open."""
    by, slot = event.by[:MAX_BY_CHARACTERS], event.slot
    trouble = _trouble(turn, slot)
    if trouble:
        turn.record(MessageRefused("console", f"slot {slot} is not opened: {trouble}"))
        return
    _act(turn)
    if not is_dangerous(turn.durable.cabinet, slot):
        unlock(turn, slot, SlotCause.SERVICE, by=by)
        return
    first = turn.volatile.cabinet.first_step
    if event.confirmed and first is not None and first[:2] == (slot, by) and turn.mono_ms <= first[2]:
        set_now(turn, first_step=None)
        unlock(turn, slot, SlotCause.QUARANTINE, by=by)
    else:
        set_now(turn, first_step=(slot, by, turn.mono_ms + SECOND_STEP_MS))


def aside_asked(turn: Turn, event: events.SlotAsideAsked) -> None:
    """A technician takes a slot out of use, or gives it back."""
    by = event.by[:MAX_BY_CHARACTERS]
    trouble = (asides.lock_out if event.aside else asides.give_back)(turn, event.slot, by)
    if trouble is not None:
        turn.record(MessageRefused("console", f"slot {event.slot}: {trouble}"))
    _act(turn)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: work that was forgotten."""
    due_ms = turn.volatile.cabinet.service_due_ms
    if due_ms is not None and due_ms <= turn.mono_ms:
        _end(turn, turn.durable.cabinet.service_by, FORGOTTEN)
        _act(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """When service mode ends by itself."""
    due_ms = state.volatile.cabinet.service_due_ms
    if due_ms is not None:
        yield due_ms


def is_dangerous(memory: CabinetMemory, slot: SlotNumber) -> bool:
    """Whether a slot opens for nobody but a technician on site, in two steps."""
    quarantined = any((aside.slot, aside.why) == (slot, SlotAside.QUARANTINE) for aside in memory.asides)
    return quarantined or any(tripped.slot == slot for tripped in memory.tripped)


def _trouble(turn: Turn, slot: SlotNumber) -> str:
    """Why a slot is not opened for a technician; empty: it is."""
    if slot not in turn.config.cabinet.slots:
        return "there is no such slot"
    if not turn.durable.cabinet.service_by:
        return "service has not begun"
    if not turn.volatile.cabinet.online:
        return "the cabinet does not answer"
    if slot_now(turn.state, slot).pulsed_ms is not None:
        return "it has been told to, and nothing has come of it yet"
    return ""


def _end(turn: Turn, by: str, why: str) -> None:
    turn.record(ServiceEnded(by, why))
    set_now(turn, first_step=None)


def _act(turn: Turn) -> None:
    """Something was done: whoever works is not forgotten."""
    due_ms = turn.mono_ms + IDLE_MS if turn.durable.cabinet.service_by else None
    set_now(turn, service_due_ms=due_ms)
