"""Loads: what is configured, remembered and known now. The machine is in `loads`."""

from dataclasses import dataclass

from contract.ids import LoadId
from contract.records import EnergyUsed, LoadCut, LoadSwitched, StationBooted
from edge.core.stamp import RecordedAt


@dataclass(frozen=True)
class LoadsConfig:
    """The loads of a station."""


@dataclass(frozen=True)
class LoadMemory:
    """Durable."""

    cut: tuple[LoadId, ...] = ()
    """Cut off from far away."""


@dataclass(frozen=True)
class LoadsNow:
    """Volatile."""


def fold(memory: LoadMemory, record: LoadSwitched | LoadCut | EnergyUsed | StationBooted, at: RecordedAt) -> LoadMemory:
    """What is remembered after one more record."""
    return memory
