"""How a run goes on from the runs before it: the state that the journal holds, and what was found while reading it."""

import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version

from contract.ids import Epoch
from contract.records import Record
from edge.core import events, station
from edge.core.config import StationConfig
from edge.core.state import RecordedAt, StationState
from edge.journal.errors import JournalError, StorageCorrupt
from edge.journal.journal import Journal
from edge.journal.model import StoredRecord
from edge.runtime.config import LoadedConfig
from edge.runtime.start import Start

log = logging.getLogger(__name__)


def resume(
    decisions: StationConfig, loaded: LoadedConfig, journal: Journal | None, trouble: str, refused: str | None
) -> Start:
    """What a run begins with. `trouble` says why there is no journal, `refused` why a newer configuration was not
    taken. Raises what reading the journal raises when storage has failed."""
    findings: list[events.Event] = []
    if refused is not None:
        findings.append(events.ConfigRefused(refused))
    state, replayed, latest_trusted_ms = station.initial_state(decisions), 0, None
    if journal is None:
        findings.append(events.StorageChanged(events.StorageStatus.UNAVAILABLE, trouble))
    else:
        if journal.opened.recovered:
            findings.append(events.JournalReset(journal.opened.reason))
        state, replayed, latest_trusted_ms, notes = replayed_or_reset(decisions, journal)
        for note in notes:
            findings.append(events.JournalReset(note))
    # Only the very first run of a storage follows no run that could have crashed.
    first = journal is not None and journal.boot == 1 and not journal.opened.recovered
    # A run that could not write a record was counted all the same: it is not the one that stopped in order.
    stopped = journal is not None and state.durable.stopped and state.durable.boot == journal.boot - 1
    booted = events.Booted(
        software=version("yizhan"),
        config_digest=loaded.digest,
        clean_stop=stopped or first,
        boot=journal.boot if journal is not None else 0,
        records_replayed=replayed,
    )
    return Start(
        state,
        booted,
        tuple(findings),
        journal.epoch if journal is not None else Epoch("0" * 32),
        journal.unacknowledged if journal is not None else 0,
        latest_trusted_ms,
    )


def replayed_or_reset(
    decisions: StationConfig, journal: Journal
) -> tuple[StationState, int, int | None, tuple[str, ...]]:
    """As `replayed_state`; a journal that turns out to be damaged further back than opening looks is set aside, so that
    it does not end every start. Raises `JournalError` when storage has failed otherwise."""
    try:
        return replayed_state(decisions, journal)
    except (JournalError, sqlite3.Error, ValueError) as error:
        log.error("the journal cannot be replayed: %s", error)
    with suppress(StorageCorrupt):
        # Walks all of it and remembers the damage for `reopen`.
        journal.verify()
    reopened = journal.reopen()
    state, replayed, latest_trusted_ms, notes = replayed_state(decisions, journal)
    return state, replayed, latest_trusted_ms, (*notes, *([reopened.reason] if reopened.recovered else []))


def replayed_state(decisions: StationConfig, journal: Journal) -> tuple[StationState, int, int | None, tuple[str, ...]]:
    """The durable state of a journal: its newest readable snapshot and the records behind it."""
    notes: list[str] = []
    while True:
        loaded = journal.load()
        notes += loaded.notes
        state = station.initial_state(decisions)
        if loaded.snapshot is None:
            break
        try:
            state = station.from_snapshot(json.loads(loaded.snapshot.state_json))
            break
        except ValueError as error:
            notes.append(f"snapshot set aside: {error}")
            for _ in loaded.records:
                pass
            journal.set_aside_snapshot()
    count = 0

    def counted(records: Iterable[StoredRecord]) -> Iterable[tuple[Record, RecordedAt]]:
        nonlocal count
        for stored in records:
            count += 1
            yield stored.record, RecordedAt(stored.mono_ms, stored.recorded_at_ms, stored.boot)

    state = station.replay(state, counted(loaded.records))
    return state, count, loaded.latest_trusted_ms, tuple(notes)
