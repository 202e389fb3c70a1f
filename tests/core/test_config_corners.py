"""The least and the most that a configuration may say, and that the example tells what holds when it says nothing."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.ids import LoadId, NodeId, ReaderId, SensorId, StationId
from contract.policy.model import Antipassback
from contract.policy.passes import LATEST_MS, MAX_STATIONS, MAX_VALID_MS, VisitPass
from contract.policy.schedule import MAX_EXCEPTIONS, MAX_INTERVALS_PER_DAY, DayException, Interval, Schedule
from edge.core.alarm_state import AlarmConfig
from edge.core.config import MAX_NODES, MAX_READERS, AccessConfig, DoorConfig, ExitAction, LockKind, RelockOn
from edge.core.environment_state import MAX_SENSORS, EnvironmentConfig
from edge.core.load_state import MAX_LOADS, MAX_POWER_W, MAX_PRIORITY, Load, LoadKind, LoadsConfig
from edge.core.pin_state import PinConfig
from edge.core.presence_state import MAX_RADARS, MOST_MS, PresenceConfig
from edge.core.supervision_state import SupervisionConfig
from tests.core.support import CONFIG

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "edge.example.toml"
LAMP = Load(LoadId("lamp"), LoadKind.LIGHT, 40)
WEEK: tuple[tuple[Interval, ...], ...] = ((),) * 7


def station(**changes: Any) -> object:
    return replace(CONFIG, **changes)


def load(**changes: Any) -> object:
    return replace(LAMP, **changes)


def a_pass(**changes: Any) -> object:
    usual = {"id": "visit-0001", "valid_from_ms": 5, "valid_until_ms": 9, "stations": (StationId("s"),)}
    return VisitPass(**{**usual, **changes})


def schedule(**changes: Any) -> object:
    return Schedule(**{"weekly": WEEK, **changes})


def names(kind: Callable[[str], Any], count: int) -> tuple[Any, ...]:
    return tuple(kind(f"n-{number}") for number in range(count))


def lamps(count: int) -> tuple[Load, ...]:
    return tuple(replace(LAMP, id=LoadId(f"lamp-{number}")) for number in range(count))


def days(count: int) -> tuple[DayException, ...]:
    return tuple(DayException(date(2026, 1, 1) + timedelta(days=number)) for number in range(count))


def intervals(count: int) -> tuple[Interval, ...]:
    return tuple(Interval(number, number + 1) for number in range(count))


ALLOWED: list[tuple[Callable[..., object], dict[str, Any]]] = [
    (DoorConfig, {"bounce_ms": 11}),
    (DoorConfig, {"bounce_ms": 49}),
    (DoorConfig, {"release_ms": 1}),
    (DoorConfig, {"release_ms": 15_000}),
    (DoorConfig, {"held_pre_alarm_ms": 1}),
    (DoorConfig, {"held_pre_alarm_ms": 30_000}),
    (DoorConfig, {"held_long_after_ms": 1}),
    (DoorConfig, {"release_grace_ms": 0}),
    (AccessConfig, {"capacity": 1}),
    (AccessConfig, {"capacity": None}),
    (AccessConfig, {"antipassback_forget_ms": 1}),
    (station, {"readers": names(ReaderId, MAX_READERS)}),
    (station, {"nodes": names(NodeId, MAX_NODES)}),
    (station, {"readers_out": frozenset(CONFIG.readers)}),
    (station, {"pins": PinConfig(keypads=frozenset(CONFIG.readers))}),
    (station, {"readers_out": frozenset(CONFIG.readers), "access": AccessConfig(antipassback=Antipassback.HARD)}),
    (PinConfig, {"pairing_ms": 1_000}),
    (PinConfig, {"pairing_ms": 60_000}),
    (load, {"power_w": 1}),
    (load, {"power_w": MAX_POWER_W}),
    (load, {"priority": 0}),
    (load, {"priority": MAX_PRIORITY}),
    (load, {"min_on_ms": 0, "min_off_ms": 1}),
    (load, {"kind": LoadKind.SIGN, "schedule": Schedule(WEEK)}),
    (LoadsConfig, {"loads": lamps(MAX_LOADS)}),
    (LoadsConfig, {"loads": lamps(2), "budget_w": 80}),
    (LoadsConfig, {"shed_ms": 0}),
    (LoadsConfig, {"hysteresis_decicelsius": 0}),
    (LoadsConfig, {"hysteresis_decicelsius": 29}),
    (PresenceConfig, {"radars": names(SensorId, MAX_RADARS)}),
    (PresenceConfig, {"movement_ms": 1}),
    (PresenceConfig, {"unproved_empty_after_ms": MOST_MS}),
    (PresenceConfig, {"unproved_empty_after_ms": 60_000}),
    (PresenceConfig, {"welfare_still_ms": 0, "welfare_night_still_ms": 0}),
    (PresenceConfig, {"welfare_still_ms": 1, "welfare_night_still_ms": 1}),
    (PresenceConfig, {"loitering_ms": 0}),
    (PresenceConfig, {"loitering_ms": 20_001}),
    (SupervisionConfig, {"flapping_edges": 4}),
    (SupervisionConfig, {"flapping_edges": 200}),
    (SupervisionConfig, {"flapping_ms": 1}),
    (EnvironmentConfig, {"sensors": names(SensorId, MAX_SENSORS)}),
    (EnvironmentConfig, {"silent_ms": 1, "reports": 1, "hysteresis_decicelsius": 0}),
    (EnvironmentConfig, {"too_cold_decicelsius": 329}),
    (a_pass, {"valid_from_ms": 0}),
    (a_pass, {"valid_from_ms": 8}),
    (a_pass, {"valid_from_ms": LATEST_MS - 2, "valid_until_ms": LATEST_MS - 1}),
    (a_pass, {"valid_from_ms": 9, "valid_until_ms": 9 + MAX_VALID_MS}),
    (a_pass, {"stations": names(StationId, MAX_STATIONS)}),
    (a_pass, {"stations": (), "node": "n"}),
    (a_pass, {"stations": (), "node": "n" * 64}),
    (Interval, {"start_minute": 0, "end_minute": 0}),
    (Interval, {"start_minute": 1_439, "end_minute": 1_440}),
    (schedule, {"exceptions": days(MAX_EXCEPTIONS)}),
    (schedule, {"weekly": (intervals(MAX_INTERVALS_PER_DAY), *WEEK[1:])}),
]


@pytest.mark.parametrize(("make", "values"), ALLOWED)
def test_the_least_and_the_most_are_taken_as_they_are(make: Callable[..., object], values: dict[str, Any]) -> None:
    made = make(**values)

    assert {name: getattr(made, name) for name in values} == values


REFUSED: list[tuple[Callable[..., object], dict[str, Any], str]] = [
    (DoorConfig, {"bounce_ms": 10}, "bounce_ms"),
    (DoorConfig, {"bounce_ms": 50}, "bounce_ms"),
    (DoorConfig, {"release_ms": 0}, "release_ms"),
    (DoorConfig, {"release_ms": 15_001}, "release_ms"),
    (DoorConfig, {"held_pre_alarm_ms": 0}, "held_pre_alarm_ms"),
    (DoorConfig, {"held_pre_alarm_ms": 30_001}, "held_pre_alarm_ms"),
    (DoorConfig, {"release_grace_ms": -1}, "release_grace_ms"),
    (AccessConfig, {"capacity": 0}, "capacity"),
    (AccessConfig, {"antipassback_forget_ms": 0}, "antipassback_forget_ms"),
    (station, {"readers": names(ReaderId, MAX_READERS + 1)}, "readers"),
    (station, {"nodes": names(NodeId, MAX_NODES + 1)}, "nodes"),
    (station, {"readers_out": frozenset({ReaderId("b"), ReaderId("a")})}, "readers_out: a, b is no reader"),
    (station, {"pins": PinConfig(keypads=frozenset({ReaderId("b"), ReaderId("a")}))}, "keypads: a, b is no reader"),
    (station, {"access": AccessConfig(antipassback=Antipassback.HARD)}, "antipassback hard"),
    (PinConfig, {"pairing_ms": 999}, "pairing_ms"),
    (PinConfig, {"pairing_ms": 60_001}, "pairing_ms"),
    (load, {"power_w": 0}, "power_w"),
    (load, {"power_w": MAX_POWER_W + 1}, "power_w"),
    (load, {"priority": -1}, "priority"),
    (load, {"priority": MAX_PRIORITY + 1}, "priority"),
    (load, {"min_on_ms": -1}, "min_on_ms"),
    (load, {"min_off_ms": -1}, "min_off_ms"),
    (load, {"schedule": Schedule(WEEK)}, "only a sign"),
    (LoadsConfig, {"loads": lamps(MAX_LOADS + 1)}, "loads"),
    (LoadsConfig, {"loads": (LAMP, LAMP)}, "loads"),
    (LoadsConfig, {"loads": lamps(2), "budget_w": 79}, "budget_w"),
    (LoadsConfig, {"shed_ms": -1}, "must not be negative"),
    (LoadsConfig, {"light_off_delay_ms": -1}, "must not be negative"),
    (LoadsConfig, {"hysteresis_decicelsius": -1}, "must not be negative"),
    (LoadsConfig, {"hysteresis_decicelsius": 30}, "occupied"),
    (PresenceConfig, {"radars": names(SensorId, MAX_RADARS + 1)}, "radars"),
    (PresenceConfig, {"radars": (SensorId("a"),) * 2}, "radars"),
    (PresenceConfig, {"movement_ms": 0}, "movement_ms"),
    (PresenceConfig, {"unproved_empty_after_ms": MOST_MS + 1}, "unproved_empty_after_ms"),
    (PresenceConfig, {"unproved_empty_after_ms": 59_999}, "unproved_empty_after_ms"),
    (PresenceConfig, {"welfare_still_ms": 0}, "both 0"),
    (PresenceConfig, {"welfare_night_still_ms": 0}, "both 0"),
    (PresenceConfig, {"loitering_ms": 20_000}, "loitering_ms"),
    (PresenceConfig, {"loitering_ms": 1}, "loitering_ms"),
    (SupervisionConfig, {"flapping_edges": 3}, "flapping_edges"),
    (SupervisionConfig, {"flapping_edges": 201}, "flapping_edges"),
    (SupervisionConfig, {"flapping_ms": 0}, "flapping_ms"),
    (EnvironmentConfig, {"sensors": names(SensorId, MAX_SENSORS + 1)}, "at most 32"),
    (EnvironmentConfig, {"sensors": (SensorId("a"),), "meters": (SensorId("a"),)}, "each named once"),
    (EnvironmentConfig, {"silent_ms": 0}, "silent_ms"),
    (EnvironmentConfig, {"reports": 0}, "reports"),
    (EnvironmentConfig, {"hysteresis_decicelsius": -1}, "hysteresis"),
    (EnvironmentConfig, {"too_cold_decicelsius": 330}, "too_cold"),
    (a_pass, {"valid_from_ms": 9}, "ends after"),
    (a_pass, {"valid_from_ms": 9, "valid_until_ms": 10 + MAX_VALID_MS}, "24 hours"),
    (a_pass, {"stations": names(StationId, MAX_STATIONS + 1)}, "stations"),
    (a_pass, {"stations": (StationId("s"), StationId("S"))}, "station's id"),
    (a_pass, {"node": "n"}, "either"),
    (Interval, {"start_minute": -1, "end_minute": 5}, "outside a day"),
    (Interval, {"start_minute": 1_440, "end_minute": 5}, "outside a day"),
    (Interval, {"start_minute": 5, "end_minute": -1}, "outside a day"),
    (Interval, {"start_minute": 5, "end_minute": 1_441}, "outside a day"),
    (schedule, {"weekly": WEEK[:6]}, "7 days, not 6"),
    (schedule, {"exceptions": days(MAX_EXCEPTIONS + 1)}, "exceptions"),
    (schedule, {"exceptions": days(1) * 2}, "one day"),
    (schedule, {"weekly": (intervals(MAX_INTERVALS_PER_DAY + 1), *WEEK[1:])}, "intervals in a day"),
]


@pytest.mark.parametrize(("make", "values", "why"), REFUSED)
def test_beyond_them_a_configuration_is_refused_by_name(
    make: Callable[..., object], values: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        make(**values)


# ---------------------------------------------------------------- what holds when nothing is said


def commented(section: str) -> dict[str, int]:
    """The whole numbers that the example says hold anyway, in milliseconds and tenths of a degree."""
    found, here = {}, ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"(?:# )?\[+([a-z.]+)\]+", line):
            here = heading[1]
        elif here == section and (said := re.match(r"# ([a-z_]+) = (\d+)\b", line)):
            name, value = said[1], int(said[2])
            if name.endswith("_s"):
                name, value = f"{name.removesuffix('_s')}_ms", value * 1_000
            elif name.endswith("_celsius"):
                name, value = f"{name.removesuffix('_celsius')}_decicelsius", value * 10
            found[name] = value
    assert found, f"nothing is said of {section}"
    return found


OTHERWISE_CALLED: dict[str, Callable[[], object]] = {
    "unsure_ms": lambda: LoadsConfig().empty_after_ms,
    "blind_ms": lambda: LoadsConfig().blind_empty_after_ms,
    "heat_to_decicelsius": lambda: LoadsConfig().occupied.heat_to_decicelsius,
    "cool_to_decicelsius": lambda: LoadsConfig().occupied.cool_to_decicelsius,
    "empty_heat_to_decicelsius": lambda: LoadsConfig().empty.heat_to_decicelsius,
    "empty_cool_to_decicelsius": lambda: LoadsConfig().empty.cool_to_decicelsius,
    "number_wait_ms": lambda: PinConfig().pairing_ms,
    "flapping_edges": lambda: SupervisionConfig().flapping_edges,
    "flapping_ms": lambda: SupervisionConfig().flapping_ms,
}
NO_DEFAULT = frozenset({"capacity", "budget_w"})


@pytest.mark.parametrize(
    ("section", "config"),
    [
        ("door", DoorConfig()),
        ("access", AccessConfig()),
        ("comfort", LoadsConfig()),
        ("presence", PresenceConfig()),
        ("environment", EnvironmentConfig()),
        ("alarms", AlarmConfig()),
    ],
)
def test_the_example_tells_what_holds_when_nothing_is_said(section: str, config: object) -> None:
    for name, value in commented(section).items():
        if name in NO_DEFAULT:
            assert getattr(config, name) is None, name
        else:
            holds = OTHERWISE_CALLED[name]() if name in OTHERWISE_CALLED else getattr(config, name)
            assert holds == value, name


def test_a_door_is_built_as_most_are_unless_it_says_otherwise() -> None:
    door = DoorConfig()

    assert (door.relock_on, door.lock_kind, door.exit_action) == (
        RelockOn.OPEN,
        LockKind.FAIL_SAFE,
        ExitAction.RELEASE,
    )
    assert (AccessConfig().strict_clock, AccessConfig().antipassback) == (False, Antipassback.OFF)
    assert (AccessConfig().stale_after_ms, AccessConfig().antipassback_forget_ms) == (3_000, 12 * 3_600_000)


def test_night_is_from_ten_to_six_on_every_day_of_the_week() -> None:
    assert PresenceConfig().night == Interval(22 * 60, 6 * 60)
    assert LoadsConfig().night == Schedule(((Interval(22 * 60, 6 * 60),),) * 7)
