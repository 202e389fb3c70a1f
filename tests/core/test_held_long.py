"""A door that nobody shuts: the buzzer warns, sounds, and in the end no longer lets up."""

from contract.records import AlarmCode, DoorMode, Posture
from edge.core import events
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.station import deadline
from tests.core.support import CONFIG, WALL_MS, Life, with_door

DOOR = CONFIG.door
SHELVED = events.AlarmAside(AlarmCode.DOOR_HELD, "door", WALL_MS + 3_600_000, "operator", "movers")


def signs(life: Life) -> list[Feedback]:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)]


def held(life: Life) -> Life:
    """The door stands open until its alarm."""
    life.card()
    life.open()
    life.wait(DOOR.held_ms)
    assert life.mode() is DoorMode.HELD
    life.effects.clear()
    return life


def test_the_buzzer_escalates_after_its_time_and_no_sooner() -> None:
    life = held(Life())
    life.wait(DOOR.held_long_after_ms - 1 - life.config.door.bounce_ms)
    assert signs(life) == []
    life.wait(1 + life.config.door.bounce_ms)

    assert signs(life) == [Feedback.HELD_LONG]
    life.wait(24 * 3_600_000)
    assert signs(life) == [Feedback.HELD_LONG], "once is enough: it lasts"
    life.close()
    assert signs(life) == [Feedback.HELD_LONG, Feedback.IDLE]
    assert not life.state.volatile.inputs.held_long


def test_a_door_held_again_begins_with_its_first_sound() -> None:
    life = held(Life())
    life.wait(DOOR.held_long_after_ms)
    life.close()
    held(life)

    assert not life.state.volatile.inputs.held_long
    life.wait(DOOR.held_long_after_ms)
    assert signs(life) == [Feedback.HELD_LONG]


def test_public_hours_and_fire_end_the_loudest_sound_too() -> None:
    life = held(Life())
    life.wait(DOOR.held_long_after_ms)
    life.do(events.FireChanged(True))
    assert signs(life)[-1] is Feedback.EVACUATE
    life.do(events.FireChanged(False))
    assert signs(life)[-1] is Feedback.IDLE
    assert life.mode() is DoorMode.OPEN

    other = held(Life())
    other.wait(DOOR.held_long_after_ms)
    other.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    assert signs(other)[-1] is Feedback.IDLE


def test_how_long_is_the_doors_own_business() -> None:
    life = Life(with_door(held_long_after_ms=1_000))
    life.card()
    life.open()
    life.wait(DOOR.held_ms + 1_000)

    assert signs(life)[-1] is Feedback.HELD_LONG


def test_a_door_that_is_found_open_again_has_its_time_from_then_on() -> None:
    life = held(Life())
    life.do(events.GpioChanged(False))
    life.wait(DOOR.held_long_after_ms * 2)
    assert Feedback.HELD_LONG not in signs(life)
    life.do(events.GpioChanged(True))
    life.levels(contact_open=True)
    life.wait(DOOR.held_long_after_ms)

    assert signs(life)[-1] is Feedback.HELD_LONG


def test_a_shelved_alarm_makes_no_sound_and_makes_it_again_when_the_shelf_ends() -> None:
    life = held(Life())
    life.do(events.ShelveRequested(SHELVED))
    assert signs(life) == [Feedback.IDLE]
    life.wait(DOOR.held_long_after_ms)
    assert signs(life) == [Feedback.IDLE]

    life.wait(3_600_000)
    assert signs(life) == [Feedback.IDLE, Feedback.HELD_LONG]


def test_an_alarm_that_somebody_far_away_has_seen_still_sounds_for_whoever_stands_in_the_door() -> None:
    life = held(Life())
    (alarm,) = life.state.durable.alarms
    life.do(events.AcknowledgeRequested(events.AlarmSeen(alarm.code, alarm.source, alarm.since_ms, "operator")))
    life.wait(DOOR.held_long_after_ms)

    assert signs(life) == [Feedback.HELD_LONG]


def test_the_timer_is_gone_with_the_door_shut() -> None:
    life = held(Life())
    before = deadline(life.state)
    assert before is not None
    life.close()

    assert life.state.volatile.inputs.open_limit_at_ms is None
