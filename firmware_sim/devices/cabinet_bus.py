"""The cabinet's slaves on their wire, serial or TCP, with what can go wrong there for one slot or for all."""

from collections.abc import Callable
from pathlib import Path

from firmware_sim.cabinet import Cabinet
from firmware_sim.devices.cabinet_makes import Face, MakeName, face_of
from firmware_sim.devices.modbus_answers import ExceptionCode, Function, Registers, Write
from firmware_sim.devices.modbus_line import Fault, ModbusLine, Slave
from firmware_sim.devices.modbus_tcp import ModbusTcp

NOISE_EVERY = 6
FAULT_ONE_IN = 3
"""So that late and wrong answers come between right ones, which is worse than none at all."""


class CabinetBus:
    """`clock` lets the world reach the present before each answer, and gives it."""

    def __init__(self, cabinet: Cabinet, make: MakeName, clock: Callable[[], float], seed: int) -> None:
        self.make = make
        self._face: Face = face_of(make, cabinet)
        self._cabinet, self._clock, self._seed = cabinet, clock, seed
        self.slaves = {
            address: Slave(
                f"cabinet-{address}",
                address,
                self._reader(address),
                self._writer(address),
                self._face.delay_ms(address),
            )
            for address in self._face.slaves()
        }
        self.wire: ModbusLine | ModbusTcp | None = None

    def _reader(self, address: int) -> Callable[[], Registers | None]:
        def read() -> Registers | None:
            now_ms = self._clock()
            return self._face.read(address, now_ms) if self._cabinet.powered else None

        return read

    def _writer(self, address: int) -> Write:
        def write(function: Function, at: int, value: int) -> ExceptionCode | None:
            return self._face.write(address, function, at, value, self._clock())

        return write

    async def start(self, device: Path | None, baud: int, port: int) -> None:
        """On a pseudo terminal behind `device`, or on a TCP port. Raises OSError when the port is taken."""
        slaves = list(self.slaves.values())
        if device is not None:
            line = ModbusLine(device, baud, slaves, self._seed)
            self.wire = line
            line.start()
        else:
            self.wire = ModbusTcp(port, slaves, self._seed)
            await self.wire.start()

    def stop(self) -> None:
        if self.wire is not None:
            self.wire.stop()
            self.wire = None

    @property
    def port(self) -> int | None:
        """Of TCP, once started."""
        return self.wire.port if isinstance(self.wire, ModbusTcp) else None

    def set_powered(self, on: bool) -> None:
        if self.wire is not None:
            self.wire.set_powered(on)

    # What breaks

    def set_cut(self, cut: bool) -> None:
        if self.wire is not None:
            self.wire.cut = cut

    def set_noisy(self, noisy: bool) -> None:
        if self.wire is not None:
            self.wire.noise_every = NOISE_EVERY if noisy else 0

    def set_fault(self, slot: int | None, fault: Fault | None, late_ms: float = 0.0) -> None:
        """Of the slave that tells of a slot's battery; None: of all."""
        chosen = self.slaves.values() if slot is None else [self.slaves[self._face.slave_of(slot)]]
        for slave in chosen:
            slave.fault, slave.late_ms, slave.fault_one_in = fault, late_ms, FAULT_ONE_IN

    def set_swapped(self, slot: int, with_slot: int | None) -> None:
        """Firmware that answers for one slot with another's data."""
        if with_slot is None:
            self._face.swapped.pop(slot, None)
        else:
            self._face.swapped[slot] = with_slot
