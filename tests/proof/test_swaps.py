"""A busy swap station lives: nothing is odd where nobody does anything wrong, and everything holds where they do."""

import pytest

from proof.acts import ActKind, Script
from proof.cabinet_city import is_calm
from proof.cabinet_days import HOUR_MS, plan_day
from proof.lived import Lived
from proof.living import live_script
from proof.riders import Habit
from proof.years import Years

CALM, CARELESS, FAULTY = "swaps/test/0", "swaps/test/1", "swaps/test/2"


def morning(seed: str) -> Lived:
    """Some fifty riders."""
    acts = tuple(act for act in plan_day(seed, 0) if act.at_ms < 5 * HOUR_MS)
    return live_script(Script(seed, 1, acts))


def test_without_faults_and_carelessness_every_swap_is_done_and_nothing_is_odd() -> None:
    lived = morning(CALM)
    assert lived.broken is None, str(lived.broken)
    assert lived.faults == lived.restarts == 0
    assert lived.swapped.swaps >= 40
    assert set(lived.swapped.outcomes) == {"done"}
    assert not lived.swapped.anomalies
    assert lived.swapped.books_compared >= 50


@pytest.mark.parametrize("seed", [CARELESS, FAULTY])
def test_the_books_hold_whatever_riders_and_bad_luck_do(seed: str) -> None:
    lived = morning(seed)
    assert lived.broken is None, str(lived.broken)
    assert len(lived.swapped.outcomes) > 3
    assert lived.swapped.batteries_unaccounted == 0
    assert lived.swapped.books_compared >= 50
    years = Years()
    years.add(lived)
    assert years.summary()["swaps"] == lived.swapped.swaps
    assert years.summary()["outcomes"] == dict(sorted(lived.swapped.outcomes.items()))


def test_a_calm_day_has_careful_riders_alone() -> None:
    assert is_calm(CALM)
    assert {(act.kind, act.value) for act in plan_day(CALM, 0)} == {(ActKind.RIDER, Habit.CAREFUL)}
    assert {act.kind for act in plan_day(CARELESS, 0)} == {ActKind.RIDER, ActKind.TECHNICIAN}
    assert {act.value for act in plan_day(CARELESS, 0) if act.kind is ActKind.RIDER} == set(Habit)
