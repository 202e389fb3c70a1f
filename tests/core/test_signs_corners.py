"""What people at the door are told at the moment when it changes, and what is behind it."""

from dataclasses import replace

import pytest

from contract.ids import CredentialHash, MemberId
from contract.policy.model import Antipassback, Member
from contract.records import AccessTaken, AlarmCode, ReleaseCause
from edge.core import events
from edge.core.alarm_codes import LATCHING, OFF_DELAY_MS, ON_DELAY_MS
from edge.core.carbon_monoxide import FULL_DOSE, Dose
from edge.core.config import AccessConfig
from edge.core.doorway import OPENING_ENDS_MS
from edge.core.effects import Feedback, ReaderFeedback, ReleaseLock, Urgency
from edge.core.load_state import LoadsConfig
from edge.core.pin_state import LONGEST_LOCK_MS, READER_LOCK_MS, TRIES
from tests.core.air_support import AIR, SECOND_MS, Air
from tests.core.energy_support import SIGN
from tests.core.keypad_life import SIDE
from tests.core.people_support import OUTER, WITH_BEAMS, PeopleLife
from tests.core.support import CONFIG, ENTRY, Life

PRE_ALARM_MS, HELD_MS = CONFIG.door.held_pre_alarm_ms, CONFIG.door.held_ms
HOUR_MS = 3_600_000


def shown(life: Life) -> Feedback:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)][-1]


# ---------------------------------------------------------------- signs


def test_the_reader_warns_before_the_alarm_and_is_quiet_when_the_door_has_closed_in_time() -> None:
    life = Life()
    life.card()
    life.open()
    life.wait(PRE_ALARM_MS - 1)
    assert shown(life) is Feedback.GRANTED
    life.wait(1)
    assert shown(life) is Feedback.HELD_PRE_ALARM
    life.close()
    assert shown(life) is Feedback.IDLE


def test_a_door_whose_alarm_is_put_aside_is_quiet_though_other_alarms_stand() -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    life.card()
    life.open()
    life.wait(HELD_MS)
    assert shown(life) is Feedback.HELD
    aside = events.AlarmAside(AlarmCode.DOOR_HELD, "door", 0, "zhou", "a delivery", for_ms=HOUR_MS)
    life.do(events.ShelveRequested(aside))

    assert shown(life) is Feedback.IDLE
    life.do(events.ReaderChanged(ENTRY, online=False))
    life.do(events.ReaderChanged(ENTRY, online=True))
    assert shown(life) is Feedback.IDLE


def test_a_card_does_not_wait_for_storage_for_longer_than_its_budget() -> None:
    card, command = ReleaseLock(ReleaseCause.CARD), ReleaseLock(ReleaseCause.COMMAND, command_id="command-1")

    assert len(Urgency) == 3
    assert (card.urgency, command.urgency) == (Urgency.BUDGETED, Urgency.AFTER_COMMIT)
    assert card.urgency is not command.urgency


def test_of_two_visitors_the_one_whose_release_was_carried_out_is_told_so() -> None:
    life = Life(replace(CONFIG, readers=(ENTRY, SIDE)))
    for reader, name in ((ENTRY, "visitor-1"), (SIDE, "visitor-2")):
        visitor = Member(MemberId(name), once=True)
        life.do(events.CardPresented(reader, CredentialHash(name), visitor, life.mono_ms))
    release = next(
        effect for effect in life.effects if isinstance(effect, ReleaseLock) and effect.member == "visitor-2"
    )
    life.effects.clear()
    life.do(events.EffectDone(release))

    assert [effect for effect in life.effects if isinstance(effect, ReaderFeedback)] == [
        ReaderFeedback(SIDE, Feedback.GRANTED)
    ]


# ---------------------------------------------------------------- beams


@pytest.mark.parametrize("lost", [True, False])
def test_beams_that_were_lost_after_somebody_turned_round_take_back_nobody(lost: bool) -> None:
    life = PeopleLife(replace(WITH_BEAMS, access=AccessConfig(antipassback=Antipassback.SOFT)))
    life.card()
    life.open()
    life.beams((OUTER, True), (OUTER, False))
    life.close()
    if lost:
        life.do(events.GpioChanged(False, "no pins"))
        life.do(events.GpioChanged(True))
        life.levels()
    taken = [record for record in life.wait(2 * OPENING_ENDS_MS) if isinstance(record, AccessTaken)]

    assert len(taken) == (0 if lost else 1)


# ---------------------------------------------------------------- loads and air


def test_a_run_begins_with_all_outputs_at_rest_and_says_so() -> None:
    life = Life(replace(CONFIG, loads=LoadsConfig((SIGN,))))
    assert list(life.state.durable.loads.on) == [SIGN.id]
    life.boot(clean_stop=False)

    assert list(life.state.durable.loads.on) == []
    life.levels()
    assert list(life.state.durable.loads.on) == [SIGN.id]


def test_half_an_hour_of_clean_air_takes_back_half_an_hour_of_bad() -> None:
    half = FULL_DOSE // 2
    dose = Dose(FULL_DOSE, 0).breathed(half, 0)

    assert dose.taken == half


@pytest.mark.parametrize(
    ("code", "on_ms", "off_ms"),
    [
        (AlarmCode.CONTACT_IMPLAUSIBLE, 1_000, 60_000),
        (AlarmCode.READER_TAMPER, 30, 1_000),
        (AlarmCode.ENCLOSURE_TAMPER, 30, 1_000),
        (AlarmCode.SENSOR_OFFLINE, 0, 10_000),
        (AlarmCode.READER_OFFLINE, 2_000, 5_000),
        (AlarmCode.MAINS_LOST, 5_000, 30_000),
        (AlarmCode.BATTERY_LOW, 30_000, 60_000),
        (AlarmCode.LOCK_FAULT, 2_000, 2_000),
    ],
)
def test_what_flutters_is_one_alarm(code: AlarmCode, on_ms: int, off_ms: int) -> None:
    assert (ON_DELAY_MS.get(code, 0), OFF_DELAY_MS.get(code, 0)) == (on_ms, off_ms)


def test_a_sensor_that_comes_and_goes_is_one_alarm() -> None:
    life = Air()
    life.tell(200)
    life.do(events.SensorChanged(AIR, online=False))
    assert AlarmCode.SENSOR_OFFLINE in life.alarms()
    life.tell(200)
    life.wait(OFF_DELAY_MS[AlarmCode.SENSOR_OFFLINE] - 1)
    assert AlarmCode.SENSOR_OFFLINE in life.alarms()
    life.wait(1)
    assert AlarmCode.SENSOR_OFFLINE not in life.alarms()


def test_water_that_has_dried_stays_listed_until_somebody_has_looked() -> None:
    life = Air()
    for wet in (True, True, False, False):
        life.tell(200, water=wet)
        life.wait(SECOND_MS)
    (alarm,) = [alarm for alarm in life.state.durable.alarms if alarm.code is AlarmCode.WATER_LEAK]

    assert not alarm.active
    assert AlarmCode.WATER_LEAK in LATCHING


def test_heat_in_smoke_follows_from_the_smoke() -> None:
    life = Air()
    for _ in range(2):
        life.tell(200, smoke=True)
    life.tell(500, smoke=True)
    causes = {alarm.code: alarm.cause for alarm in life.state.durable.alarms}

    assert causes[AlarmCode.TOO_HOT] == f"smoke/{AIR}"


# ---------------------------------------------------------------- numbers


def test_whoever_guesses_waits_a_minute_and_at_last_a_quarter_of_an_hour() -> None:
    assert (TRIES, READER_LOCK_MS, LONGEST_LOCK_MS) == (5, 60_000, 15 * 60_000)
