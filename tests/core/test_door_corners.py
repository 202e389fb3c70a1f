"""The door at the moments where one thing ends and another begins."""

import pytest

from contract.records import (
    DoorClosed,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorMode,
    ExitPressed,
    FireEnded,
)
from edge.core import events
from edge.core.station import deadline
from tests.core.support import BOUNCE_MS, CONFIG, Life, kinds, only

HELD_MS = CONFIG.door.held_ms
PRE_ALARM_MS = CONFIG.door.held_pre_alarm_ms
LONG_MS = CONFIG.door.held_long_after_ms


@pytest.mark.parametrize(("after_ms", "written"), [(BOUNCE_MS - 1, []), (BOUNCE_MS, [ExitPressed()])])
def test_a_button_is_pressed_anew_once_it_has_been_free_for_as_long_as_it_bounces(
    after_ms: int, written: list[ExitPressed]
) -> None:
    life = Life()
    life.press_exit()
    life.wait(after_ms)

    pressed = life.do(events.ExitChanged(True))
    assert [record for record in pressed if isinstance(record, ExitPressed)] == written
    assert life.lock_released


def test_a_button_that_is_held_down_while_the_station_starts_opens() -> None:
    life = Life()
    life.boot()
    life.levels(exit_pressed=True)

    assert life.lock_released
    assert life.mode() is DoorMode.RELEASED


def test_a_button_let_go_while_nobody_looked_does_not_take_over_when_the_fire_is_over() -> None:
    life = Life()
    life.do(events.ExitChanged(True))
    life.do(events.FireChanged(True))

    assert FireEnded() in life.levels(exit_pressed=False, fire=False)
    life.wait(CONFIG.door.release_ms)
    assert not life.lock_released


def test_a_door_that_was_closed_while_nobody_looked_is_found_closed() -> None:
    life = Life()
    life.card()
    life.open()

    assert only(life.levels(contact_open=False), DoorClosed) == DoorClosed(found=True)
    assert life.mode() is DoorMode.SECURED


def test_a_door_that_has_been_held_for_long_wakes_nobody_any_more() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS + LONG_MS)
    assert life.state.volatile.inputs.held_long
    before = deadline(life.state)
    life.levels(contact_open=True)

    assert life.state.volatile.inputs.open_limit_at_ms is None
    assert deadline(life.state) == before


def test_whoever_shows_a_card_at_the_open_door_has_the_whole_time_to_go_through() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(PRE_ALARM_MS - 1)
    life.card()
    assert "door.held_pre_alarm" not in kinds(life.wait(PRE_ALARM_MS - 1))

    assert only(life.wait(1), DoorHeldPreAlarm) == DoorHeldPreAlarm(PRE_ALARM_MS)


def test_whoever_leaves_after_one_was_let_in_at_the_open_door_is_counted() -> None:
    life = Life()
    life.card()
    life.open()
    life.card()
    assert life.people()[0] == 2
    life.close()
    life.wait(60_000)
    life.press_exit()
    life.open()

    assert life.people()[0] == 1


def test_a_door_that_was_held_when_the_power_failed_was_open_for_as_long_as_is_known() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(HELD_MS)
    life.wait(5_000)

    assert only(life.boot(clean_stop=False), DoorHeldCleared).open_ms == HELD_MS
