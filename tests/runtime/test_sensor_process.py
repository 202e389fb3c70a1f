"""The sensors child, as a process of its own, over the simulated devices' real wires."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from contract.ids import SensorId
from edge.runtime import ipc
from edge.runtime.children import SupervisedChild
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.log import monotonic_ms
from firmware_sim.people import PersonId
from tests.firmware_sim.support import RunningStation
from tests.firmware_sim.test_sensors import with_sensors
from tests.runtime.test_config import GOOD
from tests.runtime.waiting import PATIENCE_S

MAPS = Path(__file__).parents[2] / "config" / "sensors"
SENSORS = """
[[sensors]]
id = "ceiling"
driver = "radar_ld2410"
device = "{root}/radar"
"""
MODBUS = """
[[sensors]]
id = "{name}"
driver = "{driver}"
device = "{root}/modbus"
baud = 115200
address = {address}
map = "{maps}/{map}.toml"
"""
SLAVES = (
    ("climate", "environment_modbus", 1, "xy_md02"),
    ("contacts", "environment_modbus", 3, "di8"),
    ("meter", "meter_modbus", 4, "sdm120"),
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(with_sensors(tmp_path)) as station:
        yield station


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    text = GOOD + SENSORS
    for name, driver, address, register_map in SLAVES:
        text += MODBUS.format(root="{root}", name=name, driver=driver, address=address, maps=MAPS, map=register_map)
    path.write_text(text.replace("{root}", str(tmp_path)))
    return path


class Sensors:
    """The child, and what it has said."""

    def __init__(self, config: Path) -> None:
        self.said: list[ipc.Message] = []
        self.changes: list[bool] = []
        self.child = SupervisedChild(
            ipc.Child.SENSORS, config, self.said.append, lambda running, _: self.changes.append(running)
        )

    async def wait(self, wanted: ipc.Message, since: int = 0) -> None:
        await self.wait_until(lambda: wanted in self.said[since:], f"{wanted}; said {self.said[-8:]}")

    async def wait_until(self, true: object, what: str) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while not true():  # type: ignore[operator]
            assert asyncio.get_running_loop().time() < end, what
            self.child.check()
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.child.ask_to_stop()
        await asyncio.to_thread(self.child.wait_for_end, 2.0)


def seen_by(radar: str, said: list[ipc.Message]) -> list[ipc.PresenceSensed]:
    return [message for message in said if isinstance(message, ipc.PresenceSensed) and message.sensor == radar]


def live(config: Path, act: Callable[[Sensors], Awaitable[None]]) -> None:
    async def run() -> None:
        sensors = Sensors(config)
        sensors.child.start()
        try:
            await act(sensors)
        finally:
            await sensors.end()

    asyncio.run(run())


def test_all_sensors_are_heard_and_what_changes_is_told(running: RunningStation, config: Path) -> None:
    async def act(sensors: Sensors) -> None:
        for name in ("ceiling", "climate", "contacts", "meter"):
            await sensors.wait(ipc.SensorStatus(SensorId(name), True, ""))
        await sensors.wait(ipc.PresenceSensed(SensorId("ceiling"), moving=False, still=False))
        await sensors.wait(ipc.EnvironmentSensed(SensorId("contacts"), smoke=False, water=False))
        premises = running.station.world.premises
        running.do(lambda: premises.set_smoke(True, monotonic_ms()))
        running.do(lambda: premises.put_inside(PersonId("rider-1"), monotonic_ms()))
        await sensors.wait(ipc.EnvironmentSensed(SensorId("contacts"), smoke=True, water=False))
        await sensors.wait_until(lambda: seen_by("ceiling", sensors.said)[-1].moving, "somebody moves")
        assert [message for message in sensors.said if isinstance(message, ipc.PowerSensed)]
        climate = [message for message in sensors.said if isinstance(message, ipc.EnvironmentSensed)]
        assert any(message.temperature_decicelsius is not None for message in climate)

    live(config, act)


def test_a_child_that_is_killed_is_started_again_and_speaks(running: RunningStation, config: Path) -> None:
    async def act(sensors: Sensors) -> None:
        await sensors.wait(ipc.SensorStatus(SensorId("ceiling"), True, ""))
        pid, seen = sensors.child.pid, len(sensors.said)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await sensors.wait(ipc.SensorStatus(SensorId("ceiling"), True, ""), since=seen)
        assert sensors.changes == [True, False, True]

    live(config, act)


def test_a_radar_that_falls_silent_is_offline_and_comes_back(running: RunningStation, config: Path) -> None:
    async def act(sensors: Sensors) -> None:
        await sensors.wait(ipc.SensorStatus(SensorId("ceiling"), True, ""))
        running.fault(FaultName.RADAR_SILENT, args=FaultArgs(sensor="ceiling"))
        await sensors.wait(ipc.SensorStatus(SensorId("ceiling"), False, "no reports come"))
        seen = len(sensors.said)
        running.fault(FaultName.RADAR_SILENT, on=False, args=FaultArgs(sensor="ceiling"))
        await sensors.wait(ipc.SensorStatus(SensorId("ceiling"), True, ""), since=seen)

    live(config, act)
