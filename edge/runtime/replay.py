"""A journal lived again: each event with what it changed in the station's state.

The state starts empty and is folded by the core's own `apply`, as at a start. Where the beginning of the journal is no
longer kept, and behind a gap, it is incomplete until the next snapshot, whose state is then taken; a snapshot that
differs though nothing is missing is told as well, because it should not.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from contract.ids import Epoch
from contract.plain import plain
from contract.records import JournalGap, Record, kind_of, to_body
from edge.core.fold import apply
from edge.core.fold import replay as fold
from edge.core.snapshot import SnapshotError, from_snapshot, snapshot
from edge.core.state import RecordedAt, StationState
from edge.journal.history import History, Span
from edge.journal.model import StoredRecord

NOT_SHOWN: Final = frozenset({"version", "commands_seen"})
SHORT_HASH: Final = 8


class ReplayError(ValueError):
    """The question does not fit the journal; the message says how."""


@dataclass(frozen=True)
class Shown:
    """One event, and every part of the state that it changed: dotted name to what was and what is."""

    stored: StoredRecord
    changes: dict[str, tuple[Any, Any]]
    note: str = ""
    """What is to be known of the state behind this event."""

    def as_json(self) -> dict[str, Any]:
        stored = self.stored
        return {
            "epoch": stored.epoch,
            "seq": stored.seq,
            "boot": stored.boot,
            "mono_ms": stored.mono_ms,
            "recorded_at_ms": stored.recorded_at_ms,
            "clock_trusted": stored.clock_trusted,
            "kind": kind_of(stored.record),
            "body": plain(to_body(stored.record)),
            "changes": {name: list(change) for name, change in self.changes.items()},
        } | ({"note": self.note} if self.note else {})

    def as_text(self) -> str:
        stored = self.stored
        at = datetime.fromtimestamp(stored.recorded_at_ms / 1_000, UTC)
        body = " ".join(f"{name}={_short(name, value)}" for name, value in plain(to_body(stored.record)).items())
        moment = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1_000:03}Z{'' if stored.clock_trusted else '?'}"
        lines = [f"{stored.seq:>7}  {moment}  {kind_of(stored.record):<20} {body}".rstrip()]
        lines += [f"{'':9}{name}: {_said(old)} → {_said(new)}" for name, (old, new) in self.changes.items()]
        return "\n".join(lines + ([f"{'':9}! {self.note}"] if self.note else []))


@dataclass
class Replay:
    """Iterate to live the events; `state` is the one behind the latest, `complete` whether it can be relied on."""

    history: History
    until_seq: int | None = None
    """The last event to live, in the newest epoch; None: all."""
    state: StationState = field(default_factory=StationState)
    complete: bool = True
    events: int = 0

    def __post_init__(self) -> None:
        newest = self.history.spans[-1]
        self.complete = all(span.floor_seq == 0 for span in self.history.spans)
        if self.until_seq is not None and not newest.floor_seq < self.until_seq <= newest.head_seq:
            raise ReplayError(f"no event {self.until_seq}: {_kept(newest)}")

    def __iter__(self) -> Iterator[Shown]:
        snapshots = {(taken.epoch, int(taken.through_seq)): taken.state_json for taken in self.history.snapshots}
        newest = self.history.spans[-1].epoch
        for stored in self.history.records():
            before = self.state
            at = RecordedAt(stored.mono_ms, stored.recorded_at_ms, stored.boot)
            self.state = apply(before, stored.record, at)
            self.complete = self.complete and not isinstance(stored.record, JournalGap)
            self.events += 1
            taken = snapshots.get((stored.epoch, int(stored.seq)))
            note = self._compared(taken) if taken is not None else ""
            yield Shown(stored, _changes(before, self.state), note)
            if stored.epoch == newest and stored.seq == self.until_seq:
                return

    def missing(self) -> list[str]:
        """What is no longer kept from the beginning."""
        return [f"{_kept(span)}: the state is incomplete until the next snapshot" for span in self.history.spans
                if span.floor_seq > 0]  # fmt: skip

    def _compared(self, state_json: str) -> str:
        try:
            kept = from_snapshot(json.loads(state_json))
        except SnapshotError as error:
            return f"the snapshot here cannot be used: {error}"
        if kept.durable == self.state.durable:
            self.complete = True
            return ""
        expected = not self.complete
        self.state, self.complete = kept, True
        return "the state is completed from the snapshot here" if expected else (
            "the snapshot here says otherwise than the events before it, and is what a start would take"
        )  # fmt: skip


def newest_state(history: History) -> StationState:
    """The durable state that a start would find: the newest snapshot and the events behind it."""
    for taken in reversed(history.snapshots):
        try:
            state = from_snapshot(json.loads(taken.state_json))
        except SnapshotError:
            continue
        return fold(state, _stamped(history.records(taken)))
    return fold(StationState(), _stamped(history.records()))


def _stamped(records: Iterator[StoredRecord]) -> Iterator[tuple[Record, RecordedAt]]:
    for stored in records:
        yield stored.record, RecordedAt(stored.mono_ms, stored.recorded_at_ms, stored.boot)


def show(replay: Replay, out: Callable[[str], None], *, as_json: bool) -> None:
    """Every event, then the state behind the last."""
    if as_json:
        for shown in replay:
            out(json.dumps(shown.as_json(), ensure_ascii=False))
        final = {"events": replay.events, "complete": replay.complete, "missing": replay.missing()}
        out(json.dumps({"state": snapshot(replay.state), **final}, ensure_ascii=False))
        return
    for note in replay.missing():
        out(f"! {note}")
    epoch: Epoch | None = None
    for shown in replay:
        if shown.stored.epoch != epoch:
            epoch = shown.stored.epoch
            out(f"epoch {epoch}")
        out(shown.as_text())
    out(f"state behind {replay.events} events{'' if replay.complete else ' (incomplete: events are missing)'}")
    for name, value in _flat(snapshot(replay.state)).items():
        out(f"  {name} = {_said(value)}")


def _kept(span: Span) -> str:
    kept = f"events {span.floor_seq + 1} to {span.head_seq}" if span.head_seq > span.floor_seq else "no event"
    return f"epoch {span.epoch[:8]} keeps {kept}"


def _changes(before: StationState, after: StationState) -> dict[str, tuple[Any, Any]]:
    if before.durable is after.durable:
        return {}
    old, new = _flat(snapshot(before)), _flat(snapshot(after))
    names = [*old, *(name for name in new if name not in old)]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _flat(value: dict[str, Any], inside: str = "") -> dict[str, Any]:
    """Nested objects by dotted names."""
    flat: dict[str, Any] = {}
    for name, item in value.items():
        if not inside and name in NOT_SHOWN:
            continue
        place = f"{inside}.{name}" if inside else name
        flat |= _flat(item, place) if isinstance(item, dict) and item else {place: item}
    return flat


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_said(item) for item in value) + "]"
    if isinstance(value, dict):
        named = [str(value[name]) for name in ("code", "source", "id", "kind") if value.get(name)]
        return " ".join(named) if named else "{}"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _short(name: str, value: Any) -> str:
    if name == "credential" and isinstance(value, str):
        return value[:SHORT_HASH] + "…"
    text = _said(value)
    return f'"{text}"' if " " in text else text
