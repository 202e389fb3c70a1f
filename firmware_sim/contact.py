"""A dry contact and its bounce.

Two pieces of metal meet several times before they stay together. The plan of one change is drawn from a seeded
generator when the change begins: the new state at once, then one to four short returns to the old one, and rest
within 1 to 8 ms. The same seed gives the same bounces. Closed means "connected to ground", which the controller's
pull-up turns into a low level.
"""

import random
from collections import deque
from dataclasses import dataclass

BOUNCE_MS = (1.0, 8.0)
MAX_RETURNS = 4


@dataclass(frozen=True)
class ContactEdge:
    at_ms: float
    closed: bool


class DryContact:
    def __init__(self, random_source: random.Random, closed: bool, bounce_ms: tuple[float, float] = BOUNCE_MS) -> None:
        self._random = random_source
        self._plan: deque[ContactEdge] = deque()
        self._settled = closed
        self.closed = closed
        self.bounce_ms = bounce_ms

    def change(self, closed: bool, at_ms: float) -> None:
        """The thing behind the contact moved. A movement during a bounce replaces what was left of the bounce."""
        if closed == self._settled:
            return
        self._settled = closed
        burst_ms = self._random.uniform(*self.bounce_ms)
        returns = self._random.randint(1, MAX_RETURNS)
        moments = sorted(self._random.uniform(0.0, burst_ms) for _ in range(2 * returns - 1))
        self._plan = deque([ContactEdge(at_ms, closed)])
        for index, offset_ms in enumerate([*moments, burst_ms]):
            self._plan.append(ContactEdge(at_ms + offset_ms, closed if index % 2 else not closed))

    def deadline(self) -> float | None:
        return self._plan[0].at_ms if self._plan else None

    def advance(self, now_ms: float) -> list[ContactEdge]:
        """The edges due by now, in order, each with its exact moment."""
        edges: list[ContactEdge] = []
        while self._plan and self._plan[0].at_ms <= now_ms:
            edge = self._plan.popleft()
            if edge.closed != self.closed:
                self.closed = edge.closed
                edges.append(edge)
        return edges
