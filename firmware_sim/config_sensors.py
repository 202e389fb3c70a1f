"""Sections of the simulator's configuration for what is around the door: points, loads, room, sensors, scanners."""

from dataclasses import dataclass
from pathlib import Path

from firmware_sim.devices.slaves import SlaveModel
from firmware_sim.room import LIMITS, LoadKind

MODBUS_BAUD_RATES = (2400, 4800, 9600, 19200, 38400, 57600, 115200)
MAX_LOADS = 16
MAX_LINES = 4
MAX_SLAVES = 16


@dataclass(frozen=True)
class RoomConfig:
    """How it is in the room when the world begins, and how much faster than real it warms and cools."""

    temperature_celsius: float = 20.0
    outside_celsius: float = 5.0
    pace: float = 1.0

    def __post_init__(self) -> None:
        if not 0.1 <= self.pace <= 1000:
            raise ValueError("pace must be between 0.1 and 1000")
        for name in ("temperature_celsius", "outside_celsius"):
            least, most = LIMITS[name]
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least:g} to {most:g}")


@dataclass(frozen=True)
class LoadConfig:
    """`pin` is the output of the controller that switches it."""

    id: str
    kind: LoadKind
    pin: int
    power_w: int
    active_high: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.power_w <= 10_000:
            raise ValueError("power_w must be 0 to 10000")


@dataclass(frozen=True)
class RadarConfig:
    """`device` is a symlink to the pseudo terminal's far end, here and below."""

    id: str
    device: Path


@dataclass(frozen=True)
class SlaveConfig:
    id: str
    model: SlaveModel
    address: int

    def __post_init__(self) -> None:
        if not 1 <= self.address <= 247:
            raise ValueError("address must be 1 to 247")


@dataclass(frozen=True)
class ModbusConfig:
    """One RS-485 line and the slaves on it."""

    device: Path
    slaves: tuple[SlaveConfig, ...]
    baud: int = 9600

    def __post_init__(self) -> None:
        if self.baud not in MODBUS_BAUD_RATES:
            raise ValueError(f"baud must be one of {', '.join(map(str, MODBUS_BAUD_RATES))}")
        if not 1 <= len(self.slaves) <= MAX_SLAVES:
            raise ValueError(f"slaves: 1 to {MAX_SLAVES}")
        if len({slave.address for slave in self.slaves}) != len(self.slaves):
            raise ValueError("slaves: two have the same address")


@dataclass(frozen=True)
class ScannerConfig:
    """A card reader or code scanner that types like a keyboard."""

    id: str
    device: Path
