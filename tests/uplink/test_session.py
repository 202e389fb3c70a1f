"""The real uplink process on a real journal, against real brokers and a small cloud."""

import asyncio
from pathlib import Path

from contract.ids import StationId, Stream
from edge.runtime.ipc import Acknowledged, Heartbeat, JournalGrew, StopChild, UplinkStatus
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


def test_everything_arrives_although_the_broker_is_killed_in_the_middle(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        with Station(tmp_path / "station", broker.port, cloud.key) as station:
            station.record(30)
            async with cloud.running(broker.port):
                await until(lambda: station.acknowledged() >= 10, "the first acknowledgements")
                station.record(300)
                broker.kill()
            station.record(50)
            await until(lambda: not station.said(UplinkStatus)[-1].connected, "the loss is noticed")
            broker.start()
            async with cloud.running(broker.port):
                await until(lambda: station.acknowledged() == 380, "the rest")
            assert cloud.seqs(station.journal.epoch) == set(range(1, 381))
            assert len({hello.session for hello in cloud.hellos}) >= 2
            assert [status.connected for status in station.said(UplinkStatus)][:3] == [True, False, True]

    asyncio.run(story())


def test_a_silent_cloud_gets_a_bounded_number_of_batches_and_everything_once_it_speaks(
    one_broker: Broker, tmp_path: Path
) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        cloud.silent = True
        async with cloud.running(one_broker.port):
            with Station(tmp_path / "station", one_broker.port, cloud.key) as station:
                station.record(500)
                await until(lambda: len(cloud.hellos) >= 2, "the cloud is asked what it has")
                assert 4 <= len(cloud.batches) <= 6
                assert station.acknowledged() == 0
                cloud.silent = False
                await until(lambda: station.acknowledged() == 500, "everything")
                assert cloud.seqs(station.journal.epoch) == set(range(1, 501))

    asyncio.run(story())


def test_hello_is_said_again_until_it_is_answered_and_nothing_is_sent_before(
    one_broker: Broker, tmp_path: Path
) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        cloud.answers_hello = False
        async with cloud.running(one_broker.port):
            with Station(tmp_path / "station", one_broker.port, cloud.key) as station:
                station.record(5)
                await until(lambda: len(cloud.hellos) >= 2, "the second hello")
                assert cloud.batches == []
                cloud.answers_hello = True
                await until(lambda: station.acknowledged() == 5, "everything")
                assert cloud.early == []

    asyncio.run(story())


def test_a_batch_that_cannot_be_read_is_halved_and_the_poison_arrives_alone(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        cloud.unreadable_seqs = {7}
        async with cloud.running(broker.port):
            with Station(tmp_path / "station", broker.port, cloud.key, ack_timeout_ms=60_000) as station:
                station.record(6)
                station.record(1, body={"text": "\x00 \ud800", "number": 2**63, "none": float("nan")})
                station.record(20)
                await until(lambda: station.acknowledged() == 27, "everything", within_s=10)
                assert cloud.halved
                assert [len(batch.records) for batch in cloud.batches if batch.first_seq == 7] == [1]

    asyncio.run(story())


def test_a_fork_is_told_and_the_new_epoch_is_shipped(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        async with cloud.running(one_broker.port):
            with Station(tmp_path / "station", one_broker.port, cloud.key) as station:
                station.record(8)
                await until(lambda: station.acknowledged() == 8)
                cloud.silent = True
                station.record(2)
                await until(lambda: any(batch.first_seq == 9 for batch in cloud.batches))
                cloud.silent = False
                await cloud.acknowledge((station.journal.epoch, Stream.EVENTS), forked=True)
                await until(lambda: any(told.forked for told in station.said(Acknowledged)), "the fork")
                old = station.journal.epoch
                new = station.journal.fork("two histories", mono_ms=1, recorded_at_ms=1, clock_trusted=True)
                station.say(JournalGrew(new))
                await until(lambda: station.acknowledged() == 3, "the new epoch")
                assert cloud.records[new, Stream.EVENTS][1].kind == "journal.forked"
                assert cloud.hellos[-1].epoch == new != old

    asyncio.run(story())


def test_state_is_retained_paced_and_numbered_on_after_a_restart(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        with Station(tmp_path / "station", broker.port, cloud.key) as station:
            await until(lambda: station.said(UplinkStatus))
            async with cloud.running(broker.port):
                await until(lambda: cloud.states, "the retained state, published before the cloud was there")
                for people in range(1, 21):
                    station.state(people=people)
                await until(lambda: cloud.states[-1].people == 20, "the newest state")
                assert len(cloud.states) <= 4
                station.kill()
                station.start()
                count = len(cloud.states)
                await until(lambda: len(cloud.states) > count, "a state after the restart")
                numbers = [state.n for state in cloud.states]
                assert numbers == sorted(set(numbers))
                assert cloud.states[-1].session == cloud.online[-1].session

    asyncio.run(story())


def test_a_state_that_does_not_fit_is_skipped_and_the_next_one_goes_out(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        async with cloud.running(one_broker.port):
            with Station(tmp_path / "station", one_broker.port, cloud.key) as station:
                station.state(people=-1)
                station.state(people=3)
                await until(lambda: cloud.states and cloud.states[-1].people == 3)

    asyncio.run(story())


def test_a_missing_journal_is_waited_for_while_the_connection_lives(one_broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        cloud = SmallCloud(StationId(STATION))
        async with cloud.running(one_broker.port):
            with Station(tmp_path / "station", one_broker.port, cloud.key) as station:
                station.kill()
                hidden = station.directory / "hidden.db"
                (station.directory / "journal.db").rename(hidden)
                station.start()
                await until(lambda: cloud.states, "the state comes without a journal")
                hidden.rename(station.directory / "journal.db")
                station.record(3)
                await until(lambda: station.acknowledged() == 3)

    asyncio.run(story())
