"""People in the door way and the room, without wires and without a clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.crowd import Doing
from firmware_sim.door_leaf import DoorLeaf
from firmware_sim.doorway import Arrival, Beam, Doorway, Turn
from firmware_sim.log import FactKind, Json
from firmware_sim.people import PersonId
from firmware_sim.premises import Premises, WorldError
from firmware_sim.room import BASE_LOAD_W, Load, LoadKind, Room
from firmware_sim.wires import POINT_WIRES, Wire

A, B = PersonId("a"), PersonId("b")
HOUR_MS = 3_600_000.0


class Recorder:
    def __init__(self) -> None:
        self.facts: list[tuple[FactKind, float, dict[str, Json]]] = []
        self.wires: list[tuple[Wire, bool, float]] = []

    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None:
        self.facts.append((kind, at_ms, fields))

    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None:
        self.wires.append((wire, grounded, at_ms))


def open_premises(room: Room | None = None) -> tuple[Premises, Recorder]:
    """With the door held wide open since long ago, at 10,000 ms."""
    recorder, leaf = Recorder(), DoorLeaf()
    leaf.set_hand(True, 0.0)
    leaf.advance(10_000.0)
    return Premises(recorder, leaf, room or Room([])), recorder


def edges(doorway: Doorway, until_ms: float = 10_000.0) -> list[tuple[str, bool]]:
    return [(told.beam.value, told.broken) for told in doorway.advance(until_ms) if not isinstance(told, Arrival)]


IN = [("outer", True), ("inner", True), ("outer", False), ("inner", False)]
OUT = [("inner", True), ("outer", True), ("inner", False), ("outer", False)]


@pytest.mark.parametrize(
    ("inward", "turn", "beams"),
    [
        (True, None, IN),
        (False, None, OUT),
        (True, Turn.FIRST_BEAM, [("outer", True), ("outer", False)]),
        (True, Turn.BOTH_BEAMS, [("outer", True), ("inner", True), ("inner", False), ("outer", False)]),
        (False, Turn.BOTH_BEAMS, [("inner", True), ("outer", True), ("outer", False), ("inner", False)]),
    ],
)
def test_the_beams_are_broken_in_the_order_of_the_way(
    inward: bool, turn: Turn | None, beams: list[tuple[str, bool]]
) -> None:
    doorway = Doorway()
    doorway.begin(A, inward, turn, 0.0)
    assert edges(doorway) == beams


@pytest.mark.parametrize(("gap_ms", "beams"), [(600.0, 8), (300.0, 4)])
def test_two_people_close_together_break_a_beam_once_for_both(gap_ms: float, beams: int) -> None:
    doorway = Doorway()
    doorway.begin(A, True, None, 0.0)
    doorway.begin(B, True, None, gap_ms)
    assert len(edges(doorway)) == beams


@given(st.lists(st.tuples(st.floats(0, 5_000), st.booleans(), st.sampled_from([None, *Turn])), max_size=8))
def test_whoever_walks_the_door_way_is_free_of_everybody_in_the_end(
    walks: list[tuple[float, bool, Turn | None]],
) -> None:
    doorway = Doorway()
    told = []
    for number, (at_ms, inward, turn) in enumerate(sorted(walks, key=lambda walk: walk[0])):
        told += doorway.advance(at_ms)
        doorway.begin(PersonId(f"p{number}"), inward, turn, at_ms)
    told += doorway.advance(100_000.0)
    assert doorway.deadline() is None
    assert not doorway.is_broken(Beam.OUTER)
    assert not doorway.is_broken(Beam.INNER)
    assert len([one for one in told if isinstance(one, Arrival)]) == len(walks)
    assert [one.at_ms for one in told] == sorted(one.at_ms for one in told)


def test_nobody_walks_through_a_closed_door() -> None:
    premises = Premises(Recorder(), DoorLeaf(), Room([]))
    with pytest.raises(WorldError, match="not open wide enough"):
        premises.walk(A, True, None, 0.0)


def test_somebody_who_walks_in_is_counted_once_through_and_moves() -> None:
    premises, recorder = open_premises()
    premises.walk(A, True, None, 10_000.0)
    premises.advance(10_600.0)
    assert premises.crowd.inside_count == 0
    premises.advance(11_200.0)
    assert premises.crowd.inside_count == 1
    assert premises.is_active(Wire.MOTION_INSIDE)
    assert [fields["inside"] for kind, _, fields in recorder.facts if kind is FactKind.PERSON][-1] == 1


def test_a_body_in_the_door_way_keeps_the_door_from_closing() -> None:
    premises, _ = open_premises()
    leaf = premises._leaf
    premises.walk(A, True, None, 10_000.0)
    leaf.set_hand(False, 10_000.0)
    assert leaf.angle(11_000.0) == 90.0
    premises.advance(11_200.0)
    assert leaf.angle(14_000.0) == 0.0


def test_motion_ends_a_while_after_everybody_lies_still() -> None:
    premises, recorder = open_premises()
    premises.put_inside(A, 10_000.0)
    premises.do(A, Doing.LYING, 20_000.0)
    assert premises.is_active(Wire.MOTION_INSIDE)
    premises.advance(30_000.0)
    assert [(at_ms, grounded) for wire, grounded, at_ms in recorder.wires if wire is Wire.MOTION_INSIDE] == [
        (10_000.0, False), (22_000.0, True),
    ]  # fmt: skip


@pytest.mark.parametrize("wire", POINT_WIRES)
def test_a_cut_wire_reads_as_what_somebody_has_to_look_at(wire: Wire) -> None:
    premises, _ = open_premises()
    premises.cut_wires.add(wire)
    assert not premises.is_grounded(wire)


def test_a_stuck_beam_says_the_same_whoever_walks_through() -> None:
    premises, recorder = open_premises()
    premises.set_stuck(Wire.BEAM_INNER, False, 10_000.0)
    recorder.wires.clear()
    premises.walk(A, True, None, 10_000.0)
    premises.advance(20_000.0)
    assert {grounded for wire, grounded, _ in recorder.wires if wire is Wire.BEAM_INNER} == {True}
    assert premises.crowd.inside_count == 1


def test_the_room_warms_towards_what_its_heater_can_hold() -> None:
    heater = Load("heater", LoadKind.HEATING, 1_200.0)
    room = Room([heater], celsius=5.0, outside=5.0)
    room.settle(0.0, people=0)
    assert room.temperature_celsius(10 * HOUR_MS) == pytest.approx(5.0)
    heater.wanted = True
    assert room.temperature_celsius(HOUR_MS) == pytest.approx(5.0 + 20.0 * (1 - 1 / 2.71828), abs=0.01)
    assert room.temperature_celsius(20 * HOUR_MS) == pytest.approx(25.0, abs=0.01)


def test_the_meter_counts_what_runs_and_nothing_without_mains() -> None:
    lamp = Load("lamp", LoadKind.LIGHT, 75.0, wanted=True)
    room = Room([lamp])
    room.settle(0.0, people=0)
    room.settle(HOUR_MS, people=0)
    assert room.energy_wh(HOUR_MS) == pytest.approx(BASE_LOAD_W + 75.0)
    room.mains = False
    assert room.power_w() == 0.0
    assert room.energy_wh(9 * HOUR_MS) == pytest.approx(BASE_LOAD_W + 75.0)
