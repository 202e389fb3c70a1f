"""Certificates and the broker's access list, with mosquitto as in production: common name = station id = user name, and
the list confines a station to its own topics and directions."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from contract.codec import encode
from contract.ids import StationId
from contract.messages import Online
from contract.topics import DOWNWARD, UPWARD
from edge.runtime.ipc import UplinkStatus
from tests.uplink.brokers import Broker, mosquitto
from tests.uplink.certificates import Authority, Issued
from tests.uplink.small_cloud import SmallCloud
from tests.uplink.station import STATION, Station, until

OTHER = "yz-test-0002"
TLS_SECTION = """
[uplink.tls]
ca = "{ca}"
certificate = "{certificate}"
key = "{key}"
"""


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def secured(authority: Authority, tmp_path: Path, free_port: int) -> Iterator[Broker]:
    """mosquitto that takes the user name from the certificate."""
    server = authority.issue("broker")
    access = [f"pattern write yz/1/%u/{leaf}" for leaf in UPWARD] + [
        f"pattern read yz/1/%u/{leaf}" for leaf in DOWNWARD
    ]
    access += ["user cloud", "topic readwrite yz/1/#"]
    (tmp_path / "access").write_text("\n".join(access) + "\n")
    extra = (
        f"allow_anonymous false\ncafile {authority.ca}\ncertfile {server.certificate}\nkeyfile {server.key}\n"
        f"require_certificate true\nuse_identity_as_username true\nacl_file {tmp_path / 'access'}\n"
    )
    broker = mosquitto(tmp_path, free_port, extra)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def section(authority: Authority, issued: Issued) -> str:
    return TLS_SECTION.format(ca=authority.ca, certificate=issued.certificate, key=issued.key)


def context(authority: Authority, issued: Issued) -> ssl.SSLContext:
    built = ssl.create_default_context(cafile=str(authority.ca))
    built.load_cert_chain(str(issued.certificate), str(issued.key))
    return built


def test_a_station_with_its_certificate_ships_and_cannot_speak_for_another(
    authority: Authority, secured: Broker, tmp_path: Path
) -> None:
    async def story() -> None:
        own, foreign = SmallCloud(StationId(STATION)), SmallCloud(StationId(OTHER))
        clouds, station_cert = authority.issue("cloud"), authority.issue(STATION)
        tls = context(authority, clouds)
        async with own.running(secured.port, tls_context=tls):
            with Station(tmp_path / "own", secured.port, own.key, tls=section(authority, station_cert)) as station:
                station.record(5)
                await until(lambda: station.acknowledged() == 5)
            # The same certificate under another station's name: connects, and is heard by nobody.
            heard: list[str] = []
            async with aiomqtt.Client(
                "127.0.0.1", secured.port, identifier="watcher", tls_context=tls, protocol=aiomqtt.ProtocolVersion.V5
            ) as watcher:
                await watcher.subscribe("yz/1/#", qos=1)

                async def watch() -> None:
                    async for message in watcher.messages:
                        heard.append(message.topic.value)

                task = asyncio.create_task(watch())
                liar = Station(
                    tmp_path / "liar", secured.port, foreign.key, tls=section(authority, station_cert), station=OTHER
                )
                with liar:
                    await until(lambda: liar.said(UplinkStatus), "the broker's answer")
                    # A message of the true station comes through behind everything that the liar has said.
                    async with aiomqtt.Client(
                        "127.0.0.1", secured.port, identifier="last", tls_context=context(authority, station_cert),
                        protocol=aiomqtt.ProtocolVersion.V5,
                    ) as last:  # fmt: skip
                        online = encode(Online.model_validate({"session": "ab" * 8, "online": True}))
                        await last.publish(f"yz/1/{OTHER}/online", online, qos=1)
                        await last.publish(f"yz/1/{STATION}/ack", b"{}", qos=1)
                        await last.publish(f"yz/1/{STATION}/online", online, qos=1)
                    await until(lambda: heard.count(f"yz/1/{STATION}/online") >= 2, "the true station")
                task.cancel()
            assert not [topic for topic in heard if topic.startswith(f"yz/1/{OTHER}/")]
            assert f"yz/1/{STATION}/ack" not in heard

    asyncio.run(story())


def test_without_the_right_authority_there_is_no_connection_and_the_reason_is_said(
    authority: Authority, secured: Broker, tmp_path: Path
) -> None:
    async def story() -> None:
        stranger = Authority(tmp_path, "stranger")
        foreign_ca = TLS_SECTION.format(
            ca=stranger.ca, certificate=authority.issue(STATION).certificate, key=tmp_path / f"{STATION}.key"
        )
        cloud = SmallCloud(StationId(STATION))
        with Station(tmp_path / "a", secured.port, cloud.key, tls=foreign_ca) as station:
            await until(lambda: station.said(UplinkStatus))
            status = station.said(UplinkStatus)[0]
            assert not status.connected
            assert "CERTIFICATE_VERIFY_FAILED" in status.detail
        missing = TLS_SECTION.format(ca="/nowhere.pem", certificate="/nowhere.crt", key="/nowhere.key")
        with Station(tmp_path / "c", secured.port, cloud.key, tls=missing) as station:
            await until(lambda: station.said(UplinkStatus))
            assert not station.said(UplinkStatus)[0].connected

    asyncio.run(story())
