"""The section of the simulator's configuration for the swap cabinet, and where its batteries are at the beginning."""

from dataclasses import dataclass
from pathlib import Path

from firmware_sim.batteries import MODELS, Battery
from firmware_sim.devices.cabinet_makes import FACTS, MakeName

MODBUS_BAUD_RATES = (9600, 19200, 38400, 57600, 115200)
MAX_BATTERIES = 400
MAX_SERIAL = 12
"""What fits into the shortest field for it that a BMS has."""


@dataclass(frozen=True)
class BatteryConfig:
    """A battery, in a slot or with a person. `asleep`: at 0 V. `foreign`: another operator's."""

    serial: str
    slot: int | None = None
    person: str | None = None
    model: str = "YZ60-24"
    soc_percent: int = 95
    soh_percent: int = 95
    cycles: int = 120
    asleep: bool = False
    foreign: bool = False

    def __post_init__(self) -> None:
        if not (1 <= len(self.serial) <= MAX_SERIAL and self.serial.isascii() and self.serial.isalnum()):
            raise ValueError(f"serial must be 1 to {MAX_SERIAL} letters and digits")
        if self.model not in MODELS:
            raise ValueError(f"model must be one of {', '.join(MODELS)}")
        if (self.slot is None) == (self.person is None):
            raise ValueError("a battery is either in a slot or with a person")
        if not (0 <= self.soc_percent <= 100 and 1 <= self.soh_percent <= 100 and 0 <= self.cycles <= 10_000):
            raise ValueError("soc_percent must be 0 to 100, soh_percent 1 to 100, cycles 0 to 10000")

    def battery(self, celsius: float) -> Battery:
        return Battery(
            self.serial,
            MODELS[self.model],
            soc=self.soc_percent / 100.0,
            soh=self.soh_percent / 100.0,
            cycles=self.cycles,
            celsius=celsius,
            asleep=self.asleep,
            foreign=self.foreign,
        )


@dataclass(frozen=True)
class CabinetConfig:
    """Either `device`, a symlink to the pseudo terminal's far end, or the TCP `port`. `reader` is that of the
    [[readers]] at which riders show their card for the cabinet. `pace`: how much faster than real batteries live."""

    make: MakeName = MakeName.INTEGRATED_12
    slots: int = 12
    device: Path | None = None
    port: int | None = None
    baud: int = 115200
    reader: str | None = None
    pace: float = 1.0
    batteries: tuple[BatteryConfig, ...] = ()

    def __post_init__(self) -> None:
        if not 2 <= self.slots <= FACTS[self.make].max_slots:
            raise ValueError(f"slots must be 2 to {FACTS[self.make].max_slots} for {self.make}")
        if (self.device is None) == (self.port is None):
            raise ValueError("give either device or port")
        if self.baud not in MODBUS_BAUD_RATES:
            raise ValueError(f"baud must be one of {', '.join(map(str, MODBUS_BAUD_RATES))}")
        if not 0.1 <= self.pace <= 1000:
            raise ValueError("pace must be between 0.1 and 1000")
        if len(self.batteries) > MAX_BATTERIES:
            raise ValueError(f"batteries: at most {MAX_BATTERIES}")
        if len({battery.serial for battery in self.batteries}) != len(self.batteries):
            raise ValueError("batteries: two have the same serial")
        taken = [battery.slot for battery in self.batteries if battery.slot is not None]
        if len(set(taken)) != len(taken) or any(not 1 <= slot <= self.slots for slot in taken):
            raise ValueError(f"batteries: one for each slot, 1 to {self.slots}")
