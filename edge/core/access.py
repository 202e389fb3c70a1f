"""A credential at a reader: ask the policy with what the station knows, record the answer, act on it."""

from dataclasses import replace
from typing import Final

from contract.policy.codes import CodeSpace
from contract.policy.decide import FACTORS_RULE, came_back, decide, explain
from contract.policy.model import Antipassback, Clock, Decision, Explanation, Factor, Occupancy, Request
from contract.records import AccessDenied, AccessGranted, Posture, Reason, ReleaseCause
from edge.core import doorkeeper, environment, guessing, passes, postures
from edge.core.config import StationConfig
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.events import CardPresented
from edge.core.state import Health, Now, Release, StationState
from edge.core.turn import Turn

FEEDBACK_OF_DENIAL: Final[dict[Reason, Feedback | None]] = {
    Reason.SECOND_FACTOR_REQUIRED: Feedback.SECOND_FACTOR,
    # Silence is what slows somebody who tries cards.
    Reason.LOCKED_OUT: None,
}


def judge(turn: Turn, event: CardPresented) -> None:
    """Decide on a credential and let its holder in, or say no."""
    if event.roster_available is not turn.parts.look_up.ok:
        turn.set_parts(look_up=Health(event.roster_available))
    request, member = _request(turn.config, turn.state, event, turn.now), event.member
    decision, direction = decide(request), request.direction
    guessing.note(turn, event, decision)
    if member is None or not decision.granted:
        _deny(turn, event, decision)
        feedback = FEEDBACK_OF_DENIAL.get(decision.reason, Feedback.DENIED)
        if decision.reason is Reason.LOCKED_OUT and Factor.PIN in event.factors:
            feedback = Feedback.LOCKED_OUT
        if feedback is not None:
            turn.act(ReaderFeedback(event.reader, feedback))
        return
    granted = AccessGranted(
        reader=event.reader,
        credential=event.credential,
        member=member.id,
        rule=decision.rule,
        presented_mono_ms=event.presented_mono_ms,
        trade=member.trade,
        direction=direction,
        passback=came_back(request) and request.antipassback is not Antipassback.OFF,
        once=passes.uses_up(turn, member, direction),
        factors=_said(event),
        duress=event.duress,
    )
    turn.record(granted)
    door = turn.config.door
    hold_ms = door.extended_release_ms if member.extended_release else door.release_ms
    doorkeeper.release(turn, Release(_cause(event), member.id, hold_ms, direction), one_use=granted.once)
    if granted.once:
        passes.wait(turn, granted)
    else:
        turn.act(ReaderFeedback(event.reader, Feedback.GRANTED))


def decided(turn: Turn, event: CardPresented) -> Decision:
    """What would be decided now: nothing is recorded or done."""
    return decide(_request(turn.config, turn.state, event, turn.now))


def decided_inside(turn: Turn, event: CardPresented) -> Decision:
    """What is decided on somebody who is inside already and wants something there: whether they may come in once more,
    and by how many proofs, is not the question. The guessing is counted; nothing is recorded or done."""
    if event.roster_available is not turn.parts.look_up.ok:
        turn.set_parts(look_up=Health(event.roster_available))
    request = _request(turn.config, turn.state, event, turn.now)
    posture = Posture.SECURE if request.posture is Posture.TWO_FACTOR else request.posture
    decision = decide(replace(request, posture=posture, occupancy=Occupancy(), antipassback=Antipassback.OFF))
    guessing.note(turn, event, decision)
    return decision


def deny_without_number(turn: Turn, event: CardPresented) -> None:
    """A card that waited for its number got none."""
    _deny(turn, event, Decision(False, Reason.SECOND_FACTOR_REQUIRED, FACTORS_RULE, "no number was typed"))


def explain_card(config: StationConfig, state: StationState, event: CardPresented, now: Now) -> Explanation:
    """What would be decided and why: nothing is opened, recorded or changed."""
    posture, _ = postures.wanted(config, state, now)
    return explain(replace(_request(config, state, event, now), posture=posture))


def _deny(turn: Turn, event: CardPresented, decision: Decision) -> None:
    turn.record(
        AccessDenied(
            reader=event.reader,
            credential=event.credential,
            member=None if event.member is None else event.member.id,
            reason=decision.reason,
            rule=decision.rule,
            presented_mono_ms=event.presented_mono_ms,
            factors=_said(event),
            duress=event.duress,
        )
    )


def _said(event: CardPresented) -> str:
    """The factors as records have them."""
    return "+".join(sorted(event.factors))


def _request(config: StationConfig, state: StationState, event: CardPresented, now: Now) -> Request:
    inside, member = state.durable.occupancy, event.member
    return Request(
        station=config.station_id,
        posture=state.durable.posture,
        member=event.member,
        clock=Clock(now.wall_ms, now.clock_trusted, now.latest_trusted_ms),
        age_ms=now.mono_ms - event.presented_mono_ms,
        factors=event.factors,
        roster_available=event.roster_available,
        occupancy=Occupancy(inside.people, inside.sure, config.access.capacity),
        strict_clock=config.access.strict_clock,
        timezone=config.timezone,
        stale_after_ms=config.access.stale_after_ms,
        direction=config.direction(event.reader),
        antipassback=config.access.antipassback,
        inside_since_ms=next(
            (each.since_ms for each in state.durable.inside if member is not None and each.member == member.id), None
        ),
        antipassback_forget_ms=config.access.antipassback_forget_ms,
        pass_used=member is not None and member.id in state.durable.used_passes,
        guessing=Factor.PIN not in event.factors and guessing.is_slowed(state, event.reader, now.mono_ms),
        pass_problem=event.pass_problem,
        codes=_codes(config, event),
        number_wrong=event.number_wrong,
        pins_locked=state.durable.pins.is_locked(
            event.reader, None if event.member is None else event.member.id, now.mono_ms
        ),
        hazard=environment.hazard(state),
    )


def _codes(config: StationConfig, event: CardPresented) -> CodeSpace | None:
    if event.factors != {Factor.PIN}:
        return None
    return CodeSpace(config.pins.codes_alone, event.code_digits, event.codes_issued)


def _cause(event: CardPresented) -> ReleaseCause:
    """A card or pass, where one was shown, is what let them in; else the face; else the number."""
    for factor, cause in (
        (Factor.CARD, ReleaseCause.CARD),
        (Factor.PASS, ReleaseCause.CARD),
        (Factor.FACE, ReleaseCause.FACE),
    ):
        if factor in event.factors:
            return cause
    return ReleaseCause.PIN
