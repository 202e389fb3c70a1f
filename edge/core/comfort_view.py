"""Loads, air and energy as people see them.

The readings are those of the latest sample, not the very latest: the picture goes to the cloud whenever it changes,
and a tenth of a degree is no reason for that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.ids import LoadId, SensorId
from contract.records import EnvironmentSampled
from edge.core.environment_state import Findings
from edge.core.load_state import LoadCause
from edge.core.state import StationState


@dataclass(frozen=True)
class LoadView:
    id: LoadId
    on: bool
    cause: LoadCause


@dataclass(frozen=True)
class SensorView:
    """`online` None: not heard of in this run. Smoke and water as believed, None: it does not say."""

    id: SensorId
    online: bool | None
    temperature_decicelsius: int | None
    humidity_percent: int | None
    carbon_monoxide_ppm: int | None
    smoke: bool | None
    water: bool | None


def load_views(state: StationState) -> tuple[LoadView, ...]:
    """Every load that has been looked at in this run, by name."""
    on = state.durable.loads.on
    return tuple(LoadView(load, load in on, now.cause) for load, now in sorted(state.volatile.loads.loads.items()))


def sensor_views(state: StationState) -> tuple[SensorView, ...]:
    """Every environment sensor, by name."""
    known = state.volatile.environment
    views: list[SensorView] = []
    for name, sensor in sorted(known.sensors.items()):
        found, sample = known.findings.get(name, Findings()), sensor.sampled or EnvironmentSampled(name)
        views.append(
            SensorView(
                name,
                None if found.offline is None else not found.offline,
                sample.temperature_decicelsius,
                sample.humidity_percent,
                sample.carbon_monoxide_ppm,
                found.smoke,
                found.water,
            )
        )
    return tuple(views)


def power_w(state: StationState) -> int | None:
    """What all meters that answer measure together; None: none does."""
    known = state.volatile.environment
    answering = [
        meter.sampled.power_w
        for name, meter in known.meters.items()
        if meter.sampled is not None and not known.findings[name].offline
    ]
    return sum(answering) if answering else None


def energy_today_wh(state: StationState) -> Mapping[str, int]:
    """What the day has used so far by load and meter, as last written down."""
    return {source: mwh // 1_000 for source, mwh in sorted(state.durable.loads.energy_mwh.items())}
