"""What a station remembers: the fold, the snapshot, the view."""

import json
from typing import Any

import pytest

from contract.ids import NodeId, Stream
from contract.records import (
    ClockTrusted,
    DoorMode,
    JournalGap,
    MessageRefused,
    Posture,
    RosterSwitched,
    StationBooted,
    StationHealth,
    UnknownRecord,
)
from edge.core import events
from edge.core.state import MAX_ROSTER_NODES, RecordedAt
from edge.core.station import (
    SnapshotError,
    apply,
    from_snapshot,
    initial_state,
    replay,
    snapshot,
    snapshot_json,
    view,
)
from tests.core.support import CONFIG, ENTRY, Life, only

AT = RecordedAt(1, 2, 3)


def eventful_life() -> Life:
    """A life that has left its mark on everything durable."""
    life = Life()
    life.do(events.RosterSwitched(NodeId("city"), 7, 1_200))
    life.do(events.DesiredReceived(4, Posture.TWO_FACTOR))
    life.card()
    life.do(events.CommandReceived("command-1", "release", "operator", {"reason": "asked to"}))
    life.open()
    life.wait(CONFIG.door.held_ms)
    life.do(events.ChildRestarting("uplink"))
    return life


def test_a_snapshot_is_json_and_gives_the_durable_state_again() -> None:
    life = eventful_life()
    assert life.mode() is DoorMode.HELD

    again = from_snapshot(json.loads(snapshot_json(life.state)))
    assert again.durable == life.state.durable
    assert snapshot_json(again) == snapshot_json(life.state)
    assert again.volatile == initial_state(CONFIG).volatile.__class__()


def test_a_snapshot_of_a_released_door_knows_for_whom() -> None:
    life = Life()
    life.card()

    assert from_snapshot(snapshot(life.state)).durable.door == life.state.durable.door


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(version=2),
        lambda data: data.pop("version"),
        lambda data: data.pop("door"),
        lambda data: data.update(posture="asleep"),
        lambda data: data.update(alarms=[{"code": "fire"}]),
        lambda data: data.update(alarms=[7]),
        lambda data: data.update(roster=[]),
        lambda data: data.update(commands_begun=[{"id": "x", "more": 1}]),
        lambda data: data["door"].update(mode="ajar"),
        lambda data: data["occupancy"].update(people=None),
    ],
)
def test_a_snapshot_of_another_version_or_damaged_is_refused_as_a_whole(damage: Any) -> None:
    data = json.loads(snapshot_json(eventful_life().state))
    damage(data)

    with pytest.raises(SnapshotError, match="snapshot"):
        from_snapshot(data)


def test_a_snapshot_that_is_no_object_is_refused() -> None:
    with pytest.raises(SnapshotError, match="a list"):
        from_snapshot([])


def test_replaying_the_records_gives_the_durable_state() -> None:
    life = eventful_life()

    assert replay(initial_state(CONFIG), life.records).durable == life.state.durable


def test_a_snapshot_and_the_records_behind_it_give_the_durable_state() -> None:
    life = eventful_life()
    middle = len(life.records) // 2
    first = replay(initial_state(CONFIG), life.records[:middle])

    assert replay(from_snapshot(snapshot(first)), life.records[middle:]).durable == life.state.durable


@pytest.mark.parametrize(
    "record",
    [
        UnknownRecord("later.kind", {"x": 1}),
        JournalGap(Stream.EVENTS, 1, 9, "budget"),
        MessageRefused("command", "stale"),
        ClockTrusted(5),
        StationHealth(1, 2, 3, 4, 5, 6),
    ],
)
def test_records_that_change_nothing_leave_the_state_as_it_is(record: Any) -> None:
    state = eventful_life().state

    assert apply(state, record, AT) is state


def test_roster_versions_are_bounded_and_the_newest_stay() -> None:
    state = initial_state(CONFIG)
    for number in range(MAX_ROSTER_NODES + 5):
        state = apply(state, RosterSwitched(NodeId(f"node-{number}"), number, 10), AT)

    assert len(state.durable.roster) == MAX_ROSTER_NODES
    assert NodeId(f"node-{MAX_ROSTER_NODES + 4}") in state.durable.roster


def test_the_view_shows_what_people_need() -> None:
    life = eventful_life()
    seen = view(life.state)

    assert (seen.mode, seen.contact_open, seen.lock_released, seen.fire) == (DoorMode.HELD, True, False, False)
    assert (seen.posture, seen.desired_revision) == (Posture.TWO_FACTOR, 4)
    assert seen.readers == {ENTRY: True}
    assert {alarm.code for alarm in seen.alarms} == {"door_held", "child_restarting"}
    assert seen.roster[NodeId("city")].members == 1_200
    assert (seen.storage, seen.boot, seen.software) == ("ok", 1, "1.0")


def test_a_reader_not_heard_of_is_shown_offline_and_storage_as_told() -> None:
    life = Life(booted=False)
    life.boot()
    life.do(events.StorageChanged(events.StorageStatus.FULL))

    assert view(life.state).readers == {ENTRY: False}
    assert view(life.state).storage == "full"
    assert view(life.state).contact_open is None


# ------------------------------------------------ what the shell tells


def test_a_boot_after_a_crash_names_the_window_in_which_a_release_may_lack_its_record() -> None:
    life = Life(booted=False)

    assert only(life.boot(clean_stop=True), StationBooted).unrecorded_release_window_ms == 0
    assert only(life.boot(clean_stop=False), StationBooted).unrecorded_release_window_ms == 50
    assert life.state.durable.boot == 2


def test_what_the_shell_tells_is_recorded() -> None:
    life = Life()

    assert life.do(events.ClockChanged(True, 1_500)) == [ClockTrusted(1_500)]
    assert life.do(events.MessageRefused("command", "mis-signed")) == [MessageRefused("command", "mis-signed")]
    assert life.do(events.HealthMeasured(1, 2, 3, 4, 5, 6)) == [StationHealth(1, 2, 3, 4, 5, 6)]
    switched = events.RosterSwitched(NodeId("city"), 8, 9)
    assert life.do(switched) == [RosterSwitched(NodeId("city"), 8, 9)]
    assert life.do(events.Tick()) == []


def test_nothing_is_done_between_a_stop_and_the_next_boot() -> None:
    life = Life()
    life.do(events.StopRequested("update"))

    assert life.do(events.FireChanged(True)) == []
    assert life.state.durable.stopped
    life.boot()
    assert not life.state.durable.stopped
