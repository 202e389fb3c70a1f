"""Who may enter, and which rule says so."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import MemberId, StationId
from contract.policy.codes import CodeSpace, most_codes
from contract.policy.decide import GRANTED_RULE, RULES, MemberRule, decide, explain
from contract.policy.model import STALE_AFTER_MS, Antipassback, Clock, Factor, Member, Occupancy, Request, Verdict
from contract.policy.schedule import Interval, Schedule
from contract.records import Direction, Posture, Reason

# 2026-09-22 00:13:20 in Beijing is a Tuesday.
NOW_MS = 1_790_007_200_000
BEIJING = timezone(timedelta(hours=8))
HERE, ELSEWHERE = StationId("here"), StationId("elsewhere")
MEMBER = Member(MemberId("rider-1"))
NEVER = Schedule(weekly=((),) * 7)
BY_DAY = Schedule(weekly=((Interval(6 * 60, 22 * 60),),) * 7)
TRUSTED = Clock(NOW_MS, trusted=True)
FULL = Occupancy(people=10, sure=True, capacity=10)
REQUEST = Request(station=HERE, posture=Posture.SECURE, member=MEMBER, clock=TRUSTED, timezone=BEIJING)
CARD_AND_PIN = frozenset({Factor.CARD, Factor.PIN})
CODE = replace(REQUEST, factors=frozenset({Factor.PIN}), codes=CodeSpace(allowed=True, digits=6, issued=1))


def untrusted(latest_trusted_ms: int | None = NOW_MS) -> Clock:
    return Clock(wall_ms=0, trusted=False, latest_trusted_ms=latest_trusted_ms)


def of(**changes: object) -> Request:
    """The usual request of another member."""
    return replace(REQUEST, member=replace(MEMBER, **changes))  # type: ignore[arg-type]


DENIED: list[tuple[Request, Reason]] = [
    (replace(REQUEST, age_ms=STALE_AFTER_MS + 1), Reason.STALE),
    (replace(REQUEST, age_ms=-1), Reason.STALE),
    (replace(REQUEST, posture=Posture.LOCKDOWN), Reason.LOCKDOWN),
    (replace(REQUEST, hazard=True), Reason.HAZARD),
    (replace(REQUEST, posture=Posture.OUT_OF_SERVICE), Reason.OUT_OF_SERVICE),
    (replace(REQUEST, member=None, roster_available=False), Reason.STORAGE_UNAVAILABLE),
    (replace(REQUEST, member=None, guessing=True), Reason.LOCKED_OUT),
    (replace(REQUEST, member=None), Reason.UNKNOWN_CREDENTIAL),
    (of(revoked=True), Reason.REVOKED),
    (of(stations=frozenset({ELSEWHERE})), Reason.NOT_THIS_STATION),
    (replace(of(valid_until_ms=NOW_MS + 1), clock=untrusted(), strict_clock=True), Reason.CLOCK_UNTRUSTED),
    (replace(of(schedule=BY_DAY), clock=untrusted(), strict_clock=True), Reason.CLOCK_UNTRUSTED),
    (of(valid_from_ms=NOW_MS + 1), Reason.NOT_YET_VALID),
    (of(valid_until_ms=NOW_MS), Reason.EXPIRED),
    (replace(of(valid_until_ms=NOW_MS), clock=untrusted()), Reason.EXPIRED),
    (of(schedule=NEVER), Reason.OUTSIDE_HOURS),
    (of(schedule=BY_DAY), Reason.OUTSIDE_HOURS),
    (replace(of(once=True), pass_used=True), Reason.ALREADY_USED),
    (replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS), Reason.ANTIPASSBACK),
    (
        replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS - 5, antipassback_forget_ms=6),
        Reason.ANTIPASSBACK,
    ),
    (replace(REQUEST, direction=Direction.OUT, member=None), Reason.UNKNOWN_CREDENTIAL),
    (replace(REQUEST, direction=Direction.OUT, member=None, guessing=True), Reason.LOCKED_OUT),
    (replace(REQUEST, direction=Direction.OUT, age_ms=-1), Reason.STALE),
    (replace(REQUEST, direction=Direction.OUT, member=None, roster_available=False), Reason.STORAGE_UNAVAILABLE),
    (replace(REQUEST, occupancy=FULL), Reason.STATION_FULL),
    (replace(REQUEST, posture=Posture.TWO_FACTOR), Reason.SECOND_FACTOR_REQUIRED),
    (replace(REQUEST, factors=CARD_AND_PIN, pins_locked=True), Reason.LOCKED_OUT),
    (replace(REQUEST, factors=CARD_AND_PIN, pins_locked=True, number_wrong=True), Reason.LOCKED_OUT),
    (replace(REQUEST, factors=CARD_AND_PIN, number_wrong=True), Reason.WRONG_PIN),
    (replace(CODE, codes=CodeSpace(False, 6, 1)), Reason.SECOND_FACTOR_REQUIRED),
    (replace(CODE, codes=CodeSpace(True, 6, 1_001)), Reason.CODE_TOO_SHORT),
    (replace(CODE, codes=CodeSpace(True, 4, 11)), Reason.CODE_TOO_SHORT),
    (replace(CODE, member=None), Reason.WRONG_PIN),
    (replace(CODE, member=None, direction=Direction.OUT), Reason.WRONG_PIN),
    (replace(CODE, posture=Posture.TWO_FACTOR), Reason.SECOND_FACTOR_REQUIRED),
    (replace(REQUEST, member=None, pass_problem="bad_signature"), Reason.PASS_INVALID),
    (replace(of(by_pass=True), clock=untrusted(latest_trusted_ms=None)), Reason.CLOCK_UNTRUSTED),
]

GRANTED: list[Request] = [
    REQUEST,
    replace(REQUEST, age_ms=STALE_AFTER_MS),
    replace(REQUEST, guessing=True),
    replace(REQUEST, posture=Posture.FREE_ACCESS),
    replace(REQUEST, posture=Posture.TWO_FACTOR, factors=frozenset({Factor.CARD, Factor.FACE})),
    of(stations=frozenset({HERE})),
    of(valid_from_ms=NOW_MS, valid_until_ms=NOW_MS + 1),
    replace(of(valid_from_ms=NOW_MS + 1), clock=untrusted()),
    replace(of(valid_until_ms=NOW_MS), clock=untrusted(latest_trusted_ms=NOW_MS - 1)),
    replace(of(valid_until_ms=NOW_MS), clock=untrusted(latest_trusted_ms=None)),
    replace(of(schedule=NEVER), clock=untrusted()),
    replace(REQUEST, clock=untrusted(), strict_clock=True),
    replace(of(schedule=BY_DAY), clock=Clock(NOW_MS + 12 * 3_600_000, trusted=True)),
    replace(REQUEST, occupancy=replace(FULL, people=9)),
    of(once=True),
    replace(REQUEST, pass_used=True),
    replace(of(once=True), pass_used=True, direction=Direction.OUT),
    replace(REQUEST, antipassback=Antipassback.HARD),
    replace(REQUEST, antipassback=Antipassback.SOFT, inside_since_ms=NOW_MS),
    replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS - 5, antipassback_forget_ms=5),
    replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS + 1),
    replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS, clock=untrusted()),
    replace(REQUEST, antipassback=Antipassback.HARD, inside_since_ms=NOW_MS, direction=Direction.OUT),
    replace(of(revoked=True, valid_until_ms=0, schedule=NEVER, stations=frozenset()), direction=Direction.OUT),
    replace(REQUEST, posture=Posture.LOCKDOWN, direction=Direction.OUT, occupancy=FULL),
    replace(REQUEST, hazard=True, direction=Direction.OUT),
    replace(REQUEST, posture=Posture.TWO_FACTOR, direction=Direction.OUT),
    replace(REQUEST, occupancy=replace(FULL, sure=False)),
    replace(REQUEST, occupancy=replace(FULL, capacity=None)),
    replace(REQUEST, posture=Posture.TWO_FACTOR, factors=CARD_AND_PIN),
    replace(REQUEST, pins_locked=True),
    CODE,
    replace(CODE, codes=CodeSpace(True, 6, 1_000)),
    replace(CODE, codes=CodeSpace(True, 4, 10)),
    of(by_pass=True),
    replace(of(by_pass=True), clock=untrusted()),
]


@pytest.mark.parametrize(("request_", "reason"), DENIED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_rule_that_objects_denies_with_its_reason_and_its_name(request_: Request, reason: Reason) -> None:
    decision = decide(request_)

    assert not decision.granted
    assert decision.reason is reason
    assert decision.rule in {rule.name for rule in RULES if rule.reason is reason}
    assert decision.detail


@pytest.mark.parametrize("request_", GRANTED)
def test_who_meets_no_objection_enters(request_: Request) -> None:
    decision = decide(request_)

    assert decision.granted
    assert (decision.reason, decision.rule) == (Reason.GRANTED, GRANTED_RULE)


def test_every_rule_has_denied_somebody_here() -> None:
    assert {decide(request).rule for request, _ in DENIED} == {rule.name for rule in RULES}


@pytest.mark.parametrize(("digits", "most"), [(4, 10), (6, 1_000), (12, 10**9), (2, 0)])
def test_a_thousand_codes_are_possible_for_each_that_is_issued(digits: int, most: int) -> None:
    assert most_codes(digits) == most
    assert CodeSpace(True, digits, most).is_safe
    assert not CodeSpace(True, digits, most + 1).is_safe


def test_rule_names_are_told_apart() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_time_of_day_is_said_in_the_stations_zone() -> None:
    assert decide(of(schedule=NEVER)).detail == "not at Tue 00:13"


@pytest.mark.parametrize("rule", [rule for rule in RULES if isinstance(rule, MemberRule)], ids=lambda rule: rule.name)
def test_a_rule_about_a_member_is_never_asked_about_nobody(rule: MemberRule) -> None:
    with pytest.raises(ValueError, match="about nobody"):
        rule.objection(replace(REQUEST, member=None))


@given(
    posture=st.sampled_from(Posture),
    member=st.none()
    | st.builds(
        Member,
        id=st.just(MEMBER.id),
        valid_from_ms=st.none() | st.integers(0, 2 * NOW_MS),
        valid_until_ms=st.none() | st.integers(0, 2 * NOW_MS),
        revoked=st.booleans(),
        stations=st.none() | st.just(frozenset({ELSEWHERE})),
        schedule=st.none() | st.just(NEVER),
    ),
    clock=st.builds(Clock, st.integers(0, 2 * NOW_MS), st.booleans(), st.none() | st.integers(0, 2 * NOW_MS)),
    age_ms=st.integers(-10_000, 10_000),
    strict_clock=st.booleans(),
)
def test_the_first_rule_in_order_decides_and_a_grant_has_none(
    posture: Posture, member: Member | None, clock: Clock, age_ms: int, strict_clock: bool
) -> None:
    request = replace(REQUEST, posture=posture, member=member, clock=clock, age_ms=age_ms, strict_clock=strict_clock)
    asked = [rule for rule in RULES if rule.is_asked(request)]
    objecting = [rule.name for rule in asked if rule.objection(request) is not None]
    decision = decide(request)

    assert decision.granted == (not objecting)
    assert decision.rule == (objecting[0] if objecting else GRANTED_RULE)
    if member is None or member.revoked:
        assert not decision.granted


@pytest.mark.parametrize("request_", [*GRANTED, *(request for request, _ in DENIED)])
def test_an_explanation_decides_as_the_decision_does_and_has_every_rule_in_order(request_: Request) -> None:
    explanation = explain(request_)

    assert explanation.decision == decide(request_)
    assert [verdict.rule for verdict in explanation.verdicts] == [rule.name for rule in RULES]
    objecting = [verdict for verdict in explanation.verdicts if verdict.verdict is Verdict.OBJECTS]
    assert bool(objecting) != explanation.decision.granted
    assert all(verdict.detail for verdict in objecting)
    if objecting:
        first = objecting[0]
        assert (first.rule, first.reason, first.detail) == (
            explanation.decision.rule,
            explanation.decision.reason,
            explanation.decision.detail,
        )


def test_an_explanation_names_what_would_still_stand_in_the_way() -> None:
    explanation = explain(replace(of(revoked=True, valid_until_ms=NOW_MS), occupancy=FULL))

    objecting = [verdict.reason for verdict in explanation.verdicts if verdict.verdict is Verdict.OBJECTS]
    assert objecting == [Reason.REVOKED, Reason.EXPIRED, Reason.STATION_FULL]


def test_rules_about_a_member_are_not_asked_about_an_unknown_card() -> None:
    not_asked = {
        verdict.rule
        for verdict in explain(replace(REQUEST, member=None)).verdicts
        if verdict.verdict is Verdict.NOT_ASKED
    }

    assert not_asked == {rule.name for rule in RULES if isinstance(rule, MemberRule)}


def test_somebody_who_leaves_is_asked_only_whose_card_it_is() -> None:
    asked = {
        verdict.rule
        for verdict in explain(replace(REQUEST, direction=Direction.OUT)).verdicts
        if verdict.verdict is not Verdict.NOT_ASKED
    }

    assert asked == {
        *("credential_is_fresh", "roster_readable", "nobody_guesses", "numbers_not_locked_out"),
        *("number_right", "pass_signed", "credential_known"),
    }
