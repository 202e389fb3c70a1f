"""The whole list of what may be an alarm: the conditions of every machine, in the order in which causes come first."""

from collections.abc import Iterator
from typing import Final

from contract.records import AlarmCode, DoorMode
from edge.core import environment, loads, loitering, pins, presence, supervision, welfare
from edge.core.alarm_codes import PRIORITY_OF_CHILD
from edge.core.alarm_group import FLOOD
from edge.core.alarm_state import AlarmKey, Condition
from edge.core.alarms import Watch, Watches
from edge.core.cabinet import conditions as cabinet
from edge.core.config import StationConfig
from edge.core.events import StorageStatus
from edge.core.state import Health, StationState


def of_door(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What the door's machine says of itself."""
    door, seen = state.durable.door, state.volatile.parts.levels_read
    yield Condition(AlarmCode.FIRE, "fire", door.fire if seen else None)
    yield Condition(AlarmCode.DOOR_FORCED, "door", door.mode is DoorMode.FORCED if seen else None)
    yield Condition(AlarmCode.DOOR_HELD, "door", door.mode is DoorMode.HELD if seen else None)


def of_parts(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What the station's parts say of themselves.

    What the shell tells once (`config_refused`, `journal_reset`, `journal_forked`, `records_dropped`) stands for the
    run in which it was told, or until it is acknowledged. Storage and roster speak up only in trouble, so once the
    inputs have been read (the run is under way) their silence means that they are well.
    """
    parts = state.volatile.parts
    seen = parts.levels_read
    yield _of_part(AlarmCode.GPIO_LOST, "gpio", parts.gpio)
    for name, health in parts.children.items():
        stands = None if health.ok is None else not health.ok
        yield Condition(AlarmCode.CHILD_RESTARTING, name, stands, health.detail, PRIORITY_OF_CHILD.get(name))
    yield _of_part(AlarmCode.UPLINK_DOWN, "uplink", parts.uplink)
    yield _told_in_trouble(AlarmCode.ROSTER_UNAVAILABLE, "roster", parts.roster, seen)
    yield _told_in_trouble(AlarmCode.ROSTER_UNAVAILABLE, "look-up", parts.look_up, seen)
    yield _of_part(AlarmCode.CLOCK_UNTRUSTED, "clock", parts.clock)
    for reader in config.readers:
        yield _of_part(AlarmCode.READER_OFFLINE, reader, parts.readers.get(reader, Health()))
    told = seen or parts.storage is not None
    for code, status in (
        (AlarmCode.STORAGE_FULL, StorageStatus.FULL),
        (AlarmCode.STORAGE_UNAVAILABLE, StorageStatus.UNAVAILABLE),
    ):
        yield Condition(code, "journal", parts.storage is status if told else None, parts.storage_detail)
    dropped = f"{parts.records_dropped} records" if parts.records_dropped else None
    yield _told(AlarmCode.RECORDS_DROPPED, "journal", dropped, seen)
    yield _told(AlarmCode.CONFIG_REFUSED, "config", parts.config_refused, seen)
    yield _told(AlarmCode.JOURNAL_RESET, "journal", parts.journal_reset, seen)
    yield _told(AlarmCode.JOURNAL_FORKED, "journal", parts.journal_forked, seen)


def _of_part(code: AlarmCode, source: str, health: Health) -> Condition:
    return Condition(code, source, None if health.ok is None else not health.ok, health.detail)


def _told_in_trouble(code: AlarmCode, source: str, health: Health, seen: bool) -> Condition:
    """A part that speaks up only when it is in trouble: its silence once the run is under way says that it is well."""
    return Condition(code, source, health.ok is False if seen or health.ok is not None else None, health.detail)


def _told(code: AlarmCode, source: str, detail: str | None, seen: bool) -> Condition:
    if detail is not None:
        return Condition(code, source, True, detail)
    return Condition(code, source, False if seen else None)


WATCHES: Final = Watches(
    (
        Watch(
            supervision.of_station,
            "volatile.supervision.points",
            "volatile.supervision.readers_tampered",
            "durable.posture",
        ),
        Watch(
            supervision.of_doorway,
            "volatile.supervision.doorway",
            "volatile.supervision.edges_over_ms",
            "volatile.inputs.contact_open",
            "volatile.inputs.exit_pressed",
            "durable.door.release",
            "volatile.parts.levels_read",
        ),
        Watch(of_door, "durable.door", "volatile.parts.levels_read"),
        Watch(environment.conditions, "volatile.environment.findings"),
        Watch(of_parts, "volatile.parts"),
        Watch(pins.conditions, "durable.pins", "volatile.pins.locked"),
        Watch(presence.conditions, "durable.occupancy"),
        Watch(welfare.conditions, "durable.presence", "volatile.presence.welfare.unanswered"),
        Watch(loitering.conditions, "volatile.presence.outside.loiters", "volatile.parts.levels_read"),
        Watch(loads.conditions, "volatile.parts"),
        Watch(cabinet.conditions, "durable.cabinet", "volatile.cabinet"),
    )
)


def known(config: StationConfig, state: StationState) -> set[AlarmKey]:
    """Everything that may be an alarm at this station."""
    keys = {(each.code, each.source) for watch in WATCHES.each for each in watch.conditions(config, state)}
    return keys | {FLOOD}
