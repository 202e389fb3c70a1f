"""The swap: what must hold between the station's books and records and where every battery really is.

The books are held against the world only where they have had time to learn it: `QUIET_MS` after the last hand, fault or
swap, with every slot read and shut. What must never happen is looked at in the step in which it would.
"""

from collections import Counter
from typing import TYPE_CHECKING, Final

from contract.ids import BatteryId, MemberId
from contract.records import (
    AnomalyCause,
    AnomalyKind,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    SlotCause,
    SlotUnlocked,
    SwapBegun,
    SwapEnded,
    SwapKind,
    SwapOutcome,
    SwapRefused,
    SwapStage,
)
from edge.core.cabinet.state import GONE, CabinetMemory
from edge.core.effects import SetCharger, UnlockSlot
from edge.core.state import StationState
from edge.core.station import Step
from proof import cabinet_city
from proof.battery_world import Battery, Slot
from proof.cabinet_city import MODEL
from proof.require import require

if TYPE_CHECKING:
    from proof.life import Life

QUIET_MS: Final = 240_000
"""A door that nobody shuts (two minutes), a BMS that says nothing (one), and some."""
FOR_RIDERS: Final = frozenset({SlotCause.SWAP_IN, SlotCause.SWAP_OUT, SlotCause.SWAP_BACK})
HOT_DECICELSIUS: Final = 550
COLD, WARM, SLACK = 50, 450, 20
OPENS_MS: Final = 3_000
LONGEST_SWAP_MS: Final = 3_600_000
OF_CONTENT: Final = frozenset({AnomalyKind.FOREIGN_INSIDE, AnomalyKind.UNREADABLE_INSIDE, AnomalyKind.SEEN_TWICE})


class SwapTruth:
    """What the invariants remember of a life's swaps."""

    def __init__(self) -> None:
        self.begun = 0
        self.outcomes: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.anomalies: Counter[str] = Counter()
        self.ended: set[int] = set()
        self.under_way: int | None = None
        self.begun_ms = self.ended_ms = self.worked_ms = 0
        self.pulsed: set[int] = set()
        self.settled_audits = 0
        self.known: set[BatteryId] = set()
        """What the station has ever taken in."""
        self.holders: dict[BatteryId, MemberId] = {}
        """Whom it has given what to …"""
        self.brought_from: dict[BatteryId, MemberId] = {}
        """… and who had what came back last."""

    def run_begins(self, memory: CabinetMemory) -> None:
        """What was never committed has not happened."""
        self.ended = {swap for swap in self.ended if swap <= memory.swaps}
        if memory.swap is not None:
            self.ended.discard(memory.swap.id)
        self.under_way = None if memory.swap is None else memory.swap.id
        self.known = placed(memory)
        self.holders = {out.battery: out.member for out in memory.out}


# ---------------------------------------------------------------- in every step


def step_is_sound(life: "Life", before: StationState, step: Step) -> None:
    """What one step's records and effects must be."""
    memory, was = step.state.durable.cabinet, before.durable.cabinet
    if memory.service_by or was.service_by:
        life.swaps.worked_ms = life.timeline.now_ms
    for record in step.records:
        if isinstance(record, SwapBegun | SwapEnded):
            _swaps_end_once(life, record)
        elif isinstance(record, BatteryTakenIn):
            life.swaps.known.add(record.battery)
            _came_back(life.swaps, record)
        elif isinstance(record, BatteryGivenOut) and record.member is not None:
            life.swaps.holders[record.battery] = record.member
        elif isinstance(record, AnomalyOpened):
            _anomaly_opened(life, record)
        elif isinstance(record, SwapRefused):
            life.swaps.refused[record.reason.value] += 1
            careless = life.city.calm and record.reason.value in ("slot_open", "denied", "hazard", "nothing_owed")
            require(not careless, "a_calm_life_goes_well", f"{record}")
    for effect in step.effects:
        if isinstance(effect, UnlockSlot):
            written = any(isinstance(each, SlotUnlocked) and each.pulse == effect.pulse for each in step.records)
            require(written, "no_slot_opens_without_a_record", f"{effect}")
    if (memory.booked, memory.out, memory.anomalies) != (was.booked, was.out, was.anomalies):
        each_battery_is_in_one_place(memory)


def _swaps_end_once(life: "Life", record: SwapBegun | SwapEnded) -> None:
    """One swap at a time, and each ends in exactly one outcome."""
    truth, now_ms = life.swaps, life.timeline.now_ms
    if isinstance(record, SwapBegun):
        require(truth.under_way is None, "one_swap_at_a_time", f"{record}, and {truth.under_way} is under way")
        truth.under_way, truth.begun_ms = record.swap, now_ms
        truth.begun += 1
        return
    once = record.swap == truth.under_way and record.swap not in truth.ended
    require(once, "each_swap_ends_once", f"{record}, under way: {truth.under_way}")
    truth.under_way, truth.ended_ms = None, now_ms
    if record.outcome is SwapOutcome.DONE:
        _done_is_done(life, record)
    truth.ended.add(record.swap)
    truth.outcomes[record.outcome.value] += 1
    life.met[f"swap_{record.outcome.value}"] += 1
    good = record.outcome.value == "done" or not life.city.calm
    require(good, "a_calm_life_goes_well", f"{record}")


def _came_back(truth: SwapTruth, record: BatteryTakenIn) -> None:
    holder = truth.holders.pop(record.battery, None)
    if holder is None:
        truth.brought_from.pop(record.battery, None)
    else:
        truth.brought_from[record.battery] = holder


def _done_is_done(life: "Life", record: SwapEnded) -> None:
    """What was given is in no slot any more, whatever the door says; what was brought for it was the rider's own."""
    given, brought = record.battery_out, record.battery_in
    stays = given is not None and given in lying(life)
    require(not stays, "a_closed_door_ends_no_swap", f"{record}, and {given} still lies in its slot")
    if record.swap_kind is SwapKind.SWAP and brought is not None:
        holder = life.swaps.brought_from.get(brought, record.member)
        require(holder == record.member, "nobody_swaps_anothers_battery", f"{record}: {brought} was {holder}'s")


def _anomaly_opened(life: "Life", record: AnomalyOpened) -> None:
    """Only what somebody did, or what failed, is odd; and the station says which."""
    life.swaps.anomalies[f"{record.anomaly_kind}/{record.cause}"] += 1
    life.met[f"anomaly_{record.anomaly_kind}"] += 1
    require(not life.city.calm, "without_faults_no_anomalies", f"{record}")
    # A BMS falls asleep for reasons of its own.
    named = record.cause is not AnomalyCause.UNKNOWN or record.anomaly_kind is AnomalyKind.UNREADABLE_INSIDE
    require(named, "an_anomaly_names_its_cause", f"{record}")


def each_battery_is_in_one_place(memory: CabinetMemory) -> None:
    """In one slot, with one member, or in one open anomaly that is its place."""
    places: Counter[BatteryId] = Counter(booked.battery for booked in memory.booked)
    places.update(out.battery for out in memory.out)
    places.update(one.battery for one in memory.anomalies if one.kind in GONE and one.battery is not None)
    twice = [battery for battery, times in places.items() if times > 1]
    require(not twice, "each_battery_is_in_one_place", f"{twice} are in more than one")
    slots = Counter(booked.slot for booked in memory.booked)
    require(max(slots.values(), default=0) < 2, "each_battery_is_in_one_place", f"two in one slot: {memory.booked}")


# ---------------------------------------------------------------- effects


def pulse_may_go(life: "Life", effect: UnlockSlot, ticket: int | None) -> None:
    """Committed before it goes, never repeated, never beside an open slot, and nothing hot for a rider."""
    truth, memory = life.swaps, life.shell.state.durable.cabinet
    kept = ticket is not None and ticket <= life.storage.committed
    require(kept, "no_slot_opens_without_a_record", f"{effect} acted without its record")
    require(effect.pulse not in truth.pulsed, "a_pulse_is_never_repeated", f"{effect}")
    truth.pulsed.add(effect.pulse)
    now_ms, slots = life.timeline.now_ms, life.cabinet.slots
    if not memory.service_by:
        for other in slots.values():
            told = life.driver.told.get(other.number)
            open_now = other.open and told is not None and told.door_open
            opening = other.pulsed_ms > now_ms - OPENS_MS and told is not None and not told.door_open
            opening = opening and other.moved_ms < other.pulsed_ms
            busy = other.number != effect.slot and (open_now or opening)
            require(not busy, "never_two_slots_open", f"{effect} while {other.number} stands open, or opens")
    if effect.cause is SlotCause.QUARANTINE:
        return
    told = life.driver.told.get(effect.slot)
    hot = told is not None and (
        told.smoke or (told.battery is not None and (told.battery.temperature_decicelsius or 0) >= HOT_DECICELSIUS)
    )
    require(not hot, "a_hot_slot_opens_for_nobody", f"{effect}: {told}")


def charger_may_run(life: "Life", effect: SetCharger) -> None:
    """Behind a shut door, for a battery that is known, inside its window, with no trip latched."""
    if not effect.limit_ma:
        return
    memory, told = life.shell.state.durable.cabinet, life.driver.told.get(effect.slot)
    require(told is not None and not told.door_open, "no_charge_outside_its_window", f"{effect}: {told}")
    require(not memory.is_tripped(effect.slot), "no_charge_while_tripped", f"{effect}: {memory.tripped}")
    require(not memory.is_aside(effect.slot), "no_charge_while_tripped", f"{effect}: {memory.asides}")
    battery = None if told is None else told.battery
    require(battery is not None, "no_charge_outside_its_window", f"{effect} of what says nothing")
    assert battery is not None
    ours = memory.in_slot(effect.slot)
    require(ours is not None and ours.battery == battery.serial, "no_charge_outside_its_window", f"{effect}: {ours}")
    celsius, millivolts = battery.temperature_decicelsius or 0, battery.voltage_mv or 0
    inside = COLD <= celsius <= WARM and MODEL.empty_mv <= millivolts <= MODEL.full_mv
    require(inside and not battery.faults, "no_charge_outside_its_window", f"{effect}: {battery}")
    running = sum(slot.limit_ma > 0 for slot in life.cabinet.slots.values() if slot.number != effect.slot)
    require(running < life.config.cabinet.charge_at_once, "the_chargers_keep_their_budget", f"{running + 1} run")


# ---------------------------------------------------------------- every two minutes


def audit(life: "Life") -> None:
    """What must be so by now."""
    state, now_ms = life.shell.state, life.timeline.now_ms
    memory, now = state.durable.cabinet, state.volatile.cabinet
    if not life.config.cabinet.slots:
        return
    _chargers_are_off_where_they_must(life)
    if memory.swap is not None:
        for_ms = now_ms - max(life.swaps.begun_ms, life.shell.since_ms, life.shell.stalled_ms)
        stuck = for_ms > LONGEST_SWAP_MS
        require(not stuck, "each_swap_ends_once", f"{memory.swap} for {for_ms} ms")
        return
    slots = life.cabinet.slots.values()
    if not now.online or not now.all_read or memory.service_by or any(slot.open for slot in slots):
        return
    quiet_ms = now_ms - max(
        life.swaps.ended_ms, life.swaps.worked_ms, life.shell.since_ms, life.shell.stalled_ms, life.driver.disturbed_ms,
        *(slot.moved_ms for slot in slots),
    )  # fmt: skip
    if quiet_ms > QUIET_MS and not life.driver.silent and not life.roster_away:
        life.swaps.settled_audits += 1
        the_books_are_true(life, memory)
        whoever_has_none_is_owed_one(life, memory)


def _chargers_are_off_where_they_must(life: "Life") -> None:
    memory = life.shell.state.durable.cabinet
    for slot in life.cabinet.slots.values():
        told = life.driver.told.get(slot.number)
        if not slot.limit_ma or told is None or life.shell.stalled:
            continue
        require(not told.door_open, "no_charge_outside_its_window", f"slot {slot.number} is open and charges")
        require(not memory.is_tripped(slot.number), "no_charge_while_tripped", f"slot {slot.number}")
        celsius = None if told.battery is None else told.battery.temperature_decicelsius
        warm = celsius is None or celsius > WARM + SLACK or celsius < COLD - SLACK
        require(not warm, "no_charge_outside_its_window", f"slot {slot.number} charges at {celsius}")


def the_books_are_true(life: "Life", memory: CabinetMemory) -> None:
    """Each slot holds what the books have there, or one open anomaly says what else."""
    for slot in life.cabinet.slots.values():
        booked = memory.in_slot(slot.number)
        odd = {one.kind for one in memory.anomalies if one.slot == slot.number}
        if slot.battery is None:
            require(booked is None, "the_books_are_true", f"{booked}, and slot {slot.number} is empty")
        elif slot.battery.silent or not slot.battery.serial:
            told = AnomalyKind.UNREADABLE_INSIDE in odd
            require(told, "the_books_are_true", f"something unreadable in {slot.number}, and no anomaly")
        elif slot.battery.ours:
            right = booked is not None and booked.battery == slot.battery.serial
            require(right, "the_books_are_true", f"{slot.battery.serial} in slot {slot.number}: {booked}, {odd}")
        else:
            require(bool(odd & OF_CONTENT), "the_books_are_true", f"{slot.battery.serial} in {slot.number}: {odd}")
    left = unaccounted(life, memory)
    require(not left, "batteries_are_conserved", f"{[each.serial for each in left]} are nowhere in the books")


def lying(life: "Life") -> dict[BatteryId, Slot]:
    slots = life.cabinet.slots.values()
    return {slot.battery.serial: slot for slot in slots if slot.battery is not None and slot.battery.serial}


def unaccounted(life: "Life", memory: CabinetMemory) -> list[Battery]:
    """Batteries that the station has had and that are in no slot, and of which the books know nothing."""
    lost = life.swaps.known - set(lying(life)) - placed(memory)
    return [battery for battery in life.cabinet.batteries if battery.ours and battery.serial in lost]


def placed(memory: CabinetMemory) -> set[BatteryId]:
    """The batteries of which the books say anything."""
    named = {one.battery for one in memory.anomalies if one.battery is not None}
    return named | {booked.battery for booked in memory.booked} | {out.battery for out in memory.out}


def whoever_has_none_is_owed_one(life: "Life", memory: CabinetMemory) -> None:
    """A rider ends with a battery, a claim, or an open anomaly that names the rider or the cause."""
    owed = {claim.member for claim in memory.claims}
    named = {one.member for one in memory.anomalies} | {left.member for left in memory.left}
    for rider in life.riders.all:
        if rider.hand is not None or rider.here or rider.gave_up:
            continue
        told = rider.member in owed or rider.member in named
        require(told, "whoever_has_none_is_owed_one", f"{rider.member} has nothing; claims {sorted(owed)}")


# ---------------------------------------------------------------- the end


def everything_has_ended(life: "Life") -> None:
    """With everything whole again, no swap waits for anything."""
    memory = life.shell.state.durable.cabinet
    stands = memory.swap is not None and memory.swap.stage is not SwapStage.RECONCILING
    require(not stands, "each_swap_ends_once", f"{memory.swap} at the end")


def calm(seed: str) -> bool:
    return cabinet_city.is_busy(seed) and cabinet_city.is_calm(seed)
