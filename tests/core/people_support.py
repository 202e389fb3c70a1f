"""A station with beams, a radar and motion sensors, and people who walk through its door way."""

from collections.abc import Mapping
from dataclasses import replace

from contract.ids import SensorId
from contract.records import Record
from edge.core import events
from edge.core.config import StationConfig
from edge.core.events import Point
from edge.core.presence_state import PresenceConfig
from edge.core.supervision_state import SupervisionConfig
from tests.core.support import CONFIG, Life

RADAR = SensorId("radar-1")
POINTS = frozenset({Point.BEAM_OUTER, Point.BEAM_INNER, Point.MOTION_INSIDE, Point.MOTION_OUTSIDE})
PRESENCE = PresenceConfig(radars=(RADAR,))
WITH_BEAMS = replace(CONFIG, supervision=SupervisionConfig(POINTS))
WITH_RADAR = replace(CONFIG, presence=PRESENCE)
WITH_BOTH = replace(WITH_BEAMS, presence=PRESENCE)

OUTER, INNER = Point.BEAM_OUTER, Point.BEAM_INNER
STEP_MS = 200
"""Between two edges of somebody who walks."""


def with_presence(config: StationConfig = WITH_BOTH, **changes: object) -> StationConfig:
    """`config` with other times of presence."""
    return replace(config, presence=replace(config.presence, **changes))  # type: ignore[arg-type]


class PeopleLife(Life):
    """`sees` is what the radar says, once a second, while time passes by `watch`."""

    def __init__(self, config: StationConfig = WITH_BOTH) -> None:
        self.sees = (False, False)
        super().__init__(config, booted=False)
        self.boot()
        self.levels()

    def levels(
        self,
        *,
        contact_open: bool = False,
        exit_pressed: bool = False,
        fire: bool = False,
        points: Mapping[Point, bool] | None = None,
    ) -> list[Record]:
        self.lock_released = False
        known = dict.fromkeys(self.config.supervision.points, False) | dict(points or {})
        return self.do(events.LevelsRead(contact_open, exit_pressed, fire, known))

    # ------------------------------------------------ beams

    def beam(self, point: Point, broken: bool) -> list[Record]:
        """One edge, and the time until it is believed."""
        first = list(self.do(events.PointChanged(point, broken)))
        self.last = first + self.wait(STEP_MS)
        return self.last

    def beams(self, *edges: tuple[Point, bool]) -> list[Record]:
        seen: list[Record] = []
        for point, broken in edges:
            seen += self.beam(point, broken)
        self.last = seen
        return seen

    def walk(self, inward: bool) -> list[Record]:
        near, far = (OUTER, INNER) if inward else (INNER, OUTER)
        return self.beams((near, True), (far, True), (near, False), (far, False))

    def come_in(self, people: int = 1) -> list[Record]:
        """By card, one behind the other."""
        seen = list(self.card())
        seen += self.open()
        for _ in range(people):
            seen += self.walk(True)
        seen += self.close()
        self.last = seen
        return seen

    def go_out(self) -> list[Record]:
        seen = list(self.press_exit())
        seen += self.open()
        seen += self.walk(False)
        seen += self.close()
        self.last = seen
        return seen

    # ------------------------------------------------ the room

    def radar(self, moving: bool = False, still: bool = False) -> list[Record]:
        self.sees = moving, still
        return self.do(events.PresenceMeasured(RADAR, moving, still))

    def watch(self, ms: int) -> list[Record]:
        """Let time pass while the radar goes on saying what it says."""
        seen: list[Record] = []
        end = self.mono_ms + ms
        while self.mono_ms < end:
            seen += self.do(events.PresenceMeasured(RADAR, *self.sees))
            seen += self.wait(min(1_000, end - self.mono_ms))
        self.last = seen
        return seen

    def motion(self, active: bool, point: Point = Point.MOTION_INSIDE) -> list[Record]:
        return self.do(events.PointChanged(point, active))
