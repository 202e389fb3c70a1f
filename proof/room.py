"""The room behind the door and the people in it, as they really are, and the sensors that see them.

A body that passes the door way breaks the outer beam, then the inner one, then leaves them in that order; one that
turns round leaves them the other way. Two bodies close together are one shadow: the levels are those of both. Inside,
somebody moves about, sits still for a while, moves again; whoever lies down does not until they get up. The radar sees
who moves and who is still, a moment late; the motion sensors see movement alone.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from contract.ids import SensorId
from edge.core.events import Point, PresenceMeasured
from proof.timeline import Timeline

NEVER_MS: Final = -(10**9)
RADAR: Final = SensorId("radar-1")
RADAR_REPORT_MS: Final = 360_000
"""A real radar reports once a second at least; here the configuration calls it silent later in the same measure."""
CLOSE_MS: Final = 2_500
"""Whoever follows that soon may be taken for the one before."""
BELIEVED_MS: Final = 3_000
"""Movement for so long is believed by everybody; a shorter one may be a curtain."""
BEAMS: Final = (Point.BEAM_OUTER, Point.BEAM_INNER)


class Way(IntEnum):
    """How somebody goes through the door way, or does not."""

    OUT = 0
    IN = 1
    BACK_OUTSIDE = 2
    """From outside, and back again."""
    BACK_INSIDE = 3


@dataclass
class Body:
    """Somebody inside. `plan` counts what was planned for their movements: an older plan is void."""

    moving: bool = True
    lies: bool = False
    plan: int = 0


class Room:
    """`tell_point` is called with a wired point and its level when that changes, `tell_radar` with each report."""

    def __init__(
        self,
        wired: frozenset[Point],
        luck: random.Random,
        timeline: Timeline,
        tell_point: Callable[[Point, bool], None],
        tell_radar: Callable[[PresenceMeasured], None],
    ) -> None:
        self._wired = wired
        self._luck = luck
        self._timeline = timeline
        self._tell_point = tell_point
        self._tell_radar = tell_radar
        self.inside: dict[int, Body] = {}
        self.outside: set[int] = set()
        self.crossing: set[int] = set()
        self._shadows = dict.fromkeys(BEAMS, 0)
        self._levels = dict.fromkeys((*BEAMS, Point.MOTION_INSIDE, Point.MOTION_OUTSIDE), False)
        # What is wrong with the sensors.
        self.stuck: dict[Point, bool] = {}
        self.radar_says: tuple[bool, bool] | None = None
        """A radar that lies: moving, still."""
        self.radar_dead = False
        self.on_doorway: Callable[[bool], None] = lambda there: None
        self._seen = (False, False)
        self._looks = False
        # When things last were so; what the checks go by.
        self.count_ms = self.began_ms = self.crossed_ms = self.beam_ms = self.outside_ms = NEVER_MS
        self.moved_ms = self.surely_moved_ms = self.moving_since_ms = NEVER_MS
        self._moved = False
        self.doubtful_ms = NEVER_MS
        """When the sensors could last have been mistaken: bodies close together, or a fault of theirs."""

    # ------------------------------------------------ people

    def arrives(self, body: int, stays_ms: int) -> None:
        """Somebody stands before the door, for so long unless they come in."""
        if body not in self.inside:
            self.outside.add(body)
            self._see(Point.MOTION_OUTSIDE)
            self._timeline.after(stays_ms, self._goes_away, body)

    def _goes_away(self, body: int) -> None:
        if body in self.outside:
            self.outside.discard(body)
            self._see(Point.MOTION_OUTSIDE)

    def cross(self, body: int, way: Way) -> bool:
        """Go through the open door; False for somebody who is not on that side of it, or in it already."""
        comes_from_inside = way in (Way.OUT, Way.BACK_INSIDE)
        if body in self.crossing or comes_from_inside is not (body in self.inside):
            return False
        now_ms = self._timeline.now_ms
        if self.crossing or now_ms - self.crossed_ms < CLOSE_MS:
            self.doubtful_ms = now_ms
        self.began_ms = now_ms
        self.crossing.add(body)
        self.on_doorway(True)
        self._move(body)
        pace = 0.5 + self._luck.random()
        first, second = BEAMS if way in (Way.IN, Way.BACK_OUTSIDE) else (BEAMS[1], BEAMS[0])
        if way in (Way.IN, Way.OUT):
            steps = [(0, first, 1), (250, second, 1), (340, first, -1), (600, second, -1)]
        elif self._luck.random() < 0.5:
            steps = [(0, first, 1), (300, first, -1)]
        else:
            steps = [(0, first, 1), (250, second, 1), (700, second, -1), (900, first, -1)]
        for delay_ms, beam, change in steps:
            self._timeline.after(int(delay_ms * pace), self._shadow, beam, change)
        self._timeline.after(int(steps[-1][0] * pace), self._crossed, body, way)
        return True

    def _shadow(self, beam: Point, change: int) -> None:
        self._shadows[beam] += change
        self._see(beam)

    def _crossed(self, body: int, way: Way) -> None:
        now_ms = self._timeline.now_ms
        self.crossing.discard(body)
        if not self.crossing:
            self.on_doorway(False)
        self.crossed_ms = now_ms
        if way is Way.IN:
            self.count_ms = now_ms
            self._goes_away(body)
            self.inside[body] = Body()
            self._stir(body, 10_000 + int(self._luck.random() * 30_000))
        elif way is Way.OUT:
            self.count_ms = now_ms
            del self.inside[body]
        elif way is Way.BACK_INSIDE:
            self._stir(body, 5_000)
        self._look_soon()

    def lie_down(self, body: int, for_ms: int) -> None:
        """Sleeps, or cannot get up."""
        held = self.inside.get(body)
        if held is not None and body not in self.crossing:
            held.plan += 1
            held.moving, held.lies = False, True
            self._timeline.after(for_ms, self._get_up, body, held.plan)
            self._look_soon()

    def _get_up(self, body: int, plan: int) -> None:
        held = self.inside.get(body)
        if held is not None and held.plan == plan:
            held.lies = False
            self._stir(body, 20_000)

    def stir_all(self) -> None:
        """Something wakes everybody who is not in need."""
        for body, held in self.inside.items():
            if not held.lies:
                self._stir(body, 5_000)

    def _stir(self, body: int, for_ms: int) -> None:
        """Moves for a while, sits for a while, and so on."""
        self._move(body)
        held = self.inside[body]
        held.plan += 1
        self._timeline.after(for_ms, self._rest, body, held.plan)

    def _rest(self, body: int, plan: int) -> None:
        held = self.inside.get(body)
        if held is not None and held.plan == plan and body not in self.crossing:
            held.moving = False
            sits_ms = 120_000 + int(self._luck.random() * 780_000)
            self._timeline.after(sits_ms, self._fidget, body, plan)
            self._look_soon()

    def _fidget(self, body: int, plan: int) -> None:
        held = self.inside.get(body)
        if held is not None and held.plan == plan:
            self._stir(body, 3_000 + int(self._luck.random() * 4_000))

    def _move(self, body: int) -> None:
        held = self.inside.get(body)
        if held is not None:
            held.moving, held.lies = True, False
            held.plan += 1
        self._look_soon()

    # ------------------------------------------------ truth

    @property
    def moving(self) -> bool:
        return any(body.moving for body in self.inside.values()) or bool(self.crossing)

    @property
    def still(self) -> bool:
        return any(not body.moving for body in self.inside.values())

    # ------------------------------------------------ sensors

    def levels(self) -> dict[Point, bool]:
        return {point: level for point, level in self._levels.items() if point in self._wired}

    def level(self, point: Point) -> bool:
        return self._levels[point]

    def stick(self, point: Point, level: bool | None) -> None:
        """A beam or motion sensor stays as it is told; None: it works again."""
        self.doubtful_ms = self._timeline.now_ms
        if level is None:
            self.stuck.pop(point, None)
        else:
            self.stuck[point] = level
        self._see(point)

    def _see(self, point: Point) -> None:
        if point in self._shadows:
            level = self._shadows[point] > 0
        else:
            level = self.moving if point is Point.MOTION_INSIDE else bool(self.outside)
        level = self.stuck.get(point, level)
        if level is not self._levels[point]:
            self._levels[point] = level
            if point in BEAMS:
                self.beam_ms = self._timeline.now_ms
            elif point is Point.MOTION_OUTSIDE:
                self.outside_ms = self._timeline.now_ms
            if point in self._wired:
                self._tell_point(point, level)

    def _look_soon(self) -> None:
        """A radar takes a moment to be sure of what it sees."""
        self._note()
        if not self._looks:
            self._looks = True
            self._timeline.after(100 + int(self._luck.random() * 300), self._look)

    def _note(self) -> None:
        """When movement began and ended."""
        moves = self.moving
        if moves and not self._moved:
            self.moving_since_ms = self._timeline.now_ms
        now_ms = self._timeline.now_ms
        if moves or self._moved:
            self.moved_ms = now_ms
            if now_ms - self.moving_since_ms >= BELIEVED_MS:
                self.surely_moved_ms = now_ms
        self._moved = moves

    def _look(self) -> None:
        self._looks = False
        self._note()
        self._see(Point.MOTION_INSIDE)
        seen = (self.moving, self.still)
        if seen != self._seen:
            self._seen = seen
            if self.radar_says is None:
                self.radar_reports()

    def lie(self, says: tuple[bool, bool] | None) -> None:
        """The radar says this, whatever is so; None: it says the truth again."""
        self.doubtful_ms = self._timeline.now_ms
        self.radar_says = says
        self.radar_reports()

    def radar_fails(self, dead: bool) -> None:
        self.doubtful_ms = self._timeline.now_ms
        self.radar_dead = dead

    def radar_reports(self) -> None:
        """A report of what it sees now."""
        if not self.radar_dead:
            moving, still = self.radar_says or self._seen
            self._tell_radar(PresenceMeasured(RADAR, moving, still))
