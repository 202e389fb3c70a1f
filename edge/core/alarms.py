"""Alarms: each stands exactly while its condition does, within its delay (after ISA-18.2).

The station owns whether an alarm is active; acknowledging and shelving are the cloud's. `conditions` is the whole
list. A condition that nobody has told yet in this run (`stands` None) leaves its alarm as the last run left it; one
that is no longer on the list (a reader that was taken away) is over. What the shell tells once (`config_refused`,
`journal_reset`, `journal_forked`) stands for the run in which it was told. Storage and roster speak up only in trouble,
so once the inputs have been read (the run is under way) their silence means that they are well.
"""

from collections.abc import Iterator
from typing import Final

from contract.records import AlarmCleared, AlarmCode, AlarmRaised, DoorMode, Priority
from edge.core.alarm_state import Condition
from edge.core.alarm_state import Condition
from edge.core.config import StationConfig
from edge.core.events import StorageStatus
from edge.core.state import MAX_STANDING_ALARMS, Health, Pending, StationState
from edge.core.turn import Turn

PRIORITY: Final[dict[AlarmCode, Priority]] = {
    AlarmCode.FIRE: Priority.URGENT,
    AlarmCode.DOOR_FORCED: Priority.URGENT,
    AlarmCode.JOURNAL_FORKED: Priority.URGENT,
    AlarmCode.GPIO_LOST: Priority.URGENT,
    AlarmCode.DOOR_HELD: Priority.HIGH,
    AlarmCode.READER_OFFLINE: Priority.HIGH,
    AlarmCode.STORAGE_FULL: Priority.HIGH,
    AlarmCode.STORAGE_UNAVAILABLE: Priority.HIGH,
    AlarmCode.JOURNAL_RESET: Priority.HIGH,
    AlarmCode.RECORDS_DROPPED: Priority.HIGH,
    AlarmCode.ROSTER_UNAVAILABLE: Priority.HIGH,
    AlarmCode.UPLINK_DOWN: Priority.LOW,
    AlarmCode.CHILD_RESTARTING: Priority.LOW,
    AlarmCode.CONFIG_REFUSED: Priority.LOW,
    AlarmCode.CLOCK_UNTRUSTED: Priority.LOW,
    AlarmCode.DURESS: Priority.URGENT,
    AlarmCode.SMOKE: Priority.URGENT,
    AlarmCode.CARBON_MONOXIDE: Priority.URGENT,
    AlarmCode.WELFARE: Priority.URGENT,
    AlarmCode.LOCK_FAULT: Priority.HIGH,
    AlarmCode.READER_TAMPER: Priority.HIGH,
    AlarmCode.ENCLOSURE_TAMPER: Priority.HIGH,
    AlarmCode.WATER_LEAK: Priority.HIGH,
    AlarmCode.MAINS_LOST: Priority.HIGH,
    AlarmCode.BATTERY_LOW: Priority.HIGH,
    AlarmCode.PIN_GUESSING: Priority.HIGH,
    AlarmCode.TOO_HOT: Priority.HIGH,
    AlarmCode.TOO_COLD: Priority.LOW,
    AlarmCode.CONTACT_IMPLAUSIBLE: Priority.LOW,
    AlarmCode.SENSOR_OFFLINE: Priority.LOW,
    AlarmCode.LOITERING: Priority.LOW,
    AlarmCode.OVER_CAPACITY: Priority.LOW,
    AlarmCode.LOAD_FAULT: Priority.LOW,
    AlarmCode.ALARM_FLOOD: Priority.HIGH,
}

MAX_DETAIL_CHARACTERS: Final = 200

DELAY_MS: Final[dict[AlarmCode, int]] = {
    # A reader is back within half a second of a lost reply: that is nobody's business.
    AlarmCode.READER_OFFLINE: 2_000,
    # A mobile link comes and goes.
    AlarmCode.UPLINK_DOWN: 60_000,
    # A station without a battery-backed clock starts untrusted, until the network has told the time.
    AlarmCode.CLOCK_UNTRUSTED: 600_000,
}
"""How long a condition stands before its alarm does; 0 where none is given. Clearing has no delay."""


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """Every condition that can be an alarm, as the state knows it. None: not known yet in this run."""
    door, parts = state.durable.door, state.volatile.parts
    seen = parts.levels_read
    yield Condition(AlarmCode.FIRE, "fire", door.fire if seen else None)
    yield Condition(AlarmCode.DOOR_FORCED, "door", door.mode is DoorMode.FORCED if seen else None)
    yield Condition(AlarmCode.DOOR_HELD, "door", door.mode is DoorMode.HELD if seen else None)
    yield _of_part(AlarmCode.GPIO_LOST, "gpio", parts.gpio)
    yield _of_part(AlarmCode.UPLINK_DOWN, "uplink", parts.uplink)
    yield _told_in_trouble(AlarmCode.ROSTER_UNAVAILABLE, "roster", parts.roster, seen)
    yield _told_in_trouble(AlarmCode.ROSTER_UNAVAILABLE, "look-up", parts.look_up, seen)
    yield _of_part(AlarmCode.CLOCK_UNTRUSTED, "clock", parts.clock)
    for reader in config.readers:
        yield _of_part(AlarmCode.READER_OFFLINE, reader, parts.readers.get(reader, Health()))
    for name, health in parts.children.items():
        yield _of_part(AlarmCode.CHILD_RESTARTING, name, health)
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


def review(turn: Turn) -> None:
    """Raise and clear alarms until they agree with the conditions; remember what waits for its delay."""
    standing = {(alarm.code, alarm.source) for alarm in turn.durable.alarms}
    waiting = {(pending.code, pending.source): pending for pending in turn.volatile.pending}
    still_waiting: list[Pending] = []
    listed: set[tuple[AlarmCode, str]] = set()
    for condition in conditions(turn.config, turn.state):
        key = (condition.code, condition.source)
        listed.add(key)
        if condition.stands is False and key in standing:
            turn.record(AlarmCleared(*key))
        elif condition.stands and key not in standing:
            raise_at_ms = turn.mono_ms + DELAY_MS.get(condition.code, 0)
            pending = waiting.get(key) or Pending(*key, raise_at_ms)
            if pending.raise_at_ms > turn.mono_ms:
                still_waiting.append(pending)
            elif len(turn.durable.alarms) < MAX_STANDING_ALARMS:
                turn.record(AlarmRaised(*key, PRIORITY[condition.code], condition.detail[:MAX_DETAIL_CHARACTERS]))
    if turn.parts.levels_read:
        for code, source in sorted(standing - listed):
            turn.record(AlarmCleared(code, source))
    if turn.volatile.pending != tuple(still_waiting):
        turn.set_volatile(pending=tuple(still_waiting))
