"""A session with a broker that hangs up: the exception says it once, and asyncio has nothing to complain of."""

import asyncio
import gc
from typing import Any

import aiomqtt
import pytest

from contract.ids import Session, StationId
from edge.runtime.config import UplinkSection
from edge.uplink.session import Station, _connected

CONNACK = bytes.fromhex("20 03 00 00 00")


def station(port: int) -> Station:
    def nobody(*said: Any) -> Any:
        raise AssertionError(said)

    return Station(StationId("yz-bj-0001"), UplinkSection("127.0.0.1", port), nobody, nobody, nobody, nobody)


async def lose_it(answer: bytes) -> None:
    """Connect to a broker that answers so and hangs up, and try to say something."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        async with _connected(station(server.sockets[0].getsockname()[1]), Session("0123456789abcdef")) as client:
            async with asyncio.timeout(10):
                while True:
                    await client.publish("a", b"b")


@pytest.mark.parametrize("answer", [CONNACK, b"", CONNACK[:2]], ids=["accepted", "unanswered", "half accepted"])
def test_a_broker_that_hangs_up_is_one_exception_and_nothing_is_left_to_complain_of(answer: bytes) -> None:
    complaints: list[dict[str, Any]] = []

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(aiomqtt.MqttError):
            await lose_it(answer)
        gc.collect()

    asyncio.run(story())
    assert [context["message"] for context in complaints] == []
