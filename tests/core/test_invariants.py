"""Whatever happens in whatever order, some things hold. Hypothesis looks for an order in which they do not."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.ids import MemberId, ReaderId
from contract.policy.model import Antipassback, Member
from contract.policy.plan import Planned, PosturePlan
from contract.policy.schedule import Interval, Schedule
from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AlarmCode,
    CommandBegun,
    DoorForced,
    DoorHeld,
    DoorHeldCleared,
    DoorMode,
    DoorReleased,
    DoorRelocked,
    Posture,
    PostureChanged,
    Record,
    ReleaseCause,
    StationStopped,
)
from edge.core import events
from edge.core.config import AccessConfig, DoorConfig, ExitAction, RelockOn
from edge.core.effects import ReleaseLock, Urgency
from edge.core.postures import wanted
from edge.core.station import deadline, from_snapshot, initial_state, replay, snapshot, step
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life

VISITOR = Member(MemberId("visitor-1"), once=True)
MEMBERS = [
    RIDER,
    Member(MemberId("slow-1"), extended_release=True),
    Member(MemberId("gone-1"), revoked=True),
    VISITOR,
    None,
]
WAY_OUT = ReaderId("way-out")
# A life begins at 14:13:21.
PLAN = PosturePlan(
    (
        Planned(Posture.FREE_ACCESS, Schedule(((Interval(14 * 60 + 14, 14 * 60 + 16),),) * 7)),
        Planned(Posture.TWO_FACTOR, Schedule(((Interval(14 * 60 + 20, 14 * 60 + 40),),) * 7)),
    )
)
CLOSED = (DoorMode.SECURED, DoorMode.RELEASED)


class StationLife(RuleBasedStateMachine):
    """A station lived at random: people, wires, the cloud, crashes, and a shell that is sometimes late."""

    @initialize(
        relock_on=st.sampled_from(RelockOn),
        exit_action=st.sampled_from(ExitAction),
        pre_alarm_ms=st.sampled_from([20_000, 30_000]),
        access=st.builds(AccessConfig, capacity=st.sampled_from([None, 2]), antipassback=st.sampled_from(Antipassback)),
        plan=st.sampled_from([PosturePlan(), PLAN]),
    )
    def begin(
        self,
        relock_on: RelockOn,
        exit_action: ExitAction,
        pre_alarm_ms: int,
        access: AccessConfig,
        plan: PosturePlan,
    ) -> None:
        door = DoorConfig(relock_on=relock_on, exit_action=exit_action, held_pre_alarm_ms=pre_alarm_ms)
        config = replace(CONFIG, readers=(ENTRY, WAY_OUT), readers_out=frozenset({WAY_OUT}))
        self.life = Life(replace(config, door=door, access=access, plan=plan))
        self.pass_is_out = False
        self.unanswered_holds = 0
        self.commands = 0
        self.checked = 0
        self.levels_known = True
        self.waiting: list[ReleaseLock] = []

    def happen(self, event: events.Event) -> None:
        """One event, with what must hold of every single step."""
        life = self.life
        released, seen = life.state.durable.door.release is not None, len(life.effects)
        life.do(event)
        for effect in life.effects[seen:]:
            if isinstance(effect, ReleaseLock):
                self.check_cause(effect, event, life.last)
                if effect.urgency is Urgency.AFTER_COMMIT:
                    self.waiting = [*self.waiting, effect][-4:]
        for record in life.last:
            if isinstance(record, DoorHeld):
                self.unanswered_holds += 1
            elif isinstance(record, DoorHeldCleared):
                self.unanswered_holds -= 1
            assert self.unanswered_holds in (0, 1), "held and its end alternate"
            self.check_access(record)
            if isinstance(record, DoorReleased | DoorRelocked):
                released = isinstance(record, DoorReleased)
            assert not (isinstance(record, DoorForced) and released), "a released door is never forced"
        # A late edge is judged at its own moment.
        if not isinstance(event, events.ContactChanged) and not life.state.volatile.stopped:
            assert life.state.durable.posture is wanted(life.config, life.state, life.now())[0]

    def check_access(self, record: Record) -> None:
        """A pass is used once, and who came in is not let in again where that is denied."""
        if isinstance(record, AccessGranted) and record.once:
            assert not self.pass_is_out, "a pass is for one entry"
            self.pass_is_out = True
        elif isinstance(record, AccessNotTaken | AccessDenied) and record.member == VISITOR.id:
            given_back = isinstance(record, AccessNotTaken) or record.pass_returned
            self.pass_is_out = self.pass_is_out and not given_back
        if isinstance(record, AccessGranted) and self.life.config.access.antipassback is not Antipassback.SOFT:
            assert not record.passback

    def check_cause(self, effect: ReleaseLock, event: events.Event, records: list[Record]) -> None:
        """No release without a cause that the same step shows."""
        inputs, durable = self.life.state.volatile.inputs, self.life.state.durable
        match effect.cause:
            case ReleaseCause.CARD | ReleaseCause.FACE | ReleaseCause.PIN:
                assert any(isinstance(record, AccessGranted) for record in records)
            case ReleaseCause.COMMAND:
                assert any(isinstance(record, CommandBegun) for record in records)
            case ReleaseCause.EXIT:
                assert inputs.exit_pressed
            case ReleaseCause.FIRE:
                assert inputs.fire_active
            case ReleaseCause.FREE_ACCESS:
                # Public hours may begin and be ended within one step that comes late.
                begun = [record.posture for record in records if isinstance(record, PostureChanged)]
                assert Posture.FREE_ACCESS in (durable.posture, *begun)
        recorded = any(isinstance(record, DoorReleased) and record.cause is effect.cause for record in records)
        assert recorded or isinstance(event, events.LevelsRead), "only rebuilt pins renew a release without a record"

    # ------------------------------------------------ what can happen

    @rule(ms=st.sampled_from([1, 5, 10, 29, 30, 50, 200, 999, 1_000, 4_999, 5_000, 15_000, 20_000, 30_000, 700_000]))
    def time_passes(self, ms: int) -> None:
        end = self.life.mono_ms + ms
        while (due := deadline(self.life.state)) is not None and due <= end:
            self.life.mono_ms = max(self.life.mono_ms, due)
            self.happen(events.Tick())
            later = deadline(self.life.state)
            assert later is None or later > self.life.mono_ms, "a tick at a deadline leaves it behind"
        self.life.mono_ms = end

    @rule(ms=st.integers(1, 60_000))
    def the_shell_sleeps(self, ms: int) -> None:
        self.life.mono_ms += ms

    @rule(
        reader=st.sampled_from([ENTRY, ENTRY, WAY_OUT]),
        member=st.sampled_from(MEMBERS),
        age_ms=st.sampled_from([0, 0, 0, 2_900, 3_001, -5]),
    )
    def a_card_is_shown(self, reader: ReaderId, member: Member | None, age_ms: int) -> None:
        inside, config = self.life.state.durable.occupancy, self.life.config
        self.happen(events.CardPresented(reader, CARD, member, self.life.mono_ms - age_ms))
        granted = [record for record in self.life.last if isinstance(record, AccessGranted)]
        if granted and reader == ENTRY and inside == self.life.state.durable.occupancy:
            full = config.access.capacity is not None and inside.sure and inside.people >= config.access.capacity
            assert not full, "nobody is let in at capacity"

    @rule(reader=st.sampled_from([ENTRY, ENTRY, WAY_OUT]), member=st.sampled_from([RIDER, RIDER, VISITOR]))
    def somebody_goes_through(self, reader: ReaderId, member: Member) -> None:
        self.a_card_is_shown(reader, member, 0)
        self.the_door_moves_and_rests(True)
        self.the_door_moves_and_rests(False)

    @rule(trusted=st.booleans())
    def the_clock(self, trusted: bool) -> None:
        if self.life.clock_trusted and not trusted:
            self.life.latest_trusted_ms = self.life.now().wall_ms
        self.life.clock_trusted = trusted
        self.happen(events.ClockChanged(trusted))

    @rule(is_open=st.booleans(), late_ms=st.sampled_from([None, 0, 20, 400]))
    def the_contact_moves(self, is_open: bool, late_ms: int | None) -> None:
        at_ms = None if late_ms is None else self.life.mono_ms - late_ms
        self.happen(events.ContactChanged(is_open, at_ms))

    @rule(is_open=st.booleans())
    def the_door_moves_and_rests(self, is_open: bool) -> None:
        self.happen(events.ContactChanged(is_open))
        self.time_passes(50)

    @rule(pressed=st.booleans())
    def the_exit_button(self, pressed: bool) -> None:
        self.happen(events.ExitChanged(pressed))

    @rule(active=st.booleans())
    def the_fire_panel(self, active: bool) -> None:
        self.happen(events.FireChanged(active))

    @rule()
    def the_contact_is_lost(self) -> None:
        self.happen(events.ContactLost())

    @rule(available=st.booleans())
    def the_pins(self, available: bool) -> None:
        self.happen(events.GpioChanged(available))

    @rule(contact_open=st.booleans(), exit_pressed=st.booleans(), fire=st.booleans())
    def levels_are_read(self, contact_open: bool, exit_pressed: bool, fire: bool) -> None:
        self.life.lock_released = False
        self.happen(events.LevelsRead(contact_open, exit_pressed, fire))
        self.levels_known = True

    @rule(posture=st.sampled_from([*Posture, None]), ahead=st.sampled_from([-1, 0, 1, 1, 1]))
    def the_cloud_wants(self, posture: Posture | None, ahead: int) -> None:
        revision = max(0, self.life.state.durable.desired_revision + ahead)
        self.happen(events.DesiredReceived(revision, posture))

    @rule(kind=st.sampled_from(["release", "release", "restart", "dance"]), again=st.booleans())
    def the_cloud_commands(self, kind: str, again: bool) -> None:
        self.commands += 0 if again else 1
        self.happen(events.CommandReceived(f"command-{self.commands}", kind, "operator", {"reason": "asked to"}))

    @precondition(lambda self: self.waiting)
    @rule(done=st.booleans())
    def an_effect_is_answered(self, done: bool) -> None:
        effect = self.waiting.pop(0)
        if not done:
            # What was refused was not carried out; another release may still hold the lock.
            self.happen(events.EffectRefused(effect))
        else:
            self.happen(events.EffectDone(effect))

    @rule(online=st.booleans())
    def the_reader(self, online: bool) -> None:
        self.happen(events.ReaderChanged(ENTRY, online))

    @rule(status=st.sampled_from(events.StorageStatus))
    def the_storage(self, status: events.StorageStatus) -> None:
        self.happen(events.StorageChanged(status))

    @rule(clean=st.booleans())
    def the_run_ends_and_another_begins(self, clean: bool) -> None:
        if clean:
            self.happen(events.StopRequested("update"))
            assert isinstance(self.life.last[-1], StationStopped)
            assert not self.life.lock_released
        self.life.state = from_snapshot(snapshot(self.life.state))
        self.life.lock_released = False
        self.life.mono_ms = 10
        self.waiting = []
        self.levels_known = False
        self.happen(events.Booted("1.0", "digest", clean, self.life.state.durable.boot + 1, 0))

    # ------------------------------------------------ what always holds

    @invariant()
    def the_lock_is_where_the_state_says(self) -> None:
        door = self.life.state.durable.door
        assert self.life.lock_released == (door.release is not None)
        if door.mode in CLOSED:
            assert (door.mode is DoorMode.RELEASED) == (door.release is not None)

    @invariant()
    def fire_and_exit_always_release(self) -> None:
        inputs, door = self.life.state.volatile.inputs, self.life.state.durable.door
        if inputs.fire_active:
            assert door.fire
            assert door.release is not None
        if inputs.exit_pressed and self.life.config.door.exit_action is ExitAction.RELEASE:
            assert door.release is not None

    @invariant()
    def a_release_that_nothing_keeps_has_an_end(self) -> None:
        door, volatile, config = self.life.state.durable.door, self.life.state.volatile, self.life.config
        inputs = volatile.inputs
        kept = (
            inputs.fire_active
            or (inputs.exit_pressed and config.door.exit_action is ExitAction.RELEASE)
            or self.life.state.durable.posture is Posture.FREE_ACCESS
            or (config.door.relock_on is RelockOn.CLOSE and door.mode not in CLOSED)
        )
        if door.release is not None and not kept:
            assert inputs.released_until_ms is not None
            assert inputs.released_until_ms <= self.life.mono_ms + config.door.extended_release_ms
        if door.release is None:
            assert inputs.released_until_ms is None

    @invariant()
    def people_are_never_negative(self) -> None:
        assert self.life.state.durable.occupancy.people >= 0

    @invariant()
    def a_held_door_is_one_whose_end_is_still_to_be_said(self) -> None:
        door = self.life.state.durable.door
        assert (door.held_for_ms is not None) == (door.mode is DoorMode.HELD) == (self.unanswered_holds == 1)

    @invariant()
    def door_alarms_stand_exactly_while_their_conditions_do(self) -> None:
        if self.levels_known:
            door, alarms = self.life.state.durable.door, self.life.alarms()
            assert (AlarmCode.DOOR_HELD in alarms) == (door.mode is DoorMode.HELD)
            assert (AlarmCode.DOOR_FORCED in alarms) == (door.mode is DoorMode.FORCED)
            assert (AlarmCode.FIRE in alarms) == door.fire

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
    def a_step_repeated_gives_the_same(self) -> None:
        now = self.life.now()
        first = step(self.life.config, self.life.state, events.Tick(), now)
        assert first == step(self.life.config, self.life.state, events.Tick(), now)


TestStationLife = StationLife.TestCase
TestStationLife.settings = settings(
    max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
