"""The next timer is remembered by machine: that must never show."""

import pytest

from edge.core import station
from edge.core.state import StationState
from proof.living import live_planned


def first_of_all(state: StationState) -> int | None:
    """What nobody remembered."""
    if state.volatile.stopped:
        return None
    inputs, plan = state.volatile.inputs, state.volatile.plan
    moments = [inputs.settles_at_ms, inputs.released_until_ms, inputs.open_limit_at_ms]
    moments += [None if plan is None else plan.until_ms]
    moments += [moment for machine, _ in station.MACHINES for moment in machine.deadlines(state)]
    return min((moment for moment in moments if moment is not None), default=None)


@pytest.mark.parametrize("seed", ["deadline/1", "deadline/2"])
def test_a_deadline_is_the_first_of_all_timers_in_every_state_of_a_day(
    seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def deadline(state: StationState) -> int | None:
        nonlocal asked
        asked += 1
        due_ms = station.deadline(state)
        assert due_ms == first_of_all(state)
        return due_ms

    monkeypatch.setattr("proof.shell.deadline", deadline)
    lived = live_planned(seed, 1)
    assert lived.broken is None
    assert asked > 1_000
