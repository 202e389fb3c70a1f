"""Alarms lived at random, against what was really told: they stand as their conditions do, within their delays."""

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.records import (
    LIFE_SAFETY,
    AlarmAcknowledged,
    AlarmCleared,
    AlarmCode,
    AlarmRaised,
    AlarmShelved,
    AlarmUnshelved,
)
from edge.core import events
from edge.core.alarm_codes import LATCHING, OFF_DELAY_MS, ON_DELAY_MS
from edge.core.alarm_state import AlarmKey, find
from edge.core.events import Point
from edge.core.station import deadline, from_snapshot, initial_state, replay, snapshot
from edge.core.supervision_state import SupervisionConfig
from edge.core.view import alarm_views
from tests.core.support import CONFIG, ENTRY, Life

POINTS = {Point.MAINS_LOST: AlarmCode.MAINS_LOST, Point.ENCLOSURE_TAMPER: AlarmCode.ENCLOSURE_TAMPER}
CHILDREN = ("uplink", "reader", "sensors")
WIRED = replace(CONFIG, supervision=SupervisionConfig(frozenset(POINTS)))
HOUR_MS = 3_600_000


@dataclass
class Told:
    """What the station has been told of a condition in this run, since when without a break, and whether its alarm
    stood then."""

    stands: bool
    since_ms: int
    stood: bool


class AlarmLife(RuleBasedStateMachine):
    """Conditions come and go, people acknowledge and shelve, runs end, the clock is lost."""

    @initialize()
    def begin(self) -> None:
        self.life = Life(WIRED)
        self.told: dict[AlarmKey, Told] = {}
        self.raised: list[tuple[AlarmKey, int]] = []
        self.unseen: set[AlarmKey] = set()
        self.fire = False
        self.points = dict.fromkeys(POINTS, False)
        self.checked = 0
        self.replayed = initial_state(WIRED)
        self.shelf_of_run_ms: dict[AlarmKey, int] = {}
        self.note(events.ReaderChanged(ENTRY, True))
        self.note(events.LevelsRead(False, False, False, self.points))

    def note(self, event: events.Event) -> None:
        """One event, and what it tells of conditions."""
        match event:
            case events.ReaderChanged():
                self.tell((AlarmCode.READER_OFFLINE, event.reader), not event.online)
            case events.ChildRestarting() | events.ChildRunning():
                self.tell((AlarmCode.CHILD_RESTARTING, event.name), isinstance(event, events.ChildRestarting))
            case events.PointChanged():
                self.points[event.point] = event.active
                self.tell((POINTS[event.point], "station"), event.active)
            case events.LevelsRead():
                self.tell((AlarmCode.FIRE, "fire"), event.fire_active)
                for point, level in event.points.items():
                    self.tell((POINTS[point], "station"), level)
            case events.FireChanged():
                self.fire = event.active
                self.tell((AlarmCode.FIRE, "fire"), event.active)
            case _:
                pass
        self.happen(event)

    def tell(self, key: AlarmKey, stands: bool) -> None:
        told = self.told.get(key)
        if told is None or told.stands is not stands:
            stood = any(alarm.active and alarm.key == key for alarm in self.life.state.durable.alarms)
            self.told[key] = Told(stands, self.life.mono_ms, stood)

    def happen(self, event: events.Event) -> None:
        before = self.life.state.durable.alarms
        self.life.do(event)
        for record in self.life.last:
            if not isinstance(record, AlarmRaised | AlarmCleared | AlarmAcknowledged | AlarmShelved | AlarmUnshelved):
                continue
            key = (record.code, record.source)
            match record:
                case AlarmRaised():
                    self.raised.append((key, self.life.now().wall_ms))
                    if record.code in LATCHING:
                        self.unseen.add(key)
                case AlarmAcknowledged():
                    latest_ms = [at_ms for each, at_ms in self.raised if each == key][-1]
                    assert record.raised_at_ms == latest_ms, "an acknowledgement never takes a later alarm"
                    listed = find(before, key)
                    assert listed is None or not listed.acknowledged, "the first counts"
                    self.unseen.discard(key)
                case AlarmShelved():
                    assert record.code not in LIFE_SAFETY
                    self.shelf_of_run_ms[key] = self.life.mono_ms
                    self.unseen.discard(key)
                case AlarmUnshelved():
                    self.shelf_of_run_ms.pop(key, None)
                    after = find(self.life.state.durable.alarms, key)
                    if after is not None and record.code in LATCHING:
                        self.unseen.add(key)
                case _:
                    pass

    # ------------------------------------------------ what can happen

    @rule(
        ms=st.sampled_from([1, 29, 30, 500, 1_999, 2_000, 5_000, 10_000, 30_000, 600_000, 10 * HOUR_MS, 25 * HOUR_MS])
    )
    def time_passes(self, ms: int) -> None:
        end_ms = self.life.mono_ms + ms
        for _ in range(10_000):
            due_ms = deadline(self.life.state)
            if due_ms is None or due_ms > end_ms:
                break
            self.life.mono_ms = max(self.life.mono_ms, due_ms)
            self.happen(events.Tick())
            later_ms = deadline(self.life.state)
            assert later_ms is None or later_ms > self.life.mono_ms, "a tick at a deadline leaves it behind"
        self.life.mono_ms = end_ms

    @rule(online=st.booleans())
    def the_reader(self, online: bool) -> None:
        self.note(events.ReaderChanged(ENTRY, online))

    @rule(name=st.sampled_from(CHILDREN), running=st.booleans())
    def a_child(self, name: str, running: bool) -> None:
        self.note(events.ChildRunning(name) if running else events.ChildRestarting(name))

    @rule(point=st.sampled_from(sorted(POINTS)), active=st.booleans())
    def a_point(self, point: Point, active: bool) -> None:
        self.note(events.PointChanged(point, active))

    @rule(active=st.booleans())
    def the_fire_panel(self, active: bool) -> None:
        self.note(events.FireChanged(active))

    @rule(which=st.integers(0, 1_000), cloud=st.booleans())
    def somebody_has_seen_one(self, which: int, cloud: bool) -> None:
        """Any that was ever raised: what comes from the cloud may be late by hours."""
        if not self.raised:
            return
        (code, source), at_ms = self.raised[which % len(self.raised)]
        seen = events.AlarmSeen(code, source, at_ms, "somebody")
        revision = self.life.state.durable.desired_revision + 1
        self.happen(events.DesiredReceived(revision, None, (seen,)) if cloud else events.AcknowledgeRequested(seen))

    @rule(
        key=st.sampled_from(
            [(AlarmCode.CHILD_RESTARTING, "uplink"), (AlarmCode.MAINS_LOST, "station"), (AlarmCode.FIRE, "fire")]
        ),
        minutes=st.sampled_from([0, 1, 30, 1_440, 3_000]),
        said_here=st.booleans(),
    )
    def somebody_shelves_one(self, key: AlarmKey, minutes: int, said_here: bool) -> None:
        for_ms = min(minutes, 1_440) * 60_000
        until_ms = self.life.now().wall_ms + minutes * 60_000
        aside = events.AlarmAside(*key, until_ms, "somebody", "known", for_ms if said_here else None)
        self.happen(events.ShelveRequested(aside))

    @rule(trusted=st.booleans())
    def the_clock(self, trusted: bool) -> None:
        if self.life.clock_trusted and not trusted:
            self.life.latest_trusted_ms = self.life.now().wall_ms
        self.life.clock_trusted = trusted
        self.happen(events.ClockChanged(trusted))

    @rule(clean=st.booleans())
    def the_run_ends_and_another_begins(self, clean: bool) -> None:
        if clean:
            self.happen(events.StopRequested("update"))
        self.life.state = from_snapshot(snapshot(self.life.state))
        self.told = {}
        self.happen(events.Booted("1.0", "digest", clean, self.life.state.durable.boot + 1, 0))
        self.shelf_of_run_ms = dict.fromkeys(self.shelved(), self.life.mono_ms)
        self.note(events.LevelsRead(False, False, self.fire, self.points))

    def shelved(self) -> list[AlarmKey]:
        return [alarm.key for alarm in self.life.state.durable.alarms if alarm.shelved_until_ms is not None]

    # ------------------------------------------------ what always holds

    @invariant()
    def an_alarm_stands_exactly_while_its_condition_does_within_its_delays(self) -> None:
        active = {alarm.key for alarm in self.life.state.durable.alarms if alarm.active}
        for key, told in self.told.items():
            lasted_ms = self.life.mono_ms - told.since_ms
            delay_ms = (ON_DELAY_MS if told.stands else OFF_DELAY_MS).get(key[0], 0)
            expected = told.stands if lasted_ms >= delay_ms else told.stood
            assert (key in active) is expected, f"{key} after {lasted_ms} ms"

    @invariant()
    def what_latches_is_listed_until_somebody_has_seen_it(self) -> None:
        assert self.unseen <= {alarm.key for alarm in self.life.state.durable.alarms}

    @invariant()
    def every_shelf_ends_in_time(self) -> None:
        now, longest_ms = self.life.now(), WIRED.alarms.longest_shelf_ms
        for alarm in self.life.state.durable.alarms:
            if alarm.shelved_until_ms is None:
                continue
            assert self.life.mono_ms - self.shelf_of_run_ms[alarm.key] < longest_ms
            assert not now.clock_trusted or now.wall_ms < alarm.shelved_until_ms

    @invariant()
    def what_is_suppressed_has_a_cause_that_stands_and_nothing_urgent_is(self) -> None:
        alarms = alarm_views(self.life.state)
        active = {f"{alarm.code}/{alarm.source}" for alarm in alarms if alarm.active}
        for alarm in alarms:
            if alarm.suppressed_by is not None:
                assert alarm.suppressed_by in active
                assert alarm.priority != "urgent"

    @invariant()
    def the_state_is_a_replay_of_its_records(self) -> None:
        self.replayed = replay(self.replayed, self.life.records[self.checked :])
        self.checked = len(self.life.records)
        assert self.replayed.durable == self.life.state.durable
        assert from_snapshot(snapshot(self.life.state)).durable == self.life.state.durable


TestAlarmLife = AlarmLife.TestCase
TestAlarmLife.settings = settings(
    max_examples=80, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
