"""A station's files asked while it does not run: nothing is written, made or repaired."""

from collections.abc import Mapping
from typing import Any

from edge.core.state import Now, StationState
from edge.core.station import initial_state
from edge.journal.history import open_history
from edge.roster.credential import load_or_create_key
from edge.roster.errors import KeyUnusable
from edge.roster.reader import RosterReader
from edge.runtime import wiring
from edge.runtime.clock import kernel_synchronised, monotonic_ms, wall_ms
from edge.runtime.config import Config
from edge.runtime.explaining import Explainer
from edge.runtime.replay import newest_state


def explain_from_files(config: Config, question: Mapping[str, Any]) -> dict[str, Any]:
    """`Explainer.answer` from the state that the journal ends in.

    Raises:
        ValueError: the question cannot be understood.
        JournalError, KeyUnusable, ConfigError: a file cannot be used.
    """
    decisions = wiring.core_config(config)
    key_path = config.station.data_dir / wiring.HASH_KEY_NAME
    if not key_path.exists():
        raise KeyUnusable(f"credential key {key_path}: there is none; the station has never run here")
    state: StationState = initial_state(decisions)
    latest_trusted_ms = None
    if (path := wiring.journal_path(config)).exists():
        history = open_history(path)
        latest_trusted_ms = history.latest_trusted_ms
        state = newest_state(history)
    roster = RosterReader(wiring.roster_path(config))
    try:
        now = Now(monotonic_ms(), wall_ms(), kernel_synchronised(), latest_trusted_ms)
        return Explainer(decisions, roster, load_or_create_key(key_path)).answer(question, state, now)
    finally:
        roster.close()
