"""A journal in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.journal.journal import Journal
from tests.journal.support import SMALL


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal.open(path, SMALL)
    yield opened
    opened.close()
