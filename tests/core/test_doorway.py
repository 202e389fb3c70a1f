"""Beams in time, with a door between them: who is counted."""

from dataclasses import replace

import pytest

from contract.policy.model import Antipassback
from contract.records import AccessTaken, Direction, OccupancyChanged, Posture
from edge.core import events
from edge.core.beams import GAP_MS, Place
from edge.core.config import AccessConfig, StationConfig
from edge.core.doorway import OPENING_ENDS_MS
from edge.core.events import Point
from tests.core.people_support import INNER, OUTER, PRESENCE, WITH_BEAMS, PeopleLife
from tests.core.support import RIDER, only

PASSBACK = replace(WITH_BEAMS, access=AccessConfig(antipassback=Antipassback.SOFT))


def place(life: PeopleLife) -> Place:
    return life.state.volatile.presence.doorway.place


def beam_life(config: StationConfig = WITH_BEAMS) -> PeopleLife:
    life = PeopleLife(config)
    assert place(life) is Place.FREE
    return life


def test_beams_count_each_of_those_who_come_in_on_one_card() -> None:
    life = beam_life()
    life.come_in(people=3)

    assert life.people() == (3, True)
    assert life.state.durable.occupancy.confidence_percent == 95


def test_whoever_leaves_is_taken_away() -> None:
    life = beam_life()
    life.come_in(people=2)
    life.go_out()

    assert life.people() == (1, True)
    assert only(life.last, OccupancyChanged) == OccupancyChanged(1, True, "beams", 95)


def test_more_leave_than_came_and_the_count_stays_at_nobody_and_says_so() -> None:
    life = beam_life()
    life.go_out()

    assert life.people() == (0, False)


@pytest.mark.parametrize("inward", [True, False])
def test_whoever_turns_round_in_the_door_way_is_not_counted(inward: bool) -> None:
    life = beam_life()
    life.come_in()
    life.card()
    life.open()
    near, far = (OUTER, INNER) if inward else (INNER, OUTER)
    life.beams((near, True), (far, True), (far, False), (near, False))
    life.close()
    life.wait(10_000)

    assert life.people() == (1, True)


def test_a_card_that_opens_and_nobody_who_goes_through_counts_nobody_and_gives_the_member_back() -> None:
    life = beam_life(PASSBACK)
    life.card()
    life.open()
    assert [inside.member for inside in life.state.durable.inside] == [RIDER.id]
    life.beams((OUTER, True), (OUTER, False))
    life.close()
    life.wait(OPENING_ENDS_MS)

    assert only(life.last, AccessTaken) == AccessTaken(RIDER.id, Direction.OUT)
    assert life.state.durable.inside == ()
    assert life.people() == (0, True)


def test_whoever_came_in_stays_among_those_inside() -> None:
    life = beam_life(PASSBACK)
    life.come_in()
    life.wait(60_000)

    assert [inside.member for inside in life.state.durable.inside] == [RIDER.id]


def test_an_opening_in_which_no_beam_moves_says_that_the_beams_are_dead() -> None:
    life = beam_life()
    life.card()
    life.open()
    life.close()
    assert life.people() == (0, True)
    life.wait(OPENING_ENDS_MS)

    assert only(life.last, OccupancyChanged) == OccupancyChanged(0, False, "beams_silent", 50)


def test_a_door_that_opens_for_nobody_in_particular_needs_no_beam_to_move() -> None:
    life = beam_life()
    life.do(events.FireChanged(True))
    life.open()
    life.close()
    life.wait(60_000)

    assert life.people() == (0, True)


@pytest.mark.parametrize("how", ["fire", "free_access", "command", "forced"])
def test_beams_count_also_whoever_comes_for_reasons_that_the_door_cannot_count(how: str) -> None:
    life = beam_life()
    if how == "fire":
        life.do(events.FireChanged(True))
    elif how == "free_access":
        life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    elif how == "command":
        life.do(events.CommandReceived("command-1", "release", "operator", {"reason": "help"}))
    life.open()
    life.walk(True)
    life.close()
    life.wait(10_000)

    assert life.people() == (1, True)


def test_two_close_together_are_two_and_the_count_is_in_doubt() -> None:
    life = beam_life()
    life.card()
    life.open()
    life.beams((OUTER, True), (INNER, True), (OUTER, False), (OUTER, True), (INNER, False))
    life.beams((INNER, True), (OUTER, False), (INNER, False))
    life.close()

    assert life.people() == (2, False)


def test_the_beams_of_a_closed_door_count_nobody() -> None:
    """One waits outside while another one walks by inside."""
    life = beam_life()
    life.come_in()
    life.wait(60_000)
    life.walk(True)
    life.walk(False)

    assert life.people() == (1, True)


def test_somebody_who_waits_outside_while_the_door_closes_is_still_outside() -> None:
    life = beam_life()
    life.come_in()
    life.wait(30_000)
    life.press_exit()
    life.open()
    life.beam(OUTER, True)
    life.close()
    # Somebody inside walks along the inner beam, and the one outside goes away.
    life.beams((INNER, True), (OUTER, False), (INNER, False))
    life.wait(60_000)

    assert life.people() == (1, True)


def test_a_passing_that_the_contact_denies_counts_in_doubt_when_the_lock_had_been_let_go() -> None:
    life = beam_life()
    life.card()
    life.walk(True)

    assert life.people() == (1, False)


def test_bounce_of_a_beam_is_nobody() -> None:
    life = beam_life()
    life.card()
    life.open()
    for point in (OUTER, INNER, OUTER, INNER):
        life.do(events.PointChanged(point, True))
        life.wait(PRESENCE.beam_settle_ms - 1)
        life.do(events.PointChanged(point, False))
        life.wait(5)
    assert place(life) is Place.FREE

    life.walk(True)
    assert life.people() == (1, True)


def test_an_edge_that_is_told_again_changes_nothing() -> None:
    life = beam_life()
    life.card()
    life.open()
    life.do(events.PointChanged(OUTER, True))
    life.wait(10)
    life.do(events.PointChanged(OUTER, True))
    life.wait(10)

    assert place(life) is Place.NEAR


def test_a_late_edge_counts_at_its_own_moment() -> None:
    """The shell was busy for a second: all edges come at once, each with its time."""
    life = beam_life()
    life.card()
    life.open()
    life.mono_ms += 1_000
    for ago_ms, point, broken in ((900, OUTER, True), (700, INNER, True), (500, OUTER, False), (300, INNER, False)):
        life.do(events.PointChanged(point, broken, life.mono_ms - ago_ms))
    life.wait(100)

    assert life.people() == (1, True)


def test_a_hand_in_the_gap_is_forgotten_after_a_while() -> None:
    life = beam_life()
    life.card()
    life.open()
    life.beams((OUTER, True), (OUTER, False))
    assert place(life) is Place.BETWEEN
    life.wait(GAP_MS)
    assert place(life) is Place.FREE

    life.beams((INNER, True), (OUTER, True), (INNER, False), (OUTER, False))
    assert life.people() == (0, False), "out, not in"


def test_a_crate_in_the_open_door_blinds_the_beams_and_the_door_counts_in_doubt() -> None:
    life = beam_life()
    life.card()
    life.open()
    life.walk(True)
    life.beam(OUTER, True)
    life.wait(PRESENCE.beam_stuck_ms)
    assert place(life) is Place.BLIND
    assert life.people() == (1, False)

    life.card()
    assert life.people() == (2, False)
    life.beam(OUTER, False)
    assert place(life) is Place.FREE
    life.walk(True)
    assert life.people() == (3, False)


def test_somebody_who_waits_before_the_closed_door_blinds_nobody() -> None:
    life = beam_life()
    life.beam(OUTER, True)
    life.wait(1_800_000)
    life.card()
    life.open()
    life.beams((INNER, True), (OUTER, False), (INNER, False))

    assert life.people() == (1, True)


def test_wires_that_were_away_leave_a_doubt_and_count_again() -> None:
    life = beam_life()
    life.come_in()
    life.do(events.GpioChanged(False, "no pins"))
    assert place(life) is Place.BLIND
    assert life.people() == (1, False)
    life.do(events.GpioChanged(True))
    life.levels()

    life.come_in()
    assert life.people() == (2, False)


def test_a_run_that_begins_with_somebody_in_a_beam_waits_until_it_is_free() -> None:
    life = beam_life()
    life.boot()
    life.levels(points={Point.BEAM_INNER: True})
    assert place(life) is Place.BLIND
    life.beam(INNER, False)

    assert place(life) is Place.FREE


def test_a_beam_that_nobody_tells_of_at_the_start_is_not_trusted_before_it_speaks() -> None:
    life = PeopleLife(WITH_BEAMS)
    life.boot()
    life.do(events.LevelsRead(False, False, False, {Point.BEAM_OUTER: False}))
    assert place(life) is Place.BLIND
    life.beams((INNER, True), (INNER, False))

    assert place(life) is Place.FREE


def test_a_station_without_beams_does_not_listen_to_them() -> None:
    life = PeopleLife(replace(WITH_BEAMS, supervision=replace(WITH_BEAMS.supervision, points=frozenset())))
    life.card()
    life.open()
    life.walk(True)

    assert place(life) is Place.BLIND
    assert life.people() == (1, True)
    assert life.state.durable.occupancy.confidence_percent == 85


def test_a_crash_leaves_a_doubt_with_beams_too() -> None:
    life = beam_life()
    life.come_in()
    life.boot(clean_stop=False)
    life.levels()

    assert life.people() == (1, False)
