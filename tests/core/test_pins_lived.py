"""Keypads lived at random: whatever people do there in whatever order, some things hold."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.policy.model import Factor, Member
from contract.records import AccessDenied, AccessGranted, AlarmCode, Posture, Reason
from edge.core import events
from edge.core.effects import CheckPin
from edge.core.events import PinVerdict
from edge.core.pin_state import FORGOTTEN_MS, LONGEST_LOCK_MS, MAX_CALLS, MAX_MEMBER_ROWS, TRIES, PinConfig
from edge.core.station import from_snapshot, initial_state, replay, snapshot
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life

SIDE = ReaderId("side")
BARE = ReaderId("bare")
READERS = st.sampled_from([ENTRY, ENTRY, SIDE, BARE])
SLOW = Member(MemberId("slow-1"), extended_release=True)
GONE = Member(MemberId("gone-1"), revoked=True)
MEMBERS = st.sampled_from([RIDER, RIDER, SLOW, GONE, None])
PAST_ANY_LOCK_MS = LONGEST_LOCK_MS + 1


class KeypadLives(RuleBasedStateMachine):
    """A station with two keypads and a bare reader, and a shell that answers late, wrongly, twice or not at all."""

    @initialize(alone=st.booleans(), posture=st.sampled_from([Posture.TWO_FACTOR, Posture.TWO_FACTOR, Posture.SECURE]))
    def begin(self, alone: bool, posture: Posture) -> None:
        pins = PinConfig(keypads=frozenset({ENTRY, SIDE}), codes_alone=alone)
        self.life = Life(replace(CONFIG, readers=(ENTRY, SIDE, BARE), pins=pins))
        self.revision = 0
        self.entry = 0
        self.asked: dict[int, CheckPin] = {}
        self.right: set[int] = set()
        self.wrong_at: dict[MemberId, list[int]] = {}
        self.checked = 0
        self.the_cloud_wants(posture)

    def happen(self, event: events.Event) -> None:
        life, seen = self.life, len(self.life.effects)
        life.do(event)
        for effect in life.effects[seen:]:
            if isinstance(effect, CheckPin):
                assert isinstance(event, events.PinEntered)
                assert (effect.reader, effect.entry) == (event.reader, event.entry), "what was typed is what is asked"
                assert not life.state.durable.pins.is_locked(effect.reader, effect.member, life.mono_ms)
                self.asked[effect.entry] = effect
        for record in life.last:
            if isinstance(record, AccessGranted):
                self.check_grant(record, event)
            elif isinstance(record, AccessDenied) and record.reason is Reason.WRONG_PIN and record.member is not None:
                self.wrong_at.setdefault(record.member, []).append(life.mono_ms)

    def check_grant(self, record: AccessGranted, event: events.Event) -> None:
        factors = set(record.factors.split("+"))
        if self.life.state.durable.posture is Posture.TWO_FACTOR:
            assert factors == {"card", "pin"}, "two factors were wanted"
        if "pin" in factors:
            assert isinstance(event, events.PinChecked | events.CardPresented)
            assert event.entry in self.right, "the number was right"
            self.wrong_at.pop(record.member, None)
            asked = self.asked[event.entry]
            assert asked.reader == record.reader
            assert asked.member in (record.member, None)

    # ------------------------------------------------ what can happen

    @rule(reader=READERS, member=MEMBERS, age_ms=st.sampled_from([0, 0, 3_001]))
    def a_card_is_shown(self, reader: ReaderId, member: Member | None, age_ms: int) -> None:
        card = CARD if member is None else CredentialHash(member.id.encode().hex())
        self.happen(events.CardPresented(reader, card, member, self.life.mono_ms - age_ms))

    @rule(reader=READERS, late_ms=st.sampled_from([0, 0, 3_001]))
    def a_number_is_typed(self, reader: ReaderId, late_ms: int) -> None:
        self.entry += 1
        self.happen(events.PinEntered(reader, self.entry, self.life.mono_ms - late_ms))

    @rule(back=st.integers(0, 2), verdict=st.sampled_from(PinVerdict), elsewhere=st.booleans())
    def the_shell_answers(self, back: int, verdict: PinVerdict, elsewhere: bool) -> None:
        asked = self.asked.get(self.entry - back)
        if asked is None:
            self.happen(events.PinChecked(ENTRY, self.entry + 7, verdict))
            return
        self.right.discard(asked.entry)
        if asked.member is not None and verdict in (PinVerdict.RIGHT, PinVerdict.DURESS):
            self.right.add(asked.entry)
        if asked.member is None:
            # Of a number by itself only its failure is told like this.
            verdict = PinVerdict.WRONG if verdict is not PinVerdict.UNAVAILABLE else verdict
        self.happen(events.PinChecked(SIDE if elsewhere else asked.reader, asked.entry, verdict))

    @rule(member=MEMBERS, duress=st.booleans(), issued=st.sampled_from([1, 1_001]), invented=st.booleans())
    def a_number_is_found_to_be_a_credential(
        self, member: Member | None, duress: bool, issued: int, invented: bool
    ) -> None:
        asked = self.asked.get(self.entry)
        if not invented and (asked is None or asked.member is not None):
            return
        if asked is not None and asked.member is None:
            self.right.add(asked.entry)
        self.happen(
            events.CardPresented(
                *(ENTRY if asked is None else asked.reader, CARD, member, self.life.mono_ms),
                factors=frozenset({Factor.PIN}),
                duress=duress,
                entry=self.entry + 5 if invented else self.entry,
                code_digits=6,
                codes_issued=issued,
            )
        )

    @rule(member=st.sampled_from([RIDER, SLOW]), reader=st.sampled_from([ENTRY, SIDE]), right=st.booleans())
    def somebody_shows_and_types(self, member: Member, reader: ReaderId, right: bool) -> None:
        self.a_card_is_shown(reader, member, 0)
        self.a_number_is_typed(reader, 0)
        self.the_shell_answers(0, PinVerdict.RIGHT if right else PinVerdict.WRONG, False)

    @rule(ms=st.sampled_from([1, 999, 3_000, 10_000, 59_999, 60_000, 600_000, PAST_ANY_LOCK_MS]))
    def time_passes(self, ms: int) -> None:
        self.life.wait(ms)

    @rule(ms=st.integers(1, 20_000))
    def the_shell_sleeps(self, ms: int) -> None:
        self.life.mono_ms += ms

    @rule(posture=st.sampled_from([Posture.TWO_FACTOR, Posture.TWO_FACTOR, Posture.SECURE, Posture.LOCKDOWN]))
    def the_cloud_wants(self, posture: Posture) -> None:
        self.revision += 1
        self.happen(events.DesiredReceived(self.revision, posture))

    @rule(reader=READERS)
    def a_call_for_help_is_acknowledged(self, reader: ReaderId) -> None:
        standing = [alarm for alarm in self.life.state.durable.alarms if alarm.code is AlarmCode.DURESS]
        for alarm in standing:
            if alarm.source == reader:
                seen = events.AlarmSeen(AlarmCode.DURESS, reader, alarm.since_ms, "operator")
                self.happen(events.AcknowledgeRequested(seen))

    @rule(clean=st.booleans())
    def the_run_ends_and_another_begins(self, clean: bool) -> None:
        if clean:
            self.happen(events.StopRequested("update"))
        self.life.boot(clean_stop=clean)
        self.life.levels()
        self.asked.clear()

    # ------------------------------------------------ what always holds

    @invariant()
    def nobody_gets_more_tries_than_they_should(self) -> None:
        for moments in self.wrong_at.values():
            for first, later in zip(moments, moments[TRIES + 1 :], strict=False):
                assert later - first >= FORGOTTEN_MS, "behind five wrong ones and one under check comes a lock-out"

    @invariant()
    def numbers_are_locked_out_exactly_as_long_as_the_alarm_says(self) -> None:
        pins, now = self.life.state.volatile.pins, self.life.mono_ms
        memory = self.life.state.durable.pins
        due = {until for until in pins.locked.values() if until <= now}
        if not due:
            locked = {row.who for row in memory.readers if row.is_locked(now)}
            locked |= {"members" for row in memory.members if row.is_locked(now)}
            assert set(pins.locked) == locked
        assert {
            alarm.source for alarm in self.life.state.durable.alarms if alarm.code is AlarmCode.PIN_GUESSING
        } >= set(pins.locked)

    @invariant()
    def a_call_for_help_stands_until_it_was_acknowledged(self) -> None:
        calls = {call.reader for call in self.life.state.durable.pins.duress}
        assert calls == {alarm.source for alarm in self.life.state.durable.alarms if alarm.code is AlarmCode.DURESS}

    @invariant()
    def nothing_grows_without_end(self) -> None:
        memory, now = self.life.state.durable.pins, self.life.state.volatile.pins
        assert len(memory.readers) <= 3
        assert len(memory.members) <= MAX_MEMBER_ROWS
        assert len(memory.duress) <= MAX_CALLS
        assert now.waiting.keys() | now.checking.keys() <= {ENTRY, SIDE}

    @invariant()
    def the_state_is_a_replay_of_its_records(self) -> None:
        life = self.life
        if not self.checked:
            self.replayed = initial_state(life.config)
        self.replayed = replay(self.replayed, life.records[self.checked :])
        self.checked = len(life.records)
        assert self.replayed.durable == life.state.durable
        assert from_snapshot(snapshot(life.state)).durable == life.state.durable


TestKeypadLives = KeypadLives.TestCase
TestKeypadLives.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
