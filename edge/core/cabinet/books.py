"""The books: where every battery should be, beside where the cabinet's readings say it is.

*One place.* Each battery is booked in one slot, or out with one member, or in one open anomaly of the kinds that are a
place (`state.GONE`): nobody knows where it is. All other anomalies are about what lies in a slot and should not.

*Settled.* A slot is compared with the books when it is shut and has said what is in it, every slot has been read in
this run, nobody works at the cabinet, and no swap is at it: that swap knows better what is going on. A slot that stays
open for long is compared all the same.

*Explained.* Moves that a swap ordered are booked by it. What moves in a slot that a swap has left behind is that
rider's doing (`state.Left`). What a technician has put in is ours if the roster knows it, and what one has taken out is
an anomaly of service: somebody has it. As long as no slot of this cabinet has ever been opened, and nothing was ever
odd, it is being filled: whatever is found is taken in.

*Causes.* What may have moved something since slot and books last agreed is remembered by slot; until they have agreed
in this run, it happened while nobody looked.
"""

from collections.abc import Iterator
from typing import Final

from contract.ids import SlotNumber
from contract.records import AnomalyCause, AnomalyEnd, AnomalyKind, SlotCause, SlotDoorOpened, SlotUnlocked, SwapStage
from edge.core import events
from edge.core.cabinet import ledger, verify
from edge.core.cabinet.slots import set_now, slot_now
from edge.core.cabinet.state import BooksNow, CabinetNow, SlotNow
from edge.core.cabinet.swap_inputs import slot_of
from edge.core.changed import changed
from edge.core.state import StationState
from edge.core.turn import Turn

SILENT_MS: Final = 60_000
"""So long may a BMS need to say who it is. A swap, in which somebody waits, is less patient."""
ASK_AGAIN_MS: Final = 60_000
CAUSE_OF_PULSE: Final = {
    SlotCause.SERVICE: AnomalyCause.SERVICE,
    SlotCause.QUARANTINE: AnomalyCause.SERVICE,
    SlotCause.COMMAND: AnomalyCause.COMMAND,
}


# ---------------------------------------------------------------- what is told


def looked_up(turn: Turn, event: events.BatteryLookedUp) -> None:
    """The roster has answered."""
    now = turn.volatile.cabinet
    asked = tuple(battery for battery in now.asked if battery != event.battery)
    facts = {battery: told for battery, told in now.facts.items() if battery != event.battery}
    unanswered = now.unanswered - {event.battery}
    if event.available:
        facts = dict([*facts.items(), (event.battery, event.facts)][-verify.MAX_FACTS :])
    elif len(unanswered) < verify.MAX_FACTS:
        unanswered |= {event.battery}
    set_now(turn, asked=asked, facts=facts, unanswered=unanswered)


def explained(turn: Turn, event: events.AnomalyExplained) -> None:
    """Somebody has found out what became of a battery. What lies unknown in a slot stays an anomaly as long as it does:
    a word does not take it out; but a word makes one of ours of what has a name."""
    anomaly = next((one for one in turn.durable.cabinet.anomalies if one.id == event.anomaly), None)
    if anomaly is None:
        return
    now = None if anomaly.slot is None else slot_now(turn.state, anomaly.slot)
    battery = None if now is None else now.battery
    if anomaly.kind in (AnomalyKind.UNREADABLE_INSIDE, AnomalyKind.SEEN_TWICE) and (now is None or now.present):
        return
    named = battery is not None and battery.serial == anomaly.battery
    if anomaly.kind is AnomalyKind.FOREIGN_INSIDE and named and battery is not None and anomaly.slot is not None:
        ledger.take_in(turn, anomaly.slot, battery, None, AnomalyCause.SERVICE)
    ledger.close(turn, anomaly, AnomalyEnd.BOOKED, event.by)


# ---------------------------------------------------------------- what follows


def follow(turn: Turn, before: StationState) -> None:
    """Compare readings with books; what differs and belongs to no swap under way is an anomaly."""
    now, was = turn.volatile.cabinet, before.volatile.cabinet
    if turn.durable.cabinet is before.durable.cabinet and (now is was or not _is_news(now, was)):
        return
    if was.online and not now.online:
        books = now.books
        offline = dict.fromkeys(books.agreed, AnomalyCause.OFFLINE)
        _set(turn, changed(books, agreed=frozenset(), touched={**offline, **books.touched}))
    _touch(turn)
    if now.slots is not was.slots:
        _lose_sight(turn, before)
    _compare(turn)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: a silence that has lasted, or the wait before asking again."""
    books = turn.volatile.cabinet.books
    if books.due_ms is None or books.due_ms > turn.mono_ms:
        return
    asks = books.ask_ms is not None and books.ask_ms <= turn.mono_ms
    # While nothing can be compared, nothing is due: the next comparison notes it anew.
    _set(turn, changed(books, due_ms=None, ask_ms=None if asks else books.ask_ms))
    if asks:
        set_now(turn, unanswered=frozenset())
    _compare(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """When a silence has lasted too long, a door has been open for too long, or the roster is asked again."""
    due_ms = state.volatile.cabinet.books.due_ms
    if due_ms is not None:
        yield due_ms


def _is_news(now: CabinetNow, was: CabinetNow) -> bool:
    """Whether anything was read that the books look at: most readings are a degree or a milliampere."""
    if (now.online, now.all_read) != (was.online, was.all_read):
        return True
    if now.facts is not was.facts or now.unanswered is not was.unanswered:
        return True
    for slot, after in now.slots.items():
        before = was.slots.get(slot)
        if after is not before and (before is None or _told(after) != _told(before)):
            return True
    return False


def _told(now: SlotNow) -> tuple[object, ...]:
    serial = None if now.battery is None else now.battery.serial
    return now.door_open, now.present, now.pulsed_ms, serial


def _touch(turn: Turn) -> None:
    """Remember what may move something in a slot from now on."""
    touched = dict(turn.volatile.cabinet.books.touched)
    for record in turn.records:
        if isinstance(record, SlotUnlocked):
            touched[record.slot] = CAUSE_OF_PULSE.get(record.cause, AnomalyCause.SWAP)
        elif isinstance(record, SlotDoorOpened) and not record.commanded:
            by_key = bool(turn.durable.cabinet.service_by)
            touched[record.slot] = AnomalyCause.SERVICE if by_key else AnomalyCause.FORCED
        elif isinstance(record, SlotDoorOpened) and turn.durable.cabinet.swap is not None:
            # It sprang open again, or its door was pulled late.
            touched.setdefault(record.slot, AnomalyCause.SWAP)
    if touched != turn.volatile.cabinet.books.touched:
        _set(turn, changed(turn.volatile.cabinet.books, touched=touched))


def _lose_sight(turn: Turn, before: StationState) -> None:
    """What moves in a slot that does not answer happened while nobody could see it."""
    books = turn.volatile.cabinet.books
    known = before.volatile.cabinet.slots
    lost = [
        slot
        for slot, now in turn.volatile.cabinet.slots.items()
        if now.lost and slot in books.agreed and slot in known and not known[slot].lost
    ]
    if lost:
        _set(turn, changed(books, touched={**dict.fromkeys(lost, AnomalyCause.OFFLINE), **books.touched}))


def _compare(turn: Turn) -> None:
    ledger.tidy(turn)
    cabinet, memory = turn.volatile.cabinet, turn.durable.cabinet
    if not cabinet.online or not cabinet.all_read or memory.service_by:
        return
    busy = _busy(turn)
    settled = [slot for slot in turn.config.cabinet.slots if slot not in busy and _is_settled(turn, slot)]
    # First who lies where: a battery that has only been moved has not vanished.
    for slot, battery in ledger.moved(turn, settled):
        ledger.found_moved(turn, slot, battery, cause_of(turn, slot))
    for slot in settled:
        _judge_inside(turn, slot)
    for slot in settled:
        _judge_gone(turn, slot)
    for slot in settled:
        _judge_agreement(turn, slot)
    ledger.tidy(turn)
    _arm(turn, busy)


def _busy(turn: Turn) -> frozenset[SlotNumber]:
    """The slots that a swap is at."""
    swap = turn.durable.cabinet.swap
    if swap is None:
        return frozenset()
    at = (swap.slot_in, swap.slot_out) if swap.stage is SwapStage.RECONCILING else (slot_of(swap),)
    return frozenset(slot for slot in at if slot is not None)


def _is_settled(turn: Turn, slot: SlotNumber) -> bool:
    now = slot_now(turn.state, slot)
    if not now.known or now.pulsed_ms is not None:
        return False
    return not now.door_open or turn.mono_ms >= _open_until_ms(turn, now)


def _open_until_ms(turn: Turn, now: SlotNow) -> int:
    since_ms = now.read_ms if now.door_since_ms is None else now.door_since_ms
    return since_ms + turn.config.cabinet.times.close_ms


def _arm(turn: Turn, busy: frozenset[SlotNumber]) -> None:
    """Note since when what is silent is so, and when that, or something else, has lasted too long."""
    cabinet, books = turn.volatile.cabinet, turn.volatile.cabinet.books
    silent_ms: dict[SlotNumber, int] = {}
    moments: list[int] = []
    for slot, now in cabinet.slots.items():
        if now.present and (now.battery is None or not now.battery.serial):
            silent_ms[slot] = books.silent_ms.get(slot, turn.mono_ms)
            moments.append(silent_ms[slot] + SILENT_MS)
        if now.door_open and slot not in busy:
            moments.append(_open_until_ms(turn, now))
    ask_ms = books.ask_ms
    if ask_ms is None and cabinet.unanswered:
        ask_ms = turn.mono_ms + ASK_AGAIN_MS
    if ask_ms is not None:
        moments.append(ask_ms)
    due_ms = min((moment for moment in moments if moment > turn.mono_ms), default=None)
    after = changed(books, silent_ms=silent_ms, due_ms=due_ms, ask_ms=ask_ms)
    if after != books:
        _set(turn, after)


def _set(turn: Turn, books: BooksNow) -> None:
    set_now(turn, books=books)


# ---------------------------------------------------------------- one slot


def _judge_inside(turn: Turn, slot: SlotNumber) -> None:
    """Something lies in a slot that the books do not have there."""
    memory, now = turn.durable.cabinet, slot_now(turn.state, slot)
    booked = memory.in_slot(slot)
    if not now.present:
        return
    if now.battery is None or not now.battery.serial:
        since_ms = turn.volatile.cabinet.books.silent_ms.get(slot)
        if since_ms is not None and turn.mono_ms >= since_ms + SILENT_MS:
            ledger.unreadable(turn, slot, cause_of(turn, slot))
        return
    if booked is None or booked.battery != now.battery.serial:
        ledger.found(turn, slot, now.battery, cause_of(turn, slot))


def _judge_gone(turn: Turn, slot: SlotNumber) -> None:
    """What the books have in a slot is surely not there."""
    now, booked = slot_now(turn.state, slot), turn.durable.cabinet.in_slot(slot)
    if booked is None:
        return
    serial = None if now.battery is None else now.battery.serial
    if not now.present or (serial and serial != booked.battery):
        ledger.gone(turn, booked, cause_of(turn, slot))


def _judge_agreement(turn: Turn, slot: SlotNumber) -> None:
    """Slot and books say the same: what is odd about the slot is over, and what happens from now on is new."""
    now, booked = slot_now(turn.state, slot), turn.durable.cabinet.in_slot(slot)
    serial = None if now.battery is None else now.battery.serial or None
    if bool(now.present) != (booked is not None) or (booked is not None and serial != booked.battery):
        return
    ledger.slot_in_order(turn, slot)
    books = turn.volatile.cabinet.books
    if slot not in books.agreed or slot in books.touched:
        touched = {each: cause for each, cause in books.touched.items() if each != slot}
        _set(turn, changed(books, agreed=books.agreed | {slot}, touched=touched))


def cause_of(turn: Turn, slot: SlotNumber) -> AnomalyCause:
    """What may have moved something there, as far as the station knows."""
    books = turn.volatile.cabinet.books
    known = books.touched.get(slot)
    if known is not None:
        return known
    return AnomalyCause.UNKNOWN if slot in books.agreed else AnomalyCause.POWER_OFF
