"""Air, water, mains: what is configured and known now. The machine is in `environment`."""

from dataclasses import dataclass

from contract.ids import SensorId


@dataclass(frozen=True)
class EnvironmentConfig:
    """`sensors` and `meters` are all that the station has, by id."""

    sensors: tuple[SensorId, ...] = ()
    meters: tuple[SensorId, ...] = ()


@dataclass(frozen=True)
class EnvironmentNow:
    """Volatile."""
