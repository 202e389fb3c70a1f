"""`yizhan edge replay`: a journal shown step by step, read only, from a copy or a live file."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.records import JournalGap
from edge.cli import main
from edge.core import events
from edge.core.station import snapshot, snapshot_json
from edge.journal.journal import Journal
from edge.journal.model import MIB, Budget, NewRecord
from tests.core.support import Life

BUDGET = Budget(soft_bytes=MIB // 4, hard_bytes=MIB, reserve_bytes=64 * 1024, wal_bytes=128 * 1024)


class Recorded:
    """A station's life and the journal that it was written to."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal.open(path, BUDGET)
        self.life = Life(booted=False)
        self.life.boot()
        self.life.levels()
        self.written = 0
        self.write()

    def write(self) -> None:
        news = [
            NewRecord(record, at.mono_ms, at.wall_ms, clock_trusted=True)
            for record, at in self.life.records[self.written :]
        ]
        self.written = len(self.life.records)
        if news:
            self.journal.append(news)

    def visit(self) -> None:
        self.life.card()
        self.life.open()
        self.life.close()
        self.life.wait(5_000)
        self.write()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def recorded(path: Path) -> Iterator[Recorded]:
    recorded = Recorded(path)
    yield recorded
    recorded.journal.close()


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["replay", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["replay", *arguments]) == 1
    return capsys.readouterr().err


def test_a_live_journal_is_shown_event_by_event_and_ends_in_the_stations_state(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    *steps, final = replayed(capsys, str(path))

    assert [step["kind"] for step in steps] == [record.KIND for record, _ in recorded.life.records]
    assert final["state"] == json.loads(json.dumps(snapshot(recorded.life.state)))
    assert final["complete"]
    released = next(step for step in steps if step["kind"] == "door.released")
    assert released["changes"]["door.mode"] == ["secured", "released"]
    granted = next(step for step in steps if step["kind"] == "access.granted")
    assert granted["body"]["rule"] == "member_may_enter"


def test_a_replay_ends_behind_the_event_asked_for(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    *steps, final = replayed(capsys, str(path), "--until", "3")

    assert [step["seq"] for step in steps] == [1, 2, 3]
    assert final["events"] == 3
    assert final["state"]["door"]["mode"] == "released"


def test_people_read_what_changed_and_no_whole_credential(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    assert main(["replay", str(path)]) == 0
    text = capsys.readouterr().out

    assert "door.mode: secured → released" in text
    assert "occupancy.people: 0 → 1" in text
    assert "5e5e5e5e…" in text
    assert "5e" * 16 not in text


def test_nothing_is_left_beside_a_copy_and_the_copy_is_not_changed(
    path: Path, tmp_path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    recorded.journal.close()
    kept = tmp_path / "kept"
    kept.mkdir()
    copy = kept / "journal.db"
    shutil.copyfile(path, copy)
    before = copy.read_bytes()

    assert len(replayed(capsys, str(copy))) > 5
    assert [file.name for file in kept.iterdir()] == ["journal.db"]
    assert copy.read_bytes() == before


def test_a_snapshot_that_agrees_says_nothing_and_one_that_does_not_is_told_and_taken(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    recorded.journal.save_snapshot(snapshot_json(recorded.life.state), 1)
    recorded.visit()
    assert not [step for step in replayed(capsys, str(path)) if "note" in step]

    other = Life()
    other.do(events.DesiredReceived(9, None))
    recorded.journal.save_snapshot(snapshot_json(other.state), 1)
    *steps, final = replayed(capsys, str(path))
    assert "says otherwise" in steps[-1]["note"]
    assert final["state"]["desired_revision"] == 9


def test_behind_a_gap_the_state_is_incomplete_until_a_snapshot(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    position = len(recorded.life.records)
    gap = json.dumps({"first": 2, "last": position, "reason": "hard limit", "stream": "events"})
    recorded.journal.close()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM record WHERE stream = 1 AND seq BETWEEN 2 AND ?", (position - 1,))
    connection.execute(
        "UPDATE record SET kind = ?, body = ?, covers_from = 2 WHERE stream = 1 AND seq = ?",
        (JournalGap.KIND, gap, position),
    )
    connection.commit()
    assert not replayed(capsys, str(path))[-1]["complete"]
    assert main(["replay", str(path)]) == 0
    assert "incomplete: events are missing" in capsys.readouterr().out

    connection.close()
    journal = Journal.open(path, BUDGET)
    journal.save_snapshot(snapshot_json(recorded.life.state), 1)
    journal.close()
    *steps, final = replayed(capsys, str(path))
    assert steps[-1]["note"] == "the state is completed from the snapshot here"
    assert final["complete"]


def test_a_beginning_that_is_no_longer_kept_is_told(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.journal.close()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM record WHERE stream = 1 AND seq = 1")
    connection.execute("UPDATE stream SET floor_seq = 1 WHERE stream = 1")
    connection.commit()
    connection.close()

    assert main(["replay", str(path)]) == 0
    assert "the state is incomplete until the next snapshot" in capsys.readouterr().out
    assert "keeps no event" in refused(capsys, str(path), "--until", "1")


def test_a_snapshot_of_another_version_is_named_and_passed_over(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.visit()
    recorded.journal.save_snapshot('{"version": 99}', 99)
    *steps, final = replayed(capsys, str(path))

    assert "snapshot version 99" in steps[-1]["note"]
    assert final["complete"]


@pytest.mark.parametrize("until", ["0", "-1", "9999"])
def test_an_event_that_the_journal_does_not_hold_is_an_error_that_says_which_it_holds(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str], until: str
) -> None:
    recorded.visit()
    assert f"no event {until}: epoch {recorded.journal.epoch[:8]} keeps events 1 to" in refused(
        capsys, str(path), "--until", until
    )


def test_what_is_no_journal_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no journal at" in refused(capsys, str(tmp_path / "absent.db"))
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"no database" * 1_000)
    assert "noise.db cannot be read as a journal" in refused(capsys, str(noise))
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t (x)").connection.close()
    assert "it is none" in refused(capsys, str(other))


def test_a_journal_of_a_newer_program_is_left_alone(
    path: Path, recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded.journal.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "schema 99 is newer" in refused(capsys, str(path))
