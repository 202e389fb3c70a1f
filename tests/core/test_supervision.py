"""The station's guard over itself: lids, mains, battery, the lock's feedback, and a contact that cannot be true."""

from dataclasses import replace

import pytest

from contract.ids import ReaderId
from contract.records import AlarmCleared, AlarmCode, AlarmRaised, Posture, Priority
from edge.core import events
from edge.core.alarm_codes import OFF_DELAY_MS, ON_DELAY_MS, PRIORITY
from edge.core.config import DoorConfig, ExitAction
from edge.core.events import Point
from edge.core.station import deadline
from edge.core.supervision_state import SupervisionConfig
from tests.core.support import CONFIG, ENTRY, Life, only

ALL = frozenset(Point)
WIRED = replace(CONFIG, supervision=SupervisionConfig(ALL))
AT_REST = {point: point is Point.LOCK_SECURED for point in Point}
SUPERVISED = {
    Point.READER_TAMPER: AlarmCode.READER_TAMPER,
    Point.ENCLOSURE_TAMPER: AlarmCode.ENCLOSURE_TAMPER,
    Point.MAINS_LOST: AlarmCode.MAINS_LOST,
    Point.BATTERY_LOW: AlarmCode.BATTERY_LOW,
}
LOCK_MS = ON_DELAY_MS[AlarmCode.LOCK_FAULT]


class Wired(Life):
    """A station with every point wired, at rest."""

    def levels(self, *, contact_open: bool = False, exit_pressed: bool = False, fire: bool = False, **more: bool):  # type: ignore[no-untyped-def]
        self.lock_released = False
        points = AT_REST | {Point(name): level for name, level in more.items()}
        return self.do(events.LevelsRead(contact_open, exit_pressed, fire, points))

    def point(self, point: Point, active: bool) -> list[object]:
        return list(self.do(events.PointChanged(point, active)))

    def bolt(self, home: bool) -> None:
        self.point(Point.LOCK_SECURED, home)


def wired(**door: object) -> Wired:
    return Wired(replace(WIRED, door=replace(DoorConfig(), **door)))  # type: ignore[arg-type]


# ------------------------------------------------ inputs that say it themselves


@pytest.mark.parametrize(("point", "code"), SUPERVISED.items())
def test_an_input_is_an_alarm_from_its_delay_until_it_has_been_well_for_its_other_one(
    point: Point, code: AlarmCode
) -> None:
    life = wired()
    life.point(point, True)
    life.wait(ON_DELAY_MS[code] - 1)
    assert code not in life.alarms()
    life.wait(1)
    assert code in life.alarms()

    life.point(point, False)
    life.wait(OFF_DELAY_MS[code] - 1)
    assert code in life.alarms()
    life.wait(1)
    assert code not in life.alarms()


@pytest.mark.parametrize("point", SUPERVISED)
def test_a_pulse_of_ten_milliseconds_is_never_believed(point: Point) -> None:
    life = wired()
    for _ in range(20):
        life.point(point, True)
        life.wait(10)
        life.point(point, False)
        life.wait(10)

    assert life.alarms() == set()


@pytest.mark.parametrize("point", [Point.READER_TAMPER, Point.ENCLOSURE_TAMPER])
def test_a_lid_that_was_off_for_fifty_milliseconds_is_remembered_until_somebody_has_seen_it(point: Point) -> None:
    life = wired()
    life.point(point, True)
    life.wait(50)
    life.point(point, False)
    life.wait(3_600_000)

    (alarm,) = life.state.durable.alarms
    assert (alarm.code, alarm.active, alarm.acknowledged) == (SUPERVISED[point], False, False)


def test_a_point_that_is_not_wired_says_nothing() -> None:
    life = Life()
    life.do(events.PointChanged(Point.ENCLOSURE_TAMPER, True))
    life.do(events.LevelsRead(False, False, False, {Point.MAINS_LOST: True}))
    life.wait(3_600_000)

    assert life.alarms() == set()


def test_what_was_cut_while_the_station_was_off_is_found_at_the_next_start() -> None:
    life = wired()
    life.boot(clean_stop=False)
    life.levels(mains_lost=True)
    life.wait(ON_DELAY_MS[AlarmCode.MAINS_LOST])

    assert AlarmCode.MAINS_LOST in life.alarms()


def test_without_its_pins_the_station_leaves_the_alarms_as_they_were() -> None:
    life = wired()
    life.point(Point.MAINS_LOST, True)
    life.wait(ON_DELAY_MS[AlarmCode.MAINS_LOST])
    life.do(events.GpioChanged(False, "gone"))
    life.wait(3_600_000)
    assert AlarmCode.MAINS_LOST in life.alarms()

    life.do(events.GpioChanged(True))
    life.levels()
    life.wait(OFF_DELAY_MS[AlarmCode.MAINS_LOST])
    assert AlarmCode.MAINS_LOST not in life.alarms()


def test_a_delay_that_runs_when_the_pins_are_lost_begins_anew() -> None:
    life = wired()
    life.point(Point.MAINS_LOST, True)
    life.do(events.GpioChanged(False, "gone"))
    life.wait(3_600_000)

    assert life.alarms() == {AlarmCode.GPIO_LOST}


def test_a_reader_that_supervises_its_lid_is_named() -> None:
    life = Life()
    life.do(events.ReaderTampered(ENTRY, True))
    life.do(events.ReaderTampered(ReaderId("cellar"), True))
    seen = life.wait(ON_DELAY_MS[AlarmCode.READER_TAMPER])

    assert only(seen, AlarmRaised).source == ENTRY
    assert life.do(events.ReaderTampered(ENTRY, True)) == []
    life.do(events.ReaderTampered(ENTRY, False))
    life.wait(OFF_DELAY_MS[AlarmCode.READER_TAMPER])
    assert life.alarms() == set()


@pytest.mark.parametrize("posture", Posture)
@pytest.mark.parametrize("point", [Point.READER_TAMPER, Point.ENCLOSURE_TAMPER])
def test_a_lid_that_is_opened_in_service_is_recorded_with_low_priority(point: Point, posture: Posture) -> None:
    life = wired()
    life.do(events.DesiredReceived(1, posture))
    life.point(point, True)
    raised = only(life.wait(ON_DELAY_MS[SUPERVISED[point]]), AlarmRaised)

    usual = PRIORITY[SUPERVISED[point]]
    assert raised.priority is (Priority.LOW if posture is Posture.OUT_OF_SERVICE else usual)


# ------------------------------------------------ the lock


def test_a_bolt_that_does_as_it_is_told_is_no_fault() -> None:
    life = wired()
    for _ in range(3):
        life.card()
        life.wait(300)
        life.bolt(False)
        life.open()
        life.wait(3_000)
        life.close()
        life.wait(LOCK_MS - 100)
        life.bolt(True)
        life.wait(60_000)

    assert life.alarms() == set()


def test_a_bolt_that_is_not_home_behind_a_shut_door_is_a_fault_and_latches() -> None:
    life = wired()
    life.bolt(False)
    life.wait(LOCK_MS - 1)
    assert life.alarms() == set()
    raised = only(life.wait(1), AlarmRaised)
    assert (raised.code, raised.detail) == (AlarmCode.LOCK_FAULT, "told to lock, and the bolt is not home")

    life.bolt(True)
    cleared = only(life.wait(OFF_DELAY_MS[AlarmCode.LOCK_FAULT]), AlarmCleared)
    assert cleared.latched


def test_a_lock_that_does_not_let_go_is_a_fault_as_long_as_it_should() -> None:
    life = wired()
    life.card()
    raised = only(life.wait(LOCK_MS), AlarmRaised)
    assert raised.detail == "told to let go, and the bolt is home"
    life.wait(life.config.door.release_ms + OFF_DELAY_MS[AlarmCode.LOCK_FAULT])

    assert AlarmCode.LOCK_FAULT not in life.alarms()


def test_behind_an_open_leaf_the_bolt_meets_nothing() -> None:
    life = wired()
    life.card()
    life.bolt(False)
    life.open()
    life.wait(20_000)
    assert life.state.durable.door.release is None

    assert AlarmCode.LOCK_FAULT not in life.alarms()


@pytest.mark.parametrize("action", ExitAction)
@pytest.mark.parametrize("home", [True, False])
def test_a_pressed_exit_button_moves_the_bolt_in_wiring_whatever_the_software_does(
    action: ExitAction, home: bool
) -> None:
    life = wired(exit_action=action)
    life.do(events.ExitChanged(True))
    life.bolt(home)
    life.wait(60_000)

    assert AlarmCode.LOCK_FAULT not in life.alarms()


def test_without_contact_or_feedback_nobody_knows() -> None:
    life = wired()
    life.do(events.ContactLost())
    life.bolt(False)
    life.wait(60_000)

    assert life.alarms() == set()


# ------------------------------------------------ the contact


def flap(life: Life, edges: int, every_ms: int) -> None:
    for number in range(edges):
        life.do(events.ContactChanged(number % 2 == 0))
        life.wait(every_ms)


@pytest.mark.parametrize("every_ms", [1, 5, 40, 200])
def test_more_edges_than_a_leaf_can_make_are_a_fault_of_the_contact(every_ms: int) -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    limit = life.config.supervision.flapping_edges
    flap(life, limit, every_ms)
    life.wait(60_000)
    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()
    flap(life, limit + 2, every_ms)
    life.wait(ON_DELAY_MS[AlarmCode.CONTACT_IMPLAUSIBLE])
    assert AlarmCode.CONTACT_IMPLAUSIBLE in life.alarms()

    life.wait(life.config.supervision.flapping_ms + OFF_DELAY_MS[AlarmCode.CONTACT_IMPLAUSIBLE])
    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()
    assert deadline(life.state) is None or life.state.volatile.supervision.edges_over_ms is None


def test_a_slammed_door_with_a_bouncing_contact_is_no_fault() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.FREE_ACCESS))
    for _ in range(3):
        for level in (True, False, True, False, True):
            life.do(events.ContactChanged(level))
            life.wait(3)
        life.wait(1_500)
        life.do(events.ContactChanged(False))
        life.wait(1_500)

    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()


def test_repeated_levels_are_no_edges() -> None:
    life = Life()
    for _ in range(100):
        life.do(events.ContactChanged(False))

    assert life.state.volatile.supervision.edges_ms == ()


def test_edges_are_remembered_up_to_a_bound() -> None:
    life = Life()
    flap(life, 500, 0)

    assert len(life.state.volatile.supervision.edges_ms) == life.config.supervision.flapping_edges + 1


def test_both_beams_broken_in_a_shut_door_are_a_contradiction() -> None:
    life = wired()
    life.point(Point.BEAM_OUTER, True)
    life.wait(60_000)
    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()
    life.point(Point.BEAM_INNER, True)
    life.wait(ON_DELAY_MS[AlarmCode.CONTACT_IMPLAUSIBLE])

    alarms = [alarm for alarm in life.state.durable.alarms if alarm.code is AlarmCode.CONTACT_IMPLAUSIBLE]
    assert [alarm.source for alarm in alarms] == ["beams"]


def test_somebody_in_an_open_door_is_none() -> None:
    life = wired()
    life.card()
    life.open()
    life.point(Point.BEAM_OUTER, True)
    life.point(Point.BEAM_INNER, True)
    life.wait(60_000)

    assert AlarmCode.CONTACT_IMPLAUSIBLE not in life.alarms()


@pytest.mark.parametrize("values", [{"flapping_edges": 3}, {"flapping_edges": 201}, {"flapping_ms": 0}])
def test_numbers_that_cannot_be_lived_with_are_refused_and_named(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        SupervisionConfig(**values)  # type: ignore[arg-type]
