"""The verdict: a pure function of what happened in the world, what the station holds and what the cloud holds.

*Cards.* What counts is the moment at which a card's number left the reader on the wire: until then it waits in the
reader, however long the station is dead. From then on it must become exactly one `access.granted` or `access.denied`.
Excused is only a card that was on its way when the reader process or the controller was killed.

*The lock.* Each edge of the controller's lock pin has exactly one `door.released` or `door.relocked`. Excused are an
edge within the station's own declared window before its death (50 ms: `StationBooted.unrecorded_release_window_ms`),
and the edge by which a starting station puts its outputs to rest. A record without its edge is excused when the station
died before it could act; and a release while the lock is released anyway moves no pin.

*The journal.* Each acknowledged record is in the cloud once, with the same digest; the cloud has nothing else; and
every committed event has become part of the fleet's picture once.

All times are of the one monotonic clock of this machine.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from yizhan.chaos.evidence import CloudRow, JournalRow, Key
from yizhan.oracle import ACCESS_KINDS, LOCK_KINDS, Fact, pair
from yizhan.stack.people import PEOPLE

EARLY_MS: Final = 5.0
"""A record's time is cut to whole milliseconds."""
WIRE_EARLY_MS: Final = 50.0
"""The simulator notes a card's reply after it has written it, and may have to wait for a processor in between."""
CARD_WITHIN_MS: Final = 5_000.0
"""A card that takes longer from the wire to its record is not the same card."""
EDGE_WITHIN_MS: Final = 2_000.0
WINDOW_MS: Final = 50.0
SLACK_MS: Final = 50.0
"""From an effect in the controller to the pin in the world, and from a signal to the death."""
IN_CONTROLLER_MS: Final = 500.0
"""From the wire to the commit, at the worst, on a machine that is starved by everything else that starts."""
IN_READER_MS: Final = 100.0
"""From the wire to the controller."""
ACT_WITHIN_MS: Final = 200.0
"""From the record of a release to the pin."""


@dataclass(frozen=True)
class Down:
    """The controller (`whole`) or the reader process alone was killed, and ready again at `ready_ms`."""

    whole: bool
    from_ms: float
    killed_ms: float
    ready_ms: float


@dataclass(frozen=True)
class Evidence:
    facts: Sequence[Fact]
    rows: Sequence[CloudRow]
    picture: Sequence[Key]
    journal: Sequence[JournalRow]
    journal_problems: Sequence[str]
    downs: Sequence[Down]


@dataclass(frozen=True)
class Verdict:
    """`lost` and `duplicated` say each case in words."""

    cards_shown: int
    lock_edges: int
    committed: int
    excused: int
    """Facts without a record that died with the station: how much the excuses were used."""
    lost: tuple[str, ...]
    duplicated: tuple[str, ...]


@dataclass
class Findings:
    lost: list[str]
    duplicated: list[str]
    excused: int = 0


def judge(evidence: Evidence) -> Verdict:
    """Compare everything with everything."""
    findings = Findings(list(evidence.journal_problems), [])
    rows = _once_each(evidence.rows, findings)
    _judge_cards(evidence, rows, findings)
    edges = [fact for fact in evidence.facts if fact.kind == "pin_edge" and fact.fields["wire"] == "lock"]
    _judge_lock(edges, rows, evidence.downs, findings)
    _judge_journal(rows, evidence.journal, findings)
    _judge_picture(rows, evidence.picture, findings)
    return Verdict(
        cards_shown=sum(fact.kind == "card_shown" for fact in evidence.facts),
        lock_edges=len(edges),
        committed=len(evidence.rows),
        excused=findings.excused,
        lost=tuple(findings.lost),
        duplicated=tuple(findings.duplicated),
    )


def waiting_cards(facts: Iterable[Fact]) -> int:
    """Cards that are still in the reader: shown, and neither on the wire nor lost by the world's word."""
    kinds = Counter(fact.kind for fact in facts)
    return kinds["card_shown"] - kinds["card_on_wire"] - kinds["card_lost"]


def _once_each(rows: Sequence[CloudRow], findings: Findings) -> list[CloudRow]:
    seen: dict[Key, CloudRow] = {}
    for row in rows:
        if row.key in seen:
            findings.duplicated.append(f"{row.name} is in the cloud twice")
        seen.setdefault(row.key, row)
    return list(seen.values())


# ---------------------------------------------------------------- cards


def _judge_cards(evidence: Evidence, rows: Sequence[CloudRow], findings: Findings) -> None:
    known = {person.id: person.known for person in PEOPLE}
    wires: dict[str, list[Fact]] = {}
    for fact in evidence.facts:
        if fact.kind == "card_on_wire":
            person = str(fact.fields["person"])
            wires.setdefault(person if known.get(person) else "", []).append(fact)
    access: dict[str, list[CloudRow]] = {}
    for row in rows:
        if row.kind in ACCESS_KINDS:
            access.setdefault(row.body.get("member") or "", []).append(row)
    for person in wires.keys() | access.keys():
        _judge_cards_of(wires.get(person, []), access.get(person, []), evidence.downs, findings)
    waiting = waiting_cards(evidence.facts)
    if waiting > 0:
        findings.lost.append(f"{waiting} cards were shown and the reader was never asked for them")


def _judge_cards_of(
    wires: Sequence[Fact], access: Sequence[CloudRow], downs: Sequence[Down], findings: Findings
) -> None:
    """The cards of one person; all strangers are one."""
    pairs = pair(wires, access, _card_distance)
    for index, fact in enumerate(wires):
        if index in pairs:
            continue
        if any(_died_with(fact.mono_ms, down) for down in downs):
            findings.excused += 1
        else:
            findings.lost.append(f"card of {fact.fields['person']} on the wire at {fact.mono_ms:.0f} ms has no record")
    taken = set(pairs.values())
    findings.duplicated += [
        f"{row.name} ({row.mono_ms} ms) belongs to no card" for index, row in enumerate(access) if index not in taken
    ]


def _card_distance(wire: Fact, row: CloudRow) -> float | None:
    far = row.mono_ms - wire.mono_ms
    return abs(far) if -WIRE_EARLY_MS <= far <= CARD_WITHIN_MS else None


def _died_with(at_ms: float, down: Down) -> bool:
    """Whether a card on the wire at `at_ms` may have been in the process that was killed."""
    before_ms = IN_CONTROLLER_MS if down.whole else IN_READER_MS
    return down.from_ms - before_ms <= at_ms <= down.killed_ms + SLACK_MS


# ---------------------------------------------------------------- the lock


def _judge_lock(edges: Sequence[Fact], rows: Sequence[CloudRow], downs: Sequence[Down], findings: Findings) -> None:
    stations = [down for down in downs if down.whole]
    for level, kind in LOCK_KINDS.items():
        moved = [edge for edge in edges if bool(edge.fields["level"]) is level]
        written = [row for row in rows if row.kind == kind]
        pairs = pair(moved, written, _edge_distance)
        for index, edge in enumerate(moved):
            if index in pairs:
                continue
            if any(_edge_excused(edge.mono_ms, level, down) for down in stations):
                findings.excused += 1
            else:
                findings.lost.append(f"lock pin {'up' if level else 'down'} at {edge.mono_ms:.0f} ms has no record")
        taken = set(pairs.values())
        for index, row in enumerate(written):
            if index in taken or any(_died_before_acting(row.mono_ms, down) for down in stations):
                continue
            if not (level and _is_high_soon(row.mono_ms, edges)):
                findings.duplicated.append(f"{row.name} ({row.mono_ms} ms) belongs to no edge of the lock")


def _edge_distance(edge: Fact, row: CloudRow) -> float | None:
    far = edge.mono_ms - row.mono_ms
    return abs(far) if -EARLY_MS <= far <= EDGE_WITHIN_MS else None


def _edge_excused(at_ms: float, level: bool, down: Down) -> bool:
    until_ms = down.killed_ms if level else down.ready_ms
    return down.from_ms - WINDOW_MS - SLACK_MS <= at_ms <= until_ms + SLACK_MS


def _died_before_acting(at_ms: float, down: Down) -> bool:
    return down.from_ms - ACT_WITHIN_MS <= at_ms <= down.killed_ms + SLACK_MS


def _is_high_soon(at_ms: float, edges: Sequence[Fact]) -> bool:
    """Whether the pin was up at some moment within the time in which a release must act."""
    level = False
    for edge in edges:
        if edge.mono_ms > at_ms + ACT_WITHIN_MS:
            break
        if edge.mono_ms > at_ms and (level or edge.fields["level"]):
            return True
        level = bool(edge.fields["level"])
    return level


# ---------------------------------------------------------------- the journal and the picture


def _judge_journal(rows: Sequence[CloudRow], journal: Sequence[JournalRow], findings: Findings) -> None:
    cloud = {row.key: row for row in rows}
    station = {row.key: row for row in journal}
    for key, kept in station.items():
        row = cloud.get(key)
        where = f"{kept.epoch[:6]}/{kept.stream}/{kept.seq}"
        if row is None and kept.acknowledged:
            findings.lost.append(f"record {where} is acknowledged and not in the cloud")
        # The digest alone proves nothing of the cloud: it is stored beside what it was made of.
        elif row is not None and _content(row) != _content(kept):
            findings.lost.append(f"record {where} is another one in the cloud")
    findings.duplicated += [
        f"{row.name} is in the cloud and not in the journal" for key, row in cloud.items() if key not in station
    ]


def _content(row: CloudRow | JournalRow) -> tuple[object, ...]:
    return row.digest, row.mono_ms, row.kind, row.body


def _judge_picture(rows: Sequence[CloudRow], picture: Sequence[Key], findings: Findings) -> None:
    shown = Counter(picture)
    for row in rows:
        if row.stream == "events" and shown[row.key] != 1:
            (findings.duplicated if shown[row.key] else findings.lost).append(
                f"{row.name} is {shown[row.key]} times in the fleet's picture"
            )
