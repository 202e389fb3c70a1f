"""Whether somebody may enter: the one decision function.

Deny overrides: the rules are asked in the order of `RULES`, the first that objects decides, and who meets no
objection enters. The order runs from what concerns everybody (a stale credential, lockdown) over the person
(unknown, revoked, elsewhere) and the time to the place (full), so that the reason given is the one that a person
can do most about.

*Leaving.* A reader that leads out asks only whose card it is: whatever is wrong with the membership, the posture or
the count, nobody is kept inside for it.

*The clock.* With a trusted clock, validity and hours are judged by it. Without one, real time is known to be at or
after the latest trusted time in the journal: whoever had expired by then has expired; nothing else is certain, and
members on the roster enter, unless the configuration is strict. A visit pass is on no roster: it needs a trusted time
to be judged by, be it an earlier one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.policy.codes import most_codes
from contract.policy.model import Antipassback, Decision, Explanation, Factor, Member, Request, RuleVerdict, Verdict
from contract.policy.schedule import is_within
from contract.records import Direction, Posture, Reason

GRANTED_RULE: Final = "member_may_enter"
FACTORS_RULE: Final = "factors_complete"
FACTORS_OF_TWO_FACTOR: Final = 2


@dataclass(frozen=True)
class Rule:
    """`objection` gives the detail when the rule denies, and None when it has nothing against the request."""

    name: str
    reason: Reason
    objection: Callable[[Request], str | None]
    leaving_too: bool = False
    """Asked as well when somebody wants to leave."""

    def is_asked(self, request: Request) -> bool:
        return request.direction is Direction.IN or self.leaving_too


@dataclass(frozen=True)
class MemberRule(Rule):
    """A rule about a member; asked only when there is one."""

    def is_asked(self, request: Request) -> bool:
        return request.member is not None and super().is_asked(request)


def _stale(request: Request) -> str | None:
    if 0 <= request.age_ms <= request.stale_after_ms:
        return None
    return f"presented {request.age_ms} ms ago; {request.stale_after_ms} ms is the limit"


def _lockdown(request: Request) -> str | None:
    return "the station is locked down" if request.posture is Posture.LOCKDOWN else None


def _hazard(request: Request) -> str | None:
    return "the station is dangerous to be in" if request.hazard else None


def _out_of_service(request: Request) -> str | None:
    return "the station is out of service" if request.posture is Posture.OUT_OF_SERVICE else None


def _roster_unavailable(request: Request) -> str | None:
    return None if request.roster_available else "the roster cannot be read"


def _guessing(request: Request) -> str | None:
    return "too many unknown cards at this reader" if request.guessing and request.member is None else None


def _pins_locked(request: Request) -> str | None:
    if request.pins_locked and Factor.PIN in request.factors:
        return "too many wrong numbers"
    return None


def _code_alone(request: Request) -> str | None:
    codes = request.codes
    return None if codes is None or codes.allowed else "a number alone lets nobody in here"


def _codes_too_many(request: Request) -> str | None:
    """On the station as well as at issue: whoever sends the roster is not asked to have counted."""
    codes = request.codes
    if codes is None or codes.is_safe:
        return None
    return f"{codes.issued} codes of {codes.digits} digits; at most {most_codes(codes.digits)} are safe"


def _wrong_number(request: Request) -> str | None:
    if request.codes is not None and request.member is None:
        return "nobody has this number"
    return "not the number of this card" if request.number_wrong else None


def _pass_invalid(request: Request) -> str | None:
    return request.pass_problem or None


def _unknown_credential(request: Request) -> str | None:
    return "on no roster of this station" if request.member is None else None


def _revoked(request: Request) -> str | None:
    return "revoked" if _member(request).revoked else None


def _not_this_station(request: Request) -> str | None:
    stations = _member(request).stations
    return None if stations is None or request.station in stations else "not admitted to this station"


def _clock_untrusted(request: Request) -> str | None:
    member = _member(request)
    limited = member.schedule is not None or (member.valid_from_ms, member.valid_until_ms) != (None, None)
    if request.strict_clock and limited and not request.clock.trusted:
        return "limited in time, and the station does not know the time"
    return None


def _pass_out_of_time(request: Request) -> str | None:
    clock = request.clock
    if _member(request).by_pass and not clock.trusted and clock.latest_trusted_ms is None:
        return "a visit pass, and the station has never known the time"
    return None


def _not_yet_valid(request: Request) -> str | None:
    start = _member(request).valid_from_ms
    if start is None or not request.clock.trusted or start <= request.clock.wall_ms:
        return None
    return f"valid from {start}"


def _expired(request: Request) -> str | None:
    end = _member(request).valid_until_ms
    at = request.clock.wall_ms if request.clock.trusted else request.clock.latest_trusted_ms
    if end is None or at is None or at < end:
        return None
    return f"valid until {end}"


def _outside_hours(request: Request) -> str | None:
    schedule = _member(request).schedule
    if schedule is None or not request.clock.trusted:
        return None
    local = datetime.fromtimestamp(request.clock.wall_ms / 1_000, request.timezone)
    return None if is_within(schedule, local) else f"not at {local:%a %H:%M}"


def _already_used(request: Request) -> str | None:
    return "the pass was for one entry" if _member(request).once and request.pass_used else None


def came_back(request: Request) -> bool:
    """Whether the member comes in again without having been seen leaving, as far as times can be trusted."""
    since_ms, clock = request.inside_since_ms, request.clock
    if since_ms is None or request.direction is Direction.OUT or not clock.trusted:
        return False
    return 0 <= clock.wall_ms - since_ms < request.antipassback_forget_ms


def _inside_already(request: Request) -> str | None:
    if request.antipassback is not Antipassback.HARD or not came_back(request):
        return None
    return "came in before and was not seen leaving"


def _station_full(request: Request) -> str | None:
    inside = request.occupancy
    if inside.capacity is None or not inside.sure or inside.people < inside.capacity:
        return None
    return f"{inside.people} inside of at most {inside.capacity}"


def _second_factor(request: Request) -> str | None:
    if request.posture is not Posture.TWO_FACTOR or len(request.factors) >= FACTORS_OF_TWO_FACTOR:
        return None
    return f"only {', '.join(sorted(request.factors))} shown"


def _member(request: Request) -> Member:
    """The member of a request. `MemberRule`s are asked only when there is one."""
    if request.member is None:
        raise ValueError("a rule about a member was asked about nobody")
    return request.member


RULES: Final[tuple[Rule, ...]] = (
    Rule("credential_is_fresh", Reason.STALE, _stale, leaving_too=True),
    Rule("no_lockdown", Reason.LOCKDOWN, _lockdown),
    Rule("nothing_burns", Reason.HAZARD, _hazard),
    Rule("station_in_service", Reason.OUT_OF_SERVICE, _out_of_service),
    Rule("roster_readable", Reason.STORAGE_UNAVAILABLE, _roster_unavailable, leaving_too=True),
    Rule("nobody_guesses", Reason.LOCKED_OUT, _guessing, leaving_too=True),
    Rule("numbers_not_locked_out", Reason.LOCKED_OUT, _pins_locked, leaving_too=True),
    Rule("number_alone_taken", Reason.SECOND_FACTOR_REQUIRED, _code_alone),
    Rule("numbers_hard_to_guess", Reason.CODE_TOO_SHORT, _codes_too_many),
    Rule("number_right", Reason.WRONG_PIN, _wrong_number, leaving_too=True),
    Rule("pass_signed", Reason.PASS_INVALID, _pass_invalid, leaving_too=True),
    Rule("credential_known", Reason.UNKNOWN_CREDENTIAL, _unknown_credential, leaving_too=True),
    MemberRule("not_revoked", Reason.REVOKED, _revoked),
    MemberRule("admitted_here", Reason.NOT_THIS_STATION, _not_this_station),
    MemberRule("clock_trusted_if_strict", Reason.CLOCK_UNTRUSTED, _clock_untrusted),
    MemberRule("pass_has_a_time", Reason.CLOCK_UNTRUSTED, _pass_out_of_time),
    MemberRule("validity_begun", Reason.NOT_YET_VALID, _not_yet_valid),
    MemberRule("validity_not_over", Reason.EXPIRED, _expired),
    MemberRule("within_hours", Reason.OUTSIDE_HOURS, _outside_hours),
    MemberRule("pass_unused", Reason.ALREADY_USED, _already_used),
    Rule("not_inside_already", Reason.ANTIPASSBACK, _inside_already),
    Rule("room_left", Reason.STATION_FULL, _station_full),
    Rule(FACTORS_RULE, Reason.SECOND_FACTOR_REQUIRED, _second_factor),
)


def decide(request: Request) -> Decision:
    """The decision on `request`, with the rule that made it."""
    for rule in RULES:
        detail = rule.objection(request) if rule.is_asked(request) else None
        if detail is not None:
            return Decision(granted=False, reason=rule.reason, rule=rule.name, detail=detail)
    return Decision(granted=True, reason=Reason.GRANTED, rule=GRANTED_RULE, detail="no rule objects")


def explain(request: Request) -> Explanation:
    """The same decision, with the verdict of every rule: what would still stand in the way were the first one met."""
    return Explanation(decide(request), tuple(_verdict(rule, request) for rule in RULES))


def _verdict(rule: Rule, request: Request) -> RuleVerdict:
    if not rule.is_asked(request):
        return RuleVerdict(rule.name, rule.reason, Verdict.NOT_ASKED)
    detail = rule.objection(request)
    if detail is None:
        return RuleVerdict(rule.name, rule.reason, Verdict.AGREES)
    return RuleVerdict(rule.name, rule.reason, Verdict.OBJECTS, detail)
