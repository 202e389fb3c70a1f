"""The fleet's side of the wire: ingest and its database, with the real arithmetic of ranges; its will.

Whatever it is sent it commits at once and answers with its unbroken prefix. Its image of midnight is the backup that
`ActKind.CLOUD_RESTORED` puts back.
"""

from dataclasses import dataclass, field

from cloud.ingest.ranges import Range, merge, through
from contract.ids import Epoch, LoadId, Stream
from contract.messages import Ack
from contract.policy.model import Member
from contract.records import Posture
from edge.core.events import AlarmAside, AlarmSeen
from proof.journal_model import Kept

KEPT_DIGESTS = 6_000
KEPT_OF_ALARMS = 8


@dataclass
class Stored:
    """One stream of one epoch, as the database has it."""

    ranges: tuple[Range, ...] = ()
    digests: dict[int, int] = field(default_factory=dict)

    def copy(self) -> "Stored":
        return Stored(self.ranges, dict(self.digests))


@dataclass(frozen=True)
class Command:
    id: str
    kind: str
    session: int


class CloudModel:
    """`highest` is the longest prefix it ever acknowledged: no station may believe in more."""

    def __init__(self) -> None:
        self.stored: dict[tuple[Epoch, Stream], Stored] = {}
        self.highest: dict[tuple[Epoch, Stream], int] = {}
        self.backup: dict[tuple[Epoch, Stream], Stored] = {}
        self.away = False
        self.revision = 0
        self.wanted: Posture | None = None
        self.seen: tuple[AlarmSeen, ...] = ()
        self.aside: tuple[AlarmAside, ...] = ()
        self.loads_cut: tuple[LoadId, ...] = ()
        self.roster_version = 0
        self.changes: list[tuple[int, Member | None]] = []
        """What each roster version changed: a card's number and who holds it now."""
        self.commands: list[Command] = []

    # ------------------------------------------------ ingest

    def greeted(self, epoch: Epoch) -> list[Ack]:
        return [self.ack(epoch, stream, forked=False) for stream in Stream]

    def received(self, epoch: Epoch, stream: Stream, oldest_seq: int, rows: list[Kept]) -> Ack:
        """Commit a batch; the answer may leave."""
        stored = self.stored.setdefault((epoch, stream), Stored())
        forked = any(stored.digests.get(row.seq, row.digest) != row.digest for row in rows)
        if not forked:
            if oldest_seq > 1:
                # What the station no longer keeps will never come.
                stored.ranges = merge(stored.ranges, 1, oldest_seq - 1)
            stored.ranges = merge(stored.ranges, rows[0].covers_from, rows[-1].seq)
            stored.digests.update((row.seq, row.digest) for row in rows)
        return self.ack(epoch, stream, forked=forked)

    def ack(self, epoch: Epoch, stream: Stream, *, forked: bool) -> Ack:
        stored = self.stored.get((epoch, stream))
        prefix = through(stored.ranges) if stored else 0
        key = (epoch, stream)
        self.highest[key] = max(self.highest.get(key, 0), prefix)
        digest = stored.digests.get(prefix) if stored else None
        return Ack.model_construct(
            epoch=epoch, stream=stream, through_seq=prefix, through_digest=text(digest), forked=forked, unreadable=None
        )

    def midnight(self) -> None:
        """Take a backup, and forget the digests nobody will ask for."""
        for stored in self.stored.values():
            if len(stored.digests) > KEPT_DIGESTS:
                for seq in sorted(stored.digests)[:-KEPT_DIGESTS]:
                    del stored.digests[seq]
        self.backup = {key: stored.copy() for key, stored in self.stored.items()}

    def restore(self) -> None:
        self.stored = {key: stored.copy() for key, stored in self.backup.items()}

    # ------------------------------------------------ its will

    def want(self, posture: Posture | None) -> None:
        self.revision += 1
        self.wanted = posture

    def saw(self, seen: AlarmSeen) -> None:
        """An operator has seen an alarm; the latest few are kept, whether or not the station has heard of them."""
        self.revision += 1
        self.seen = (*self.seen, seen)[-KEPT_OF_ALARMS:]

    def put_aside(self, aside: AlarmAside) -> None:
        self.revision += 1
        self.aside = (*self.aside, aside)[-KEPT_OF_ALARMS:]

    def cut_load(self, load: LoadId, cut: bool) -> None:
        self.revision += 1
        others = tuple(each for each in self.loads_cut if each != load)
        self.loads_cut = (*others, load) if cut else others

    def change_roster(self, card: int, member: Member | None) -> None:
        self.roster_version += 1
        self.changes.append((card, member))


def text(digest: int | None) -> str | None:
    """A digest as the wire carries it."""
    return None if digest is None else format(digest & (2**64 - 1), "064x")
