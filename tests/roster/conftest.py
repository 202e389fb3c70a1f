"""A roster in a directory of its own, as the uplink and as the controller see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.roster.reader import RosterReader
from edge.roster.writer import RosterWriter
from tests.roster.support import KEY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "roster.db"


@pytest.fixture
def writer(path: Path) -> Iterator[RosterWriter]:
    opened = RosterWriter(path, KEY)
    yield opened
    opened.close()


@pytest.fixture
def reader(path: Path, writer: RosterWriter) -> Iterator[RosterReader]:
    opened = RosterReader(path)
    yield opened
    opened.close()
