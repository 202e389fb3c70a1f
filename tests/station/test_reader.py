"""The reader on its line: back after a lost reply, never without its key, noise survived."""

import pytest

from tests.station.station_under_test import A_SECOND_MS, StationUnderTest


def reader_back_ms(station: StationUnderTest, since_ms: float) -> float:
    """From the lost reply to the secure channel's return."""
    lost = station.wait_fact("reply_lost", since_ms)
    return station.wait_fact("reader_link", lost.mono_ms, secure=True).mono_ms - lost.mono_ms


def opens_within(station: StationUnderTest, seconds: float) -> bool:
    try:
        station.enter_by_card(seconds)
    except AssertionError:
        return False
    return True


def test_one_lost_reply_costs_half_a_second_at_most(station: StationUnderTest) -> None:
    import time

    since = time.monotonic() * 1000
    station.sim.act("fault", name="reader_lost_replies", on=True, args={"count": 1})
    assert reader_back_ms(station, since) <= 500
    assert station.enter_by_card() < A_SECOND_MS


def test_noise_and_broken_replies_do_not_end_the_reader(station: StationUnderTest) -> None:
    for fault in ("reader_noise", "reader_corrupt"):
        station.sim.act("fault", name=fault, on=True, args={"count": 5})
        station.wait(lambda: station.state()["readers"][0]["online"], "reader online")
    station.wait(lambda: opens_within(station, 1.0), "a card after noise", 30)


@pytest.mark.parametrize("fault", ["reader_keyless", "reader_wrong_key"])
def test_a_reader_without_the_right_key_is_never_accepted(station: StationUnderTest, fault: str) -> None:
    station.sim.act("fault", name=fault, on=True)
    try:
        station.wait(lambda: not station.state()["readers"][0]["online"], "reader refused")
        station.wait(lambda: "reader_offline" in station.alarms(), "reader alarm", 30)
        since = station.show("rider-1")
        with pytest.raises(AssertionError):
            station.wait_fact("pin_edge", since, 2.0, wire="lock", level=True)
    finally:
        station.sim.act("fault", name=fault, on=False)
    station.wait_open_for_cards(30)
