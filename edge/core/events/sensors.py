"""What radars, environment sensors and the meter measure."""

from contract.frozen import frozen
from contract.ids import SensorId


@frozen
class PresenceMeasured:
    """A radar's report: whether it sees somebody moving, somebody still, and how far away the nearer one is."""

    sensor: SensorId
    moving: bool
    still: bool
    distance_cm: int | None = None


@frozen
class EnvironmentMeasured:
    """A reading of an environment sensor. None: it does not measure that."""

    sensor: SensorId
    temperature_decicelsius: int | None = None
    humidity_percent: int | None = None
    carbon_monoxide_ppm: int | None = None
    smoke: bool | None = None
    water: bool | None = None


@frozen
class PowerMeasured:
    """A reading of the mains meter: the power now, and its counter."""

    meter: SensorId
    power_w: int
    energy_wh: int


@frozen
class SensorChanged:
    """A radar, environment sensor or meter answers, or does not."""

    sensor: SensorId
    online: bool
    detail: str = ""
