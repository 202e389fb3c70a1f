"""Walking the whole chain, for tests and for a person who wants to know."""

from dataclasses import dataclass

from contract.ids import Epoch
from edge.journal.rows import chain_problems, rows_after
from edge.journal.schema import GAP_KIND, STREAM_CODES
from edge.journal.storage import Connection


@dataclass(frozen=True)
class Verified:
    """`problems` is empty for a sound journal; at most ten per stream and epoch are named."""

    epochs: int
    records: int
    gaps: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.problems


def verify_storage(connection: Connection) -> Verified:
    """Checks every stream of every epoch from its floor to its head."""
    problems: list[str] = []
    epochs = connection.execute("SELECT number, id FROM epoch ORDER BY number").fetchall()
    for number, epoch in epochs:
        for code in STREAM_CODES.values():
            floor_seq, floor_digest = connection.execute(
                "SELECT floor_seq, floor_digest FROM stream WHERE epoch = ? AND stream = ?", (number, code)
            ).fetchone()
            rows = rows_after(connection, number, code, 0)
            found = chain_problems(rows, Epoch(epoch), floor_seq, floor_digest)
            problems += [f"epoch {epoch}: {problem}" for problem in found]
    records, gaps = connection.execute(
        "SELECT count(*), coalesce(sum(kind = ?), 0) FROM record", (GAP_KIND,)
    ).fetchone()
    return Verified(len(epochs), records, gaps, tuple(problems))
