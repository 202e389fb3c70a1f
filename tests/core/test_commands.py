"""The cloud's will: done, refused or interrupted, and never done twice."""

import pytest

from contract.records import (
    CommandAnswered,
    CommandBegun,
    DesiredFollowed,
    DoorReleased,
    DoorRelocked,
    MessageRefused,
    Posture,
    PostureChanged,
    ReleaseCause,
    RelockCause,
)
from edge.core import events
from edge.core.effects import ReleaseLock, SecureLock, Stop, Urgency
from edge.core.state import MAX_COMMANDS_BEGUN, MAX_COMMANDS_SEEN
from tests.core.support import RIDER, Life, kinds, only

WHY = {"reason": "his phone is inside"}
RELEASE = events.CommandReceived("command-1", "release", "operator@city", WHY)
RESTART = events.CommandReceived("command-2", "restart", "operator@city")


def released_by_command(life: Life) -> ReleaseLock:
    """The effect that carries out `RELEASE`."""
    life.do(RELEASE)
    effect = life.effects[-1]
    assert isinstance(effect, ReleaseLock)
    return effect


def test_a_remote_release_is_begun_waits_for_its_commit_and_is_answered_when_done() -> None:
    life = Life()
    effect = released_by_command(life)
    assert kinds(life.last) == ["command.begun", "door.released"]
    assert effect == ReleaseLock(ReleaseCause.COMMAND, command_id="command-1")
    assert effect.urgency is Urgency.AFTER_COMMIT

    life.do(events.EffectDone(effect))
    assert life.last == [CommandAnswered("command-1", "release", "done", "", "operator@city")]
    assert life.do(events.EffectDone(effect)) == []


def test_a_release_that_storage_refused_leaves_the_lock_at_rest_and_says_so() -> None:
    life = Life()
    effect = released_by_command(life)

    life.do(events.EffectRefused(effect))
    assert life.last == [
        DoorRelocked(RelockCause.REFUSED),
        CommandAnswered("command-1", "release", "refused", "storage_unavailable", "operator@city"),
    ]
    assert life.effects[-1] == SecureLock(RelockCause.REFUSED)


def test_a_release_overtaken_by_lockdown_is_refused_as_overtaken() -> None:
    life = Life()
    effect = released_by_command(life)
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))

    life.do(events.EffectRefused(effect, "overtaken"))
    assert only(life.last, CommandAnswered).reason == "overtaken"
    assert kinds(life.last) == ["command.answered"]


def test_a_refused_release_takes_nothing_from_a_member_who_came_meanwhile() -> None:
    life = Life()
    effect = released_by_command(life)
    life.card()

    life.do(events.EffectRefused(effect))
    assert life.lock_released


def test_a_card_release_that_the_shell_could_not_carry_out_ends_in_the_state_too() -> None:
    life = Life()
    life.card()

    life.do(events.EffectRefused(ReleaseLock(ReleaseCause.CARD, RIDER.id), "overloaded"))
    assert life.last == [DoorRelocked(RelockCause.REFUSED)]


def test_a_replayed_command_is_refused_over_boots_too() -> None:
    life = Life()
    life.do(RELEASE)
    life.boot(clean_stop=False)
    life.levels()

    assert kinds(life.do(RELEASE)) == ["message.refused"]
    assert not life.lock_released


def test_ids_are_remembered_up_to_a_bound() -> None:
    life = Life()
    for number in range(MAX_COMMANDS_SEEN + 10):
        life.do(events.CommandReceived(f"unknown-{number}", "dance", "operator"))

    assert len(life.state.durable.commands_seen) == MAX_COMMANDS_SEEN
    assert life.state.durable.commands_seen[-1] == f"unknown-{MAX_COMMANDS_SEEN + 9}"


@pytest.mark.parametrize("given", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 7}, {"reason": None}])
def test_a_remote_release_without_a_reason_is_refused_and_opens_nothing(given: dict[str, object]) -> None:
    life = Life()
    life.do(events.CommandReceived("command-5", "release", "operator", given))

    assert life.last == [CommandAnswered("command-5", "release", "refused", "reason_missing", "operator")]
    assert not life.lock_released


def test_the_reason_of_a_remote_release_stands_in_the_journal_twice() -> None:
    life = Life()
    life.do(RELEASE)

    assert only(life.last, CommandBegun).reason == "his phone is inside"
    assert only(life.last, DoorReleased).reason == "his phone is inside"


def test_a_reason_is_cut_to_what_the_journal_takes_and_a_restart_needs_none() -> None:
    life = Life()
    life.do(events.CommandReceived("command-6", "release", "operator", {"reason": "x" * 500}))
    assert only(life.last, CommandBegun).reason == "x" * 200

    life.do(RESTART)
    assert only(life.last, CommandBegun).reason == ""


def test_an_unknown_kind_is_refused() -> None:
    life = Life()

    assert only(life.do(events.CommandReceived("command-3", "dance", "operator")), CommandAnswered) == CommandAnswered(
        "command-3", "dance", "refused", "unknown_kind", "operator"
    )


def test_a_remote_release_in_lockdown_is_refused_and_out_of_service_is_not() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    assert only(life.do(RELEASE), CommandAnswered).reason == "lockdown"

    life.do(events.DesiredReceived(2, Posture.OUT_OF_SERVICE))
    life.do(events.CommandReceived("command-4", "release", "operator", WHY))
    assert life.lock_released


def test_a_release_of_a_door_that_is_kept_released_is_done_already() -> None:
    life = Life()
    life.do(events.FireChanged(True))

    assert only(life.do(RELEASE), CommandAnswered).reason == "released_already"


def test_a_command_begun_before_a_crash_is_interrupted_and_never_done_again() -> None:
    life = Life()
    life.do(RELEASE)
    life.boot(clean_stop=False)

    assert only(life.last, CommandAnswered).outcome == "interrupted"
    assert life.state.durable.commands_begun == ()
    life.boot(clean_stop=False)
    assert "command.answered" not in kinds(life.last)
    assert not life.lock_released


def test_a_restart_is_done_when_the_next_run_begins_after_an_orderly_stop() -> None:
    life = Life()
    life.do(RESTART)
    stop = life.effects[-1]
    assert stop == Stop("command", "command-2")
    assert (stop.urgency, stop.actuator) == (Urgency.AFTER_COMMIT, "station")
    assert life.do(events.EffectDone(stop)) == []
    life.do(events.StopRequested("command"))
    life.boot(clean_stop=True)

    assert only(life.last, CommandAnswered).outcome == "done"


def test_a_restart_that_crashed_is_interrupted() -> None:
    life = Life()
    life.do(RESTART)
    life.boot(clean_stop=False)

    assert only(life.last, CommandAnswered).outcome == "interrupted"


def test_a_restart_that_storage_refused_is_answered() -> None:
    life = Life()
    life.do(RESTART)

    life.do(events.EffectRefused(life.effects[-1]))
    assert only(life.last, CommandAnswered).outcome == "refused"


def test_a_command_that_the_shell_gave_up_is_interrupted() -> None:
    life = Life()
    life.do(RELEASE)
    life.do(events.CommandInterrupted("command-1", "release", "operator@city"))

    assert only(life.last, CommandAnswered).outcome == "interrupted"


def test_commands_under_way_are_bounded() -> None:
    life = Life()
    for number in range(MAX_COMMANDS_BEGUN + 1):
        life.do(events.CommandReceived(f"release-{number}", "release", "operator", WHY))

    assert only(life.last, CommandAnswered).reason == "too_many_commands"
    assert len([record for record, _ in life.records if isinstance(record, CommandBegun)]) == MAX_COMMANDS_BEGUN


# ------------------------------------------------ desired


def test_a_higher_revision_is_followed() -> None:
    life = Life()

    assert life.do(events.DesiredReceived(5, Posture.LOCKDOWN)) == [
        DesiredFollowed(5, Posture.LOCKDOWN),
        PostureChanged(Posture.SECURE, Posture.LOCKDOWN, "desired"),
    ]


def test_the_same_revision_again_is_nothing_and_a_lower_one_is_refused() -> None:
    life = Life()
    life.do(events.DesiredReceived(5, Posture.LOCKDOWN))

    assert life.do(events.DesiredReceived(5, Posture.SECURE)) == []
    refused = only(life.do(events.DesiredReceived(4, Posture.SECURE)), MessageRefused)
    assert refused.topic == "desired"
    assert "4" in refused.reason
    assert life.state.durable.posture is Posture.LOCKDOWN


def test_a_revision_that_changes_nothing_is_followed_all_the_same() -> None:
    life = Life()

    assert life.do(events.DesiredReceived(0, Posture.SECURE)) == [DesiredFollowed(0, Posture.SECURE)]


def test_without_a_wish_the_station_goes_back_to_its_own_plan() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    life.do(events.DesiredReceived(2, None))

    assert life.state.durable.posture is Posture.SECURE


def test_the_revision_followed_outlives_a_boot() -> None:
    life = Life()
    life.do(events.DesiredReceived(5, Posture.LOCKDOWN))
    life.boot(clean_stop=False)
    life.levels()

    assert kinds(life.do(events.DesiredReceived(3, Posture.SECURE))) == ["message.refused"]
    assert life.state.durable.posture is Posture.LOCKDOWN
