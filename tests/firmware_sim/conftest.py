from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware_sim.support import ControlPanel, RunningStation, make_config, wait_until


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(make_config(tmp_path)) as station:
        yield station


@pytest.fixture
def key(running: RunningStation) -> bytes:
    return bytes.fromhex(running.config.readers[0].key_file.read_text())


@pytest.fixture
def controller(running: RunningStation, key: bytes) -> Iterator[ControlPanel]:
    """A control panel that has the station's reader online in the secure channel."""
    with ControlPanel(running.config.readers[0].device, key) as panel:
        wait_until(panel.is_secure, "secure channel")
        yield panel
