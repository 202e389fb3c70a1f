"""A station's files asked while it does not run: nothing is written, made or repaired."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.core.state import Now, StationState
from edge.core.station import initial_state
from edge.journal.history import open_history
from edge.roster.credential import KEY_BYTES
from edge.roster.errors import KeyUnusable
from edge.roster.reader import RosterReader
from edge.runtime import wiring
from edge.runtime.clock import kernel_synchronised, monotonic_ms, wall_ms
from edge.runtime.config import Config
from edge.runtime.core_config import core_config
from edge.runtime.explaining import Explainer
from edge.runtime.replay import newest_state


def explain_from_files(config: Config, question: Mapping[str, Any]) -> dict[str, Any]:
    """`Explainer.answer` from the state that the journal ends in.

    Raises:
        ValueError: the question cannot be understood.
        JournalError, KeyUnusable, ConfigError: a file cannot be used.
    """
    decisions = core_config(config)
    key = _key(config.station.data_dir / wiring.HASH_KEY_NAME)
    state: StationState = initial_state(decisions)
    latest_trusted_ms = None
    if (path := wiring.journal_path(config)).exists():
        history = open_history(path)
        latest_trusted_ms = history.latest_trusted_ms
        state = newest_state(history)
    roster = RosterReader(wiring.roster_path(config))
    try:
        now = Now(monotonic_ms(), wall_ms(), kernel_synchronised(), latest_trusted_ms)
        return Explainer(decisions, roster, key).answer(question, state, now)
    finally:
        roster.close()


def _key(path: Path) -> bytes:
    """The credential key as it is; a start would make a missing one, and set a damaged one aside."""
    if not path.exists():
        raise KeyUnusable(f"credential key {path}: there is none; the station has never run here")
    try:
        key = path.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"credential key {path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"credential key {path}: {len(key)} bytes are no key")
    return key
