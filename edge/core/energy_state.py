"""The hour, and what has been used since the last count: known in this run only. The machines are `hours`, `energy`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.ids import LoadId, SensorId


@dataclass(frozen=True)
class Hours:
    """What holds until `until_ms` by a clock that stands `offset_ms` ahead of the monotonic one; `until_ms` None: as
    long as the clock is not trusted."""

    clock_trusted: bool
    offset_ms: int
    until_ms: int | None
    night: bool
    open: frozenset[LoadId]
    """Loads whose schedule is open."""
    day: str | None
    """The local date; None: not known."""


@dataclass(frozen=True)
class MeterRead:
    """A counter as last read in this run, and when on the monotonic clock."""

    counter_wh: int
    read_ms: int


@dataclass(frozen=True)
class EnergyNow:
    """What no record says yet."""

    since_ms: int | None = None
    """What loads use is reckoned up to here; None: the run has just begun, and nothing is on."""
    uncounted_wms: Mapping[str, int] = field(default_factory=dict)
    """Watt-milliseconds by load and meter."""
    meters: Mapping[SensorId, MeterRead] = field(default_factory=dict)
    count_at_ms: int | None = None
    """When it will be written down; None: nothing runs."""
