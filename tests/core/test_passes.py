"""Passes for one entry: recorded before the door opens, used once, given back when nobody came in."""

from dataclasses import replace

import pytest

from contract.ids import MemberId, ReaderId
from contract.policy.model import Factor, Member
from contract.policy.passes import VisitPass, holder
from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    DoorMode,
    DoorRelocked,
    Posture,
    Reason,
    Record,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.effects import Feedback, ReaderFeedback, ReleaseLock, Urgency
from edge.core.state import MAX_PASSES_WAITING, MAX_USED_PASSES, RecordedAt
from edge.core.station import apply, from_snapshot, initial_state, replay, snapshot
from tests.core.support import CARD, CONFIG, ENTRY, WALL_MS, Life, only

VISITOR = Member(MemberId("visitor-1"), once=True)


def release_of(life: Life, member: Member = VISITOR) -> ReleaseLock:
    found = [each for each in life.effects if isinstance(each, ReleaseLock) and each.member == member.id]
    return found[-1]


def feedback(life: Life) -> list[Feedback]:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)]


def enter(life: Life) -> list[Record]:
    seen = life.card(VISITOR)
    life.do(events.EffectDone(release_of(life)))
    return [*seen, *life.open(), *life.close()]


def used(life: Life) -> list[str]:
    return list(life.state.durable.used_passes)


def test_a_pass_waits_for_its_record_and_the_reader_says_yes_only_then() -> None:
    life = Life()
    assert only(life.card(VISITOR), AccessGranted).once
    release = release_of(life)
    assert (release.one_use, release.urgency) == (True, Urgency.AFTER_COMMIT)
    assert feedback(life) == []

    assert life.do(events.EffectDone(release)) == []
    assert feedback(life) == [Feedback.GRANTED]
    assert life.state.volatile.passes_waiting == ()


def test_a_pass_is_for_one_entry() -> None:
    life = Life()
    enter(life)
    life.wait(2_000)
    denied = only(life.card(VISITOR), AccessDenied)

    assert (denied.reason, denied.rule, denied.pass_returned) == (Reason.ALREADY_USED, "pass_unused", False)
    assert used(life) == ["visitor-1"]


def test_a_members_card_still_acts_within_the_budget_and_is_never_used_up() -> None:
    life = Life()
    assert not only(life.card(), AccessGranted).once
    assert life.effects[-2].urgency is Urgency.BUDGETED
    assert used(life) == []


def test_a_pass_on_which_nobody_came_in_can_be_used_again() -> None:
    life = Life()
    life.card(VISITOR)
    life.do(events.EffectDone(release_of(life)))
    only(life.wait(CONFIG.door.release_ms), AccessNotTaken)

    assert used(life) == []
    assert only(life.card(VISITOR), AccessGranted).once


@pytest.mark.parametrize(
    ("cut_short_by", "cause"),
    [
        (events.DesiredReceived(7, Posture.LOCKDOWN), RelockCause.POSTURE),
        (events.StopRequested("SIGTERM"), RelockCause.RESTART),
    ],
    ids=["lockdown", "stop"],
)
def test_a_pass_whose_release_is_cut_short_can_be_used_again(cut_short_by: events.Event, cause: RelockCause) -> None:
    life = Life()
    life.card(VISITOR)
    life.do(events.EffectDone(release_of(life)))
    seen = life.do(cut_short_by)

    assert only(seen, AccessNotTaken).member == VISITOR.id
    assert only(seen, DoorRelocked).cause is cause
    assert used(life) == []


def test_a_release_for_nobody_in_particular_is_not_called_unused_when_it_is_cut_short() -> None:
    life = Life()
    life.do(events.DesiredReceived(7, Posture.FREE_ACCESS))
    assert [record for record in life.do(events.StopRequested("SIGTERM")) if isinstance(record, AccessNotTaken)] == []


def test_a_pass_that_cannot_be_recorded_opens_nothing_and_is_given_back() -> None:
    life = Life()
    life.card(VISITOR)
    seen = life.do(events.EffectRefused(release_of(life)))

    assert only(seen, DoorRelocked).cause is RelockCause.REFUSED
    denied = only(seen, AccessDenied)
    assert (denied.reason, denied.rule, denied.member) == (
        Reason.STORAGE_UNAVAILABLE,
        "pass_recorded_first",
        VISITOR.id,
    )
    assert denied.pass_returned
    assert feedback(life) == [Feedback.DENIED]
    assert life.mode() is DoorMode.SECURED
    assert used(life) == []


def test_a_refused_pass_does_not_shut_the_door_on_who_came_after() -> None:
    life = Life()
    life.card(VISITOR)
    waiting = release_of(life)
    life.card()
    seen = life.do(events.EffectRefused(waiting, "overtaken"))

    assert only(seen, AccessDenied).pass_returned
    assert life.mode() is DoorMode.RELEASED


def test_a_refusal_that_belongs_to_nobody_waiting_says_nothing() -> None:
    life = Life()

    release = ReleaseLock(ReleaseCause.CARD, VISITOR.id, one_use=True)
    assert life.do(events.EffectRefused(release)) == []
    assert life.do(events.EffectDone(release)) == []
    assert life.effects == []


def test_only_the_release_of_a_pass_says_what_became_of_it() -> None:
    life = Life()
    life.card(VISITOR)
    life.do(events.EffectDone(ReleaseLock(ReleaseCause.CARD, VISITOR.id)))
    life.do(events.EffectDone(ReaderFeedback(ENTRY, Feedback.DENIED)))

    assert Feedback.GRANTED not in feedback(life)
    assert len(life.state.volatile.passes_waiting) == 1


# ---------------------------------------------------------------- visit passes, which are on no roster

SHOWN = VisitPass("visit-0001", WALL_MS, WALL_MS + 3_600_000, (CONFIG.station_id,))
HOLDER = holder(SHOWN, CONFIG.station_id, ())


def show_pass(life: Life, member: Member | None = HOLDER, problem: str = "") -> list[Record]:
    pass_alone = frozenset({Factor.PASS})
    return life.do(events.CardPresented(ENTRY, CARD, member, life.mono_ms, factors=pass_alone, pass_problem=problem))


def test_a_visit_pass_opens_once_and_never_again() -> None:
    life = Life()
    granted = only(show_pass(life), AccessGranted)
    assert (granted.member, granted.factors, granted.once) == ("pass:visit-0001", "pass", True)
    life.do(events.EffectDone(release_of(life, HOLDER)))
    assert only(life.open(), DoorRelocked)
    life.close()

    assert only(show_pass(life), AccessDenied).reason is Reason.ALREADY_USED
    life.boot()
    life.levels()
    assert only(show_pass(life), AccessDenied).reason is Reason.ALREADY_USED


def test_a_text_that_is_no_pass_is_denied_as_such() -> None:
    life = Life()

    assert only(show_pass(life, None, "bad_signature"), AccessDenied).reason is Reason.PASS_INVALID
    assert feedback(life) == [Feedback.DENIED]


def test_invented_passes_are_slowed_like_unknown_cards() -> None:
    life = Life()
    for _ in range(5):
        show_pass(life, None, "bad_signature")

    assert only(show_pass(life, None, "bad_signature"), AccessDenied).reason is Reason.LOCKED_OUT


def test_a_visit_pass_is_nothing_to_a_station_that_never_knew_the_time() -> None:
    life = Life()
    life.clock_trusted = False
    assert only(show_pass(life), AccessDenied).reason is Reason.CLOCK_UNTRUSTED

    life.latest_trusted_ms = SHOWN.valid_until_ms
    assert only(show_pass(life), AccessDenied).reason is Reason.EXPIRED
    life.latest_trusted_ms = WALL_MS - 1
    assert only(show_pass(life), AccessGranted)


def test_a_visit_pass_is_one_factor() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))

    assert only(show_pass(life), AccessDenied).reason is Reason.SECOND_FACTOR_REQUIRED


def test_public_hours_and_the_way_out_use_no_pass() -> None:
    way_out = ReaderId("way-out")
    life = Life(replace(CONFIG, readers=(ENTRY, way_out), readers_out=frozenset({way_out})))
    life.do(events.CardPresented(way_out, CARD, VISITOR, life.mono_ms))
    assert not only(life.last, AccessGranted).once
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))

    assert not only(life.card(VISITOR), AccessGranted).once
    assert used(life) == []


def test_used_passes_outlive_a_boot_and_a_replay() -> None:
    life = Life()
    enter(life)
    life.boot(clean_stop=False)
    life.levels()

    assert only(life.card(VISITOR), AccessDenied).reason is Reason.ALREADY_USED
    assert replay(initial_state(CONFIG), life.records).durable == life.state.durable
    data = snapshot(life.state)
    assert from_snapshot(data).durable == life.state.durable
    del data["used_passes"]
    assert from_snapshot(data).durable.used_passes == ()


def test_what_is_remembered_of_passes_is_bounded_and_the_newest_stay() -> None:
    life, state = Life(), initial_state(CONFIG)
    for number in range(MAX_USED_PASSES + 2):
        granted = AccessGranted(ENTRY, CARD, MemberId(f"v-{number}"), "member_may_enter", 1, once=True)
        state = apply(state, granted, RecordedAt(1, 2, 1))
    for number in range(MAX_PASSES_WAITING + 2):
        life.card(Member(MemberId(f"v-{number}"), once=True))

    assert len(state.durable.used_passes) == MAX_USED_PASSES
    assert state.durable.used_passes[-1] == f"v-{MAX_USED_PASSES + 1}"
    assert [each.member for each in life.state.volatile.passes_waiting] == ["v-2", "v-3", "v-4", "v-5"]


def test_a_pass_for_a_window_is_over_with_it() -> None:
    life = Life()
    expired = replace(VISITOR, valid_until_ms=0)

    assert only(life.card(expired), AccessDenied).reason is Reason.EXPIRED
