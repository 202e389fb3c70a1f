"""A broker of each make."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.uplink.brokers import Broker, iotcore, mosquitto


@pytest.fixture(params=["iotcore", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path, free_port: int) -> Iterator[Broker]:
    built = iotcore(tmp_path, free_port) if request.param == "iotcore" else mosquitto(tmp_path, free_port)
    try:
        built.start()
        yield built
    finally:
        built.kill()


@pytest.fixture
def one_broker(tmp_path: Path, free_port: int) -> Iterator[Broker]:
    """mosquitto alone, where the make of the broker does not matter."""
    built = mosquitto(tmp_path, free_port)
    try:
        built.start()
        yield built
    finally:
        built.kill()
