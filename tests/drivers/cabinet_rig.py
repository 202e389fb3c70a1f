"""A cabinet's driver and the slaves it talks to, run together by a test."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from contract.ids import SlotNumber
from edge.core.events import SlotLost, SlotRead
from edge.drivers import cabinet_modbus, cabinet_modbus_plan
from edge.drivers.cabinet_modbus import Cabinet, CabinetEvent, SerialPlace, TcpPlace
from edge.drivers.cabinet_modbus_load import load_map
from tests.drivers.cabinet_slave import CabinetSlave, Image, numbers

MAPS = Path(__file__).parents[2] / "config" / "cabinets"
INTEGRATED, BOARD = "integrated_12", "lock_board_24"
E = TypeVar("E")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rest between cycles, hardly any silence on the line: for tests of what is done, not of how fast."""
    monkeypatch.setattr(cabinet_modbus, "MIN_CYCLE_S", 0.0)
    monkeypatch.setattr(cabinet_modbus_plan, "FIXED_GAP_MS", 0.1)


class Rig:
    """`speed`: how many times faster than on the wall the driver's clock runs; `paced`: the slaves' bits take time.
    Every slot but the last has a battery `B01`, `B02`, …"""

    def __init__(
        self,
        directory: Path,
        make: str = INTEGRATED,
        slots: int = 4,
        baud: int | None = 115_200,
        *,
        speed: float = 1.0,
        paced: bool = False,
    ) -> None:
        self.map_file = MAPS / f"{make}.toml"
        self.map = load_map(self.map_file)
        self.image = Image(self.map, slots)
        for slot in range(1, slots):
            self.image.battery(slot, f"B{slot:02}")
        self.image.empty(slots)
        device = directory / "cabinet"
        self.slave = CabinetSlave(self.image, baud if paced else None, device if baud is not None else None)
        place = SerialPlace(device, baud) if baud is not None else TcpPlace("127.0.0.1", self.slave.port)
        self.cabinet = Cabinet(self.map_file, numbers(slots), place)
        self.told: list[CabinetEvent] = []
        self.renewing = True
        self._speed, self._began_s = speed, time.monotonic()

    def stop(self) -> None:
        self.cabinet.close()
        self.slave.stop()

    def now_ms(self) -> int:
        return 1_000_000 + int((time.monotonic() - self._began_s) * 1_000 * self._speed)

    def poll(self) -> list[CabinetEvent]:
        if self.renewing:
            self.cabinet.renew()
        told = self.cabinet.poll(self.now_ms())
        self.told += told
        return told

    def until(self, true: Callable[[], object], bound_s: float = 10.0) -> None:
        end_s = time.monotonic() + bound_s
        while not true():
            assert time.monotonic() < end_s, f"told lately: {self.told[-8:]}"
            self.poll()

    def cycles(self, count: int) -> None:
        """So many whole cycles more, from the beginning of one."""
        last = self.cabinet.cycles + count + 1
        self.until(lambda: self.cabinet.cycles >= last, 20.0)

    def settle(self) -> None:
        """Everything has been read and told; forget that it was."""
        self.until(lambda: all(self.reading(slot) is not None for slot in range(1, self.image.slots + 1)))
        self.until(lambda: all(self._is_whole(slot) for slot in range(1, self.image.slots)))
        self.cycles(1)
        self.told.clear()

    def _is_whole(self, slot: int) -> bool:
        reading = self.reading(slot)
        return reading is not None and reading.battery is not None

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    def latest(self, slot: int) -> SlotRead | SlotLost | None:
        mine = [event for event in self.told if isinstance(event, SlotRead | SlotLost) and event.slot == slot]
        return mine[-1] if mine else None

    def reading(self, slot: int) -> SlotRead | None:
        latest = self.latest(slot)
        return latest if isinstance(latest, SlotRead) else None

    def lost(self, slot: int) -> SlotLost | None:
        latest = self.latest(slot)
        return latest if isinstance(latest, SlotLost) else None


def slot(number: int) -> SlotNumber:
    return SlotNumber(number)
