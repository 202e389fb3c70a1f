"""Riders at the cabinet of a real station: real controller, real driver, a cabinet on its wire, and truth in the
world's own log."""

import signal
from collections.abc import Iterator

import pytest

from tests.station.cabinet_under_test import READY_S, CabinetUnderTest, running_cabinet
from tests.station.station_under_test import RIDER, STRANGER

OTHER_RIDER = "courier-1"
GUEST = "driver-1"
"""A member who has no battery of ours."""
LEASE_ENDS_MS = 10_000
OFF_WITHIN_MS = 2_000


@pytest.fixture(scope="module")
def shared_cabinet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CabinetUnderTest]:
    with running_cabinet(tmp_path_factory.mktemp("cabinet")) as cabinet:
        yield cabinet


@pytest.fixture
def cabinet(shared_cabinet: CabinetUnderTest) -> CabinetUnderTest:
    """The shared one, at rest."""
    shared_cabinet.wait_ready()
    shared_cabinet.station.wait(lambda: shared_cabinet.state()["swap"] is None, "no swap under way")
    return shared_cabinet


def assert_books_are_true(cabinet: CabinetUnderTest) -> None:
    assert cabinet.booked() == cabinet.inside()
    assert cabinet.state()["anomalies"] == []


def test_a_rider_leaves_with_a_full_battery(cabinet: CabinetUnderTest) -> None:
    (brought,) = cabinet.ride(RIDER)
    full = {slot["slot"]: slot["battery"] for slot in cabinet.state()["slots"] if slot["full"]}
    shown_ms = cabinet.show_card(RIDER)
    empty = cabinet.wait_door(shown_ms)
    shut_ms = cabinet.put_and_shut(empty, RIDER)
    given = cabinet.wait_door(shut_ms)
    cabinet.take_and_shut(given, RIDER)
    cabinet.wait_outcome("done")
    assert cabinet.carried(RIDER) == [full[given]]
    assert cabinet.inside()[empty] == brought
    assert cabinet.pulses(shown_ms) == [empty, given]
    assert_books_are_true(cabinet)


def test_a_battery_of_somebody_elses_fleet_is_given_back(cabinet: CabinetUnderTest) -> None:
    inside = cabinet.inside()
    cabinet.station.sim.act("bring", person=GUEST, what="foreign")
    (brought,) = cabinet.carried(GUEST)
    shown_ms = cabinet.show_card(GUEST)
    slot = cabinet.wait_door(shown_ms)
    shut_ms = cabinet.put_and_shut(slot, GUEST)
    assert cabinet.wait_door(shut_ms) == slot
    cabinet.take_and_shut(slot, GUEST)
    cabinet.wait_outcome("refused_foreign")
    assert cabinet.carried(GUEST) == [brought]
    assert cabinet.pulses(shown_ms) == [slot, slot]
    assert cabinet.inside() == inside
    assert_books_are_true(cabinet)


def test_no_slot_opens_for_somebody_unknown(cabinet: CabinetUnderTest) -> None:
    shown_ms = cabinet.show_card(STRANGER)
    cabinet.wait_refusal("denied")
    assert cabinet.pulses(shown_ms) == []


def test_whose_battery_is_inside_when_the_station_is_killed_is_owed_another_and_gets_it(
    cabinet: CabinetUnderTest,
) -> None:
    (brought,) = cabinet.ride(OTHER_RIDER)
    empty = cabinet.begin(OTHER_RIDER)
    cabinet.station.sim.act("slot_put", slot=empty, person=OTHER_RIDER)
    killed_ms, starts = cabinet.now_ms(), cabinet.station.services.status()["edge"].starts
    cabinet.station.services.kill("edge", signal.SIGKILL, whole_group=True)
    cabinet.shut(empty)
    cabinet.station.wait(lambda: cabinet.station.services.status()["edge"].starts > starts, "started again")
    cabinet.wait_outcome("interrupted_claim", READY_S)
    assert cabinet.pulses(killed_ms) == [], "something has moved before the truth was known"
    assert cabinet.booked()[empty] == brought
    assert_books_are_true(cabinet)
    given = cabinet.begin(OTHER_RIDER)
    assert given != empty
    cabinet.take_and_shut(given, OTHER_RIDER)
    cabinet.wait_outcome("done")
    assert len(cabinet.carried(OTHER_RIDER)) == 1
    assert cabinet.state()["claims"] == 0
    assert_books_are_true(cabinet)


def test_whoever_takes_the_full_battery_in_the_dark_has_swapped(cabinet: CabinetUnderTest) -> None:
    cabinet.ride(RIDER)
    shut_ms = cabinet.put_and_shut(cabinet.begin(RIDER), RIDER)
    given = cabinet.wait_door(shut_ms)
    cut_ms = cabinet.now_ms()
    cabinet.station.sim.act("power", on=False)
    cabinet.take_and_shut(given, RIDER)
    cabinet.station.sim.act("power", on=True)
    cabinet.wait_outcome("done", READY_S)
    assert cabinet.pulses(cut_ms) == []
    assert cabinet.state()["claims"] == 0
    assert_books_are_true(cabinet)


def test_a_killed_station_charges_nothing_ten_seconds_later(cabinet: CabinetUnderTest) -> None:
    cabinet.wait_charging()
    cut_ms = cabinet.now_ms()
    cabinet.station.services.cut("edge")
    try:
        cabinet.wait_no_current(LEASE_ENDS_MS / 1_000 + 5)
        assert cabinet.last_current_ended_ms(cut_ms) - cut_ms <= LEASE_ENDS_MS
    finally:
        cabinet.station.services.restore("edge")


@pytest.mark.alone
def test_smoke_in_a_slot_is_off_on_a_slow_wire_within_two_seconds(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_cabinet(tmp_path_factory.mktemp("slow"), baud=9_600) as cabinet:
        slot = cabinet.wait_charging()
        cabinet.station.sim.act("slot_smoke", slot=slot, there=True)
        (smoke,) = cabinet.station.facts("cabinet_point")
        off = cabinet.station.wait_fact("charger_set", smoke.mono_ms, slot=slot, ma=0)
        assert off.mono_ms - smoke.mono_ms <= OFF_WITHIN_MS
        cabinet.station.wait(lambda: bool(cabinet.state()["hazard"]), "people are told to leave")
        refused_ms = cabinet.show_card(RIDER)
        cabinet.station.wait(
            lambda: (cabinet.state()["said"] or {}).get("refusal") == "hazard", "nobody swaps beside smoke"
        )
        assert cabinet.pulses(refused_ms) == []
