"""What the books write when slot and books differ: moves, anomalies, and the claims that follow from them."""

from collections.abc import Iterable

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import (
    AnomalyCause,
    AnomalyClosed,
    AnomalyEnd,
    AnomalyKind,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    ClaimGranted,
    ClaimUsed,
    SwapOutcome,
)
from edge.core.cabinet import verify
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import GONE, MAX_ANOMALIES, Anomaly, Booked, Left
from edge.core.events.cabinet import BatteryReading
from edge.core.turn import Turn

OF_CONTENT = frozenset({AnomalyKind.FOREIGN_INSIDE, AnomalyKind.UNREADABLE_INSIDE, AnomalyKind.SEEN_TWICE})
"""Anomalies that are over when slot and books agree. That a battery appeared, or lies in another's place, stays odd
until it moves on by an order, or somebody explains it."""


# ---------------------------------------------------------------- something is there


def moved(turn: Turn, slots: Iterable[SlotNumber]) -> list[tuple[SlotNumber, BatteryReading]]:
    """Book the batteries that lie in other slots than the books have them, all at once: two may have changed places.
    The slots in which they lie now."""
    memory, moves = turn.durable.cabinet, list[tuple[SlotNumber, SlotNumber, BatteryReading]]()
    for slot in slots:
        battery = slot_now(turn.state, slot).battery
        place = None if battery is None else memory.place_of(battery.serial)
        if battery is None or place in (None, slot) or _is_twin(turn, slot, battery.serial):
            continue
        twice = any(other.serial == battery.serial for _, _, other in moves)
        if place is not None and not twice and _is_not_in(turn, place, battery.serial):
            moves.append((place, slot, battery))
    for place, _, battery in moves:
        turn.record(BatteryGivenOut(battery.serial, place, None, None))
    return [(slot, battery) for _, slot, battery in moves]


def found(turn: Turn, slot: SlotNumber, battery: BatteryReading, cause: AnomalyCause) -> None:
    """A battery that says who it is lies where the books do not have it."""
    memory, serial = turn.durable.cabinet, battery.serial
    place = memory.place_of(serial)
    there = None if place is None else slot_now(turn.state, place).battery
    if _is_twin(turn, slot, serial):
        return
    if place is not None and there is not None and there.serial == serial:
        _open(turn, AnomalyKind.SEEN_TWICE, cause, serial, slot, detail=f"also in slot {place}")
        return
    if _being_filled(turn, slot) and memory.in_slot(slot) is None:
        take_in(turn, slot, battery, None, cause)
        return
    ours = verify.is_ours(turn.state, serial)
    if ours is None:
        verify.ask(turn, serial)
        return
    if place is not None:
        # The slot in which the books have it is silent: it may be the one that lies.
        return
    left = memory.left_at(slot)
    if not ours:
        _open(turn, AnomalyKind.FOREIGN_INSIDE, cause, serial, slot, left=left)
    elif left is not None:
        _brought(turn, slot, battery, left, cause)
    else:
        _appeared(turn, slot, battery, cause)


def unreadable(turn: Turn, slot: SlotNumber, cause: AnomalyCause) -> None:
    """Something that does not say who it is. If the books have a battery there, it is presumed to be that one."""
    booked = turn.durable.cabinet.in_slot(slot)
    left = turn.durable.cabinet.left_at(slot)
    _open(turn, AnomalyKind.UNREADABLE_INSIDE, cause, None if booked is None else booked.battery, slot, left=left)


def take_in(
    turn: Turn,
    slot: SlotNumber,
    battery: BatteryReading,
    member: MemberId | None,
    cause: AnomalyCause,
    swap: int | None = None,
) -> None:
    """Book what lies in a slot; what the books had there is not there any more."""
    booked = turn.durable.cabinet.in_slot(slot)
    if booked is not None and booked.battery != battery.serial:
        gone(turn, booked, cause)
    turn.record(
        BatteryTakenIn(
            battery=battery.serial,
            slot=slot,
            member=member,
            swap=swap,
            model=verify.model_of(turn.state, battery),
            soc_percent=battery.soc_percent,
            soh_percent=battery.soh_percent,
            cycles=battery.cycles,
            temperature_decicelsius=battery.temperature_decicelsius,
        )
    )


def _being_filled(turn: Turn, slot: SlotNumber) -> bool:
    """The cabinet is new: no slot was ever opened by an order, this one not by force, and nothing was ever odd."""
    memory = turn.durable.cabinet
    if memory.is_aside(slot):
        return False
    return memory.pulses == 0 and memory.swaps == 0 and memory.anomalies_opened == 0


def _is_not_in(turn: Turn, place: SlotNumber, battery: BatteryId) -> bool:
    """The slot in which the books have it does not hold it, or nothing is known of that slot; or what lies there was
    only presumed to be it."""
    now, anomalies = slot_now(turn.state, place), turn.durable.cabinet.anomalies
    presumed = (AnomalyKind.UNREADABLE_INSIDE, battery, place)
    if now.battery is not None and now.battery.serial:
        return now.battery.serial != battery
    return not now.present or any((one.kind, one.battery, one.slot) == presumed for one in anomalies)


def _is_twin(turn: Turn, slot: SlotNumber, battery: BatteryId) -> bool:
    known = turn.durable.cabinet.anomalies
    return any((one.kind, one.battery, one.slot) == (AnomalyKind.SEEN_TWICE, battery, slot) for one in known)


def _brought(turn: Turn, slot: SlotNumber, battery: BatteryReading, left: Left, cause: AnomalyCause) -> None:
    """It came into a slot that a swap had left: the rider put it in."""
    own = verify.holder(turn.state, battery.serial) in (None, left.member)
    take_in(turn, slot, battery, left.member, cause, left.swap)
    put_back = battery.serial == left.given
    if own and (left.owed or put_back):
        grant(turn, left.member, left.swap, SwapOutcome.NOT_TAKEN if put_back else SwapOutcome.LEFT_OPEN)
    elif left.exchanged or not own:
        kind = AnomalyKind.EXCHANGED if left.exchanged else AnomalyKind.APPEARED
        _open(turn, kind, cause, battery.serial, slot, left=left)


def found_moved(turn: Turn, slot: SlotNumber, battery: BatteryReading, cause: AnomalyCause) -> None:
    """A battery lies in another slot than it did."""
    take_in(turn, slot, battery, None, cause)
    if cause is not AnomalyCause.SERVICE:
        _open(turn, AnomalyKind.APPEARED, cause, battery.serial, slot)


def _appeared(turn: Turn, slot: SlotNumber, battery: BatteryReading, cause: AnomalyCause) -> None:
    memory, serial = turn.durable.cabinet, battery.serial
    missing, booked, out = memory.with_nobody(serial), memory.in_slot(slot), memory.out_with(serial)
    silent = next((one for one in memory.anomalies if _was_silent(one, slot, out is not None)), None)
    if silent is not None and out is not None and silent.member == out.member:
        # The full one that its rider seemed to have taken, and left something silent for, never left.
        take_in(turn, slot, battery, out.member, cause, silent.swap)
        close(turn, silent, AnomalyEnd.CAME_BACK)
        grant(turn, out.member, silent.swap, SwapOutcome.NOT_TAKEN)
        return
    take_in(turn, slot, battery, None, cause)
    if missing is None and cause is not AnomalyCause.SERVICE:
        kind = AnomalyKind.APPEARED if booked is None else AnomalyKind.EXCHANGED
        _open(turn, kind, cause, serial, slot)


def _was_silent(anomaly: Anomaly, slot: SlotNumber, out: bool) -> bool:
    return out and anomaly.kind is AnomalyKind.UNREADABLE_INSIDE and anomaly.slot == slot and anomaly.swap is not None


# ---------------------------------------------------------------- something is not


def gone(turn: Turn, booked: Booked, cause: AnomalyCause) -> None:
    """A battery is not where the books have it, and in no other slot either."""
    memory, swap = turn.durable.cabinet, turn.durable.cabinet.swap
    left = memory.left_at(booked.slot)
    if left is not None:
        turn.record(BatteryGivenOut(booked.battery, booked.slot, left.member, left.swap))
        claim = next((one for one in memory.claims if one.id == left.claim), None) or memory.claim_of(left.member)
        if claim is not None:
            turn.record(ClaimUsed(claim.id, left.member, left.swap))
        return
    doing = swap if swap is not None and swap.battery_in == booked.battery else None
    kind = AnomalyKind.VANISHED if doing is None else AnomalyKind.TOOK_TWO
    member, number = (None, None) if doing is None else (doing.member, doing.id)
    _open(turn, kind, cause, booked.battery, booked.slot, member=member, swap=number)
    turn.record(BatteryGivenOut(booked.battery, booked.slot, None, number))


# ---------------------------------------------------------------- anomalies and claims


def slot_in_order(turn: Turn, slot: SlotNumber) -> None:
    """Slot and books agree: what was odd about its content is over."""
    for anomaly in turn.durable.cabinet.anomalies:
        if anomaly.slot == slot and anomaly.kind in OF_CONTENT:
            close(turn, anomaly, AnomalyEnd.CAME_BACK)


def tidy(turn: Turn) -> None:
    """Close what a later move explains."""
    memory = turn.durable.cabinet
    for anomaly in memory.anomalies:
        presumed = anomaly.kind is AnomalyKind.UNREADABLE_INSIDE
        if anomaly.battery is None or (anomaly.kind in OF_CONTENT and not presumed):
            continue
        place = memory.place_of(anomaly.battery)
        if anomaly.kind in GONE and place is not None:
            close(turn, anomaly, AnomalyEnd.CAME_BACK)
        elif (anomaly.kind in GONE and memory.out_with(anomaly.battery) is not None) or (
            anomaly.kind not in GONE and place != anomaly.slot
        ):
            close(turn, anomaly, AnomalyEnd.BOOKED)


def close(turn: Turn, anomaly: Anomaly, how: AnomalyEnd, by: str = "") -> None:
    turn.record(AnomalyClosed(anomaly.id, how, by))


def grant(turn: Turn, member: MemberId, swap: int | None, why: SwapOutcome) -> None:
    turn.record(ClaimGranted(turn.durable.cabinet.claims_granted + 1, member, swap, why))


def _open(
    turn: Turn,
    kind: AnomalyKind,
    cause: AnomalyCause,
    battery: BatteryId | None,
    slot: SlotNumber,
    *,
    left: Left | None = None,
    member: MemberId | None = None,
    swap: int | None = None,
    detail: str = "",
) -> None:
    """Open an anomaly, unless it is open already."""
    memory = turn.durable.cabinet
    if any((one.kind, one.battery, one.slot) == (kind, battery, slot) for one in memory.anomalies):
        return
    if left is not None:
        member, swap, cause = left.member, left.swap, AnomalyCause.SWAP
    if len(memory.anomalies) >= MAX_ANOMALIES:
        close(turn, memory.anomalies[0], AnomalyEnd.FORGOTTEN)
    turn.record(AnomalyOpened(memory.anomalies_opened + 1, kind, cause, battery, slot, member, swap, detail))
