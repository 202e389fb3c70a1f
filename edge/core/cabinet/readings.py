"""What the cabinet's driver reads, taken in: the state of every slot in this run, and what moved by itself.

*Doors.* Whether a door stood open is remembered over restarts, so that each opening and each closing is one record. An
opening that nobody had told it to sets the slot aside: whoever did it may have done something to the battery. A door
that is found open when the run begins was opened by an order if the order was the last one, or the swap under way.

*Pulses.* A slot that was told to open counts as open until it has been seen open and shut again; or until the driver
has said that the pulse was surely not sent; or until its door has been read shut for as long as an opening takes, by
readings that are surely newer than the pulse. A pulse whose answer never came may still be in a queue or on the line:
until the driver has spoken of it, or has gone, nothing ends it.

*All read.* Nothing moves before every slot is known, or is known to be lost for so long that it will not come soon.
"""

from collections.abc import Iterator
from typing import Final

from contract.ids import SlotNumber
from contract.records import SlotAside, SlotDoorClosed, SlotDoorOpened, SlotSetAside
from edge.core import events
from edge.core.cabinet.slots import set_now, set_slot, slot_now
from edge.core.cabinet.state import SlotNow
from edge.core.changed import changed
from edge.core.effects import Effect, UnlockSlot
from edge.core.state import StationState
from edge.core.turn import Turn

STALE_MS: Final = 4_500
"""How old a reading may be before the driver says that the slot is lost: one that is not lost is newer than this."""
LATE_HAND_MS: Final = 10_000
"""A lock that let go may stick until somebody pulls: so long after the order it is still what opened the door."""
MAX_DETAIL_CHARACTERS: Final = 200


# ---------------------------------------------------------------- what is told


def cabinet_changed(turn: Turn, event: events.CabinetChanged) -> None:
    """The cabinet answers, or does not. While it does not, nothing of it is known."""
    config, now = turn.config.cabinet, turn.volatile.cabinet
    if not config.slots:
        return
    detail = event.detail[:MAX_DETAIL_CHARACTERS]
    if event.online:
        # Whoever has been silent with it has from now on to speak.
        slots = {
            slot: changed(silent, read_ms=turn.mono_ms) if silent.lost else silent for slot, silent in now.slots.items()
        }
        set_now(turn, online=True, detail=detail, offline_since_ms=None, slots=slots)
        _arm(turn)
        return
    since_ms = now.offline_since_ms if now.offline_since_ms is not None else turn.mono_ms
    slots = {slot: _lost(turn, slot, detail or "the cabinet does not answer") for slot in config.slots}
    # Whoever had the pulse in hand may have gone with it: it has been carried out by now, or never will be.
    slots = {slot: changed(lost, pulse_answered=lost.pulsed_ms is not None) for slot, lost in slots.items()}
    set_now(turn, online=False, detail=detail, offline_since_ms=since_ms)
    set_now(turn, slots=slots, points={}, contactor_closed=None, all_read=False)
    _arm(turn)


def slot_read(turn: Turn, event: events.SlotRead) -> None:
    """A slot's reading."""
    if event.slot not in turn.config.cabinet.slots:
        return
    before = slot_now(turn.state, event.slot)
    after = changed(
        before,
        door_open=event.door_open,
        # A battery that answers is there, whatever a contact says.
        present=True if event.battery is not None else event.present,
        battery=event.battery,
        charger_on=event.charger_on,
        charger_ma=event.charger_ma,
        smoke=event.smoke,
        slot_decicelsius=event.slot_decicelsius,
        read_ms=turn.mono_ms,
        lost="",
        impossible=False,
    )
    if after.door_open is not before.door_open:
        after = _door_moved(turn, event.slot, before, after)
    set_slot(turn, event.slot, after)
    _arm(turn)


def slot_lost(turn: Turn, event: events.SlotLost) -> None:
    """A slot's data is too old, or cannot be true."""
    if event.slot in turn.config.cabinet.slots:
        lost = _lost(turn, event.slot, event.detail[:MAX_DETAIL_CHARACTERS] or "no data")
        set_slot(turn, event.slot, changed(lost, impossible=event.impossible))
        _arm(turn)


def pulsed(turn: Turn, event: events.SlotPulsed) -> None:
    """What became of the pulse that opens a slot."""
    now = slot_now(turn.state, event.slot)
    if now.pulsed_ms is None or now.pulse != event.pulse:
        return
    if event.result is events.PulseResult.REFUSED:
        set_slot(turn, event.slot, _over(now))
    else:
        open_ms = turn.config.cabinet.times.open_ms
        patience_ms = max(open_ms, STALE_MS) if event.result is events.PulseResult.SENT else open_ms + STALE_MS
        set_slot(turn, event.slot, _shut_until(turn, changed(now, pulse_answered=True), patience_ms))
    _arm(turn)


def effect_refused(turn: Turn, effect: Effect) -> None:
    """The shell did not carry out an effect: no pulse has left the station."""
    if isinstance(effect, UnlockSlot):
        now = slot_now(turn.state, effect.slot)
        if now.pulse == effect.pulse:
            set_slot(turn, effect.slot, _over(now))
            _arm(turn)


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: a pulse that opened nothing, a silence that has lasted."""
    due_ms = turn.volatile.cabinet.read_due_ms
    if due_ms is None or due_ms > turn.mono_ms:
        return
    for slot, now in turn.volatile.cabinet.slots.items():
        if now.shut_ms is not None and now.shut_ms <= turn.mono_ms:
            set_slot(turn, slot, _over(now))
    _arm(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """When a pulse has opened nothing, or a slot has been lost for long."""
    due_ms = state.volatile.cabinet.read_due_ms
    if due_ms is not None:
        yield due_ms


def _arm(turn: Turn) -> None:
    """Note whether everything has been read, and when something of it ends by itself."""
    now, patience_ms = turn.volatile.cabinet, turn.config.cabinet.times.reconcile_ms
    due = [slot.shut_ms for slot in now.slots.values() if slot.shut_ms is not None]
    all_read = now.all_read
    if now.online and not all_read:
        given_up = [slot.read_ms + patience_ms for slot in now.slots.values() if slot.lost and not slot.known]
        waiting = [moment for moment in given_up if moment > turn.mono_ms]
        settled = sum(slot.known for slot in now.slots.values()) + len(given_up) - len(waiting)
        all_read = settled == len(turn.config.cabinet.slots)
        due += waiting
    due_ms = min(due, default=None)
    if (due_ms, all_read) != (now.read_due_ms, now.all_read):
        set_now(turn, read_due_ms=due_ms, all_read=all_read)


# ---------------------------------------------------------------- doors and pulses


def _door_moved(turn: Turn, slot: SlotNumber, before: SlotNow, after: SlotNow) -> SlotNow:
    """The door is read otherwise than before, or for the first time."""
    was_open = slot in turn.durable.cabinet.open_doors
    if after.door_open is None:
        return changed(after, door_since_ms=None, shut_ms=None)
    # What is found so when nothing was known of it has been so for nobody knows how long.
    since_ms = None if before.door_open is None else turn.mono_ms
    if after.door_open:
        after = changed(after, shut_ms=None)
        if not was_open:
            since_ms = turn.mono_ms
            _opened(turn, slot, _was_told(turn, slot, before))
    elif was_open:
        open_ms = None if before.door_since_ms is None else turn.mono_ms - before.door_since_ms
        turn.record(SlotDoorClosed(slot, open_ms))
        after = _over(after)
    else:
        after = _shut_until(turn, after, turn.config.cabinet.times.open_ms)
    return changed(after, door_since_ms=since_ms)


def _was_told(turn: Turn, slot: SlotNumber, before: SlotNow) -> bool:
    """Whether somebody had told this slot to open."""
    memory = turn.durable.cabinet
    if before.pulsed_ms is not None:
        return True
    if before.door_open is None:
        ordered = () if memory.swap is None else (memory.swap.slot_in, memory.swap.slot_out)
        return slot == memory.unlocked or slot in ordered
    return before.told_ms is not None and turn.mono_ms - before.told_ms <= LATE_HAND_MS


def _opened(turn: Turn, slot: SlotNumber, commanded: bool) -> None:
    memory = turn.durable.cabinet
    turn.record(SlotDoorOpened(slot, commanded))
    known = any((aside.slot, aside.why) == (slot, SlotAside.UNCOMMANDED) for aside in memory.asides)
    # A technician has keys.
    if not commanded and not memory.service_by and not known:
        turn.record(SlotSetAside(slot, SlotAside.UNCOMMANDED))


def _lost(turn: Turn, slot: SlotNumber, detail: str) -> SlotNow:
    """Nothing is known of a slot any more, but that it may have been told to open."""
    before = slot_now(turn.state, slot)
    kept = SlotNow(pulsed_ms=before.pulsed_ms, pulse=before.pulse, told_ms=before.told_ms, obeys=before.obeys)
    # Repeated bad news does not begin the silence anew.
    since_ms = before.read_ms if before.lost else turn.mono_ms
    return changed(kept, pulse_answered=before.pulse_answered, read_ms=since_ms, lost=detail)


def _shut_until(turn: Turn, now: SlotNow, patience_ms: int) -> SlotNow:
    """A door that is shut and stays so for long enough was not opened by the pulse."""
    if now.pulsed_ms is None or not now.pulse_answered or now.door_open is not False:
        return now
    return changed(now, shut_ms=turn.mono_ms + patience_ms)


def _over(now: SlotNow) -> SlotNow:
    return changed(now, pulsed_ms=None, shut_ms=None, pulse_answered=False)
