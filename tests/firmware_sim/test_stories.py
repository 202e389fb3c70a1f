"""The stories, with the simplest possible controller: libosdp's panel for the card, gpiozero's pin for the lock."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero import DigitalOutputDevice

from firmware_sim.config import StoryName
from firmware_sim.faults import FaultName, schedule
from firmware_sim.station import ActError
from firmware_sim.stories import MAX_PLAYING
from tests.firmware_sim.support import ControlPanel, RunningStation, pin_factory

KNOWN = bytes.fromhex("02b3c4c0"), bytes.fromhex("04a1b2c3")


@pytest.fixture
def letting_in(running: RunningStation, controller: ControlPanel) -> Iterator[None]:
    """Releases for half a second for every card it knows."""
    stopping = threading.Event()

    def watch() -> None:
        served = 0
        with pin_factory(running) as factory, DigitalOutputDevice(17, pin_factory=factory) as lock:
            while not stopping.wait(0.005):
                if len(controller.cards) > served:
                    served += 1
                    if controller.cards[served - 1]["data"] in KNOWN:
                        lock.blink(on_time=0.5, n=1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    stopping.set()
    thread.join(5.0)


def play(running: RunningStation, name: StoryName) -> str:
    running.do(lambda: running.stories.start(name))
    (end,) = running.wait_for("visit_end", limit_s=15.0)
    return str(end["outcome"])


def test_a_rider_enters_and_the_door_closes_behind(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.RIDER_AT_TWO) == "entered"
    order = [line["kind"] for line in running.facts("card_shown") + running.facts("card_on_wire")]
    assert order == ["card_shown", "card_on_wire"]
    assert [line["open"] for line in running.facts("door")] == [True, False]
    (begin,) = running.facts("visit_begin")
    assert begin["visit"] == running.facts("card_shown")[0]["visit"]


def test_an_unknown_card_is_not_admitted(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.UNKNOWN_CARD) == "not_admitted"
    assert running.facts("lock_edge") == []


def test_without_a_controller_nobody_is_admitted_and_the_story_ends(running: RunningStation) -> None:
    assert play(running, StoryName.RIDER_AT_TWO) == "not_admitted"


def test_a_door_left_open_stays_open_for_the_configured_time(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.DOOR_LEFT_OPEN) == "entered"
    opened, closed = running.facts("door")
    held_ms = float(str(closed["mono_ms"])) - float(str(opened["mono_ms"]))
    assert held_ms >= running.config.stories.held_ms


@pytest.mark.parametrize(
    ("story", "outcome", "doors"),
    [
        (StoryName.PUSH_WITHOUT_GRANT, "door_stayed_shut", 0),
        (StoryName.FORCED_DOOR, "forced", 2),
        (StoryName.EXIT_BY_BUTTON, "left", 2),
    ],
)
def test_stories_without_a_card_need_no_controller(
    running: RunningStation, story: StoryName, outcome: str, doors: int
) -> None:
    assert play(running, story) == outcome
    assert len(running.facts("door")) == doors


def people(running: RunningStation) -> list[tuple[str, str, int]]:
    """Who went where, and how many were inside then."""
    return [(str(line["person"]), str(line["place"]), int(str(line["inside"]))) for line in running.facts("person")]


def test_a_rider_walks_through_the_beams_and_is_inside(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.RIDER_AT_TWO) == "entered"
    assert [place for _, place, _ in people(running)] == ["outside", "doorway", "inside"]
    assert [(line["beam"], line["broken"]) for line in running.facts("beam")] == [
        ("outer", True), ("inner", True), ("outer", False), ("inner", False),
    ]  # fmt: skip


def test_a_tailgater_slips_in_behind_on_one_card(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.TAILGATER) == "entered"
    assert people(running)[-1][1:] == ("inside", 2)
    assert len(running.facts("card_shown")) == 1
    assert len(running.facts("beam")) == 8


def test_who_turns_round_in_the_door_is_gone_again(running: RunningStation, letting_in: None) -> None:
    assert play(running, StoryName.TURNS_ROUND) == "left"
    assert people(running)[-1][1:] == ("away", 0)


@pytest.mark.parametrize(("story", "doing"), [(StoryName.RIDER_NAPS, "still"), (StoryName.LIES_STILL, "lying")])
def test_who_lies_or_sleeps_inside_goes_in_the_end(
    running: RunningStation, letting_in: None, story: StoryName, doing: str
) -> None:
    assert play(running, story) == "left"
    assert [line["doing"] for line in running.facts("doing")] == [doing, "moving"]
    assert people(running)[-1][1:] == ("away", 0)


@pytest.mark.parametrize(
    ("story", "kind", "values"),
    [
        (StoryName.SMOKE_IN_ROOM, "smoke", [True, False]),
        (StoryName.TAMPER_AT_NIGHT, "tamper", [True, False]),
        (StoryName.LOITERER, "motion", [True, False]),
    ],
)
def test_what_happens_at_the_station_ends_again(
    running: RunningStation, story: StoryName, kind: str, values: list[bool]
) -> None:
    assert play(running, story) == "happened"
    facts = running.wait_for(kind, 2)
    assert [line.get("there", line.get("open", line.get("active"))) for line in facts] == values


def test_a_number_follows_the_card_and_is_in_no_log(
    running: RunningStation, controller: ControlPanel, letting_in: None
) -> None:
    assert play(running, StoryName.CARD_AND_PIN) == "entered"
    assert [line["count"] for line in running.facts("keys_pressed")] == [1] * 5
    assert controller.keys == b"4711\x0d"
    assert "4711" not in running.config.world.log.read_text()


def test_a_visitor_without_a_pass_is_turned_away(running: RunningStation) -> None:
    assert play(running, StoryName.QR_VISITOR) == "interrupted"
    assert people(running)[-1][1:] == ("away", 0)


def test_who_is_inside_leaves_before_coming_again(running: RunningStation, letting_in: None) -> None:
    for _ in range(3):
        running.do(lambda: running.stories.start(StoryName.RIDER_AT_TWO))
        running.wait_for("visit_end", running.stories.visits, limit_s=15.0)
    assert [line["outcome"] for line in running.facts("visit_end")] == ["entered"] * 3
    assert max(inside for _, _, inside in people(running)) == 2


def test_more_stories_at_once_than_allowed_are_refused(running: RunningStation) -> None:
    for _ in range(MAX_PLAYING):
        running.do(lambda: running.stories.start(StoryName.RIDER_AT_TWO))
    with pytest.raises(ActError, match="being played already"):
        running.do(lambda: running.stories.start(StoryName.RIDER_AT_TWO))


def test_a_fault_schedule_is_the_same_for_the_same_seed() -> None:
    def first_faults(seed: int) -> list[object]:
        plan = schedule(tuple(FaultName), ("reader-1",), seed, 1000.0, 100.0)
        return [next(plan) for _ in range(20)]

    assert first_faults(3) == first_faults(3)
    assert first_faults(3) != first_faults(4)
