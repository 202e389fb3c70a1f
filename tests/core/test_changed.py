"""`changed` is `dataclasses.replace` for the core's values."""

from dataclasses import FrozenInstanceError, replace

import pytest

from edge.core.changed import changed
from edge.core.state import Durable, Inputs, Occupancy, StationState, Volatile


@pytest.mark.parametrize("value", [Durable(), Volatile(), Inputs(), Occupancy(), StationState()])
def test_nothing_changed_is_the_same_value(value: object) -> None:
    same = changed(value)
    assert same == value
    assert same is not value


def test_a_changed_field_is_that_of_replace() -> None:
    before = Inputs(raw_open=True, raw_since_ms=7)
    assert changed(before, raw_since_ms=8) == replace(before, raw_since_ms=8)
    assert before.raw_since_ms == 7


def test_what_is_changed_cannot_be_assigned_to() -> None:
    with pytest.raises(FrozenInstanceError):
        changed(Occupancy(), people=1).people = 2  # type: ignore[misc]


def test_a_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="Occupancy has no field persons"):
        changed(Occupancy(), persons=1)
