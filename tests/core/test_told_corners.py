"""What is said, to whom, and about which: commands, postures, loads, supervision."""

from dataclasses import replace

import pytest

from contract.ids import LoadId, ReaderId, SensorId
from contract.policy.plan import Planned, PosturePlan
from contract.policy.schedule import Interval, Schedule
from contract.records import AlarmCode, CommandAnswered, Posture, PostureCause, PostureChanged
from edge.core import environment, events
from edge.core.effects import ReleaseLock
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import LoadsConfig
from edge.core.state import Now
from edge.core.supervision_state import SupervisionConfig
from edge.core.view import view
from tests.core.air_support import AIR, CELLAR, SECOND_MS, Air
from tests.core.energy_support import LIGHT, SIGN
from tests.core.support import CONFIG, ENTRY, Life, only

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# WALL_MS is 14:13:20 in UTC, which the usual configuration has.
AT_THREE = Schedule(((Interval(15 * 60, 16 * 60),),) * 7)
PLANNED = replace(CONFIG, plan=PosturePlan((Planned(Posture.FREE_ACCESS, AT_THREE),)))
UNTIL_THREE_MS = (46 * 60 + 40) * 1_000

# ---------------------------------------------------------------- postures


def test_the_picture_says_who_wants_the_posture() -> None:
    life = Life(PLANNED)
    assert view(life.state).posture_cause is PostureCause.USUAL
    life.wait(UNTIL_THREE_MS)
    assert (view(life.state).posture, view(life.state).posture_cause) == (Posture.FREE_ACCESS, PostureCause.SCHEDULE)
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    assert view(life.state).posture_cause is PostureCause.DESIRED
    assert view(Life().state).posture_cause is PostureCause.USUAL


class Clocked(Life):
    """A life whose wall clock can be set."""

    set_by_ms = 0

    def now(self) -> Now:
        now = super().now()
        return replace(now, wall_ms=now.wall_ms + self.set_by_ms)


def test_a_clock_that_lost_its_trust_and_leaps_does_not_move_the_plan() -> None:
    life = Clocked(PLANNED)
    life.wait(MINUTE_MS)
    life.clock_trusted, life.latest_trusted_ms = False, life.now().wall_ms
    life.do(events.ClockChanged(False, 0))
    life.set_by_ms = -5 * HOUR_MS
    life.do(events.ClockChanged(False, 0))
    assert not life.lock_released
    life.wait(UNTIL_THREE_MS - life.mono_ms)

    assert life.lock_released
    assert life.state.durable.posture is Posture.FREE_ACCESS


def test_a_shell_that_slept_through_public_hours_says_that_they_were() -> None:
    life = Life(PLANNED)
    life.mono_ms += 3 * HOUR_MS
    seen = [record for record in life.do(events.Tick()) if isinstance(record, PostureChanged)]

    assert [(record.previous, record.posture) for record in seen] == [
        (Posture.SECURE, Posture.FREE_ACCESS),
        (Posture.FREE_ACCESS, Posture.SECURE),
    ]


# ---------------------------------------------------------------- commands


def test_of_two_commands_that_of_the_effect_is_answered() -> None:
    life = Life()
    life.do(events.CommandReceived("restart-1", "restart", "zhou"))
    life.do(events.CommandReceived("release-1", "release", "li", {"reason": "help"}))
    release = next(effect for effect in life.effects if isinstance(effect, ReleaseLock))
    life.do(events.EffectDone(release))

    assert only(life.last, CommandAnswered) == CommandAnswered("release-1", "release", "done", "", "li")


@pytest.mark.parametrize(("clean_stop", "outcome", "reason"), [(True, "done", ""), (False, "interrupted", "restart")])
def test_a_restart_that_came_to_pass_needs_no_reason_and_one_that_did_not_has_one(
    clean_stop: bool, outcome: str, reason: str
) -> None:
    life = Life()
    life.do(events.CommandReceived("restart-1", "restart", "zhou"))
    answer = only(life.boot(clean_stop=clean_stop), CommandAnswered)

    assert (answer.outcome, answer.reason) == (outcome, reason)


# ---------------------------------------------------------------- loads


LOADED = replace(CONFIG, loads=LoadsConfig((SIGN, LIGHT)))


def test_an_output_that_does_not_obey_says_how_and_is_one_of_several() -> None:
    life = Life(LOADED)
    life.do(events.LoadChecked(LIGHT.id, obeys=True))
    assert AlarmCode.LOAD_FAULT not in life.alarms()
    life.do(events.LoadChecked(LIGHT.id, obeys=False))
    life.wait(MINUTE_MS)
    (alarm,) = [each for each in life.state.durable.alarms if each.code is AlarmCode.LOAD_FAULT]

    assert (alarm.source, alarm.detail) == (LIGHT.id, "the output does not say what was set")
    life.do(events.LoadChecked(LIGHT.id, obeys=True))
    life.wait(MINUTE_MS)
    assert AlarmCode.LOAD_FAULT not in life.alarms()


def test_an_output_that_did_not_obey_in_the_run_before_is_well_until_it_is_found_otherwise() -> None:
    life = Life(LOADED)
    life.do(events.LoadChecked(LIGHT.id, obeys=False))
    life.wait(MINUTE_MS)
    life.boot()
    assert AlarmCode.LOAD_FAULT in life.alarms(), "nothing is known before the inputs have been read"
    life.levels()
    life.wait(MINUTE_MS)
    assert AlarmCode.LOAD_FAULT not in life.alarms()


def test_a_load_that_nobody_has_is_no_alarm() -> None:
    life = Life(LOADED)
    life.do(events.LoadChecked(LoadId("fountain"), obeys=False))
    life.wait(HOUR_MS)

    assert AlarmCode.LOAD_FAULT not in life.alarms()


# ---------------------------------------------------------------- supervision


def tampered(life: Life) -> dict[ReaderId, bool]:
    return dict(life.state.volatile.supervision.readers_tampered)


def test_a_reader_that_is_not_the_stations_has_no_lid() -> None:
    life = Life()
    life.do(events.ReaderTampered(ReaderId("next-door"), True))
    assert tampered(life) == {}
    life.do(events.ReaderTampered(ENTRY, True))
    assert tampered(life) == {ENTRY: True}


FLAPPING = SupervisionConfig(flapping_edges=4, flapping_ms=10_000)


def test_a_door_that_is_used_again_and_again_is_no_contact_that_flaps() -> None:
    life = Life(replace(CONFIG, supervision=FLAPPING))
    for _ in range(20):
        life.card()
        life.open()
        life.wait(3_000)
        life.close()
        life.wait(3_000)

    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()


@pytest.mark.parametrize(("edges", "flaps"), [(4, False), (5, True)])
def test_one_edge_more_than_a_leaf_can_make_is_implausible_until_the_first_is_long_enough_ago(
    edges: int, flaps: bool
) -> None:
    life = Life(replace(CONFIG, supervision=FLAPPING))
    first_ms = life.mono_ms
    for number in range(edges):
        life.do(events.ContactChanged(number % 2 == 0))
        life.wait(10)

    assert life.state.volatile.supervision.edges_over_ms == (first_ms + FLAPPING.flapping_ms if flaps else None)
    life.wait(first_ms + FLAPPING.flapping_ms - life.mono_ms)
    assert life.state.volatile.supervision.edges_over_ms is None
    assert len(life.state.volatile.supervision.edges_ms) == 4


# ---------------------------------------------------------------- air


def test_the_room_is_as_warm_as_its_sensors_say_on_average() -> None:
    life = Air()
    life.tell(200)
    life.tell(230, sensor=CELLAR)

    assert environment.temperature_decicelsius(life.state) == 215


def test_of_two_sensors_the_one_that_is_silent_for_longer_is_missed_first() -> None:
    life = Air()
    life.tell(200)
    life.wait(20 * SECOND_MS)
    life.tell(200, sensor=CELLAR)
    life.wait(10 * SECOND_MS)

    assert life.stands(AlarmCode.SENSOR_OFFLINE, AIR) is True
    assert life.stands(AlarmCode.SENSOR_OFFLINE, CELLAR) is False


def test_a_station_with_nothing_but_a_meter_listens_for_it() -> None:
    meter = SensorId("mains")
    life = Life(replace(CONFIG, environment=EnvironmentConfig((), (meter,))))
    life.wait(30 * SECOND_MS)

    assert AlarmCode.SENSOR_OFFLINE in life.alarms()
