"""Loads: what is configured, remembered and known now. The rules are in `load_rules`, the machine in `loads`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contract.frozen import frozen
from contract.ids import LoadId, SensorId
from contract.policy.schedule import Interval, Schedule
from contract.records import EnergyCounted, EnergyUsed, LoadCut, LoadSwitched, StationBooted
from edge.core.changed import changed
from edge.core.stamp import RecordedAt

MAX_LOADS: Final = 16
MAX_CUT: Final = 32
"""A cut of a load that the station does not have (yet) is remembered too; beyond, the oldest is forgotten."""
MAX_POWER_W: Final = 50_000
MAX_PRIORITY: Final = 9
NIGHT: Final = Schedule(((Interval(22 * 60, 6 * 60),),) * 7)


class LoadKind(StrEnum):
    LIGHT = "light"
    HEATING = "heating"
    COOLING = "cooling"
    SOCKETS = "sockets"
    SIGN = "sign"


class LoadCause(StrEnum):
    """Why a load is on or off; the rules of `load_rules` name them."""

    FIRE = "fire"
    HAZARD = "hazard"
    """Smoke or carbon monoxide."""
    CUT = "cut"
    """Cut off from far away."""
    WATER = "water"
    MAINS_LOST = "mains_lost"
    BUDGET = "budget"
    RESTING = "resting"
    """It has just been switched off, and a compressor may not start against its own pressure."""
    RUNNING = "running"
    """It has just been switched on, and a compressor wears out by short runs."""
    OCCUPIED = "occupied"
    JUST_LEFT = "just_left"
    EMPTY = "empty"
    NIGHT = "night"
    ALWAYS = "always"
    SCHEDULE = "schedule"
    POSTURE = "posture"
    """Out of service or locked down."""
    TOO_COLD = "too_cold"
    WARM_ENOUGH = "warm_enough"
    TOO_HOT = "too_hot"
    COOL_ENOUGH = "cool_enough"
    FROST = "frost"
    NO_READING = "no_reading"
    STOPPED = "stopped"
    """The station's program ends."""


@dataclass(frozen=True)
class Load:
    """`power_w` is what it takes when it is on. Of two loads that do not fit the budget the one of lower `priority`
    stays off, of equals the later one. `schedule` is for a sign; None: always."""

    id: LoadId
    kind: LoadKind
    power_w: int
    priority: int = 5
    schedule: Schedule | None = None
    min_on_ms: int = 0
    min_off_ms: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.power_w <= MAX_POWER_W:
            raise ValueError(f"load {self.id!r}: power_w = {self.power_w} is outside 1–{MAX_POWER_W}")
        if not 0 <= self.priority <= MAX_PRIORITY:
            raise ValueError(f"load {self.id!r}: priority = {self.priority} is outside 0–{MAX_PRIORITY}")
        if self.min_on_ms < 0 or self.min_off_ms < 0:
            raise ValueError(f"load {self.id!r}: min_on_ms and min_off_ms must not be negative")
        if self.schedule is not None and self.kind is not LoadKind.SIGN:
            raise ValueError(f"load {self.id!r}: only a sign has a schedule")


@dataclass(frozen=True)
class Band:
    """A temperature that is kept, within `LoadsConfig.hysteresis_decicelsius` above and below."""

    heat_to_decicelsius: int
    cool_to_decicelsius: int


OCCUPIED_BAND: Final = Band(200, 260)
EMPTY_BAND: Final = Band(140, 320)


@dataclass(frozen=True)
class LoadsConfig:
    """The loads of a station and how they serve.

    `empty_after_ms`: a room whose count is unsure is empty once nobody has been noticed for so long;
    `blind_empty_after_ms`: the same where nothing but the door notices anybody. `shed_ms`: a load that the budget has
    put out stays so for as long.
    """

    loads: tuple[Load, ...] = ()
    budget_w: int | None = None
    night: Schedule = NIGHT
    empty_after_ms: int = 600_000
    blind_empty_after_ms: int = 4 * 3_600_000
    light_off_delay_ms: int = 120_000
    occupied: Band = OCCUPIED_BAND
    empty: Band = EMPTY_BAND
    frost_decicelsius: int = 50
    hysteresis_decicelsius: int = 5
    shed_ms: int = 60_000

    def __post_init__(self) -> None:
        named = [load.id for load in self.loads]
        if len(named) > MAX_LOADS or len(set(named)) != len(named):
            raise ValueError(f"loads: at most {MAX_LOADS}, each named once")
        lights_w = sum(load.power_w for load in self.loads if load.kind is LoadKind.LIGHT)
        if self.budget_w is not None and lights_w > self.budget_w:
            raise ValueError(f"budget_w = {self.budget_w}: the lights alone take {lights_w}, and in a fire all are on")
        times_ms = (self.empty_after_ms, self.blind_empty_after_ms, self.light_off_delay_ms, self.shed_ms)
        if min(times_ms) < 0 or self.hysteresis_decicelsius < 0:
            raise ValueError("times and hysteresis of the loads must not be negative")
        for name, band in (("occupied", self.occupied), ("empty", self.empty)):
            if band.heat_to_decicelsius + 2 * self.hysteresis_decicelsius >= band.cool_to_decicelsius:
                raise ValueError(f"{name}: heating and cooling would work against each other")


@dataclass(frozen=True)
class LoadMemory:
    """Durable."""

    cut: tuple[LoadId, ...] = ()
    """Cut off from far away."""
    on: tuple[LoadId, ...] = ()
    """Switched on. A run begins with all outputs at rest."""
    energy_day: str = ""
    """The local day that is being counted, YYYY-MM-DD; empty: the time was never known."""
    energy_mwh: dict[str, int] = field(default_factory=dict)
    """Milliwatt-hours of that day so far, as last counted, by load and meter."""
    counters_wh: dict[SensorId, int] = field(default_factory=dict)
    """The meters' counters, as last counted …"""
    counters_at_ms: dict[SensorId, int] = field(default_factory=dict)
    """… and the wall time at which each was first known to stand there."""


@frozen
class LoadNow:
    """One load in this run. `…_ms` are monotonic moments."""

    cause: LoadCause
    switched_ms: int | None = None
    """None: not in this run."""
    shed_until_ms: int | None = None


@dataclass(frozen=True)
class LoadsNow:
    """Volatile."""

    driven: bool = False
    """The outputs do as the state says. Not before the inputs have been read: they are at rest then."""
    blind: bool = False
    """The pins are away, or are back and have not been read."""
    stopping: bool = False
    loads: Mapping[LoadId, LoadNow] = field(default_factory=dict)
    noticing: bool = False
    """Something shows that somebody is inside, or about to be …"""
    noticed_ms: int | None = None
    """… or did so at this moment; None: nobody has looked in this run."""
    left_ms: int | None = None
    """Since when nobody is inside; None: somebody is."""
    due_ms: int | None = None
    """When one of the times above ends."""


def fold(
    memory: LoadMemory, record: LoadSwitched | LoadCut | EnergyUsed | EnergyCounted | StationBooted, at: RecordedAt
) -> LoadMemory:
    """What is remembered after one more record."""
    match record:
        case StationBooted():
            return changed(memory, on=()) if memory.on else memory
        case LoadSwitched():
            others = tuple(load for load in memory.on if load != record.load)
            return changed(memory, on=(*others, record.load)[-MAX_LOADS:] if record.on else others)
        case LoadCut():
            others = tuple(load for load in memory.cut if load != record.load)
            return changed(memory, cut=(*others, record.load)[-MAX_CUT:] if record.cut else others)
        case EnergyCounted():
            known, since_ms = memory.counters_wh, memory.counters_at_ms
            return changed(
                memory,
                energy_day=record.day,
                energy_mwh=dict(record.energy_mwh),
                counters_wh=dict(record.counters_wh),
                counters_at_ms={
                    meter: since_ms.get(meter, at.wall_ms) if known.get(meter) == counter_wh else at.wall_ms
                    for meter, counter_wh in record.counters_wh.items()
                },
            )
        case _:
            # Closed: whoever dies between this and the first count of the next day does not close it twice.
            left = {source: mwh for source, mwh in memory.energy_mwh.items() if source != record.source}
            return changed(memory, energy_mwh=left)
