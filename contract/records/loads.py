"""What the station switches for people's comfort, what it measures for it, and what that costs."""

from dataclasses import field
from typing import ClassVar

from contract.frozen import frozen
from contract.ids import LoadId, SensorId


@frozen
class LoadSwitched:
    """`cause` is a `LoadCause` of the core: why it is on or off now. A run begins with all loads off, without a record
    of it."""

    KIND: ClassVar[str] = "load.switched"
    load: LoadId
    on: bool
    cause: str


@frozen
class LoadCut:
    """Somebody far away has cut a load off (`cut`), or given it back."""

    KIND: ClassVar[str] = "load.cut"
    load: LoadId
    cut: bool
    by: str


@frozen
class EnergyUsed:
    """One local day's use, `day` as YYYY-MM-DD. `source` is a meter's id, or a load's, reckoned from its power. A day
    that ended twice, because the clock was set back, has two records of a source: they add up."""

    KIND: ClassVar[str] = "energy.used"
    source: str
    day: str
    energy_wh: int


@frozen
class EnergyCounted:
    """What `day` has used so far, in milliwatt-hours by source, and where the meters' counters stand: what is not lost
    when the power goes now. An empty `day`: the time was never known."""

    KIND: ClassVar[str] = "energy.counted"
    day: str
    energy_mwh: dict[str, int] = field(hash=False)
    counters_wh: dict[SensorId, int] = field(hash=False)


@frozen
class EnvironmentSampled:
    """Telemetry: what an environment sensor measures. None: it does not measure that."""

    KIND: ClassVar[str] = "environment.sampled"
    sensor: SensorId
    temperature_decicelsius: int | None = None
    humidity_percent: int | None = None
    carbon_monoxide_ppm: int | None = None


@frozen
class PowerSampled:
    """Telemetry: the mains meter. `energy_wh` is its counter."""

    KIND: ClassVar[str] = "power.sampled"
    meter: SensorId
    power_w: int
    energy_wh: int
