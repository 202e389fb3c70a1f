"""Putting a station together: what a start knows from the journal, and that there is only one."""

import fcntl
import json
import os
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import NodeId, ReaderId, StationId
from contract.records import (
    AlarmCode,
    AlarmRaised,
    DesiredFollowed,
    DoorOpened,
    DoorReleased,
    OccupancyChanged,
    Priority,
    Record,
    ReleaseCause,
    RosterSwitched,
)
from edge.core import station
from edge.core.config import DoorConfig, StationConfig
from edge.core.snapshot import SNAPSHOT_VERSION
from edge.journal.journal import Journal
from edge.runtime import wiring
from edge.runtime.config import load
from edge.runtime.resuming import replayed_or_reset, replayed_state
from tests.journal.support import NOW_MS, new
from tests.runtime.test_config import GOOD

DECISIONS = StationConfig(
    station_id=StationId("station-1"), readers=(ReaderId("r"),), timezone=ZoneInfo("Asia/Shanghai"), door=DoorConfig()
)
RECORDS: list[Record] = [
    DoorReleased(ReleaseCause.EXIT, None, 5_000),
    DoorOpened(False),
    OccupancyChanged(3, True, "entry"),
    OccupancyChanged(0, False, "crash"),
    AlarmRaised(AlarmCode.DOOR_FORCED, "door", Priority.HIGH, ""),
    RosterSwitched(NodeId("n"), 7, 100),
    DesiredFollowed(4),
]


def written(path: Path, records: list[Record], snapshot_after: int | None) -> Journal:
    journal = Journal.open(path)
    state = station.initial_state(DECISIONS)
    for index, record in enumerate(records):
        journal.append([new(record)])
        at = station.RecordedAt(NOW_MS % 86_400_000, NOW_MS, journal.boot)
        state = station.apply(state, record, at)
        if snapshot_after == index:
            journal.save_snapshot(json.dumps(station.snapshot(state)), SNAPSHOT_VERSION)
    return journal


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=8), st.data())
def test_a_snapshot_and_what_follows_it_equal_a_full_replay(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record], data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    cut = data.draw(st.integers(0, len(records) - 1))
    short, full = written(directory / "a.db", records, cut), written(directory / "b.db", records, None)
    (some, replayed, *_), (all_of_it, every, *_) = replayed_state(DECISIONS, short), replayed_state(DECISIONS, full)
    assert some.durable == all_of_it.durable
    assert (replayed, every) == (len(records) - 1 - cut, len(records))
    short.close()
    full.close()


@pytest.mark.parametrize("text", ['{"version": 999}', "7", '{"version": 1}', "no json"])
def test_a_snapshot_that_cannot_be_read_is_set_aside_and_named(tmp_path: Path, text: str) -> None:
    journal = written(tmp_path / "journal.db", RECORDS, None)
    journal.save_snapshot(text, SNAPSHOT_VERSION)
    state, replayed, _, notes = replayed_state(DECISIONS, journal)
    assert replayed == len(RECORDS)
    assert state.durable.desired_revision == 4
    assert "set aside" in notes[0]
    assert replayed_state(DECISIONS, journal)[3] == ()
    journal.close()


def test_a_journal_damaged_far_back_does_not_keep_the_station_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    many: list[Record] = [OccupancyChanged(number % 50, True, "entry") for number in range(4_000)]
    journal = Journal.open(path)
    journal.append([new(record) for record in many])
    journal.close()
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    with path.open("r+b") as file:
        # Far behind the tail that opening checks, and not where the tables' roots are.
        file.seek(path.stat().st_size // 3 // 4096 * 4096)
        file.write(b"\xa5" * 8_192)
    journal = Journal.open(path)
    assert not journal.opened.recovered, "opening alone does not see it"
    state, replayed, _, notes = replayed_or_reset(DECISIONS, journal)
    assert (replayed, len(notes)) == (0, 1)
    assert state.durable.desired_revision == -1
    journal.append([new(many[0])])
    journal.close()


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(GOOD.replace("{root}", str(tmp_path)))
    return path


def test_a_second_station_in_the_same_directory_is_refused(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "CLAIM_PATIENCE_S", 0.1)
    loaded = load(config_file)
    data = loaded.config.station.data_dir
    data.mkdir()
    other = os.open(data, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(wiring.AlreadyRunning, match="another process runs this station"):
        wiring.build_controller(loaded)
    os.close(other)
    wiring.build_controller(loaded)


def test_a_station_starts_without_a_journal_that_cannot_be_opened(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "OPEN_PATIENCE_S", 0.1)
    loaded = load(config_file)
    (loaded.config.station.data_dir / "journal.db").mkdir(parents=True)
    wiring.build_controller(loaded)
