"""A prepared cloud to copy, and sites in short directories: the addresses of Unix sockets end at 107 bytes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.identity.site import CloudSite, StationSite, cloud_site, station_site
from yizhan.stack.files import write_files
from yizhan.stack.layout import Layout, Ports
from yizhan.stack.prepare import prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cloud's directory with its key, its database, the station and its members."""
    root = tmp_path_factory.mktemp("prepared")
    layout = Layout(root, Ports.free())
    write_files(layout)
    prepare(layout)
    return root


@pytest.fixture
def place() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="yizhan-identity-"))
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def cloud(place: Path, prepared: Path) -> Iterator[CloudSite]:
    with cloud_site(place / "cloud", prepared) as site:
        yield site


@pytest.fixture
def station(place: Path, cloud: CloudSite) -> Iterator[StationSite]:
    with station_site(place / "station", cloud) as site:
        yield site
