"""Which slot: the best full battery to give, the empty slot to put one in.

*Full.* What is given has to be charged, healthy, cool and rested (cells that have just been charged are warm inside and
say too much of themselves), known to the books, on no recall list, in a slot that is in order. Of these the fullest,
then the healthiest, the longest rested, the coolest.

*Empty.* A slot that is surely empty and shut. The one that was opened longest ago in this run goes first: locks wear
evenly, and a rider who finds a lock stiff gets another one next time.
"""

from typing import Final

from contract.ids import SlotNumber
from contract.records import AnomalyKind, SlotAside
from edge.core.cabinet.config import CabinetConfig
from edge.core.cabinet.slots import memory_of, now_of, slot_now
from edge.core.cabinet.state import SlotNow
from edge.core.state import StationState

NOT_CHARGED_MS: Final = 24 * 3_600_000
NOT_GIVEN: Final = frozenset({AnomalyKind.FOREIGN_INSIDE, AnomalyKind.UNREADABLE_INSIDE, AnomalyKind.SEEN_TWICE})
"""What lies there is not what it should be. A battery that has gone from a slot says nothing against the next one."""


def full_slots(config: CabinetConfig, state: StationState, mono_ms: int) -> list[SlotNumber]:
    """The slots whose battery would be given now, best first."""
    ranked = [(_rank(config, state, slot, mono_ms), slot) for slot in config.slots]
    return [slot for rank, slot in sorted((rank, slot) for rank, slot in ranked if rank is not None)]


def empty_slots(config: CabinetConfig, state: StationState) -> list[SlotNumber]:
    """The slots in which a battery may be put now, least used first."""
    fits = [slot for slot in config.slots if _is_empty(state, slot)]
    return sorted(fits, key=lambda slot: (slot_now(state, slot).pulse, slot))


def is_safe_slot(state: StationState, slot: SlotNumber) -> bool:
    """It may be opened for the rider who is before it already: nothing in it is dangerous."""
    memory = memory_of(state)
    quarantined = any((aside.slot, aside.why) == (slot, SlotAside.QUARANTINE) for aside in memory.asides)
    return not quarantined and not memory.is_tripped(slot) and slot_now(state, slot).smoke is not True


def is_sound_slot(state: StationState, slot: SlotNumber) -> bool:
    """Nothing speaks against opening it for a rider, whatever is in it."""
    return is_safe_slot(state, slot) and not memory_of(state).is_aside(slot) and not slot_now(state, slot).lost


def _is_empty(state: StationState, slot: SlotNumber) -> bool:
    now = slot_now(state, slot)
    shut_and_empty = not now.may_be_open and now.present is False and now.battery is None
    return shut_and_empty and is_sound_slot(state, slot) and memory_of(state).in_slot(slot) is None


def _rank(
    config: CabinetConfig, state: StationState, slot: SlotNumber, mono_ms: int
) -> tuple[int, int, int, int] | None:
    """How good the battery in a slot is to be given, the best first; None: it is not given."""
    memory, now = memory_of(state), slot_now(state, slot)
    battery, booked = now.battery, memory.in_slot(slot)
    if battery is None or booked is None or booked.battery != battery.serial:
        return None
    if now.may_be_open or not is_sound_slot(state, slot) or battery.serial in memory.recalled or battery.faults:
        return None
    if any(one.slot == slot and one.kind in NOT_GIVEN for one in memory.anomalies):
        return None
    soc_percent, soh_percent = battery.soc_percent or 0, battery.soh_percent or 0
    rested_ms, decicelsius = _rested_ms(state, slot, now, mono_ms), battery.temperature_decicelsius
    if soc_percent < config.full_soc_percent or soh_percent < config.give_min_soh_percent:
        return None
    if rested_ms is None or rested_ms < config.rest_ms:
        return None
    if decicelsius is None or decicelsius > config.give_max_decicelsius:
        return None
    return -soc_percent, -soh_percent, -rested_ms, decicelsius


def _rested_ms(state: StationState, slot: SlotNumber, now: SlotNow, mono_ms: int) -> int | None:
    """For how long it has not been charged; None: it is being charged. One that this run has never charged is rested: a
    rider whom a restart interrupted must not wait for the full ones to cool once more."""
    charge = now_of(state).charge.get(slot)
    if now.charger_on or (charge is not None and charge.limit_ma > 0):
        return None
    if charge is None or charge.rested_since_ms is None:
        return NOT_CHARGED_MS
    return mono_ms - charge.rested_since_ms
