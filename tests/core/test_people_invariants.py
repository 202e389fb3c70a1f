"""Whatever people, doors, sensors and power cuts did before: the count is right ten minutes after things are quiet."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.policy.model import Antipassback
from contract.records import OccupancyChanged, Posture
from edge.core import events
from edge.core.config import AccessConfig
from edge.core.events import Point
from edge.core.headcount import DOOR_PERCENT
from edge.core.station import deadline, from_snapshot, initial_state, replay, snapshot
from tests.core.people_support import INNER, OUTER, POINTS, RADAR, WITH_BOTH, PeopleLife, with_presence

QUIET_MS = 600_000
MOST_INSIDE = 4


class Crowd(RuleBasedStateMachine):
    """A room with beams and a radar that tells the truth whenever it is heard; everything else may go wrong."""

    @initialize(passback=st.sampled_from([Antipassback.OFF, Antipassback.SOFT]))
    def begin(self, passback: Antipassback) -> None:
        config = with_presence(WITH_BOTH, welfare_still_ms=20_000, welfare_night_still_ms=40_000)
        self.life = PeopleLife(replace(config, access=AccessConfig(capacity=3, antipassback=passback)))
        self.inside = 0
        self.still = False
        self.levels = dict.fromkeys(POINTS, False)
        self.leaf = False
        self.heard = True
        self.checked = 0

    # ------------------------------------------------ the truth, and what is told of it

    def tell(self) -> None:
        moving = self.inside > 0 and not self.still
        self.life.sees = moving, self.inside > 0
        if self.heard:
            self.life.radar(*self.life.sees)

    def pass_ms(self, ms: int) -> None:
        """Time passes, and the radar reports each second if it is heard."""
        if self.heard:
            self.life.watch(ms)
        else:
            self.life.wait(ms)

    def edge(self, point: Point, level: bool) -> None:
        self.levels[point] = level
        self.life.do(events.PointChanged(point, level))

    def move_leaf(self, is_open: bool) -> None:
        self.leaf = is_open
        self.life.leaf(is_open)

    # ------------------------------------------------ people

    @rule(
        inward=st.booleans(),
        people=st.sampled_from([1, 1, 2]),
        abreast=st.booleans(),
        why=st.sampled_from(["card", "exit", "force"]),
        step_ms=st.sampled_from([25, 80, 200, 700]),
        stays_ms=st.sampled_from([0, 2_000, 30_000]),
    )
    def somebody_walks(self, inward: bool, people: int, abreast: bool, why: str, step_ms: int, stays_ms: int) -> None:
        people = min(people, MOST_INSIDE - self.inside if inward else self.inside)
        if people == 0:
            return
        if why == "card":
            self.life.card()
        elif why == "exit":
            self.life.press_exit()
        self.move_leaf(True)
        near, far = (OUTER, INNER) if inward else (INNER, OUTER)
        for _ in range(1 if abreast else people):
            for point, level in ((near, True), (far, True), (near, False), (far, False)):
                self.edge(point, level)
                self.pass_ms(step_ms)
        self.inside += people if inward else -people
        self.still = False
        self.tell()
        self.pass_ms(stays_ms)
        self.move_leaf(False)

    @rule(deep=st.booleans(), inward=st.booleans())
    def somebody_turns_round(self, deep: bool, inward: bool) -> None:
        if not inward and self.inside == 0:
            return
        self.life.card()
        self.move_leaf(True)
        near, far = (OUTER, INNER) if inward else (INNER, OUTER)
        edges = [(near, True), (far, True), (far, False), (near, False)] if deep else [(near, True), (near, False)]
        for point, level in edges:
            self.edge(point, level)
            self.pass_ms(100)
        self.move_leaf(False)

    @rule(still=st.booleans())
    def they_lie_down_or_get_up(self, still: bool) -> None:
        self.still = still
        self.tell()

    @rule(point=st.sampled_from(sorted(POINTS)), level=st.booleans())
    def a_wire_says_anything(self, point: Point, level: bool) -> None:
        self.edge(point, level)

    @rule(ms=st.sampled_from([100, 3_000, 20_000, 70_000]))
    def time_passes(self, ms: int) -> None:
        self.tell()
        self.pass_ms(ms)

    @rule()
    def somebody_answers(self) -> None:
        self.life.do(events.WelfareAnswerGiven())

    # ------------------------------------------------ trouble

    @rule(heard=st.booleans())
    def the_radar_comes_and_goes(self, heard: bool) -> None:
        self.heard = heard
        self.life.do(events.SensorChanged(RADAR, online=heard))

    @rule()
    def the_pins_go_and_come(self) -> None:
        self.life.do(events.GpioChanged(False, "away"))
        self.pass_ms(5_000)
        self.life.do(events.GpioChanged(True))
        self.life.levels(contact_open=self.leaf, points=self.levels)

    @rule(clean=st.booleans(), inside=st.sampled_from([None, 0, 0, 1, 2]), quiet=st.booleans())
    def the_power_goes(self, clean: bool, inside: int | None, quiet: bool) -> None:
        """Meanwhile people come and go as they like."""
        if clean:
            self.life.do(events.StopRequested("update"))
        if inside is not None:
            self.inside, self.still = inside, False
        self.life.boot(clean_stop=clean)
        self.life.levels(contact_open=self.leaf, points=self.levels)
        self.tell()
        if quiet:
            self.it_is_quiet_for_ten_minutes(None, False)

    @rule(posture=st.sampled_from([Posture.FREE_ACCESS, Posture.SECURE, None]))
    def the_cloud_wants(self, posture: Posture | None) -> None:
        revision = self.life.state.durable.desired_revision + 1
        self.life.do(events.DesiredReceived(revision, posture))

    # ------------------------------------------------ what holds

    @rule(inside=st.sampled_from([None, 0, 0, 1]), motion_is_stuck=st.booleans())
    def it_is_quiet_for_ten_minutes(self, inside: int | None, motion_is_stuck: bool) -> None:
        """Radar and beams are honest from now on, and nobody goes in or out."""
        if inside is not None:
            self.inside = inside
        self.still = self.inside > 0
        self.heard = True
        for point in sorted(POINTS):
            self.edge(point, motion_is_stuck and point is Point.MOTION_INSIDE)
        self.tell()
        self.life.watch(QUIET_MS)
        if self.inside == 0:
            assert self.life.people()[0] == 0
        else:
            assert self.life.people()[0] >= 1
            asked = self.life.state.durable.presence.welfare_asked
            assert asked, "somebody has been still for long"

    @invariant()
    def the_count_is_never_negative_and_its_confidence_says_whether_it_is_sure(self) -> None:
        counted = self.life.state.durable.occupancy
        assert counted.people >= 0
        assert counted.sure is (counted.confidence_percent >= DOOR_PERCENT)
        for record, _ in self.life.records[self.checked :]:
            if isinstance(record, OccupancyChanged):
                assert record.people >= 0

    @invariant()
    def the_state_is_a_replay_of_its_records(self) -> None:
        life = self.life
        if not self.checked:
            self.replayed = initial_state(life.config)
        self.replayed = replay(self.replayed, life.records[self.checked :])
        self.checked = len(life.records)
        assert self.replayed.durable == life.state.durable
        assert from_snapshot(snapshot(life.state)).durable == life.state.durable

    @invariant()
    def every_timer_lies_ahead(self) -> None:
        due_ms = deadline(self.life.state)
        assert due_ms is None or due_ms >= self.life.mono_ms

    @invariant()
    def nobody_is_asked_who_moves(self) -> None:
        welfare = self.life.state.volatile.presence.welfare
        if welfare.due_at_ms is not None:
            assert welfare.still_since_ms is not None or self.life.state.durable.presence.welfare_asked


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
