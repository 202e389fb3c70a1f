"""The cloud's way to the broker, when the broker is a bad one."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from cloud import config as configuration
from cloud.config import SigningSection
from cloud.mqtt import session
from cloud.roster import keys
from tests.cloud.cloud_process import write_config

CONNACK = bytes.fromhex("20 03 00 00 00")


async def accept_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker that takes everybody in and throws them out."""
    await reader.read(2)
    writer.write(CONNACK)
    await writer.drain()
    writer.close()


def test_a_connection_that_is_lost_while_nobody_listens_is_no_error_of_ours(tmp_path: Path) -> None:
    complaints: list[dict[str, Any]] = []

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        server = await asyncio.start_server(accept_and_hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        keys.create(SigningSection(tmp_path / "signing.key"))
        config = configuration.load(write_config(tmp_path, f"sqlite:///{tmp_path}/none.db", port=port, embedded=False))
        async with server:
            async with session(config, "test") as client:
                async with asyncio.timeout(10):
                    while True:
                        try:
                            await client.publish("a", b"b")
                        except aiomqtt.MqttError:
                            break
        del client
        gc.collect()

    asyncio.run(scenario())
    assert [context["message"] for context in complaints] == []


def test_no_broker_at_all_is_said_by_the_exception(tmp_path: Path, free_port: int) -> None:
    keys.create(SigningSection(tmp_path / "signing.key"))
    written = write_config(tmp_path, f"sqlite:///{tmp_path}/none.db", port=free_port, embedded=False)

    async def scenario() -> None:
        async with session(configuration.load(written), "test"):
            pass

    with pytest.raises(aiomqtt.MqttError, match="refused"):
        asyncio.run(scenario())
