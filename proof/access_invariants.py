"""Who may come in, judged again by the world's truth, without `contract.policy`: cards, numbers, passes, returns."""

from typing import TYPE_CHECKING, Final

from contract.ids import MemberId, ReaderId
from contract.policy.model import Antipassback, Factor, Member
from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    AlarmCode,
    Direction,
    Posture,
    Reason,
)
from edge.core import environment, events
from edge.core.changed import changed
from edge.core.effects import CheckPin, Feedback, ReaderFeedback
from edge.core.events import CardPresented, PinVerdict
from edge.core.state import StationState
from edge.core.station import Step
from proof import pass_invariants
from proof.city import MEMBERS_HOURS, PAIRING_MS
from proof.require import require

if TYPE_CHECKING:
    from proof.life import Life

STALE_MS: Final = 3_000
SHUT: Final = frozenset({Posture.LOCKDOWN, Posture.OUT_OF_SERVICE})
FORGET_MS: Final = 12 * 3_600_000
JUST_PASSED_MS: Final = 500
TRIES: Final = 5
IN_A_ROW_MS: Final = 590_000
"""Wrong numbers less far apart than ten minutes are in a row."""
READER_LOCK_MS, MEMBER_LOCK_MS = 60_000, 900_000


class AccessTruth:
    """What the checks remember of a life: who is locked out, who came in on which pass, and who is inside."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[int]] = {}
        self.locked_until_ms: dict[str, int] = {}
        self.wrong_ms: dict[str, int] = {}
        """When the latest wrong number was typed."""
        self.clock_ms: dict[str, int] = {}
        """How far ahead the station's wall clock was at the latest wrong number."""
        self.used: set[MemberId] = set()
        self.granted_ms: dict[MemberId, int] = {}
        """When somebody was last let in on a pass for one entry."""
        self.inside: dict[MemberId, int] = {}
        self.duress: set[ReaderId] = set()
        """Where somebody has called for help, and nobody has acknowledged it."""

    def run_begins(self, state: StationState, wall_offset_ms: int, *, everything_kept: bool) -> None:
        """What a restart may have taken along is not held against the station."""
        durable = state.durable
        self.inside = {each.member: each.since_ms for each in durable.inside}
        self.duress = {call.reader for call in durable.pins.duress}
        if not everything_kept:
            self.used = set(durable.used_passes)
        for who in list(self.clock_ms):
            # A wall clock that has been put forward makes a lock-out shorter.
            if not everything_kept or wall_offset_ms > self.clock_ms[who]:
                for held in (self.wrong, self.locked_until_ms, self.clock_ms):
                    held.pop(who, None)
            else:
                self.clock_ms[who] = wall_offset_ms


# ---------------------------------------------------------------- decisions


def granted_to_the_right(life: "Life", event: events.Event, before: StationState, record: AccessGranted) -> None:
    """Whoever is let in, the world's truth lets in."""
    judged = judged_by(event, before, record)
    require(judged is not None, "no_grant_without_a_credential", f"{record} by {event}")
    assert judged is not None
    objection = objection_to(life, event, before, judged)
    require(objection is None, objection or "", f"{record.member} was let in by {record.rule}")
    truth, wall_ms = life.access, life.shell.wall_ms()
    if record.once:
        require(record.member not in truth.used, "a_pass_is_for_one_entry", f"{record.member} came in before")
        truth.used.add(record.member)
        pass_invariants.one_entry_begins(life, record)
    if record.direction is Direction.IN and life.config.access.antipassback is Antipassback.HARD:
        since_ms = truth.inside.get(record.member)
        known = since_ms is not None and life.shell.clock_trusted and 0 <= wall_ms - since_ms < FORGET_MS
        require(not known, "nobody_comes_in_twice", f"{record.member} came in before and was not seen leaving")
    if Factor.PIN in judged.factors:
        for who in (record.reader, record.member):
            truth.wrong.pop(who, None)
    _called_for_help(life, event, record)


def denied_for_a_reason(life: "Life", event: events.Event, before: StationState, record: AccessDenied) -> None:
    """Nobody who may enter is left in the rain."""
    truth = life.access
    if record.pass_returned:
        pass_invariants.returned_unused(event, record)
        if record.member is not None:
            truth.used.discard(record.member)
        return
    if record.reason is Reason.WRONG_PIN:
        _one_more_wrong(life, record)
    _called_for_help(life, event, record)
    if record.reason is Reason.SECOND_FACTOR_REQUIRED and record.reader in before.volatile.pins.waiting:
        # The card's time is over, or another card has come.
        return
    judged = judged_by(event, before, record)
    if judged is None:
        # A number that nobody has checked in time.
        gave_up = record.reader in before.volatile.pins.checking
        require(gave_up, "who_may_enter_does", f"{record} by {event}")
        return
    objection = objection_to(life, event, before, judged)
    if objection is None and life.config.access.antipassback is Antipassback.HARD and record.member is not None:
        objection = "nobody_comes_in_twice" if record.member in truth.inside else None
    require(objection is not None, "who_may_enter_does", f"{record.member} was denied: {record.reason}")


def judged_by(event: events.Event, before: StationState, record: AccessGranted | AccessDenied) -> CardPresented | None:
    """What was judged: the credential of the event, or the card whose number it is."""
    pins = before.volatile.pins
    if isinstance(event, CardPresented) and (event.reader, event.credential) == (record.reader, record.credential):
        return event
    if isinstance(event, events.PinChecked) and event.reader == record.reader:
        checking = pins.checking.get(event.reader)
        return None if checking is None else checking.typed
    if isinstance(event, events.PinEntered) and event.reader == record.reader:
        waiting = pins.waiting.get(event.reader)
        factors = frozenset({Factor.PIN}) | (waiting.card.factors if waiting else frozenset())
        if waiting is None:
            return CardPresented(event.reader, record.credential, None, event.entered_mono_ms, factors=factors)
        return changed(waiting.card, factors=factors, presented_mono_ms=event.entered_mono_ms)
    return None


def objection_to(life: "Life", event: events.Event, before: StationState, shown: CardPresented) -> str | None:
    """The invariant that a grant would break; None for somebody who may pass."""
    member = shown.member
    if not 0 <= life.shell.mono_ms - shown.presented_mono_ms <= STALE_MS:
        return "stale_cards_never_open"
    if Factor.PIN in shown.factors:
        objection = _objection_to_number(life, event, before, shown)
        if objection is not None:
            return objection
    objection = pass_invariants.objection_to_guest(life, shown)
    if objection is not None:
        return objection
    if not shown.roster_available or member is None:
        return "unknown_and_revoked_stay_out"
    if life.config.direction(shown.reader) is Direction.OUT:
        return None
    place = _objection_to_place(life, before, shown)
    hour = pass_invariants.objection_to_hour(life, shown) if Factor.PASS in shown.factors else None
    return place or hour or _objection_to_member(life, member)


def _objection_to_place(life: "Life", before: StationState, shown: CardPresented) -> str | None:
    if environment.hazard(before):
        return "nobody_enters_danger"
    posture, counted, capacity = before.durable.posture, before.durable.occupancy, life.config.access.capacity
    if posture in SHUT:
        return "lockdown_admits_nobody_by_card"
    if posture is Posture.TWO_FACTOR and shown.factors != {Factor.CARD, Factor.PIN}:
        return "one_factor_is_not_two"
    full = capacity is not None and (counted.sure and counted.people >= capacity)
    settled = life.presence.count_is_exact and life.timeline.now_ms - life.room.crossed_ms > JUST_PASSED_MS
    really = capacity is not None and settled and counted.sure and len(life.room.inside) >= capacity
    return "no_grant_at_capacity" if full or really else None


def _objection_to_member(life: "Life", member: Member) -> str | None:
    if member.revoked or (member.stations is not None and life.config.station_id not in member.stations):
        return "unknown_and_revoked_stay_out"
    if member.once and member.id in life.access.used:
        return "a_pass_is_for_one_entry"
    return None if _in_time(life, member) else "validity_is_kept"


def _in_time(life: "Life", member: Member) -> bool:
    """By true time where the station knows it; else only what had ended by the latest trusted time has ended."""
    start, end = member.valid_from_ms, member.valid_until_ms
    if not life.shell.clock_trusted:
        limited = member.schedule is not None or (start, end) != (None, None)
        if life.config.access.strict_clock and limited:
            return False
        latest = life.shell.latest_trusted_ms
        return end is None or latest is None or latest < end
    wall_ms = life.true_wall_ms
    in_hours = member.schedule is None or MEMBERS_HOURS.open_at(wall_ms, life.city.zone)
    return in_hours and (start is None or wall_ms >= start) and (end is None or wall_ms < end)


# ---------------------------------------------------------------- numbers


def _objection_to_number(life: "Life", event: events.Event, before: StationState, shown: CardPresented) -> str | None:
    member = None if shown.member is None else shown.member.id
    if before.durable.pins.is_locked(shown.reader, member, life.shell.mono_ms):
        return "a_locked_out_number_is_never_taken"
    if isinstance(event, events.PinChecked):
        entry = life.keypads.entries[event.entry]
        if event.verdict is PinVerdict.UNAVAILABLE:
            return "a_wrong_number_never_opens"
        right = member is not None and life.keypads.verdict(entry, member) is not PinVerdict.WRONG
        held = life.timeline.now_ms - entry.at_ms <= STALE_MS + PAIRING_MS
        return None if right and held else "a_wrong_number_never_opens"
    if shown.factors == {Factor.PIN} and not life.config.pins.codes_alone:
        return "one_factor_is_not_two"
    return None


def numbers_are_checked_rightly(life: "Life", step: Step) -> None:
    """A number that is locked out is never even checked."""
    for effect in step.effects:
        if isinstance(effect, CheckPin):
            for who in (effect.reader, effect.member):
                left_ms = life.access.locked_until_ms.get(str(who), 0) - life.timeline.now_ms
                require(left_ms <= 0, "a_locked_out_number_is_never_taken", f"{who}, for {left_ms} ms more")


def _one_more_wrong(life: "Life", record: AccessDenied) -> None:
    """Five in a row lock out: for a minute at least at a reader, for a quarter of an hour for a member."""
    truth, now_ms = life.access, life.timeline.now_ms
    for who, lock_ms in ((record.reader, READER_LOCK_MS), (record.member, MEMBER_LOCK_MS)):
        if who is not None:
            truth.wrong_ms[who] = now_ms
        if who is None or now_ms < truth.locked_until_ms.get(who, 0):
            continue
        row = truth.wrong.setdefault(who, [])
        if row and now_ms - row[-1] >= IN_A_ROW_MS:
            row.clear()
        row.append(now_ms)
        truth.clock_ms[who] = life.shell.wall_offset_ms
        if len(row) >= TRIES:
            row.clear()
            truth.locked_until_ms[who] = now_ms + lock_ms - 1


def _called_for_help(life: "Life", event: events.Event, record: AccessGranted | AccessDenied) -> None:
    """Whoever is made to open is heard."""
    verdict = isinstance(event, events.PinChecked) and event.verdict is PinVerdict.DURESS
    alone = isinstance(event, CardPresented) and event.duress
    if verdict or alone:
        require(record.duress, "duress_raises_its_alarm", f"{record} says nothing of it")
        life.access.duress.add(record.reader)


def duress_is_heard_and_not_seen(life: "Life", step: Step) -> None:
    """The alarm stands, and nothing at the door is another one than for anybody."""
    if not life.access.duress:
        return
    standing = {alarm.source for alarm in step.state.durable.alarms if alarm.code is AlarmCode.DURESS and alarm.active}
    for reader in life.access.duress:
        require(reader in standing, "duress_raises_its_alarm", f"no alarm for {reader}")
    if any(isinstance(record, AccessGranted) and record.duress for record in step.records):
        shown = {effect.outcome for effect in step.effects if isinstance(effect, ReaderFeedback)}
        require(shown <= {Feedback.GRANTED, Feedback.IDLE}, "duress_shows_nothing", f"readers show {sorted(shown)}")


# ---------------------------------------------------------------- who is inside


def went_through(life: "Life", event: events.Event, before: StationState, record: AccessTaken) -> None:
    """Not a check: whom the station has seen go in and out."""
    if record.direction is Direction.IN:
        life.access.inside[record.member] = life.shell.wall_ms()
    else:
        life.access.inside.pop(record.member, None)


def not_taken(life: "Life", event: events.Event, before: StationState, record: AccessNotTaken) -> None:
    """Not a check: a pass on which nobody came in is good again."""
    if record.member is not None:
        pass_invariants.given_back_for_nothing(life, before, record.member)
        life.access.used.discard(record.member)
