"""The cabinet's alarms.

A cabinet has up to 120 slots, and each may have several; so only what stands is told, and what is listed or about to be
and stands no longer. A source is `slot-3`, or `slot-3 too_hot` where one slot may have several, or `cabinet`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contract.ids import SlotNumber
from contract.records import AlarmCode, SlotAside
from edge.core.alarm_state import Condition
from edge.core.cabinet.charge_rules import full_ones
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import CabinetMemory, Tripped
from edge.core.config import StationConfig
from edge.core.state import StationState

CABINET: Final = "cabinet"
MAX_NAMED: Final = 4
"""So many batteries a detail names; of the others it gives the number."""


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What of the cabinet somebody should act on."""
    if not config.cabinet.slots:
        return
    memory, now = state.durable.cabinet, state.volatile.cabinet
    offline = None if now.online is None else not now.online
    yield Condition(AlarmCode.CABINET_OFFLINE, CABINET, offline, now.detail)
    tripped = {_source(each): _detail(state, each) for each in memory.tripped}
    yield from _of_memory(state, AlarmCode.CABINET_TRIPPED, tripped)
    yield from _of_memory(state, AlarmCode.SLOT_STUCK, _asides(memory, SlotAside.STUCK))
    yield from _of_memory(state, AlarmCode.SLOT_FORCED, _asides(memory, SlotAside.UNCOMMANDED))
    yield from _of_memory(state, AlarmCode.BATTERY_ANOMALY, _anomalies(memory))
    yield from _left_open(config, state)
    yield from _disobedient(config, state)
    no_full = full_ones(config.cabinet, state) == 0 if now.online and now.all_read else None
    yield Condition(AlarmCode.NO_FULL_BATTERY, CABINET, no_full)


# ---------------------------------------------------------------- what is remembered


def _of_memory(state: StationState, code: AlarmCode, standing: Mapping[str, str]) -> Iterator[Condition]:
    """What stands by the records, with its detail, and what stands no longer."""
    for source, detail in standing.items():
        yield Condition(code, source, True, detail)
    for source in _listed(state, code):
        if source not in standing:
            yield Condition(code, source, False)


def _listed(state: StationState, code: AlarmCode) -> list[str]:
    """The sources whose alarm of a code is listed, or waits for a delay."""
    listed = [alarm.source for alarm in state.durable.alarms if alarm.code is code]
    waiting = [source for waits, source in state.volatile.alarms.due_ms if waits is code and source not in listed]
    return listed + waiting


def _source(tripped: Tripped) -> str:
    place = CABINET if tripped.slot is None else _name(tripped.slot)
    return f"{place} {tripped.trip}"


def _detail(state: StationState, tripped: Tripped) -> str:
    """Whoever is called has to know whether people are inside."""
    if not tripped.hazard:
        return tripped.detail
    inside = state.durable.occupancy
    people = f"{inside.people} people inside" if inside.sure else f"about {inside.people} people inside"
    return f"{tripped.detail}; {people}" if tripped.detail else people


def _asides(memory: CabinetMemory, why: SlotAside) -> dict[str, str]:
    return {_name(aside.slot): "" for aside in memory.asides if aside.why is why}


def _anomalies(memory: CabinetMemory) -> dict[str, str]:
    """By kind: a station where batteries vanish is one alarm, and not one for each battery."""
    by_kind: dict[str, list[str]] = {}
    for anomaly in memory.anomalies:
        where = "" if anomaly.slot is None else f" ({_name(anomaly.slot)})"
        by_kind.setdefault(anomaly.kind.value, []).append(f"{anomaly.battery or '?'}{where}")
    return {
        kind: ", ".join(named[:MAX_NAMED]) + (f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else "")
        for kind, named in by_kind.items()
    }


# ---------------------------------------------------------------- what is seen


def _left_open(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """A door that stands open, or may; in service that is how one works."""
    listed, works = _listed(state, AlarmCode.SLOT_LEFT_OPEN), bool(state.durable.cabinet.service_by)
    for slot in config.cabinet.slots:
        source, now = _name(slot), slot_now(state, slot)
        stands = None if now.door_open is None else now.may_be_open and not works
        if stands or source in listed:
            yield Condition(
                AlarmCode.SLOT_LEFT_OPEN, source, stands, "" if now.door_open else "nothing came of its pulse"
            )


def _disobedient(config: StationConfig, state: StationState) -> Iterator[Condition]:
    listed = _listed(state, AlarmCode.CHARGER_FAULT)
    for slot in config.cabinet.slots:
        source, obeys = _name(slot), slot_now(state, slot).obeys
        if obeys is False or source in listed:
            yield Condition(AlarmCode.CHARGER_FAULT, source, None if obeys is None else not obeys)


def _name(slot: SlotNumber) -> str:
    return f"slot-{slot}"
