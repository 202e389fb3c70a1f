"""A journal on a small real file system that somebody else fills up. Run by `test_full_disk` on a tmpfs of its own."""

import os
import sys
from pathlib import Path

from contract.ids import Stream
from edge.journal.journal import Journal
from edge.journal.model import MIB, AckOutcome, Budget
from tests.journal.support import event, fill_until_full, numbers

EVENTS = Stream.EVENTS


def main(directory: Path) -> None:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
