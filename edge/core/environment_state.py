"""Air, water, mains: what is configured and known now. The machine is in `environment`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.frozen import frozen
from contract.ids import SensorId
from contract.records import EnvironmentSampled, PowerSampled
from edge.core.carbon_monoxide import Dose
from edge.core.events import EnvironmentMeasured, PowerMeasured

MAX_SENSORS: Final = 32


@dataclass(frozen=True)
class EnvironmentConfig:
    """`sensors` and `meters` are all that the station has, by id.

    A sensor that is silent for `silent_ms` is offline. Smoke and water are believed once `reports` reports in a row
    have said the same: one report may be a spark on the line. Hot and cold end `hysteresis` inside their limit.
    """

    sensors: tuple[SensorId, ...] = ()
    meters: tuple[SensorId, ...] = ()
    silent_ms: int = 30_000
    reports: int = 2
    too_hot_decicelsius: int = 350
    too_cold_decicelsius: int = 50
    hysteresis_decicelsius: int = 10

    def __post_init__(self) -> None:
        named = self.sensors + self.meters
        if len(named) > MAX_SENSORS or len(set(named)) != len(named):
            raise ValueError(f"sensors and meters: at most {MAX_SENSORS}, each named once")
        if self.silent_ms < 1 or self.reports < 1 or self.hysteresis_decicelsius < 0:
            raise ValueError("silent_ms and reports must be at least 1, hysteresis_decicelsius at least 0")
        if self.too_cold_decicelsius + 2 * self.hysteresis_decicelsius >= self.too_hot_decicelsius:
            raise ValueError("too_cold_decicelsius must be below too_hot_decicelsius by more than both hystereses")


@dataclass(frozen=True)
class Told:
    """A yes or no that is believed once it has been said often enough in a row. None: nothing believed yet."""

    believed: bool | None = None
    latest: bool | None = None
    times: int = 0

    def again(self, says: bool | None, enough: int) -> "Told":
        """After one more report; one that says nothing of it changes nothing."""
        if says is None:
            return self
        times = min(enough, self.times + 1 if says is self.latest else 1)
        return Told(says if times >= enough else self.believed, says, times)


@dataclass(frozen=True)
class Sensor:
    """An environment sensor as this run knows it. `…_ms` are monotonic moments."""

    heard_ms: int
    """When it spoke last, or since when it has been listened for."""
    reading: EnvironmentMeasured | None = None
    smoke: Told = field(default_factory=Told)
    water: Told = field(default_factory=Told)
    dose: Dose = field(default_factory=Dose)
    sampled: EnvironmentSampled | None = None
    sampled_ms: int = 0


@dataclass(frozen=True)
class Meter:
    """A mains meter as this run knows it."""

    heard_ms: int
    reading: PowerMeasured | None = None
    sampled: PowerSampled | None = None
    sampled_ms: int = 0


@frozen
class Findings:
    """What is wrong where a sensor is, or with it. None: not known in this run."""

    smoke: bool | None = None
    carbon_monoxide: bool | None = None
    water: bool | None = None
    hot: bool | None = None
    cold: bool | None = None
    offline: bool | None = None
    detail: str = ""
    """Why it is offline."""


@dataclass(frozen=True)
class EnvironmentNow:
    """Volatile. `findings` is another object exactly when it says something else."""

    sensors: Mapping[SensorId, Sensor] = field(default_factory=dict)
    meters: Mapping[SensorId, Meter] = field(default_factory=dict)
    findings: Mapping[SensorId, Findings] = field(default_factory=dict)
    silence_ms: int | None = None
    """When the next sensor will have been silent for too long; None: nobody is listened for."""
