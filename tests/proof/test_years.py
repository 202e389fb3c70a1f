"""A station lives: a few days from fixed seeds, one from a random one, and every life that has ever failed."""

import random
from pathlib import Path

import pytest

from proof.acts import ActKind, Script
from proof.living import live_planned, live_script
from proof.mutants import MUTANTS, by_name, hunt_one, mutated
from proof.people import DAY_MS, plan_day

ROOT = Path(__file__).resolve().parents[2]
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.mark.parametrize("seed", ["test/1", "test/2", "test/3"])
def test_no_invariant_breaks_in_days_that_anybody_can_live_again(seed: str) -> None:
    lived = live_planned(seed, 2)
    assert lived.broken is None, str(lived.broken)
    assert lived.visits >= 2 * 200
    assert lived.events >= 2 * 3_000
    assert lived.restarts > 5
    assert lived.faults > 20


def test_no_invariant_breaks_in_days_that_nobody_has_lived_yet() -> None:
    seed = f"random/{random.SystemRandom().getrandbits(32)}"
    lived = live_planned(seed, 2)
    assert lived.broken is None, f"{lived.broken}; again: .venv/bin/python -m proof again --life {seed} --days 2"


def test_a_seed_gives_the_same_life_again() -> None:
    assert live_planned("test/4", 1) == live_planned("test/4", 1)


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_failed_once_holds(path: Path) -> None:
    broken = live_script(Script.load(path)).broken
    assert broken is None, str(broken)


def test_a_life_written_down_is_the_same_life(tmp_path: Path) -> None:
    acts = tuple(act for day in range(2) for act in plan_day("test/5", day))
    Script("test/5", 2, acts).save(tmp_path / "life.json")
    assert live_script(Script.load(tmp_path / "life.json")) == live_planned("test/5", 2)


def test_every_mutant_changes_the_place_that_it_names() -> None:
    for mutant in MUTANTS:
        text = (ROOT / (mutant.module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        assert mutated(mutant, text) != text


def test_a_bug_in_the_core_is_found() -> None:
    assert hunt_one(by_name("full-is-too-full"), 1).startswith("too_many_are_told")


def test_what_is_to_be_checked_happens() -> None:
    """Where everything is wired, as where a bug is hunted."""
    lives = [live_planned(f"mutants/met/{number}", 3) for number in (4, 7)]
    met = {code for lived in lives for code in lived.met if lived.met[code]}
    codes = {
        "alarm_flood", "contact_implausible", "lock_fault", "over_capacity", "pin_guessing", "reader_tamper",
        "load_fault", "first_out", "under_a_cause", "pass_used", "pass_not_taken", "energy_counted",
    }  # fmt: skip
    assert not codes - met


def test_a_day_is_busy_and_its_acts_are_in_order() -> None:
    acts = plan_day("test/6", 3)
    assert [act.at_ms for act in acts] == sorted(act.at_ms for act in acts)
    assert acts[0].at_ms >= 3 * DAY_MS
    assert sum(act.kind is ActKind.CARD for act in acts) >= 200
