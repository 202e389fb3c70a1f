"""How many are inside, whether somebody is in need, whether somebody hangs about: against the bodies in the world."""

from typing import TYPE_CHECKING, Final

from contract.records import AlarmCode, Posture, WelfareAnswered, WelfareAsked
from edge.core import events
from edge.core.events import Point
from edge.core.state import StationState
from proof.city import ANSWER_MS, LOITERING_MS, NIGHT_STILL_MS, STILL_MS
from proof.require import require
from proof.room import BEAMS, NEVER_MS, RADAR

if TYPE_CHECKING:
    from proof.life import Life

RIGHT_AGAIN_MS: Final = 600_000
"""The issue's ten minutes."""
LOITERING_GAP_MS: Final = 20_000
MOVES_MS: Final = 5_000
"""Movement this long is seen by everybody."""
SETTLE_MS: Final = 5_000


class PresenceTruth:
    """What the checks remember of a life."""

    def __init__(self) -> None:
        self.count_is_exact = False
        """Since the count was known to be right, bodies have gone through one by one, and every sensor was well."""
        self.asked_ms: int | None = None
        self.answered_ms = NEVER_MS
        self.exit_ms = NEVER_MS


def undisturbed_ms(life: "Life") -> int:
    """Since when nothing has been wrong with what the station sees people by."""
    shell, world, room = life.shell, life.world, life.room
    wrong = room.stuck or room.radar_dead or room.radar_says is not None or not shell.pins_ok or world.wire_cut
    if wrong or world.worn or world.loose or shell.stalled:
        return life.timeline.now_ms
    moments = (room.doubtful_ms, shell.since_ms, shell.pins_since_ms, shell.stalled_ms, world.contact_bad_ms)
    return max(moments)


# ---------------------------------------------------------------- the count


def after_every_step(life: "Life", state: StationState) -> None:
    """Whether the count can still be compared one by one."""
    truth = life.presence
    if truth.count_is_exact and life.timeline.now_ms - undisturbed_ms(life) < SETTLE_MS:
        truth.count_is_exact = False


def the_count_is_right(life: "Life", state: StationState) -> None:
    """With beams and an honest radar: exactly right after clean passings, and right again ten minutes after others."""
    room, truth, counted = life.room, life.presence, state.durable.occupancy
    if RADAR not in life.city.sensors or not life.city.points >= frozenset(BEAMS):
        return
    now_ms, people = life.timeline.now_ms, len(room.inside)
    well_ms = now_ms - undisturbed_ms(life)
    if truth.count_is_exact and now_ms - max(room.crossed_ms, room.began_ms) > SETTLE_MS and not room.crossing:
        says = f"{counted.people} counted, {people} inside"
        require(counted.people == people, "beams_count_one_by_one", says)
    quiet_ms = now_ms - max(room.count_ms, room.began_ms, room.beam_ms, life.world.opened_ms, life.world.closed_ms)
    if min(quiet_ms, well_ms) < RIGHT_AGAIN_MS:
        return
    right = counted.people == 0 if not people else counted.people >= 1
    require(right, "the_count_is_right_again", f"{counted.people} counted for ten minutes, {people} inside")
    if not people and counted.sure:
        truth.count_is_exact = True


# ---------------------------------------------------------------- in need


def asked_when_still(life: "Life", event: events.Event, before: StationState, record: WelfareAsked) -> None:
    """Nobody is asked who moves."""
    room, now_ms = life.room, life.timeline.now_ms
    life.presence.asked_ms = now_ms
    if now_ms - undisturbed_ms(life) < STILL_MS + 2 * SETTLE_MS:
        # What a run has heard the end of alone it cannot know.
        return
    moves = room.moving and now_ms - room.moving_since_ms > MOVES_MS
    still_ms = now_ms - room.surely_moved_ms
    calm = not moves and still_ms >= STILL_MS - SETTLE_MS
    require(calm, "nobody_is_asked_who_moves", f"asked, and somebody moved {still_ms} ms ago")


def answer_noted(life: "Life", event: events.Event, before: StationState, record: WelfareAnswered) -> None:
    """Not a check: when somebody last showed that all is well."""
    life.presence.asked_ms = None
    life.presence.answered_ms = life.timeline.now_ms


def whoever_lies_still_is_asked(life: "Life", state: StationState) -> None:
    """And who does not answer is an alarm."""
    room, truth, now_ms = life.room, life.presence, life.timeline.now_ms
    if RADAR not in life.city.sensors:
        return
    alarm = any(alarm.code is AlarmCode.WELFARE and alarm.active for alarm in state.durable.alarms)
    asked, world = state.durable.presence.welfare_asked, life.world
    since_ms = max(
        room.moved_ms, room.count_ms, room.began_ms, room.beam_ms, world.opened_ms, world.closed_ms, world.exit_ms,
        truth.answered_ms, undisturbed_ms(life),
    )  # fmt: skip
    still = bool(room.inside) and not room.moving
    if still and now_ms - since_ms > NIGHT_STILL_MS + SETTLE_MS:
        require(asked, "whoever_lies_still_is_asked", f"still for {now_ms - since_ms} ms")
    asked_ms = max(truth.asked_ms or 0, life.shell.since_ms, life.shell.pins_since_ms, life.shell.stalled_ms)
    if asked and now_ms - asked_ms > ANSWER_MS + SETTLE_MS:
        require(alarm, "whoever_does_not_answer_is_an_alarm", f"asked {now_ms - asked_ms} ms ago")
    if not asked and now_ms - life.shell.since_ms > SETTLE_MS:
        require(not alarm, "whoever_does_not_answer_is_an_alarm", "nobody was asked")
    moves_ms = now_ms - max(room.moving_since_ms, undisturbed_ms(life))
    if room.moving and moves_ms > MOVES_MS + SETTLE_MS:
        require(not asked, "nobody_is_asked_who_moves", f"somebody has moved for {moves_ms} ms")


# ---------------------------------------------------------------- before the door


def whoever_hangs_about_is_seen(life: "Life", state: StationState) -> None:
    """By the motion sensor outside, before a door that is shut and locked."""
    room, shell, now_ms = life.room, life.shell, life.timeline.now_ms
    if Point.MOTION_OUTSIDE not in life.city.points or now_ms - undisturbed_ms(life) < LOITERING_GAP_MS + SETTLE_MS:
        return
    alarm = any(alarm.code is AlarmCode.LOITERING and alarm.active for alarm in state.durable.alarms)
    level, changed_ms = room.level(Point.MOTION_OUTSIDE), room.outside_ms
    beam_ms = max(room.beam_ms, changed_ms)
    dark = not level and not any(room.level(beam) for beam in BEAMS)
    if dark and now_ms - max(beam_ms, undisturbed_ms(life)) > LOITERING_GAP_MS + SETTLE_MS:
        require(not alarm, "whoever_hangs_about_is_seen", "an alarm, and nobody is there")
    world, posture = life.world, state.durable.posture
    shut = not world.leaf.open and state.durable.door.release is None and posture is not Posture.FREE_ACCESS
    since_ms = max(
        changed_ms, undisturbed_ms(life), life.released_ms, life.relocked_ms, life.posture_ms, world.closed_ms
    )
    if level and shut and now_ms - since_ms > LOITERING_MS + SETTLE_MS and shell.pins_ok:
        require(alarm, "whoever_hangs_about_is_seen", f"somebody has been there for {now_ms - since_ms} ms")
