"""`[[sensors]]` of a station's configuration: radars, environment sensors and the mains meter.

[[sensors]]
id = "radar"
driver = "radar_ld2410"
device = "/dev/ttyAMA2"

[[sensors]]
id = "climate"
driver = "environment_modbus"
device = "/dev/ttyUSB1"                     # several on one line name the same device and speed
baud = 9600
address = 1
map = "/etc/yizhan/sensors/xy_md02.toml"    # where the make keeps its readings
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from contract.ids import SensorId
from contract.plain import PlainError
from edge.core.environment_state import MAX_SENSORS

RADAR_BAUD: Final = 256_000
MODBUS_BAUD: Final = 9_600
BAUDS: Final = (1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 256_000, 460_800)
MAX_LINES: Final = 8


class SensorDriver(StrEnum):
    RADAR_LD2410 = "radar_ld2410"
    ENVIRONMENT_MODBUS = "environment_modbus"
    METER_MODBUS = "meter_modbus"


@dataclass(frozen=True)
class SensorSection:
    """`address` and `map` are for Modbus; `baud` is 256000 for a radar and 9600 for Modbus, if not given."""

    id: SensorId
    driver: SensorDriver
    device: Path
    baud: int | None = None
    address: int | None = None
    map: Path | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.id):
            raise PlainError("sensors.id", f"{self.id!r} must be 1–64 letters, digits, '-' or '_'")
        if self.baud is not None and self.baud not in BAUDS:
            raise PlainError(f"{self.where}.baud", f"{self.baud} is no line speed")
        if self.is_modbus:
            if self.address is None or not 1 <= self.address <= 247:
                raise PlainError(f"{self.where}.address", f"{self.address} is no Modbus address (1–247)")
            if self.map is None:
                raise PlainError(f"{self.where}.map", "is missing: where does this make keep its readings?")
        else:
            for name in ("address", "map"):
                if getattr(self, name) is not None:
                    raise PlainError(f"{self.where}.{name}", f"a {self.driver} has none")

    @property
    def where(self) -> str:
        return f"sensors {self.id!r}"

    @property
    def is_modbus(self) -> bool:
        return self.driver is not SensorDriver.RADAR_LD2410

    @property
    def line_baud(self) -> int:
        return self.baud or (MODBUS_BAUD if self.is_modbus else RADAR_BAUD)


def check_sensors(sensors: Sequence[SensorSection]) -> None:
    """What no section can see by itself. Raises `PlainError`."""
    if len(sensors) > MAX_SENSORS:
        raise PlainError("sensors", f"{len(sensors)} sensors; a station has at most {MAX_SENSORS}")
    if len({sensor.device for sensor in sensors}) > MAX_LINES:
        raise PlainError("sensors", f"more than {MAX_LINES} devices")
    for index, sensor in enumerate(sensors):
        for other in sensors[:index]:
            if other.id == sensor.id:
                raise PlainError(f"sensors[{index}].id", f"{sensor.id!r} is used twice")
            if other.device != sensor.device:
                continue
            if not (other.is_modbus and sensor.is_modbus):
                raise PlainError(f"{sensor.where}.device", f"{sensor.device} is that of {other.id!r} too")
            if other.line_baud != sensor.line_baud:
                raise PlainError(f"{sensor.where}.baud", f"{other.id!r} on the same line has {other.line_baud}")
            if other.address == sensor.address:
                raise PlainError(f"{sensor.where}.address", f"{sensor.address} is that of {other.id!r} too")


def named(sensors: Sequence[SensorSection], driver: SensorDriver) -> tuple[SensorId, ...]:
    """The ids of those with a driver."""
    return tuple(sensor.id for sensor in sensors if sensor.driver is driver)
