"""What a station switches, and when air and water are an alarm: three sections of its configuration.

[[loads]]
id = "ceiling"
kind = "light"                  # light, heating, cooling, sockets, sign
pin = 12                        # BCM; the output is at rest while the load is off
power_w = 40
priority = 9                    # 0–9: what the power budget puts out last

[[loads]]
id = "sign"
kind = "sign"
pin = 13
power_w = 60
[loads.hours]                   # a sign alone has hours; without, it is always on
mon = ["17:00-23:00"]

[comfort]
budget_w = 3500
sockets_off = "22:00-06:00"     # when nobody is inside
heat_to_celsius = 20

[environment]
too_hot_celsius = 35
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from contract.ids import LoadId, SensorId
from contract.plain import PlainError
from contract.policy.schedule import Schedule
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import MAX_LOADS, MAX_POWER_W, MAX_PRIORITY, Band, Load, LoadKind, LoadsConfig
from edge.runtime.schedule_config import WeekSection, interval

STEADY_S: Final = {LoadKind.COOLING: 180, LoadKind.HEATING: 60}
"""How long a load stays on and off at least, if the configuration does not say: a compressor needs minutes between two
starts, a contactor wears out by chattering."""


def _check(section: object, name: str, bounds: dict[str, tuple[int, int]]) -> None:
    for key, (low, high) in bounds.items():
        value = getattr(section, key)
        if value is not None and not low <= value <= high:
            raise PlainError(f"{name}.{key}", f"{value} is outside {low}–{high}")


@dataclass(frozen=True)
class LoadSection:
    """One switched output. `min_on_s`, `min_off_s`: by its kind, if not given."""

    id: LoadId
    kind: LoadKind
    pin: int
    power_w: int
    active_high: bool = True
    priority: int = 5
    min_on_s: int | None = None
    min_off_s: int | None = None
    hours: WeekSection | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.id):
            raise PlainError("loads.id", f"{self.id!r} must be 1–64 letters, digits, '-' or '_'")
        bounds = {"power_w": (1, MAX_POWER_W), "priority": (0, MAX_PRIORITY)}
        bounds |= {"min_on_s": (0, 3_600), "min_off_s": (0, 3_600)}
        _check(self, f"loads {self.id!r}", bounds)
        if self.hours is not None and self.kind is not LoadKind.SIGN:
            raise PlainError(f"loads {self.id!r}.hours", f"only a sign has hours, and this is {self.kind.value}")

    def load(self) -> Load:
        steady_s = STEADY_S.get(self.kind, 0)
        return Load(
            id=self.id,
            kind=self.kind,
            power_w=self.power_w,
            priority=self.priority,
            schedule=None if self.hours is None else Schedule(self.hours.intervals()),
            min_on_ms=1_000 * (steady_s if self.min_on_s is None else self.min_on_s),
            min_off_ms=1_000 * (steady_s if self.min_off_s is None else self.min_off_s),
        )


@dataclass(frozen=True)
class ComfortSection:
    """How loads serve people. `budget_w`: what all of them may take together; no limit if not given. `unsure_s`: for so
    long a room counts as occupied without a sign of it where sensors see the room, `blind_s` where nothing but the door
    tells. The `empty_…` temperatures are those of a room without people."""

    budget_w: int | None = None
    sockets_off: str = "22:00-06:00"
    light_off_delay_s: int = 120
    unsure_s: int = 600
    blind_s: int = 4 * 3_600
    heat_to_celsius: int = 20
    cool_to_celsius: int = 26
    empty_heat_to_celsius: int = 14
    empty_cool_to_celsius: int = 32
    frost_celsius: int = 5

    def __post_init__(self) -> None:
        _check(self, "comfort", {"budget_w": (1, MAX_LOADS * MAX_POWER_W), "light_off_delay_s": (0, 3_600)})
        _check(self, "comfort", {"unsure_s": (10, 24 * 3_600), "blind_s": (10, 24 * 3_600), "frost_celsius": (2, 15)})
        names = [field.name for field in fields(self) if field.name.endswith("_to_celsius")]
        _check(self, "comfort", dict.fromkeys(names, (2, 40)))
        for prefix in ("", "empty_"):
            if getattr(self, f"{prefix}cool_to_celsius") - getattr(self, f"{prefix}heat_to_celsius") < 2:
                raise PlainError(
                    f"comfort.{prefix}cool_to_celsius",
                    f"must be at least 2 above {prefix}heat_to_celsius: they would work against each other",
                )
        try:
            self.night()
        except ValueError as error:
            raise PlainError("comfort.sockets_off", str(error)) from None

    def night(self) -> Schedule:
        """Raises `ValueError`."""
        return Schedule(((interval(self.sockets_off),),) * 7)


@dataclass(frozen=True)
class EnvironmentSection:
    """When a sensor's reading, or its silence, is an alarm."""

    too_hot_celsius: int = 35
    too_cold_celsius: int = 5
    silent_s: int = 30

    def __post_init__(self) -> None:
        _check(self, "environment", {"too_hot_celsius": (20, 70), "too_cold_celsius": (-40, 15)})
        _check(self, "environment", {"silent_s": (2, 3_600)})


def check_loads(loads: Sequence[LoadSection], comfort: ComfortSection) -> None:
    """What no section can see by itself. Raises `PlainError`."""
    names = [load.id for load in loads]
    for index, name in enumerate(names):
        if names.count(name) > 1:
            raise PlainError(f"loads[{index}].id", f"{name!r} is used twice")
    if len(names) > MAX_LOADS:
        raise PlainError("loads", f"{len(names)} loads; a station has at most {MAX_LOADS}")
    lights_w = sum(load.power_w for load in loads if load.kind is LoadKind.LIGHT)
    if comfort.budget_w is not None and lights_w > comfort.budget_w:
        raise PlainError(
            "comfort.budget_w", f"{comfort.budget_w} is less than the {lights_w} of the lights, all on in a fire"
        )


def loads_config(loads: Sequence[LoadSection], comfort: ComfortSection) -> LoadsConfig:
    """The core's own. Raises `ValueError`."""
    return LoadsConfig(
        loads=tuple(section.load() for section in loads),
        budget_w=comfort.budget_w,
        night=comfort.night(),
        empty_after_ms=comfort.unsure_s * 1_000,
        blind_empty_after_ms=comfort.blind_s * 1_000,
        light_off_delay_ms=comfort.light_off_delay_s * 1_000,
        occupied=Band(comfort.heat_to_celsius * 10, comfort.cool_to_celsius * 10),
        empty=Band(comfort.empty_heat_to_celsius * 10, comfort.empty_cool_to_celsius * 10),
        frost_decicelsius=comfort.frost_celsius * 10,
    )


def environment_config(
    section: EnvironmentSection, sensors: tuple[SensorId, ...], meters: tuple[SensorId, ...]
) -> EnvironmentConfig:
    """The core's own. Raises `ValueError`."""
    return EnvironmentConfig(
        sensors,
        meters,
        silent_ms=section.silent_s * 1_000,
        too_hot_decicelsius=section.too_hot_celsius * 10,
        too_cold_decicelsius=section.too_cold_celsius * 10,
    )
