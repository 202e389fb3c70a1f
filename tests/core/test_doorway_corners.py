"""Beams and the door at the moments where one thing ends and another begins."""

from dataclasses import replace

import pytest

from contract.policy.model import Antipassback
from contract.records import AccessTaken, OccupancyChanged, Record
from edge.core import events
from edge.core.beams import GAP_MS, Place
from edge.core.config import AccessConfig
from edge.core.doorway import BEAMS, OPENING_ENDS_MS
from edge.core.events import Point
from tests.core.people_support import INNER, OUTER, PRESENCE, WITH_BEAMS, PeopleLife
from tests.core.support import CONFIG, RIDER

PASSBACK = replace(WITH_BEAMS, access=AccessConfig(antipassback=Antipassback.SOFT))
RELEASE_MS = CONFIG.door.release_ms


def place(life: PeopleLife) -> Place:
    return life.state.volatile.presence.doorway.place


def causes(records: list[Record]) -> list[str]:
    return [record.cause for record in records if isinstance(record, OccupancyChanged)]


def test_a_station_with_nothing_wired_but_its_beams_counts_by_them() -> None:
    life = PeopleLife(replace(WITH_BEAMS, supervision=replace(WITH_BEAMS.supervision, points=BEAMS)))
    life.come_in(people=2)

    assert life.people() == (2, True)


def test_whoever_was_in_a_beam_while_nobody_looked_is_forgotten_when_both_are_found_free() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.beam(OUTER, True)
    assert place(life) is Place.NEAR
    life.levels()

    assert place(life) is Place.FREE


def test_beams_that_were_lost_in_an_opening_are_not_said_to_be_dead_for_it() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.card()
    life.open()
    life.close()
    life.do(events.GpioChanged(False, "no pins"))
    life.do(events.GpioChanged(True))
    life.levels()

    assert causes(life.wait(OPENING_ENDS_MS)) == []


def test_whoever_waited_in_the_beam_when_the_lock_was_let_go_counts_in_doubt_though_it_has_locked_since() -> None:
    """The contact is stuck: it never says that the door was open."""
    life = PeopleLife(WITH_BEAMS)
    life.beam(OUTER, True)
    life.card()
    life.wait(RELEASE_MS)
    assert not life.lock_released
    life.beams((INNER, True), (OUTER, False), (INNER, False))

    assert life.people() == (1, False)


def test_a_door_that_opens_again_at_once_is_one_opening_and_says_nothing_of_the_beams_yet() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.card()
    life.open()
    life.close()
    life.wait(OPENING_ENDS_MS - 1_000)
    life.open()
    seen = life.wait(OPENING_ENDS_MS)
    seen += life.walk(True)
    seen += life.close()
    seen += life.wait(OPENING_ENDS_MS)

    assert "beams_silent" not in causes(seen)


def test_what_stood_in_the_beam_before_the_door_opened_is_a_crate_when_it_stays() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.beam(OUTER, True)
    life.wait(60_000)
    life.card()
    life.open()
    life.wait(PRESENCE.beam_stuck_ms)

    assert place(life) is Place.BLIND


def test_whoever_stays_in_the_beam_when_the_door_has_closed_is_somebody_who_waits_and_no_crate() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.press_exit()
    life.open()
    life.beam(OUTER, True)
    life.wait(PRESENCE.beam_stuck_ms // 2)
    life.close()
    life.wait(2 * PRESENCE.beam_stuck_ms)

    assert place(life) is Place.NEAR


@pytest.mark.parametrize("crate", [True, False])
def test_blind_beams_take_back_nobody_who_was_let_in(crate: bool) -> None:
    life = PeopleLife(PASSBACK)
    life.card()
    life.open()
    seen = life.beam(OUTER, True)
    if crate:
        seen += life.wait(PRESENCE.beam_stuck_ms)
        assert place(life) is Place.BLIND
    seen += life.beam(OUTER, False)
    seen += life.close()
    seen += life.wait(2 * OPENING_ENDS_MS)

    assert any(isinstance(record, AccessTaken) for record in seen) is not crate
    assert [inside.member for inside in life.state.durable.inside] == ([RIDER.id] if crate else [])


def test_whoever_came_back_into_the_gap_and_is_gone_leaves_a_doubt() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.card()
    life.open()
    life.beams((OUTER, True), (INNER, True), (OUTER, False), (OUTER, True), (INNER, False), (OUTER, False))
    assert place(life) is Place.BETWEEN_AGAIN
    life.wait(GAP_MS)

    assert place(life) is Place.FREE
    assert life.people() == (0, False)


@pytest.mark.parametrize(
    ("edges", "where"),
    [
        ([(OUTER, True)], Place.NEAR),
        ([(OUTER, True), (OUTER, False)], Place.BETWEEN),
        ([(OUTER, True), (INNER, True), (OUTER, False), (OUTER, True), (INNER, False)], Place.NEAR_AGAIN),
    ],
)
def test_whoever_is_still_before_the_leaf_when_the_door_closes_did_not_come_through_it(
    edges: list[tuple[Point, bool]], where: Place
) -> None:
    life = PeopleLife(WITH_BEAMS)
    life.press_exit()
    life.open()
    for point, broken in edges[:-1]:
        life.beam(point, broken)
    # The last edge and the closing leaf come within the time in which a gap is nobody's yet.
    life.beam(*edges[-1])
    life.leaf(False)
    assert place(life) is where

    now = life.state.volatile.presence.doorway
    assert (now.door_was_open, now.door_was_released) == (False, False)
