"""The physics, without wires and without a clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.contact import DryContact
from firmware_sim.lock import LockCause, LockInputs, LockKind, is_released
from firmware_sim.log import FactKind, Json
from firmware_sim.wires import Wire
from firmware_sim.world import World


class Recorder:
    def __init__(self) -> None:
        self.facts: list[tuple[FactKind, float, dict[str, Json]]] = []
        self.wires: list[tuple[Wire, bool, float]] = []

    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None:
        self.facts.append((kind, at_ms, fields))

    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None:
        self.wires.append((wire, grounded, at_ms))

    def of(self, kind: FactKind) -> list[dict[str, Json]]:
        return [fields for fact, _, fields in self.facts if fact is kind]


def make_world(kind: LockKind = LockKind.FAIL_SAFE, seed: int = 1) -> tuple[World, Recorder]:
    recorder = Recorder()
    return World(kind, seed, recorder), recorder


def contact_edges(seed: int) -> list[tuple[float, bool]]:
    world, recorder = make_world(seed=seed)
    world.push_door(0.0, force=True)
    world.advance(2000.0)
    world.let_go(2000.0)
    world.advance(9000.0)
    return [(at_ms, grounded) for wire, grounded, at_ms in recorder.wires if wire is Wire.CONTACT]


def test_the_bounce_of_a_contact_is_the_same_for_the_same_seed() -> None:
    assert contact_edges(5) == contact_edges(5)
    assert contact_edges(5) != contact_edges(6)


@given(seed=st.integers(), closed=st.booleans())
def test_a_contact_bounces_and_rests_within_eight_milliseconds(seed: int, closed: bool) -> None:
    contact = DryContact(random.Random(seed), closed=not closed)
    contact.change(closed, 100.0)
    edges = contact.advance(108.0)
    assert edges[0].at_ms == 100.0
    assert len(edges) >= 3
    assert [edge.closed for edge in edges] == [closed if index % 2 == 0 else not closed for index in range(len(edges))]
    assert contact.closed is closed
    assert contact.deadline() is None


@given(seed=st.integers(), cut_ms=st.floats(0.0, 8.0))
def test_a_contact_that_moves_back_during_its_bounce_ends_where_it_moved_to(seed: int, cut_ms: float) -> None:
    contact = DryContact(random.Random(seed), closed=True)
    contact.change(False, 0.0)
    contact.advance(cut_ms)
    contact.change(True, cut_ms)
    contact.advance(cut_ms + 8.0)
    assert contact.closed is True


def test_a_locked_door_does_not_open_to_a_push_but_to_violence() -> None:
    world, recorder = make_world()
    assert not world.push_door(0.0)
    world.advance(1000.0)
    assert not world.leaf.open
    assert world.push_door(1000.0, force=True)
    world.advance(2000.0)
    assert world.leaf.open
    assert recorder.of(FactKind.DOOR) == [{"open": True}]


def test_a_released_door_opens_and_the_closer_shuts_it() -> None:
    world, recorder = make_world()
    world.set_release_pin(True, 0.0)
    assert world.push_door(10.0)
    world.set_release_pin(False, 500.0)
    world.advance(2000.0)
    assert world.leaf.open
    world.let_go(2000.0)
    world.advance(5000.0)
    assert not world.leaf.open
    assert not world.push_door(5000.0)
    assert recorder.of(FactKind.DOOR) == [{"open": True}, {"open": False}]


def test_a_wedge_keeps_the_door_open_until_it_is_taken_away() -> None:
    world, _ = make_world()
    world.push_door(0.0, force=True)
    world.wedge_door(True, 800.0)
    world.let_go(800.0)
    world.advance(100_000.0)
    assert world.leaf.open
    world.wedge_door(False, 100_000.0)
    world.advance(103_000.0)
    assert not world.leaf.open


@pytest.mark.parametrize("kind", list(LockKind))
def test_exit_and_fire_release_in_wiring_with_the_controller_dead(kind: LockKind) -> None:
    world, recorder = make_world(kind)
    world.press_exit(True, 0.0)
    assert world.lock.released
    world.press_exit(False, 100.0)
    assert not world.lock.released
    world.set_fire(True, 200.0)
    assert world.lock.released
    causes = [(edge["released"], edge["cause"]) for edge in recorder.of(FactKind.LOCK_EDGE)]
    assert causes == [(True, "exit"), (False, "exit"), (True, "fire")]


def test_without_mains_a_fail_safe_lock_releases_and_a_fail_secure_one_keeps_its_handle() -> None:
    world, _ = make_world(LockKind.FAIL_SAFE)
    world.set_power(False, 0.0)
    assert world.lock.released
    world, _ = make_world(LockKind.FAIL_SECURE)
    world.set_power(False, 0.0)
    world.press_exit(True, 1.0)
    assert not world.lock.released
    assert not world.push_door(2.0)
    assert world.push_door(3.0, from_inside=True)


def test_a_stuck_bolt_does_not_follow_until_it_comes_loose() -> None:
    world, _ = make_world()
    world.set_lock_stuck(True, 0.0)
    world.set_release_pin(True, 1.0)
    assert world.lock.released
    assert not world.push_door(2.0)
    world.set_lock_stuck(False, 3.0)
    assert world.push_door(4.0)


def test_a_cut_input_wire_reads_open_and_a_cut_lock_wire_rests_the_relay() -> None:
    world, _ = make_world()
    world.set_release_pin(True, 0.0)
    world.set_wire_cut(Wire.LOCK, True, 1.0)
    assert not world.lock.released
    for wire in (Wire.CONTACT, Wire.FIRE):
        assert world.is_grounded(wire)
        world.set_wire_cut(wire, True, 2.0)
        assert not world.is_grounded(wire)
        world.set_wire_cut(wire, False, 3.0)
        assert world.is_grounded(wire)
    world.set_wire_cut(Wire.LOCK, False, 4.0)
    assert world.lock.released


@given(
    kind=st.sampled_from(LockKind),
    acts=st.lists(st.tuples(st.sampled_from(LockCause), st.booleans(), st.floats(0.0, 50.0)), max_size=40),
)
def test_every_lock_edge_is_told_and_says_what_the_wiring_says(
    kind: LockKind, acts: list[tuple[LockCause, bool, float]]
) -> None:
    world, recorder = make_world(kind)
    truth = LockInputs()
    released = [False]
    now_ms = 0.0
    for cause, on, wait_ms in acts:
        now_ms += wait_ms
        match cause:
            case LockCause.PIN:
                world.set_release_pin(on, now_ms)
            case LockCause.EXIT:
                world.press_exit(on, now_ms)
            case LockCause.FIRE:
                world.set_fire(on, now_ms)
            case LockCause.MAINS:
                world.set_power(on, now_ms)
        truth = LockInputs(**{**vars(truth), cause.value: on})
        if is_released(kind, truth) != released[-1]:
            released.append(is_released(kind, truth))
    assert [edge["released"] for edge in recorder.of(FactKind.LOCK_EDGE)] == released[1:]
