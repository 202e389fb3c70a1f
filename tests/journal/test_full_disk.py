"""A full disk, which is somebody else's doing: first on a disk that refuses, then on a real file system of 6 MiB.

What is acknowledged goes, what is not stays, the reserve is spent and built again, and the writer is told.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contract.ids import Stream
from edge.journal import reserve as reserve_module
from edge.journal.errors import StorageFull
from edge.journal.journal import Journal
from edge.journal.model import MIB, AckOutcome, Budget
from edge.journal.reserve import Reserve
from tests.journal.support import event, fill_until_full, gaps, numbers
from tests.powercut import apsw_dbapi
from tests.powercut.hostile_disk import Disk, mounted

EVENTS = Stream.EVENTS
BUDGET = Budget(soft_bytes=8 * MIB, hard_bytes=16 * MIB, reserve_bytes=MIB // 4, wal_bytes=MIB // 16)


@pytest.fixture
def disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk of 1 MiB, on which the reserve takes room too."""
    small = Disk(capacity_bytes=MIB, ballast=path.with_name("journal.reserve"))
    monkeypatch.setattr(reserve_module, "free_bytes", lambda directory: max(0, small.free_bytes()))
    return small


def test_on_a_full_disk_no_event_is_given_up_and_the_writer_is_told_what_was_tried(path: Path, disk: Disk) -> None:
    with mounted(disk, str(path)) as name:
        journal = Journal.open(path, BUDGET, apsw_dbapi.connector(name))
        taken = fill_until_full(journal)
        with pytest.raises(StorageFull, match="reserve released; 0 acknowledged dropped"):
            journal.append([event(taken, padding=20_000)])
        assert numbers(journal) == list(range(taken))
        assert gaps(journal) == []
        disk.capacity_bytes = 4 * MIB
        assert journal.maintain(None).reserve_present
        assert [appended.seq for appended in journal.append([event(taken)])] == [taken + 1]
        assert journal.verify().sound
        journal.close()


def test_on_a_full_disk_what_is_acknowledged_makes_room_for_what_is_new(path: Path, disk: Disk) -> None:
    with mounted(disk, str(path)) as name:
        journal = Journal.open(path, BUDGET, apsw_dbapi.connector(name))
        taken = fill_until_full(journal)
        for number in range(taken, 4 * taken):
            head = journal.heads()[EVENTS]
            journal.acknowledge(journal.epoch, EVENTS, head.seq, head.digest)
            if number % 50 == 0 or number == taken:
                journal.save_snapshot('{"state": 1}', 1)
            journal.append([event(number, padding=500)])
        assert journal.heads()[EVENTS].seq == 4 * taken
        assert gaps(journal) == []
        assert journal.verify().sound
        journal.close()


def test_however_long_the_disk_stays_full_an_acknowledgement_can_still_be_noted(path: Path, disk: Disk) -> None:
    with mounted(disk, str(path)) as name:
        journal = Journal.open(path, BUDGET, apsw_dbapi.connector(name))
        taken = fill_until_full(journal)
        for _ in range(50):
            with pytest.raises(StorageFull):
                journal.append([event(0, padding=20_000)])
        for kept in list(journal.load().records):
            assert journal.acknowledge(journal.epoch, EVENTS, kept.seq, kept.digest) is AckOutcome.ADVANCED
        journal.save_snapshot('{"state": 1}', 1)
        journal.append([event(taken, padding=500)])
        journal.close()


def test_a_journal_opens_on_a_full_disk(path: Path, disk: Disk) -> None:
    with mounted(disk, str(path)) as name:
        connect = apsw_dbapi.connector(name)
        journal = Journal.open(path, BUDGET, connect)
        taken = fill_until_full(journal)
        journal.close()
        disk.capacity_bytes = sum(file.stat().st_size for file in path.parent.iterdir())
        journal = Journal.open(path, BUDGET, connect)
        assert not journal.opened.recovered
        assert numbers(journal) == list(range(taken))
        journal.close()


def test_the_reserve_is_real_blocks_and_comes_back_when_there_is_room(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "journal.reserve", 256 * 1024)
    assert reserve.ensure()
    assert (tmp_path / "journal.reserve").stat().st_blocks * 512 >= 256 * 1024
    assert reserve.release()
    assert not reserve.present
    assert not reserve.release()
    assert reserve.ensure()


def test_a_reserve_larger_than_the_disk_is_not_built(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "journal.reserve", 2**60).ensure()


def test_on_a_real_file_system_that_fills_up(tmp_path: Path) -> None:
    """Runs `small_disk` in a user namespace of its own, on a tmpfs of 6 MiB."""
    if not shutil.which("unshare"):
        pytest.skip("unshare is not installed")
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*alone, "mount -t tmpfs tmpfs /tmp"], capture_output=True, check=False).returncode != 0:
        pytest.skip("user namespaces with mounts are not allowed here")
    script = 'mount -t tmpfs -o size=6m tmpfs "$1" && shift && exec "$@"'
    program = [sys.executable, "-m", "tests.journal.small_disk", str(tmp_path)]
    done = subprocess.run(
        [*alone, script, "sh", str(tmp_path), *program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
