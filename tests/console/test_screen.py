"""From what the controller tells to what the screen shows: little, and never about a person."""

from dataclasses import replace
from typing import Any

import pytest

from contract.records import Posture, Reason
from edge.console.models import Emergency
from edge.console.screen import NOTICE_MS, WAITING_MS, Screen
from edge.core import events
from edge.core.station import Step, step
from edge.runtime.ipc import DoorNotice, NoticeKind
from edge.runtime.noticing import notice_of
from tests.console.console_child import picture
from tests.core.support import CARD, ENTRY, RIDER, Life


def shown(**changes: Any) -> Screen:
    screen = Screen(capacity=20)
    screen.told(picture(**changes))
    return screen


def test_before_anything_was_told_nothing_is_known() -> None:
    assert not Screen(capacity=None).view(0).known
    assert shown().view(0).known


@pytest.mark.parametrize(
    ("people", "sure", "capacity", "full"),
    [
        (20, True, 20, True),
        (21, True, 20, True),
        (19, True, 20, False),
        (20, False, 20, False),
        (20, True, None, False),
    ],
)
def test_full_is_what_would_be_denied(people: int, sure: bool, capacity: int | None, full: bool) -> None:
    screen = Screen(capacity)
    screen.told(picture(people=people, people_sure=sure))

    assert screen.view(0).full is full


@pytest.mark.parametrize(
    ("changes", "emergency"),
    [
        ({}, None),
        ({"door": {"fire": True}}, Emergency.FIRE),
        ({"door": {"fire": True}, "hazard": True, "alarms": [{"code": "smoke"}]}, Emergency.FIRE),
        ({"hazard": True, "alarms": [{"code": "smoke"}]}, Emergency.SMOKE),
        ({"hazard": True, "alarms": [{"code": "smoke"}, {"code": "carbon_monoxide"}]}, Emergency.SMOKE),
        ({"hazard": True, "alarms": [{"code": "carbon_monoxide"}]}, Emergency.CARBON_MONOXIDE),
        (
            {"hazard": True, "alarms": [{"code": "carbon_monoxide"}, {"code": "smoke", "active": False}]},
            Emergency.CARBON_MONOXIDE,
        ),
        ({"hazard": True}, Emergency.SMOKE),
        ({"alarms": [{"code": "duress"}, {"code": "smoke"}]}, None),
    ],
)
def test_danger_comes_first_and_a_silent_alarm_is_not_seen(
    changes: dict[str, Any], emergency: Emergency | None
) -> None:
    view = shown(**changes).view(0)

    assert view.emergency is emergency
    assert "duress" not in view.model_dump_json()


def test_whoever_holds_the_door_is_asked_to_close_it() -> None:
    assert shown(door={"mode": "held_pre_alarm"}).view(0).close_door
    assert shown(door={"mode": "held"}).view(0).close_door
    assert not shown(door={"mode": "open"}).view(0).close_door


def test_the_posture_and_the_question_are_passed_on() -> None:
    view = shown(posture="lockdown", welfare_asked=True).view(0)

    assert (view.posture, view.welfare_asked) == (Posture.LOCKDOWN, True)


@pytest.mark.parametrize(("kind", "lasts_ms"), [(NoticeKind.DENIED, NOTICE_MS), (NoticeKind.NUMBER_WANTED, WAITING_MS)])
def test_a_notice_is_gone_after_a_while(kind: NoticeKind, lasts_ms: int) -> None:
    screen = shown()
    screen.noticed(DoorNotice(kind), 1_000)
    notice = screen.view(1_000 + lasts_ms - 1).notice
    assert notice is not None
    assert notice.kind is kind
    assert screen.changes_at_ms() == 1_000 + lasts_ms

    assert screen.view(1_000 + lasts_ms).notice is None
    assert screen.changes_at_ms() is None


# ------------------------------------------------ what a step says


def stepped(life: Life, event: events.Event) -> Step:
    return step(life.config, life.state, event, life.now())


def card_step(life: Life, member: Any = RIDER) -> Step:
    return stepped(life, events.CardPresented(ENTRY, CARD, member, life.mono_ms))


def test_a_card_that_opens_says_come_in_and_one_that_does_not_says_why() -> None:
    life = Life()

    assert notice_of(card_step(life)) == DoorNotice(NoticeKind.GRANTED)
    assert notice_of(card_step(life, None)) == DoorNotice(NoticeKind.DENIED, Reason.UNKNOWN_CREDENTIAL)
    assert notice_of(card_step(life, replace(RIDER, revoked=True))) == DoorNotice(NoticeKind.DENIED, Reason.REVOKED)


def test_a_card_that_opens_under_threat_says_the_same_as_any() -> None:
    life = Life()
    threatened = events.CardPresented(ENTRY, CARD, RIDER, life.mono_ms, duress=True)

    assert notice_of(stepped(life, threatened)) == notice_of(card_step(life))


def test_a_card_that_wants_its_number_says_so() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))

    assert notice_of(card_step(life)) == DoorNotice(NoticeKind.NUMBER_WANTED)


def test_what_nobody_asked_of_the_door_says_nothing() -> None:
    life = Life()

    assert notice_of(stepped(life, events.Tick())) is None
    assert notice_of(stepped(life, events.FireChanged(True))) is None


def test_whoever_tries_cards_is_not_told_that_he_is_slowed() -> None:
    life = Life()
    for _ in range(20):
        life.card(None)
        life.wait(100)

    assert notice_of(card_step(life, None)) is None
