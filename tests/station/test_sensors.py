"""A fully equipped station: people are counted, light follows them, who lies still is asked after, smoke is told."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.station.station_under_test import A_SECOND_MS, RIDER, StationUnderTest, put_roster, running_station
from yizhan.stack.hardware import LOADS
from yizhan.stack.layout import Layout

LIGHT = next(load for load in LOADS if load.kind == "light")


def prepare(layout: Layout) -> None:
    """With times so short that they run out within a test."""
    put_roster(layout)
    text = layout.edge_config.read_text()
    for key, seconds in (("welfare_still_s", 3), ("welfare_night_still_s", 3), ("welfare_answer_s", 5)):
        text, found = re.subn(rf"(?m)^{key} = \d+$", f"{key} = {seconds}", text)
        if not found:
            text = text.replace("[presence]\n", f"[presence]\n{key} = {seconds}\n")
    layout.edge_config.write_text(text)


@pytest.fixture(scope="module")
def equipped_station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationUnderTest]:
    directory: Path = tmp_path_factory.mktemp("station")
    with running_station(directory, equipped=True, prepare=prepare) as station:
        yield station


@pytest.fixture
def equipped(equipped_station: StationUnderTest) -> StationUnderTest:
    """At rest, its reader online."""
    equipped_station.wait_open_for_cards()
    equipped_station.wait_at_rest()
    return equipped_station


def offline(station: StationUnderTest) -> set[str]:
    return {alarm["source"] for alarm in station.state()["alarms"] if alarm["code"] == "sensor_offline"}


def loads_on(station: StationUnderTest) -> set[str]:
    """Those whose output is on, as the world's own wires say."""
    return {load["id"] for load in station.sim.world()["room"]["loads"] if load["wanted"]}


def walk(station: StationUnderTest, *, inward: bool) -> None:
    """Through the released door, with the leaf closed behind."""
    station.sim.act("push_door", from_inside=not inward)
    station.wait(lambda: station.sim.world()["door"]["angle_degrees"] > 80, "the door is wide open")
    station.sim.act("walk", person=RIDER, inward=inward)
    station.wait(lambda: is_inside(station) is inward, f"{RIDER} is {'in' if inward else 'out'}")
    station.sim.act("let_go")
    station.wait(lambda: not station.sim.world()["door"]["open"], "the door is closed")


def is_inside(station: StationUnderTest) -> bool | None:
    """None: in the door way."""
    places = [body["place"] for body in station.sim.world()["room"]["bodies"] if body["person"] == RIDER]
    return None if "doorway" in places else "inside" in places


def test_somebody_comes_in_is_counted_given_light_and_asked_after(equipped: StationUnderTest) -> None:
    equipped.sim.act("come", person=RIDER)
    assert equipped.enter_by_card() < A_SECOND_MS
    equipped.wait(lambda: LIGHT.id in loads_on(equipped), "light before anybody is in")
    walk(equipped, inward=True)
    equipped.wait(lambda: equipped.state()["people"] == 1, "one inside")
    equipped.sim.act("do", person=RIDER, doing="lying")
    equipped.wait(lambda: "welfare" in equipped.alarms(), "somebody lies still and nobody answers")
    equipped.sim.act("do", person=RIDER, doing="moving")
    equipped.wait(lambda: "welfare" not in equipped.alarms(), "moves again")
    equipped.sim.act("exit_button", press_ms=200)
    walk(equipped, inward=False)
    equipped.wait(lambda: equipped.state()["people"] == 0, "nobody inside")


def test_smoke_is_an_alarm_and_takes_the_sockets_power(equipped: StationUnderTest) -> None:
    equipped.sim.act("smoke", there=True)
    equipped.wait(lambda: "smoke" in equipped.alarms(), "smoke")
    equipped.wait(lambda: loads_on(equipped) == {LIGHT.id}, "nothing but light is on")
    equipped.sim.act("smoke", there=False)
    equipped.wait(lambda: "smoke" not in equipped.alarms(), "no smoke any more")


@pytest.mark.parametrize(("what", "code"), [("enclosure", "enclosure_tamper"), ("reader", "reader_tamper")])
def test_a_lid_that_is_opened_is_an_alarm(equipped: StationUnderTest, what: str, code: str) -> None:
    equipped.sim.act("tamper", what=what, open=True)
    equipped.wait(lambda: code in equipped.alarms(), code)
    equipped.sim.act("tamper", what=what, open=False)
    equipped.wait(lambda: code not in equipped.alarms(), f"{code} is over")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_door_does_without_the_sensors_process(equipped: StationUnderTest, number: signal.Signals) -> None:
    before = equipped.signal("sensors", number)
    assert equipped.enter_by_card() < A_SECOND_MS
    equipped.wait(lambda: {"ceiling", "contacts", "meter"} <= offline(equipped), "its sensors are missed")
    equipped.wait(lambda: equipped.ask()["pids"]["sensors"] not in (before, None), "another sensors process")
