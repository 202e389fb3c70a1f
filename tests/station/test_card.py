"""A card at the reader, on every real wire: OSDP in, the pigpio protocol out."""

import pytest

from tests.station.station_under_test import RIDER, STRANGER, StationUnderTest


@pytest.mark.alone
def test_a_members_card_releases_the_lock_within_a_quarter_second(station: StationUnderTest) -> None:
    assert station.enter_by_card() < 250


def test_the_lock_returns_to_rest_when_nobody_opens(station: StationUnderTest) -> None:
    since = station.show(RIDER)
    released = station.wait_fact("pin_edge", since, wire="lock", level=True)
    relocked = station.wait_fact("pin_edge", released.mono_ms, wire="lock", level=False)
    assert 900 <= relocked.mono_ms - released.mono_ms <= 1_400


def test_a_strangers_card_releases_nothing_and_is_told_so(station: StationUnderTest) -> None:
    since = station.show(STRANGER)
    station.wait_fact("reader_feedback", since, device="led", color="red")
    assert not [edge for edge in station.facts("pin_edge", since) if edge.fields["wire"] == "lock"]


def test_a_granted_card_shows_green(station: StationUnderTest) -> None:
    since = station.show(RIDER)
    station.wait_fact("reader_feedback", since, device="led", color="green")


def test_going_through_closes_the_lock_behind_the_person(station: StationUnderTest) -> None:
    since = station.show(RIDER)
    station.wait_fact("pin_edge", since, wire="lock", level=True)
    assert station.sim.act("push_door")["opened"]
    station.wait(lambda: station.state()["door"]["mode"] == "open", "door open")
    station.sim.act("let_go")
    station.wait(lambda: station.state()["door"]["mode"] == "secured", "door secured")
    assert station.state()["people"] >= 1


def test_a_forced_door_is_an_alarm_until_it_is_closed(station: StationUnderTest) -> None:
    station.wait_beyond_grace()
    station.sim.act("push_door", force=True)
    station.wait(lambda: "door_forced" in station.alarms(), "door_forced alarm")
    station.sim.act("let_go")
    station.wait(lambda: "door_forced" not in station.alarms(), "door_forced cleared")
