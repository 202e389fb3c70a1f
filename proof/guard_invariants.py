"""The station's guard over itself: is the lock where it was told to be, can the door's contact be believed, are there
more people inside than there is room for? Each alarm is held against leaf, bolt, wires and bodies as they really are.

What excuses a judgement: the moment at which what it is about became so must lie in this run, after the pins were last
built and after the controller last stood still; from there on the alarm has its delays, and nothing else.
"""

from collections import deque
from typing import TYPE_CHECKING, Final

from contract.records import AlarmRaised
from edge.core import events
from edge.core.events import Point
from edge.core.state import StationState
from proof.presence_invariants import SETTLE_MS as PEOPLE_SETTLE_MS
from proof.require import require
from proof.room import BEAMS

if TYPE_CHECKING:
    from proof.life import Life

NEVER_MS: Final = -(10**9)
SETTLE_MS: Final = 150
LOCK_ON_MS, LOCK_OFF_MS = 2_000, 2_000
CONTACT_ON_MS, CONTACT_OFF_MS = 1_000, 60_000
OVER_OFF_MS: Final = 10_000
BOTH_BEAMS: Final = frozenset(BEAMS)
EDGES: Final = 20
EDGES_MS: Final = 5_000
"""More edges than that within so long are none that a leaf can make."""
LOCK_FAULT, CONTACT_FLAPS, BEAMS_SAY_OPEN, OVER = (
    "lock_fault/lock", "contact_implausible/door", "contact_implausible/beams", "over_capacity/room",
)  # fmt: skip


class GuardTruth:
    """What the checks remember of a life: when the contact's wire moved in this run, and when the count last did."""

    def __init__(self) -> None:
        self._edges: deque[int] = deque(maxlen=EDGES + 1)
        self._run = 0
        self.flaps_since_ms = self.flaps_until_ms = NEVER_MS
        self.counted_ms = NEVER_MS
        self.lock_told_ms = NEVER_MS
        """When the lock was last told something else than before: one release after another tells it nothing new."""

    def contact_moved(self, run: int, now_ms: int) -> None:
        """The wire has gone up or down, and somebody listened."""
        if run != self._run:
            self._run = run
            self._edges.clear()
            self.flaps_since_ms = self.flaps_until_ms = NEVER_MS
        self._edges.append(now_ms)
        if len(self._edges) > EDGES and now_ms - self._edges[0] < EDGES_MS:
            if now_ms >= self.flaps_until_ms:
                self.flaps_since_ms = now_ms
            self.flaps_until_ms = self._edges[0] + EDGES_MS


def guard_is_right(life: "Life", state: StationState) -> None:
    """Every two minutes, with the pins well."""
    standing = {f"{alarm.code}/{alarm.source}" for alarm in state.durable.alarms if alarm.active}
    the_lock_is_watched(life, standing)
    a_contact_that_lies_is_told(life, standing)
    too_many_are_told(life, state, OVER in standing)


def raised_for_a_reason(life: "Life", event: events.Event, before: StationState, record: AlarmRaised) -> None:
    """None of these alarms comes before its time, or for nothing."""
    name, now_ms = f"{record.code}/{record.source}", life.timeline.now_ms
    if now_ms - _calm_ms(life) < CONTACT_ON_MS:
        return
    if name == LOCK_FAULT and life.contact_is_sound:
        so, since_ms = _lock(life)
        told = so and now_ms - since_ms >= LOCK_ON_MS - SETTLE_MS
        require(told, "the_lock_is_watched", f"raised, {so} for {now_ms - since_ms} ms")
    elif name == CONTACT_FLAPS:
        since_ms, until_ms = life.guard.flaps_since_ms, life.guard.flaps_until_ms
        told = since_ms + CONTACT_ON_MS - SETTLE_MS <= now_ms <= until_ms + SETTLE_MS
        require(told, "a_contact_that_lies_is_told", f"raised {now_ms - since_ms} ms after it began to flap")
    elif name == BEAMS_SAY_OPEN and life.contact_is_sound:
        so, since_ms = _both_beams(life)
        told = so and now_ms - since_ms >= CONTACT_ON_MS - SETTLE_MS
        require(told, "a_contact_that_lies_is_told", f"raised, {so} for {now_ms - since_ms} ms")


def _calm_ms(life: "Life") -> int:
    """Since when the station could see what is so."""
    shell = life.shell
    return max(shell.since_ms, shell.pins_since_ms, shell.stalled_ms)


# ---------------------------------------------------------------- the lock


def look_at_lock(life: "Life", run: int) -> None:
    """A moment after the lock was told something: a bolt that does not follow is an alarm by now."""
    shell = life.shell
    parts = shell.state.volatile.parts
    if shell.up and shell.run == run and shell.pins_ok and not shell.stalled and parts.levels_read:
        standing = {f"{alarm.code}/{alarm.source}" for alarm in shell.state.durable.alarms if alarm.active}
        the_lock_is_watched(life, standing)


def the_lock_is_watched(life: "Life", standing: set[str]) -> None:
    """What the bolt's own contact says is held against what the lock is told, behind a door that is shut."""
    if Point.LOCK_SECURED not in life.city.points or not life.contact_is_sound or life.shell.state.volatile.stopped:
        return
    fault, since_ms = _lock(life)
    for_ms = life.timeline.now_ms - max(since_ms, _calm_ms(life))
    if fault and for_ms > LOCK_ON_MS + SETTLE_MS:
        require(LOCK_FAULT in standing, "the_lock_is_watched", f"the bolt is wrong for {for_ms} ms, and no alarm")
    elif not fault and for_ms > LOCK_OFF_MS + SETTLE_MS:
        require(LOCK_FAULT not in standing, "the_lock_is_watched", f"the bolt is right for {for_ms} ms: an alarm")


def _lock(life: "Life") -> tuple[bool, int]:
    """Whether the bolt is not where the pin wants it, and since when that has been so."""
    world, building = life.world, life.building
    home = building.points[Point.LOCK_SECURED]
    since_ms = max(
        world.pin_high_ms, world.pin_low_ms, world.exit_ms, world.opened_ms, world.closed_ms, world.contact_bad_ms,
        building.point_ms[Point.LOCK_SECURED], life.guard.lock_told_ms,
    )  # fmt: skip
    return home == world.pin and not (world.contact_level or world.exit_closed), since_ms


# ---------------------------------------------------------------- the contact


def a_contact_that_lies_is_told(life: "Life", standing: set[str]) -> None:
    """A wire that flaps, and a door that is said to be shut while somebody stands in both beams."""
    now_ms, calm_ms, guard = life.timeline.now_ms, _calm_ms(life), life.guard
    since_ms, until_ms = guard.flaps_since_ms, guard.flaps_until_ms
    lasted = min(now_ms, until_ms) - since_ms > CONTACT_ON_MS + SETTLE_MS
    if lasted and since_ms > calm_ms and now_ms < until_ms + CONTACT_OFF_MS - SETTLE_MS:
        require(CONTACT_FLAPS in standing, "a_contact_that_lies_is_told", f"it has flapped since {now_ms - since_ms}")
    elif now_ms - max(until_ms, calm_ms) > CONTACT_OFF_MS + SETTLE_MS:
        require(CONTACT_FLAPS not in standing, "a_contact_that_lies_is_told", "it has been still for a minute")
    if not life.city.points >= BOTH_BEAMS or not life.contact_is_sound:
        return
    both, both_ms = _both_beams(life)
    for_ms = now_ms - max(both_ms, calm_ms)
    if both and for_ms > CONTACT_ON_MS + SETTLE_MS:
        require(BEAMS_SAY_OPEN in standing, "a_contact_that_lies_is_told", f"both beams broken for {for_ms} ms")
    elif not both and for_ms > CONTACT_OFF_MS + SETTLE_MS:
        require(BEAMS_SAY_OPEN not in standing, "a_contact_that_lies_is_told", f"nothing is wrong for {for_ms} ms")


def _both_beams(life: "Life") -> tuple[bool, int]:
    """Whether both beams are broken in a door that is shut, and since when that may have been so."""
    world, room = life.world, life.room
    both = all(room.level(beam) for beam in BEAMS) and not world.contact_level
    return both, max(room.beam_ms, world.opened_ms, world.closed_ms, world.contact_bad_ms)


# ---------------------------------------------------------------- room for people


def too_many_are_told(life: "Life", state: StationState, stands: bool) -> None:
    """By the count at any time; by the bodies themselves where beams have counted them one by one."""
    capacity, counted, now_ms, room = (
        life.config.access.capacity,
        state.durable.occupancy,
        life.timeline.now_ms,
        life.room,
    )
    if capacity is None:
        return
    says = counted.sure and counted.people > capacity
    for_ms = now_ms - max(life.guard.counted_ms, life.shell.since_ms, life.shell.stalled_ms)
    if (says and for_ms > SETTLE_MS) or for_ms > OVER_OFF_MS + SETTLE_MS:
        require(stands == says, "too_many_are_told", f"{counted.people} counted for {for_ms} ms, room for {capacity}")
    settled_ms = now_ms - max(room.crossed_ms, room.began_ms, room.count_ms)
    if life.presence.count_is_exact and counted.sure and settled_ms > OVER_OFF_MS + PEOPLE_SETTLE_MS:
        really = len(room.inside) > capacity
        require(stands == really, "too_many_are_told", f"{len(room.inside)} inside, room for {capacity}")
