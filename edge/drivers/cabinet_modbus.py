"""A battery-swap cabinet on Modbus, RTU over serial or TCP; where its registers are is data (`cabinet_modbus_map`).

Pulses and levels are different things. *The pulse* that opens a slot is written once, whatever becomes of the answer;
what became of it is told (`SlotPulsed`). *A level* (a charger's limit, the contactor, the fan) is written, read back
and written again until it reads as it should; it jumps the queue, and a charger that will not go off costs the whole
cabinet its main contactor and its output watchdog.

Everything runs in the caller's thread. `poll` does the next slice of work and returns what has changed.
"""

from dataclasses import dataclass
from pathlib import Path

from contract.ids import SlotNumber
from edge.core import events
from edge.core.effects import CabinetEffect
from edge.drivers.cabinet_modbus_load import load_map
from edge.drivers.cabinet_modbus_map import MapError

CabinetEvent = (
    events.CabinetChanged
    | events.SlotRead
    | events.SlotLost
    | events.CabinetPointRead
    | events.SlotPulsed
    | events.ChargerChecked
    | events.ContactorRead
)


@dataclass(frozen=True)
class SerialPlace:
    device: Path
    baud: int


@dataclass(frozen=True)
class TcpPlace:
    host: str
    port: int = 502


class Cabinet:
    """One cabinet. Raises `MapError` when its map cannot be used for these slots at this speed."""

    def __init__(self, map_file: Path, slots: tuple[SlotNumber, ...], place: SerialPlace | TcpPlace) -> None:
        self.map = load_map(map_file)
        self.slots, self.place = slots, place

    def poll(self, now_ms: int) -> list[CabinetEvent]:
        """The next slice of work on the line: about one request and its answer. Call it again at once."""
        raise NotImplementedError

    def take(self, effect: CabinetEffect) -> None:
        """Carry an effect out, beginning with the next `poll`."""
        raise NotImplementedError

    def renew(self) -> None:
        """The controller lives: chargers may go on for another 5 s from the next `poll`."""
        raise NotImplementedError

    def all_off(self) -> None:
        """Every charger to 0, before anything else."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the line."""
        raise NotImplementedError


__all__ = ["Cabinet", "CabinetEvent", "MapError", "SerialPlace", "TcpPlace"]
