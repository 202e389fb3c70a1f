"""The table of the loads: every kind in every situation, and what the budget leaves of it."""

from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import LoadId
from contract.policy.schedule import Interval, Schedule
from edge.core.load_rules import RULES, Situation, Wish, settled, wanted
from edge.core.load_state import EMPTY_BAND, OCCUPIED_BAND, Load, LoadCause, LoadKind

DAYTIME = Schedule(((Interval(8 * 60, 18 * 60),),) * 7)
LIGHT = Load(LoadId("light"), LoadKind.LIGHT, 40)
HEATER = Load(LoadId("heater"), LoadKind.HEATING, 2_000)
COOLER = Load(LoadId("cooler"), LoadKind.COOLING, 1_200)
SOCKETS = Load(LoadId("sockets"), LoadKind.SOCKETS, 1_500)
SIGN = Load(LoadId("sign"), LoadKind.SIGN, 60)
TIMED_SIGN = Load(LoadId("timed"), LoadKind.SIGN, 60, schedule=DAYTIME)
LOADS = (LIGHT, HEATER, COOLER, SOCKETS, SIGN, TIMED_SIGN)

USUAL = Situation(occupied=True, temperature_decicelsius=220)
"""Somebody inside at 22 °C by day."""
AWAY = Situation(temperature_decicelsius=220, band=EMPTY_BAND)
"""Nobody inside at 22 °C by day."""


def on(*loads: Load) -> frozenset[LoadId]:
    return frozenset(load.id for load in loads)


@pytest.mark.parametrize(
    ("load", "situation", "wish"),
    [
        # comfort
        (LIGHT, USUAL, Wish(True, LoadCause.OCCUPIED)),
        (LIGHT, replace(AWAY, just_left=True), Wish(True, LoadCause.JUST_LEFT)),
        (LIGHT, AWAY, Wish(False, LoadCause.EMPTY)),
        (SOCKETS, USUAL, Wish(True, LoadCause.ALWAYS)),
        (SOCKETS, AWAY, Wish(True, LoadCause.ALWAYS)),
        (SOCKETS, replace(USUAL, night=True), Wish(True, LoadCause.ALWAYS)),
        (SOCKETS, replace(AWAY, night=True), Wish(False, LoadCause.NIGHT)),
        (SOCKETS, replace(AWAY, night=True, just_left=True), Wish(False, LoadCause.NIGHT)),
        (SIGN, AWAY, Wish(True, LoadCause.ALWAYS)),
        (SIGN, replace(USUAL, shut=True), Wish(False, LoadCause.POSTURE)),
        (TIMED_SIGN, USUAL, Wish(False, LoadCause.SCHEDULE)),
        (TIMED_SIGN, replace(AWAY, open=on(TIMED_SIGN)), Wish(True, LoadCause.SCHEDULE)),
        (TIMED_SIGN, replace(AWAY, open=on(TIMED_SIGN), shut=True), Wish(False, LoadCause.POSTURE)),
        # temperature, with its hysteresis of half a degree to both sides of 20 and 26 °C, empty 14 and 32 °C
        (HEATER, replace(USUAL, temperature_decicelsius=194), Wish(True, LoadCause.TOO_COLD)),
        (HEATER, replace(USUAL, temperature_decicelsius=195), Wish(False, LoadCause.WARM_ENOUGH)),
        (HEATER, replace(USUAL, temperature_decicelsius=204, on=on(HEATER)), Wish(True, LoadCause.TOO_COLD)),
        (HEATER, replace(USUAL, temperature_decicelsius=205, on=on(HEATER)), Wish(False, LoadCause.WARM_ENOUGH)),
        (HEATER, replace(AWAY, temperature_decicelsius=135), Wish(False, LoadCause.WARM_ENOUGH)),
        (HEATER, replace(AWAY, temperature_decicelsius=134), Wish(True, LoadCause.TOO_COLD)),
        (HEATER, replace(AWAY, temperature_decicelsius=44), Wish(True, LoadCause.FROST)),
        (HEATER, replace(AWAY, temperature_decicelsius=45), Wish(True, LoadCause.TOO_COLD)),
        (HEATER, replace(AWAY, temperature_decicelsius=54, on=on(HEATER)), Wish(True, LoadCause.FROST)),
        (HEATER, replace(AWAY, temperature_decicelsius=55, on=on(HEATER)), Wish(True, LoadCause.TOO_COLD)),
        (COOLER, replace(USUAL, temperature_decicelsius=265), Wish(False, LoadCause.COOL_ENOUGH)),
        (COOLER, replace(USUAL, temperature_decicelsius=266), Wish(True, LoadCause.TOO_HOT)),
        (COOLER, replace(USUAL, temperature_decicelsius=256, on=on(COOLER)), Wish(True, LoadCause.TOO_HOT)),
        (COOLER, replace(USUAL, temperature_decicelsius=255, on=on(COOLER)), Wish(False, LoadCause.COOL_ENOUGH)),
        (COOLER, replace(AWAY, temperature_decicelsius=325), Wish(False, LoadCause.COOL_ENOUGH)),
        (COOLER, replace(AWAY, temperature_decicelsius=326), Wish(True, LoadCause.TOO_HOT)),
        # nobody knows how warm it is
        (HEATER, replace(USUAL, temperature_decicelsius=None), Wish(False, LoadCause.NO_READING)),
        (HEATER, replace(USUAL, temperature_decicelsius=None, running=on(HEATER), on=on(HEATER)),
         Wish(False, LoadCause.NO_READING)),
        (COOLER, replace(USUAL, temperature_decicelsius=None), Wish(False, LoadCause.NO_READING)),
        # machines are spared
        (COOLER, replace(USUAL, temperature_decicelsius=300, resting=on(COOLER)), Wish(False, LoadCause.RESTING)),
        (COOLER, replace(USUAL, temperature_decicelsius=200, on=on(COOLER), running=on(COOLER)),
         Wish(True, LoadCause.RUNNING)),
        (HEATER, replace(AWAY, temperature_decicelsius=0, resting=on(HEATER)), Wish(False, LoadCause.RESTING)),
        # what takes loads off, whatever comfort says
        (SOCKETS, replace(USUAL, water=True), Wish(False, LoadCause.WATER)),
        (LIGHT, replace(USUAL, water=True), Wish(True, LoadCause.OCCUPIED)),
        (LIGHT, replace(USUAL, mains_lost=True), Wish(True, LoadCause.OCCUPIED)),
        (SOCKETS, replace(USUAL, mains_lost=True), Wish(False, LoadCause.MAINS_LOST)),
        (SIGN, replace(USUAL, mains_lost=True), Wish(False, LoadCause.MAINS_LOST)),
        (HEATER, replace(AWAY, mains_lost=True, temperature_decicelsius=0), Wish(False, LoadCause.MAINS_LOST)),
        (COOLER, replace(USUAL, mains_lost=True, on=on(COOLER), running=on(COOLER)), Wish(False, LoadCause.MAINS_LOST)),
        (LIGHT, replace(USUAL, cut=on(LIGHT)), Wish(False, LoadCause.CUT)),
        (COOLER, replace(USUAL, cut=on(COOLER), on=on(COOLER), running=on(COOLER)), Wish(False, LoadCause.CUT)),
        # danger
        (LIGHT, replace(AWAY, hazard=True), Wish(True, LoadCause.HAZARD)),
        (LIGHT, replace(AWAY, fire=True, hazard=True, cut=on(LIGHT), shut=True), Wish(True, LoadCause.FIRE)),
        (SOCKETS, replace(USUAL, hazard=True), Wish(False, LoadCause.HAZARD)),
        (HEATER, replace(USUAL, fire=True, temperature_decicelsius=0), Wish(False, LoadCause.FIRE)),
    ],
)  # fmt: skip
def test_the_table(load: Load, situation: Situation, wish: Wish) -> None:
    assert wanted(load, situation) == wish


FLAGS = [field.name for field in fields(Situation) if field.type in (bool, "bool")]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.id)
def test_every_kind_has_an_answer_in_every_situation_and_danger_overrides_all(load: Load) -> None:
    for flags in product((False, True), repeat=len(FLAGS)):
        for celsius, sets in product((None, -300, 0, 200, 500), product((frozenset(), on(load)), repeat=3)):
            cut, is_on, lately = sets
            chosen: dict[str, Any] = dict(zip(FLAGS, flags, strict=True))
            situation = Situation(
                **chosen,
                temperature_decicelsius=celsius,
                cut=cut,
                on=is_on,
                running=lately & is_on,
                resting=lately - is_on,
            )
            wish = wanted(load, situation)
            if situation.fire or situation.hazard:
                assert wish.on is (load.kind is LoadKind.LIGHT)
                assert wish.cause is (LoadCause.FIRE if situation.fire else LoadCause.HAZARD)
            elif cut:
                assert wish == Wish(False, LoadCause.CUT)


def test_every_rule_of_the_table_decides_somewhere() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    seen = {wanted(load, situation).cause for load in LOADS for situation in (USUAL, AWAY)}
    assert seen == {
        LoadCause.OCCUPIED, LoadCause.EMPTY, LoadCause.ALWAYS, LoadCause.SCHEDULE, LoadCause.WARM_ENOUGH,
        LoadCause.COOL_ENOUGH,
    }  # fmt: skip


# ---------------------------------------------------------------- the budget


def test_without_a_budget_every_wish_is_granted() -> None:
    cold = replace(USUAL, temperature_decicelsius=0)
    assert {load for load, wish in settled(LOADS, cold, None).items() if wish.on} == on(LIGHT, HEATER, SOCKETS, SIGN)


def test_the_lowest_priority_is_put_out_first_and_of_equals_the_later_one() -> None:
    first = replace(SOCKETS, id=LoadId("first"), priority=3, power_w=100)
    second = replace(SOCKETS, id=LoadId("second"), priority=3, power_w=100)
    low = replace(SOCKETS, id=LoadId("low"), priority=2, power_w=100)
    high = replace(SOCKETS, id=LoadId("high"), priority=4, power_w=100)
    loads = (low, first, second, high)
    for budget_w, let_on in (
        (400, loads),
        (399, (first, second, high)),
        (200, (first, high)),
        (199, (high,)),
        (99, ()),
    ):
        wishes = settled(loads, USUAL, budget_w)
        assert {load for load, wish in wishes.items() if wish.on} == on(*let_on)
        assert {wish.cause for wish in wishes.values() if not wish.on} <= {LoadCause.BUDGET}


def test_a_small_load_takes_the_room_that_a_large_one_does_not_fit_in() -> None:
    large = replace(SOCKETS, id=LoadId("large"), power_w=1_000, priority=5)
    wishes = settled((large, SIGN), USUAL, 500)
    assert wishes == {large.id: Wish(False, LoadCause.BUDGET), SIGN.id: Wish(True, LoadCause.ALWAYS)}


def test_what_was_put_out_a_moment_ago_stays_out_and_takes_no_room() -> None:
    wishes = settled((SOCKETS, SIGN), replace(USUAL, shed=on(SOCKETS)), 1_550)
    assert wishes == {SOCKETS.id: Wish(False, LoadCause.BUDGET), SIGN.id: Wish(True, LoadCause.ALWAYS)}


def test_in_a_fire_the_lights_come_before_every_priority() -> None:
    light = replace(LIGHT, priority=0)
    for situation in (Situation(fire=True, shed=on(light)), Situation(hazard=True, shed=on(light))):
        assert settled((replace(SOCKETS, priority=9), light), situation, LIGHT.power_w)[light.id].on


SITUATIONS = st.builds(
    Situation,
    **{name: st.booleans() for name in FLAGS},
    temperature_decicelsius=st.none() | st.integers(-300, 500),
    band=st.sampled_from([OCCUPIED_BAND, EMPTY_BAND]),
    **{
        name: st.frozensets(st.sampled_from([load.id for load in LOADS]))
        for name in ("open", "cut", "on", "running", "resting", "shed")
    },
)


@given(SITUATIONS, st.integers(LIGHT.power_w, 5_000), st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_never_above_the_budget_and_in_danger_nothing_but_lights(
    situation: Situation, budget_w: int, priorities: list[int]
) -> None:
    loads = [replace(load, priority=priority) for load, priority in zip(LOADS, priorities, strict=True)]
    wishes = settled(loads, situation, budget_w)
    assert wishes.keys() == on(*LOADS)
    assert sum(load.power_w for load in loads if wishes[load.id].on) <= budget_w
    if situation.fire or situation.hazard:
        assert {load for load, wish in wishes.items() if wish.on} == {LIGHT.id}
    if situation.night and not situation.occupied and not {LoadCause.RUNNING} & {wishes[SOCKETS.id].cause}:
        assert not wishes[SOCKETS.id].on


# ---------------------------------------------------------------- a load's description


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"power_w": 0}, "power_w = 0"),
        ({"power_w": 50_001}, "power_w = 50001"),
        ({"priority": -1}, "priority = -1"),
        ({"priority": 10}, "priority = 10"),
        ({"min_on_ms": -1}, "min_on_ms"),
        ({"min_off_ms": -1}, "min_off_ms"),
        ({"schedule": DAYTIME}, "only a sign"),
    ],
)
def test_a_load_that_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(LIGHT, **changes)  # type: ignore[arg-type]


def test_the_limits_of_a_load_are_accepted() -> None:
    for power_w, priority in ((1, 0), (50_000, 9)):
        assert replace(LIGHT, power_w=power_w, priority=priority).power_w == power_w
