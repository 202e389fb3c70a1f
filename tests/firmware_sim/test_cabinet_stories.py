"""The stories at the swap cabinet, with the simplest possible controller: it opens an empty slot, then a full one."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_sim.batteries import Battery
from firmware_sim.cabinet_slot import LockFault, Slot
from firmware_sim.config import StoryName
from firmware_sim.config_cabinet import BatteryConfig, CabinetConfig
from firmware_sim.people import PersonId
from firmware_sim.station import ActError
from tests.firmware_sim.support import ControlPanel, RunningStation, make_config

OPENS_S = 0.25
IN_SLOTS = {1: 100, 2: 95, 3: 40}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    config = make_config(tmp_path, readers=2)
    batteries = [BatteryConfig(f"YZB60A00000{slot}", slot=slot, soc_percent=soc) for slot, soc in IN_SLOTS.items()]
    batteries += [BatteryConfig(f"OWN{person.id[:5]}", person=person.id, soc_percent=80) for person in config.people]
    cabinet = CabinetConfig(
        slots=5, device=tmp_path / "cabinet", reader="reader-2", pace=200.0, batteries=tuple(batteries)
    )
    stories = replace(config.stories, served_ms=500, ajar_ms=150, dark_ms=200)
    with RunningStation(replace(config, cabinet=cabinet, stories=stories)) as station:
        yield station


class Servant:
    """Serves whoever shows a card at the cabinet, by the cabinet's doors and the batteries' own words."""

    def __init__(self, running: RunningStation, panel: ControlPanel) -> None:
        self._running, self._panel = running, panel
        self._cabinet = running.station.swap_cabinet().cabinet
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Servant":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    def _serve(self) -> None:
        served = 0
        while not self._stopping.wait(0.003):
            if len(self._panel.cards) > served:
                self._swap()
                # A card that is shown while a slot opens is the same rider's.
                served = len(self._panel.cards)

    def _swap(self) -> None:
        empty = next(slot for slot in self._cabinet.slots.values() if slot.thing is None)
        if not self._open_and_shut(empty) or empty.thing is None:
            return
        told = empty.battery.told() if empty.battery is not None else None
        if told is None or not told.serial.startswith(("YZB", "OWN")):
            self._open_and_shut(empty)
            return
        full = [slot for slot in self._cabinet.slots.values() if slot is not empty and slot.battery is not None]
        for slot in sorted(full, key=lambda slot: -slot.battery.soc if slot.battery is not None else 0.0):
            if self._open_and_shut(slot):
                return

    def _open_and_shut(self, slot: Slot) -> bool:
        self._running.do(lambda: self._cabinet.pulse(slot.number, self._running.station.catch_up()))
        return self._until(lambda: slot.door_open, OPENS_S) and self._until(lambda: not slot.door_open, 5.0)

    def _until(self, seen: Callable[[], bool], limit_s: float) -> bool:
        end = time.monotonic() + limit_s
        while not seen():
            if time.monotonic() > end or self._stopping.wait(0.003):
                return False
        return True


@pytest.fixture
def served(running: RunningStation) -> Iterator[None]:
    reader = running.config.readers[1]
    with ControlPanel(reader.device, bytes.fromhex(reader.key_file.read_text())) as panel, Servant(running, panel):
        yield


def play(running: RunningStation, name: StoryName) -> str:
    running.do(lambda: running.stories.start(name))
    (end,) = running.wait_for("visit_end", limit_s=15.0)
    return str(end["outcome"])


def places(running: RunningStation) -> dict[str, str]:
    """Where everything is, by the log."""
    return {str(line["serial"]): str(line["to"]) for line in running.facts("battery_moved")}


@pytest.mark.parametrize(
    ("story", "outcome", "gone"),
    [
        (StoryName.SWAP_WELL, "swapped", 1),
        (StoryName.SWAP_FOREIGN, "got_back", 0),
        (StoryName.SWAP_BRICK, "got_back", 0),
        (StoryName.SWAP_NOTHING, "changed_mind", 0),
        (StoryName.SWAP_TAKES_NOTHING, "empty_handed", 0),
        (StoryName.SWAP_TAKES_TWO, "took_two", 2),
        (StoryName.SWAP_LEFT_OPEN, "swapped", 1),
    ],
)
def test_a_story_ends_as_it_is_called(
    running: RunningStation, served: None, story: StoryName, outcome: str, gone: int
) -> None:
    """`gone`: how many of the cabinet's own batteries somebody has afterwards."""
    assert play(running, story) == outcome
    where = places(running)
    with_people = [
        serial for serial, place in where.items() if serial.startswith("YZB") and place.startswith("person:")
    ]
    assert len(with_people) == gone
    assert not any(slot.door_open for slot in running.station.swap_cabinet().cabinet.slots.values())
    # Strange things have gone home with whoever brought them.
    assert [place for serial, place in where.items() if serial.startswith(("XF", "brick"))] in ([], [""])


def test_when_the_chosen_lock_sticks_the_next_best_opens(running: RunningStation, served: None) -> None:
    assert play(running, StoryName.SWAP_STUCK_LOCK) == "swapped"
    pulsed = [line["slot"] for line in running.facts("slot_pulse")]
    assert pulsed == [4, 1, 2]
    assert all(slot.lock_fault is None for slot in running.station.swap_cabinet().cabinet.slots.values())


def test_a_rider_whose_battery_is_in_when_the_power_goes_waits_for_it(running: RunningStation) -> None:
    """Nobody serves after the cut here: what counts is that the world goes on without a controller."""
    cabinet = running.station.swap_cabinet().cabinet
    running.do(lambda: running.stories.start(StoryName.SWAP_POWER_CUT))
    running.wait_for("card_shown")
    running.do(lambda: cabinet.pulse(5, running.station.catch_up()))
    (end,) = running.wait_for("visit_end", limit_s=15.0)
    assert end["outcome"] == "empty_handed"
    assert [line["on"] for line in running.facts("power")] == [False, True]
    (door,) = running.facts("slot_door", open=False)
    (off, on) = running.facts("power")
    assert float(str(off["mono_ms"])) < float(str(door["mono_ms"])) < float(str(on["mono_ms"]))


def test_without_a_controller_no_slot_opens_and_the_story_ends(running: RunningStation) -> None:
    assert play(running, StoryName.SWAP_WELL) == "not_served"
    assert len(running.facts("card_shown")) == 2


@pytest.mark.parametrize("number", [0, 2])
def test_who_walks_away_leaves_things_where_they_are(running: RunningStation, served: None, number: int) -> None:
    running.stories.visits = number
    assert play(running, StoryName.SWAP_WALKS_AWAY) == "walked_away"
    own = next(serial for serial in places(running) if serial.startswith("OWN"))
    assert places(running)[own].startswith(("slot:", "person:"))


def test_the_next_rider_shuts_what_was_left_open_and_leaves_alone_what_does_not_stay_shut(
    running: RunningStation, served: None
) -> None:
    cabinet = running.station.swap_cabinet().cabinet
    cabinet.slots[3].lock_fault = LockFault.STUCK_OPEN
    for number in (2, 3):
        running.do(lambda number=number: cabinet.force_door(number, running.station.catch_up()))  # type: ignore[misc]
    assert play(running, StoryName.SWAP_WELL) == "swapped"
    assert [slot.number for slot in cabinet.slots.values() if slot.door_open] == [3]
    assert [line["slot"] for line in running.facts("slot_pulse")] == [4, 1]


def test_a_thief_with_a_crowbar_needs_no_pulse(running: RunningStation) -> None:
    assert play(running, StoryName.SLOT_FORCED) == "happened"
    assert running.facts("slot_pulse") == []
    assert [line["cause"] for line in running.facts("slot_door")] == ["force", "hand"]


def test_a_battery_that_overheats_smokes_and_is_quenched_by_the_hardware(running: RunningStation) -> None:
    for slot in running.station.swap_cabinet().cabinet.slots.values():
        if slot.battery is not None:
            slot.battery.celsius = 105.0
    assert play(running, StoryName.BATTERY_OVERHEATS) == "happened"
    order = [
        float(str(running.facts(kind)[0]["mono_ms"]))
        for kind in ("runaway", "battery_vents", "extinguisher", "visit_end")
    ]
    assert order == sorted(order)


def test_a_rider_without_a_battery_is_in_no_swap(running: RunningStation) -> None:
    cabinet = running.station.swap_cabinet().cabinet
    for person in list(cabinet.carried.people()):
        cabinet.carried.give_up(person)
    with pytest.raises(ActError, match="with a battery"):
        running.do(lambda: running.stories.start(StoryName.SWAP_WELL))


def test_who_has_only_a_foreign_battery_has_none_to_swap_but_may_try(running: RunningStation, served: None) -> None:
    room = running.station.swap_cabinet()
    for person in list(room.cabinet.carried.people()):
        room.cabinet.carried.give_up(person)
        running.do(lambda person=person: room.bring_foreign(person, running.station.catch_up()))  # type: ignore[misc]
    with pytest.raises(ActError, match="with a battery"):
        running.do(lambda: running.stories.start(StoryName.SWAP_WELL))
    assert play(running, StoryName.SWAP_FOREIGN) == "got_back"


def test_riding_empties_what_is_carried_and_nothing_else(running: RunningStation) -> None:
    cabinet = running.station.swap_cabinet().cabinet
    running.do(lambda: cabinet.carried.ride(PersonId("rider-1"), 0.5))
    carried = [thing for person in cabinet.carried.people() for thing in cabinet.carried.of(person)]
    socs = {thing.serial: thing.soc for thing in carried if isinstance(thing, Battery)}
    assert socs == {"OWNrider": pytest.approx(0.3), "OWNclean": pytest.approx(0.8)}


def test_a_station_without_a_cabinet_has_no_such_stories(tmp_path: Path) -> None:
    with RunningStation(make_config(tmp_path)) as station, pytest.raises(ActError, match="cabinet"):
        station.do(lambda: station.stories.start(StoryName.SWAP_WELL))
