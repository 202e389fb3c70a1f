"""Was anything lost, was anything doubled? The simulated world's own log against the rows that the cloud has committed.

The world knows what really happened: each card held to a reader, each code held to a scanner, each edge of the
controller's lock pin. The cloud must hold exactly one `access.granted` or `access.denied` for each card and code, and
exactly one `door.released` or `door.relocked` for each edge. Facts and rows are paired by time (both ends run on one
machine), nearest first, each used once. What is left of the facts was lost; what is left of the rows was written once
too often.

A station without power, or killed, cannot write: what falls into such a time (an `Excuse`) may be in the cloud, at most
once, but need not. Times without power are read from the world's log itself; whoever kills processes names theirs.

Not counted as doubled: a further release while the lock is released (somebody else's card prolongs it without an edge).
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

ACCESS_KINDS: Final = frozenset({"access.granted", "access.denied"})
NAMES: Final = ("card", "code", "level")
LOCK_KINDS: Final = {True: "door.released", False: "door.relocked"}

SETTLE_MS: Final = 3_000.0
"""A card later than this after it was shown is stale; a record is never that far from its lock edge."""
EARLY_MS: Final = 5.0
"""Two processes' clocks are one, but a moment is rounded in each."""
LOCK_WITHIN_MS: Final = 2_000.0

Left = TypeVar("Left")
Right = TypeVar("Right")


@dataclass(frozen=True)
class Fact:
    """A line of the world's log."""

    kind: str
    mono_ms: float
    at_ms: float
    fields: dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A committed record, as the cloud's API gives it."""

    epoch: str
    stream: str
    seq: int
    recorded_at_ms: int
    kind: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.kind} at {self.epoch[:6]}/{self.stream}/{self.seq}"


@dataclass(frozen=True)
class Excuse:
    """A time (wall clock) in which the station may have been unable to see or to write."""

    from_ms: float
    to_ms: float


@dataclass(frozen=True)
class Verdict:
    """What the comparison found. `lost` and `duplicated` say each case in words."""

    cards_shown: int
    lock_edges: int
    entries: int
    denials: int
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]
    card_to_lock_ms: tuple[float, ...]
    """For each granted card that moved the lock: from shown to the pin's edge."""


def read_world(path: Path, from_byte: int = 0) -> list[Fact]:
    """The facts of a world's log from a position on. A last line that is being written is left out."""
    with path.open("rb") as file:
        file.seek(from_byte)
        lines = [line for line in file if line.endswith(b"\n")]
    return [_fact(json.loads(line)) for line in lines]


def row_of(event: dict[str, Any]) -> Row:
    """A row from an event of the cloud's API."""
    names = ("epoch", "stream", "seq", "recorded_at_ms", "kind", "body")
    return Row(**{name: event[name] for name in names})


def judge(facts: Sequence[Fact], rows: Iterable[Row], excuses: Iterable[Excuse] = ()) -> Verdict:
    """Compare. `rows` may hold any kinds and in any order."""
    all_excuses = [*excuses, *_without_power(facts)]
    kept, doubled = _without_copies(list(rows))
    access = [row for row in kept if row.kind in ACCESS_KINDS]
    cards = _cards(facts)
    edges = [fact for fact in facts if fact.kind == "pin_edge" and fact.fields["wire"] == "lock"]
    card_pairs = pair(cards, access, _card_distance(all_excuses))
    door = [row for row in kept if row.kind in LOCK_KINDS.values()]
    edge_pairs = pair(edges, door, _edge_distance(all_excuses))

    lost = [
        f"{fact.kind} {next((fact.fields[name] for name in NAMES if name in fact.fields), '')} at {fact.mono_ms:.0f} ms"
        for facts_of_kind, pairs in ((cards, card_pairs), (edges, edge_pairs))
        for index, fact in enumerate(facts_of_kind)
        if index not in pairs and not _excused(fact, all_excuses)
    ]
    taken = set(card_pairs.values())
    doubled += [f"{row.name} belongs to no card" for index, row in enumerate(access) if index not in taken]
    taken = set(edge_pairs.values())
    doubled += [
        f"{row.name} belongs to no edge of the lock"
        for index, row in enumerate(door)
        if index not in taken and not _prolongs(row, edges) and not _in(row.recorded_at_ms, all_excuses)
    ]
    granted = [cards[card] for card, index in card_pairs.items() if access[index].kind == "access.granted"]
    return Verdict(
        cards_shown=len(cards),
        lock_edges=len(edges),
        entries=sum(row.kind == "access.granted" for row in access),
        denials=sum(row.kind == "access.denied" for row in access),
        lost=tuple(lost),
        duplicated=tuple(doubled),
        card_to_lock_ms=tuple(_card_to_lock(granted, edges)),
    )


def pair(
    left: Sequence[Left], right: Sequence[Right], distance: Callable[[Left, Right], float | None]
) -> dict[int, int]:
    """Which of `left` goes with which of `right` (by index), nearest first, each once. None: they cannot belong."""
    candidates = [
        (far, i, j) for i, one in enumerate(left) for j, other in enumerate(right)
        if (far := distance(one, other)) is not None
    ]  # fmt: skip
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(candidates):
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken.add(j)
    return pairs


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The value that `percent` of `values` do not exceed (nearest rank); None of nothing."""
    if not values:
        return None
    rank = max(1, -(-len(values) * percent // 100))
    return sorted(values)[int(rank) - 1]


def _fact(line: dict[str, Any]) -> Fact:
    fields = {name: value for name, value in line.items() if name not in ("kind", "mono_ms", "at")}
    return Fact(line["kind"], line["mono_ms"], datetime.fromisoformat(line["at"]).timestamp() * 1000, fields)


def _cards(facts: Sequence[Fact]) -> list[Fact]:
    """Cards and codes shown that the hardware did not lose by the world's own word (power gone, its queue full)."""
    gone = [fact for fact in facts if fact.kind in ("card_lost", "code_lost")]
    shown = [fact for fact in facts if fact.kind in ("card_shown", "code_shown")]
    same = ("reader", "card", "code", "visit")

    def distance(card: Fact, loss: Fact) -> float | None:
        if any(card.fields.get(name) != loss.fields.get(name) for name in same) or loss.mono_ms < card.mono_ms:
            return None
        return loss.mono_ms - card.mono_ms

    lost = pair(shown, gone, distance)
    return [fact for index, fact in enumerate(shown) if index not in lost]


def _card_distance(excuses: Sequence[Excuse]) -> Callable[[Fact, Row], float | None]:
    def distance(card: Fact, row: Row) -> float | None:
        member = row.body.get("member")
        if card.fields["reader"] != row.body.get("reader"):
            return None
        # Whose pass a code is stands in the code alone.
        if "person" in card.fields and member not in (None, card.fields["person"]):
            return None
        # Not `presented_mono_ms`: of a card whose age is unknown that is the earliest possible moment.
        far = row.recorded_at_ms - card.at_ms
        return abs(far) if -EARLY_MS <= far <= SETTLE_MS + _delay_ms(card, excuses) else None

    return distance


def _edge_distance(excuses: Sequence[Excuse]) -> Callable[[Fact, Row], float | None]:
    def distance(edge: Fact, row: Row) -> float | None:
        far = abs(row.recorded_at_ms - edge.at_ms)
        near = far <= SETTLE_MS + _delay_ms(edge, excuses)
        return far if near and row.kind == LOCK_KINDS[bool(edge.fields["level"])] else None

    return distance


def _delay_ms(fact: Fact, excuses: Sequence[Excuse]) -> float:
    """How much longer than usual the record of a fact may take."""
    return max((excuse.to_ms - fact.at_ms for excuse in excuses if _touches(fact, excuse)), default=0.0)


def _touches(fact: Fact, excuse: Excuse) -> bool:
    """A fact shortly before an excuse began may not have been written in time either."""
    return excuse.from_ms - SETTLE_MS <= fact.at_ms <= excuse.to_ms


def _excused(fact: Fact, excuses: Sequence[Excuse]) -> bool:
    return any(_touches(fact, excuse) for excuse in excuses)


def _in(at_ms: float, excuses: Sequence[Excuse]) -> bool:
    return any(excuse.from_ms - SETTLE_MS <= at_ms <= excuse.to_ms + SETTLE_MS for excuse in excuses)


def _without_power(facts: Sequence[Fact]) -> list[Excuse]:
    """The times without mains, and until the station is up again. A log that ends without power is open-ended."""
    excuses: list[Excuse] = []
    off_ms: float | None = None
    for fact in facts:
        if fact.kind != "power":
            continue
        if not fact.fields["on"]:
            off_ms = fact.at_ms
        elif off_ms is not None:
            excuses.append(Excuse(off_ms, fact.at_ms + 2 * SETTLE_MS))
            off_ms = None
    return excuses if off_ms is None else [*excuses, Excuse(off_ms, float("inf"))]


def _without_copies(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Each fact once: rows under one key, or of one content and moment under two keys, are copies."""
    seen_keys: set[tuple[str, str, int]] = set()
    seen_facts: set[tuple[str, int, str]] = set()
    kept: list[Row] = []
    copies: list[str] = []
    for row in rows:
        key = (row.epoch, row.stream, row.seq)
        content = (row.kind, row.recorded_at_ms, json.dumps(row.body, sort_keys=True))
        judged = row.kind in ACCESS_KINDS or row.kind in LOCK_KINDS.values()
        if key in seen_keys or (judged and content in seen_facts):
            copies.append(f"{row.name} is there twice")
            continue
        seen_keys.add(key)
        seen_facts.add(content)
        kept.append(row)
    return kept, copies


def _prolongs(row: Row, edges: Sequence[Fact]) -> bool:
    """Whether the lock was released already when a release was recorded."""
    before = [edge for edge in edges if edge.at_ms < row.recorded_at_ms]
    return row.kind == LOCK_KINDS[True] and bool(before) and bool(before[-1].fields["level"])


def _card_to_lock(granted: Sequence[Fact], edges: Sequence[Fact]) -> Iterable[float]:
    rises = [edge.mono_ms for edge in edges if edge.fields["level"]]
    for card in granted:
        waits = [at_ms - card.mono_ms for at_ms in rises if 0 <= at_ms - card.mono_ms <= LOCK_WITHIN_MS]
        if waits:
            yield min(waits)
