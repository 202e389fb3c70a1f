"""The journal under a power cut at any moment: what `append` has returned is there, and nothing is half there.

The very code of the product runs on a disk that keeps only what was synced (`hostile_disk`); what it leaves is opened
again by the product's code over the standard library's SQLite.
"""

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contract.ids import Stream
from contract.records import DoorForced, Record, StationHealth, UnknownRecord
from edge.journal.errors import JournalError
from edge.journal.journal import Journal
from edge.journal.model import MIB, Budget, NewRecord
from edge.journal.storage import Connect, Rows
from tests.powercut import apsw_dbapi
from tests.powercut.hostile_disk import Disk, mounted

SMALL = Budget(soft_bytes=MIB // 12, hard_bytes=MIB, reserve_bytes=0, wal_bytes=64 * 1024)
SEEDS = 60
ROUNDS_PER_RUN = 40


@dataclass
class Promised:
    """What the journal has said before the cut, and what was being said at it."""

    told: dict[Stream, list[str]] = field(default_factory=lambda: {stream: [] for stream in Stream})
    under_way: list[str] = field(default_factory=list)
    acknowledged: int = 0


def records(dice: random.Random, serial: int) -> list[NewRecord]:
    def one(index: int) -> Record:
        kind = dice.random()
        if kind < 0.2:
            return StationHealth(serial, index, 0, 0, 0, 0)
        if kind < 0.5:
            return DoorForced()
        return UnknownRecord("test.padding", {"serial": serial, "index": index, "text": "x" * dice.randrange(3_000)})

    return [NewRecord(one(index), serial, 1_700_000_000_000 + serial, True) for index in range(dice.randint(1, 5))]


def live(journal: Journal, dice: random.Random, promised: Promised) -> None:
    """Appends, acknowledges, snapshots and tidies up, as a controller would, until done or until the power goes."""
    for serial in range(ROUNDS_PER_RUN):
        batch = records(dice, serial)
        promised.under_way = [repr(new.record) for new in batch]
        for appended in journal.append(batch):
            promised.told[appended.stream].append(appended.digest)
        promised.under_way = []
        chance = dice.random()
        if chance < 0.2 and promised.told[Stream.EVENTS]:
            through = dice.randint(promised.acknowledged, len(promised.told[Stream.EVENTS]))
            digest = promised.told[Stream.EVENTS][through - 1] if through else None
            journal.acknowledge(journal.epoch, Stream.EVENTS, through, digest)
            promised.acknowledged = through
        elif chance < 0.3:
            journal.save_snapshot(f'{{"serial":{serial}}}', 1)
        elif chance < 0.4:
            journal.maintain(None)


def run_until_cut(
    directory: Path, seed: int, cut_at: int | None, *, honest: bool = True, wrap: Any = None
) -> tuple[Disk, Promised]:
    directory.mkdir()
    disk, promised = Disk(cut_at=cut_at, honest=honest), Promised()
    journal = None
    with mounted(disk, f"hostile-{seed}") as name:
        connect: Connect = apsw_dbapi.connector(name)
        try:
            journal = Journal.open(directory / "journal.db", SMALL, connect if wrap is None else wrap(connect))
            live(journal, random.Random(seed), promised)
        except JournalError:
            assert disk.dead, "only the power cut may stop the journal here"
        disk.dead = True
        with suppress(JournalError):
            if journal is not None:
                journal.close()
    return disk, promised


def losses(image: Path, promised: Promised) -> list[str]:
    """What is wrong with the journal that the cut has left."""
    journal = Journal.open(image / "journal.db", SMALL)
    try:
        if journal.opened.recovered:
            return [f"set aside: {journal.opened.reason}"]
        found = list(journal.verify().problems)
        held: dict[Stream, list[tuple[int, str]]] = {stream: [] for stream in Stream}
        for code, stream in ((1, Stream.EVENTS), (2, Stream.TELEMETRY)):
            rows = journal._connection.execute(
                "SELECT seq, digest FROM record WHERE stream = ? ORDER BY seq", (code,)
            ).fetchall()
            held[stream] = [(row[0], row[1]) for row in rows]
        extra = 0
        for stream, told in promised.told.items():
            head = journal.heads()[stream]
            by_seq = dict(held[stream])
            for seq, digest in enumerate(told, start=1):
                if seq > head.floor_seq and by_seq.get(seq, digest) != digest:
                    found.append(f"{stream} {seq} has another digest")
            if head.seq < len(told):
                found.append(f"{stream}: {len(told) - head.seq} records lost behind {head.seq}")
            extra += max(0, head.seq - len(told))
        if extra not in (0, len(promised.under_way)):
            found.append(f"{extra} of a group of {len(promised.under_way)} were kept")
        return found
    finally:
        journal.close()


def steps_of(directory: Path, seed: int, **options: Any) -> int:
    disk, _ = run_until_cut(directory, seed, None, **options)
    return disk.steps


@pytest.mark.parametrize("seed", range(SEEDS))
def test_after_a_power_cut_everything_that_was_promised_is_there(tmp_path: Path, seed: int) -> None:
    steps = steps_of(tmp_path / "whole", seed)
    dice = random.Random(seed * 7919)
    for attempt in range(3):
        disk, promised = run_until_cut(tmp_path / f"live-{attempt}", seed, dice.randint(1, steps))
        disk.cut(seed + attempt, tmp_path / f"image-{attempt}")
        assert losses(tmp_path / f"image-{attempt}", promised) == []


class Careless:
    """A connection that quietly turns syncing off, as a tuned-for-speed program would."""

    def __init__(self, inner: apsw_dbapi.Connection, level: str) -> None:
        self._inner = inner
        self._level = level

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        if sql == "PRAGMA synchronous=FULL":
            return self._inner.execute(f"PRAGMA synchronous={self._level}")
        if sql == "PRAGMA synchronous":
            return self._inner.execute("SELECT 2")
        return self._inner.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows:
        return self._inner.executemany(sql, parameters)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_the_same_harness_finds_the_loss_when_commits_are_not_synced(tmp_path: Path, level: str) -> None:
    def careless(connect: Any) -> Any:
        return lambda path: Careless(connect(path), level)

    found: list[str] = []
    for seed in range(20):
        steps = steps_of(tmp_path / f"whole-{seed}", seed, wrap=careless)
        disk, promised = run_until_cut(tmp_path / f"live-{seed}", seed, steps * 3 // 4, wrap=careless)
        disk.cut(seed, tmp_path / f"image-{seed}")
        found += losses(tmp_path / f"image-{seed}", promised)
    assert found


def test_the_same_harness_finds_the_loss_on_a_disk_that_lies_about_syncing(tmp_path: Path) -> None:
    found: list[str] = []
    for seed in range(10):
        steps = steps_of(tmp_path / f"whole-{seed}", seed)
        disk, promised = run_until_cut(tmp_path / f"live-{seed}", seed, steps * 3 // 4, honest=False)
        disk.cut(seed, tmp_path / f"image-{seed}")
        found += losses(tmp_path / f"image-{seed}", promised)
    assert found


FORK_SEEDS = 10


def fork_until_cut(directory: Path, cut_after: int | None) -> Disk:
    """Twelve events, five of them acknowledged, and a fork, in which the power goes."""
    directory.mkdir()
    disk = Disk()
    with mounted(disk, directory.as_posix()) as name:
        journal = Journal.open(directory / "journal.db", SMALL, apsw_dbapi.connector(name))
        stored = journal.append([NewRecord(UnknownRecord("test", {"n": n}), n, n, True) for n in range(12)])
        journal.acknowledge(journal.epoch, Stream.EVENTS, 5, stored[4].digest)
        disk.steps, disk.cut_at = 0, cut_after
        try:
            journal.fork("the cloud knows more", mono_ms=1, recorded_at_ms=1, clock_trusted=True)
        except JournalError:
            assert disk.dead
        disk.dead = True
        with suppress(JournalError):
            journal.close()
    return disk


@pytest.mark.parametrize("seed", range(FORK_SEEDS))
def test_a_power_cut_in_a_fork_leaves_the_old_epoch_or_the_new_one(tmp_path: Path, seed: int) -> None:
    steps = fork_until_cut(tmp_path / "whole", None).steps
    for cut_after in range(1, steps + 1):
        disk = fork_until_cut(tmp_path / f"live-{cut_after}", cut_after)
        disk.cut(seed * 1000 + cut_after, tmp_path / f"image-{cut_after}")
        journal = Journal.open(tmp_path / f"image-{cut_after}" / "journal.db", SMALL)
        facts = [stored.record.body for stored in journal.load().records if isinstance(stored.record, UnknownRecord)]
        assert facts == [{"n": n} for n in range(12)]
        assert journal.verify().problems == ()
        # Seven unacknowledged ones, and in the new epoch the record of the fork before them.
        assert journal.unacknowledged == 7 + (journal.verify().epochs - 1)
        journal.close()
