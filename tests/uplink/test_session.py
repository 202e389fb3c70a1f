"""The real uplink process on a real journal, against real brokers and a small cloud."""

import asyncio
from pathlib import Path

from contract.ids import StationId, Stream
from edge.runtime.ipc import Heartbeat, StopChild, UplinkStatus
from tests.uplink.brokers import Broker
from tests.uplink.small_cloud import SmallCloud
from tests.uplink.station import STATION, Station, until


def test_records_are_shipped_and_their_acknowledgement_comes_back(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        async with cloud.running(broker.port):
            with Station(tmp_path / "station", broker.port, cloud.key) as station:
                station.record(25)
                station.telemetry(3)
                await until(lambda: station.acknowledged() == 25, "events acknowledged")
                await until(lambda: station.acknowledged(Stream.TELEMETRY) == 3, "telemetry acknowledged")
                station.record(1)
                await until(lambda: station.acknowledged() == 26, "one more")
                assert cloud.early == []
                assert set(cloud.copies.values()) == {1}
                assert cloud.hellos[0].boot == station.journal.boot
                assert cloud.online[-1].online
                assert [status.connected for status in station.said(UplinkStatus)] == [True]
                await until(lambda: len(station.said(Heartbeat)) >= 2, "heartbeats")

    asyncio.run(story())


def test_a_killed_uplink_leaves_a_will_and_a_stopped_one_says_goodbye(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        async with cloud.running(broker.port):
            with Station(tmp_path / "station", broker.port, cloud.key) as station:
                await until(lambda: cloud.states, "the first state")
                station.kill()
                await until(lambda: not cloud.online[-1].online, "the will")
                first = cloud.online[-1].session
                station.start()
                await until(lambda: cloud.online[-1].online, "online again")
                assert cloud.online[-1].session != first
                station.say(StopChild())
                process = station.process
                assert process is not None
                await until(lambda: process.poll() is not None, "the exit", within_s=1.0)
                assert process.returncode == 0
                await until(lambda: not cloud.online[-1].online, "the goodbye")

    asyncio.run(story())
