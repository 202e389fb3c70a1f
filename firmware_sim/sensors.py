"""All measuring devices and scanners of the station, on their wires, seeing the premises."""

from collections.abc import Callable

from firmware_sim.config import SimConfig
from firmware_sim.crowd import Crowd, Doing, Place
from firmware_sim.devices.modbus_answers import Registers
from firmware_sim.devices.modbus_line import ModbusLine, Slave
from firmware_sim.devices.radar import Radar, Targets
from firmware_sim.devices.scanner import Scanner
from firmware_sim.devices.slaves import SensorLie, SlaveModel, reading
from firmware_sim.log import WorldLog, monotonic_ms
from firmware_sim.premises import Premises


def see(crowd: Crowd) -> Targets:
    """What a perfect radar sees of the people inside: of each kind the nearest."""
    inside = crowd.at(Place.INSIDE)
    moving = [body.distance_cm for body in inside if body.doing is Doing.MOVING]
    still = [body.distance_cm for body in inside if body.doing is not Doing.MOVING]
    return Targets(min(moving, default=None), min(still, default=None))


class Sensors:
    def __init__(self, config: SimConfig, premises: Premises, log: WorldLog) -> None:
        self._premises = premises
        seed = config.world.seed
        self.lies: dict[str, SensorLie] = {}
        """Of Modbus slaves by id."""
        self.radars = {
            radar.id: Radar(radar.id, radar.device, lambda: see(premises.crowd), seed) for radar in config.radars
        }
        self.slaves: dict[str, Slave] = {}
        self.models: dict[str, SlaveModel] = {}
        self._lines: list[ModbusLine] = []
        for line in config.modbus:
            slaves = [Slave(slave.id, slave.address, self._reader(slave.id, slave.model)) for slave in line.slaves]
            self.slaves |= {slave.id: slave for slave in slaves}
            self.models |= {slave.id: slave.model for slave in line.slaves}
            self._lines.append(ModbusLine(line.device, line.baud, slaves, seed))
        self.scanners = {scanner.id: Scanner(scanner.id, scanner.device, log) for scanner in config.scanners}

    def _reader(self, slave_id: str, model: SlaveModel) -> Callable[[], Registers]:
        return lambda: reading(model, self._premises.room, monotonic_ms(), self.lies.get(slave_id))

    @property
    def _devices(self) -> list[Radar | ModbusLine | Scanner]:
        return [*self.radars.values(), *self._lines, *self.scanners.values()]

    def start(self) -> None:
        for device in self._devices:
            device.start()

    def stop(self) -> None:
        for device in self._devices:
            device.stop()

    def set_powered(self, on: bool) -> None:
        for device in self._devices:
            device.set_powered(on)
