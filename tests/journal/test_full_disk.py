"""A full disk, which is somebody else's doing: first on a disk that refuses, then on a real file system of 6 MiB.

What is acknowledged goes, what is not stays, the reserve is spent and built again, and the writer is told.
"""

import os
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
from tests.journal.support import event, gaps, numbers
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


def fill_until_full(journal: Journal) -> int:
    """How many events were taken before the disk said no."""
    for number in range(5_000):
        try:
            journal.append([event(number, padding=500)])
        except StorageFull:
            return number
    raise AssertionError("the disk was never full")


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
        for seq in range(1, taken + 1):
            assert journal.acknowledge(journal.epoch, EVENTS, seq, None) is AckOutcome.ADVANCED
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


ON_A_SMALL_DISK = "YIZHAN_TEST_SMALL_DISK"


@pytest.mark.skipif(ON_A_SMALL_DISK in os.environ, reason="this is the inner run")
def test_on_a_real_file_system_that_fills_up(tmp_path: Path) -> None:
    """Runs the test below in a user namespace of its own, on a tmpfs of 6 MiB."""
    inside = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::test_inner_small_disk"]
    script = 'mount -t tmpfs -o size=6m tmpfs "$1" && shift && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(tmp_path), *inside]
    probe = subprocess.run([*command[:6], "mount -t tmpfs tmpfs /tmp"], capture_output=True, check=False)
    if not shutil.which("unshare") or probe.returncode != 0:
        pytest.skip("user namespaces with mounts are not allowed here")
    environment = {**os.environ, ON_A_SMALL_DISK: str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(ON_A_SMALL_DISK not in os.environ, reason="runs inside the test above")
def test_inner_small_disk() -> None:
    directory = Path(os.environ[ON_A_SMALL_DISK])
    budget = Budget(soft_bytes=64 * MIB, hard_bytes=96 * MIB, reserve_bytes=MIB, wal_bytes=256 * 1024)
    journal = Journal.open(directory / "journal.db", budget)
    hog = directory / "somebody-elses.log"
    with hog.open("wb") as file:
        free = os.statvfs(directory).f_bavail * os.statvfs(directory).f_frsize
        file.write(b"x" * (free - 300_000))
    taken = fill_until_full(journal)
    assert not journal.maintain(None).reserve_present
    assert numbers(journal) == list(range(taken))
    journal.close()
    journal = Journal.open(directory / "journal.db", budget)

    # The cloud is there and acknowledges: the station goes on, on the full disk.
    for number in range(taken, taken + 300):
        head = journal.heads()[EVENTS]
        assert journal.acknowledge(journal.epoch, EVENTS, head.seq, head.digest) is AckOutcome.ADVANCED
        if number % 20 == 0 or number == taken:
            journal.save_snapshot('{"state": 1}', 1)
        journal.append([event(number, padding=500)])

    hog.unlink()
    assert journal.maintain(None).reserve_present
    assert journal.verify().sound
    assert journal.heads()[EVENTS].seq == taken + 300
    journal.close()
