"""Whose posture the door is in: the cloud's wish, the plan, the usual one; and when the clock cannot say."""

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from contract.policy.plan import Planned, PosturePlan
from contract.policy.schedule import Interval, Schedule
from contract.records import DesiredFollowed, DoorMode, Posture, PostureChanged, StationBooted
from edge.core import events
from edge.core.access import explain_card
from edge.core.postures import wanted
from edge.core.state import Now
from edge.core.station import apply, deadline, from_snapshot, initial_state, replay, snapshot, snapshot_json
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, WALL_MS, Life, kinds, only

BEIJING = timezone(timedelta(hours=8))
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# WALL_MS is 22:13:20 in Beijing, and a life begins a second later.
UNTIL_2230_MS = (16 * 60 + 40) * 1_000
BY_NIGHT = Schedule(((Interval(22 * 60 + 30, 6 * 60),),) * 7)
PLANNED = replace(CONFIG, timezone=BEIJING, plan=PosturePlan((Planned(Posture.FREE_ACCESS, BY_NIGHT),)))


def until_2230(life: Life) -> int:
    return UNTIL_2230_MS - life.mono_ms


def test_the_plan_takes_the_door_at_its_time_and_gives_it_back() -> None:
    life = Life(PLANNED)
    assert life.wait(until_2230(life) - 1) == []
    changed = life.wait(1)

    assert changed[0] == PostureChanged(Posture.SECURE, Posture.FREE_ACCESS, "schedule")
    assert life.lock_released
    life.wait(7 * HOUR_MS + 30 * MINUTE_MS - 1)
    assert life.lock_released
    back = life.wait(1)
    assert back[0] == PostureChanged(Posture.FREE_ACCESS, Posture.SECURE, "usual")
    assert not life.lock_released


def test_the_next_change_of_the_plan_is_a_timer() -> None:
    assert deadline(Life(PLANNED).state) == UNTIL_2230_MS
    assert deadline(Life().state) is None


def test_a_step_that_comes_late_lives_through_every_change_in_its_order() -> None:
    life = Life(PLANNED)
    life.mono_ms += 26 * HOUR_MS
    seen = life.do(events.Tick())

    assert [record.posture for record in seen if isinstance(record, PostureChanged)] == [
        Posture.FREE_ACCESS,
        Posture.SECURE,
        Posture.FREE_ACCESS,
    ]


def test_the_clouds_wish_goes_before_the_plan_and_ends_in_what_the_plan_says_then() -> None:
    life = Life(PLANNED)
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    assert kinds(life.wait(until_2230(life) + 1)) == []
    assert life.state.durable.posture is Posture.TWO_FACTOR

    assert life.do(events.DesiredReceived(2, None))[:2] == [
        DesiredFollowed(2, None),
        PostureChanged(Posture.TWO_FACTOR, Posture.FREE_ACCESS, "schedule"),
    ]


def test_a_wish_that_is_what_the_plan_says_outlives_the_plan() -> None:
    life = Life(PLANNED)
    life.wait(until_2230(life))
    assert life.do(events.DesiredReceived(1, Posture.FREE_ACCESS)) == [DesiredFollowed(1, Posture.FREE_ACCESS)]
    life.wait(12 * HOUR_MS)

    assert life.state.durable.posture is Posture.FREE_ACCESS


def test_lockdown_stands_through_public_hours_and_fire_through_lockdown() -> None:
    life = Life(PLANNED)
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    life.wait(until_2230(life) + MINUTE_MS)
    assert not life.lock_released

    life.do(events.FireChanged(True))
    assert life.lock_released
    life.do(events.FireChanged(False))
    assert not life.lock_released


# ------------------------------------------------ runs


def test_a_boot_finds_the_posture_of_its_own_time() -> None:
    life = Life(PLANNED)
    life.mono_ms += until_2230(life) + MINUTE_MS
    seen = life.boot(clean_stop=False)

    assert isinstance(seen[0], StationBooted)
    assert only(seen, PostureChanged).cause == "schedule"
    assert not life.lock_released
    life.levels()
    assert life.lock_released


def test_a_wish_outlives_a_boot_and_a_replay() -> None:
    life = Life(PLANNED)
    life.do(events.DesiredReceived(5, Posture.LOCKDOWN))
    life.boot(clean_stop=False)
    life.wait(until_2230(life))

    assert life.state.durable.posture is Posture.LOCKDOWN
    assert replay(initial_state(PLANNED), life.records).durable == life.state.durable


@pytest.mark.parametrize(("posture", "wish"), [(Posture.LOCKDOWN, Posture.LOCKDOWN), (Posture.SECURE, None)])
def test_a_snapshot_from_before_the_wish_was_kept_keeps_a_posture_that_was_the_clouds(
    posture: Posture, wish: Posture | None
) -> None:
    life = Life()
    life.do(events.DesiredReceived(5, posture))
    data = json.loads(snapshot_json(life.state))
    del data["desired_posture"]

    assert from_snapshot(data).durable.desired_posture is wish


def test_records_from_before_the_wish_was_told_give_it_all_the_same() -> None:
    life = Life()
    state = apply(life.state, DesiredFollowed(5), life.records[0][1])
    state = apply(state, PostureChanged(Posture.SECURE, Posture.LOCKDOWN, "desired"), life.records[0][1])

    assert state.durable.desired_posture is Posture.LOCKDOWN
    assert from_snapshot(snapshot(state)).durable == state.durable


# ------------------------------------------------ the clock


def test_a_run_that_loses_its_trusted_clock_reckons_on_and_shuts_the_door_in_time() -> None:
    life = Life(PLANNED)
    life.wait(until_2230(life))
    life.clock_trusted, life.latest_trusted_ms = False, WALL_MS + life.mono_ms
    assert life.do(events.ClockChanged(False)) == []
    assert not [each for each in life.wait(7 * HOUR_MS + 30 * MINUTE_MS - 1) if isinstance(each, PostureChanged)]
    assert only(life.wait(1), PostureChanged).posture is Posture.SECURE

    next_night = only(life.wait(16 * HOUR_MS + 30 * MINUTE_MS), PostureChanged)
    assert next_night.posture is Posture.FREE_ACCESS


def test_a_clock_that_nobody_trusts_moves_no_posture(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(PLANNED)
    life.clock_trusted = False
    life.do(events.ClockChanged(False))
    at = life.now()
    monkeypatch.setattr(life, "now", lambda: replace(at, wall_ms=at.wall_ms + HOUR_MS))
    life.do(events.Tick())

    assert life.state.durable.posture is Posture.SECURE


def test_trust_that_comes_back_with_another_time_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(PLANNED)
    life.clock_trusted = False
    life.do(events.ClockChanged(False))
    life.clock_trusted = True
    at = life.now()
    monkeypatch.setattr(life, "now", lambda: replace(at, wall_ms=at.wall_ms + HOUR_MS))
    life.do(events.ClockChanged(True, HOUR_MS))

    assert life.state.durable.posture is Posture.FREE_ACCESS


def test_a_boot_that_never_knew_the_time_is_in_the_usual_posture() -> None:
    life = Life(PLANNED, booted=False)
    life.clock_trusted = False
    life.mono_ms = UNTIL_2230_MS + MINUTE_MS
    life.boot()
    life.levels()

    assert life.state.durable.posture is Posture.SECURE
    assert life.state.volatile.plan is not None
    assert life.state.volatile.plan.until_ms is None


@pytest.mark.parametrize("planned", [posture for posture in Posture if posture is not Posture.LOCKDOWN])
def test_a_boot_without_trust_goes_by_the_latest_trusted_time_but_lets_nobody_in_by_it(planned: Posture) -> None:
    config = replace(PLANNED, plan=PosturePlan((Planned(planned, BY_NIGHT),)))
    life = Life(config, booted=False)
    life.clock_trusted, life.latest_trusted_ms = False, WALL_MS + UNTIL_2230_MS
    life.boot()
    life.levels()

    assert life.state.durable.posture is (Posture.SECURE if planned is Posture.FREE_ACCESS else planned)
    assert not life.lock_released
    life.wait(24 * HOUR_MS)
    assert not life.lock_released


def test_public_hours_begin_as_soon_as_a_boot_without_trust_has_learned_the_time() -> None:
    life = Life(PLANNED, booted=False)
    life.clock_trusted, life.latest_trusted_ms = False, WALL_MS
    life.mono_ms = UNTIL_2230_MS + MINUTE_MS
    life.boot()
    life.levels()
    life.clock_trusted = True
    life.do(events.ClockChanged(True, 0))

    assert life.state.durable.posture is Posture.FREE_ACCESS
    assert life.lock_released


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_a_clock_that_is_set_is_followed_with_the_next_event(jump_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(PLANNED)
    if jump_ms < 0:
        life.wait(until_2230(life))
    at = life.now()
    monkeypatch.setattr(life, "now", lambda: replace(at, wall_ms=at.wall_ms + jump_ms))
    life.do(events.Tick())

    assert life.state.durable.posture is (Posture.FREE_ACCESS if jump_ms > 0 else Posture.SECURE)


def test_a_clock_that_is_slewed_is_not_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(PLANNED)
    window, at = life.state.volatile.plan, life.now()
    monkeypatch.setattr(life, "now", lambda: replace(at, wall_ms=at.wall_ms + 900))
    life.do(events.Tick())

    assert life.state.volatile.plan is window


# ------------------------------------------------ questions


def test_a_question_about_another_time_is_answered_with_the_posture_of_that_time() -> None:
    config = replace(PLANNED, plan=PosturePlan((Planned(Posture.OUT_OF_SERVICE, BY_NIGHT),)))
    life = Life(config)
    now = Now(life.mono_ms, WALL_MS + 2 * HOUR_MS, True)
    event = events.CardPresented(ENTRY, CARD, RIDER, life.mono_ms)

    assert wanted(config, life.state, now)[1] == "schedule"
    assert explain_card(config, life.state, event, now).decision.reason == "out_of_service"
    assert explain_card(config, life.state, event, life.now()).decision.granted
    assert life.mode() is DoorMode.SECURED
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    assert explain_card(config, life.state, event, now).decision.reason == "lockdown"
