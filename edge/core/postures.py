"""Which posture the door is in: the cloud's standing wish, else the station's plan, else its usual one.

Fire needs no place here: while it is active it keeps the door released whatever the posture (see `doorkeeper`).

*The clock.* The plan is judged by a trusted clock. In a run that has had one and lost it, time goes on: it is reckoned
by the monotonic clock from then on, which is wrong by some seconds a day, while a posture that stayed where it was
would leave the door of a station without network open to the street until somebody comes. In a run that never had
one, nobody knows how long the power was away. Then what the plan says for the latest trusted time holds, unless
it lets everybody in: a door that opens at night because the power failed at noon harms more than one that asks
members for their card at noon. A station that never knew the time is in its usual posture.

*Keeping up.* What the plan says is remembered (`PlanWindow`) until it may change, which is a timer like any other. It
is judged anew as well when the wall clock has been set, or has won or lost its trust.
"""

from typing import Final

from contract.records import Posture, PostureCause, PostureChanged
from edge.core import doorkeeper
from edge.core.config import StationConfig
from edge.core.state import Now, PlanWindow, StationState
from edge.core.turn import Turn

CLOCK_SET_MS: Final = 1_000
"""A wall clock that has moved by more than this against the monotonic one has been set."""


def wanted(config: StationConfig, state: StationState, now: Now) -> tuple[Posture, PostureCause]:
    """The posture for a moment, and who wants it."""
    desired = state.durable.desired_posture
    if desired is not None:
        return desired, PostureCause.DESIRED
    return _planned(config, _window(config, now, state.volatile.plan))


def keep_up(turn: Turn) -> None:
    """Take the posture that is wanted at `turn.mono_ms`, and remember until when."""
    window = turn.volatile.plan
    if turn.config.plan.planned and (window is None or not _holds(window, turn.mono_ms, turn.now)):
        window = _window(turn.config, _lived(turn), window)
        turn.set_volatile(plan=window)
    desired = turn.durable.desired_posture
    if desired is not None:
        _take(turn, desired, PostureCause.DESIRED)
    else:
        _take(turn, *_planned(turn.config, window))


def _take(turn: Turn, posture: Posture, cause: PostureCause) -> None:
    """Take a posture, with what it means for the door."""
    previous = turn.durable.posture
    if posture is not previous:
        turn.record(PostureChanged(previous, posture, cause.value))
        doorkeeper.posture_changed(turn)


def _planned(config: StationConfig, window: PlanWindow | None) -> tuple[Posture, PostureCause]:
    if window is None or window.posture is None:
        return config.usual_posture, PostureCause.USUAL
    return window.posture, PostureCause.SCHEDULE


def _lived(turn: Turn) -> Now:
    """The moment that is being lived: a timer's own while time-outs are caught up with."""
    now, late_ms = turn.now, turn.now.mono_ms - turn.mono_ms
    return Now(turn.mono_ms, now.wall_ms - late_ms, now.clock_trusted, now.latest_trusted_ms)


def _window(config: StationConfig, now: Now, before: PlanWindow | None) -> PlanWindow:
    """What the plan says now, and until when; `before` is the latest window of this run."""
    plan, zone = config.plan, config.timezone
    if now.clock_trusted or (before is not None and before.until_ms is not None):
        offset_ms = now.wall_ms - now.mono_ms if now.clock_trusted or before is None else before.offset_ms
        wall_ms = now.mono_ms + offset_ms
        until_ms = plan.constant_until(wall_ms, zone) - offset_ms
        return PlanWindow(plan.posture_at(wall_ms, zone), now.clock_trusted, offset_ms, until_ms)
    posture = None if now.latest_trusted_ms is None else plan.posture_at(now.latest_trusted_ms, zone)
    return PlanWindow(None if posture is Posture.FREE_ACCESS else posture, False, now.wall_ms - now.mono_ms, None)


def _holds(window: PlanWindow, mono_ms: int, now: Now) -> bool:
    """Whether a window says what a new one would at `mono_ms` of a step that is lived at `now`."""
    if window.until_ms is None:
        return not now.clock_trusted
    if mono_ms >= window.until_ms or window.clock_trusted is not now.clock_trusted:
        return False
    return not now.clock_trusted or abs(now.wall_ms - now.mono_ms - window.offset_ms) <= CLOCK_SET_MS
