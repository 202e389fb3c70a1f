"""People walking through the door way, and the pair of beams that they break.

    outside   outer beam      inner beam   inside
    ─────────────┼───────────────┼────────────────
      200 ms    500 … 700      1000 ms     1200 ms      (somebody walking in, at pace 1)

Somebody walking in breaks the outer beam, then the inner one as well, leaves the outer and last the inner one; walking
out is the same seen from the other side. Who turns round leaves by the beam he came through. A beam is broken while
anybody stands in it, so two people close together can break it once for both: then no pair of beams can count them.

Each passage is laid down as steps with exact moments when it begins; nothing is stepped in between.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.people import PersonId

FIRST_BEAM_MS = 200.0
SECOND_BEAM_MS = 500.0
FIRST_FREE_MS = 700.0
SECOND_FREE_MS = 1000.0
THROUGH_MS = 1200.0
HESITATION_MS = 300.0
"""How long somebody stands at the point where he turns round."""
MAX_PASSAGES = 8


class Beam(StrEnum):
    OUTER = "outer"
    INNER = "inner"


class Turn(StrEnum):
    """Where somebody turns round."""

    FIRST_BEAM = "first_beam"
    """With the first beam broken only."""
    BOTH_BEAMS = "both_beams"


@dataclass(frozen=True)
class BeamEdge:
    at_ms: float
    beam: Beam
    broken: bool


@dataclass(frozen=True)
class Arrival:
    """Somebody has left the door way, on this side of it."""

    at_ms: float
    person: PersonId
    inside: bool


@dataclass(frozen=True)
class _Step:
    at_ms: float
    beam: Beam | None
    """None: out of the door way."""
    enters: bool = False


@dataclass
class _Passage:
    person: PersonId
    ends_inside: bool
    steps: deque[_Step]


class Doorway:
    def __init__(self, pace: float = 1.0) -> None:
        self._pace = pace
        self._passages: list[_Passage] = []
        self._in_beam: dict[Beam, set[PersonId]] = {Beam.OUTER: set(), Beam.INNER: set()}

    @property
    def people(self) -> list[PersonId]:
        return [passage.person for passage in self._passages]

    def is_broken(self, beam: Beam) -> bool:
        return bool(self._in_beam[beam])

    def begin(self, person: PersonId, inward: bool, turn: Turn | None, now_ms: float) -> None:
        """Walk into the door way, from outside when `inward`. Raises ValueError when it is crowded."""
        if len(self._passages) >= MAX_PASSAGES or person in self.people:
            raise ValueError(f"{person} cannot step into the door way now")
        first, second = (Beam.OUTER, Beam.INNER) if inward else (Beam.INNER, Beam.OUTER)
        steps = deque(
            _Step(now_ms + after_ms / self._pace, beam, enters) for after_ms, beam, enters in _plan(first, second, turn)
        )
        self._passages.append(_Passage(person, inward if turn is None else not inward, steps))

    def deadline(self) -> float | None:
        return min((passage.steps[0].at_ms for passage in self._passages), default=None)

    def advance(self, now_ms: float) -> list[BeamEdge | Arrival]:
        """What happened by now, in order, each at its exact moment."""
        told: list[BeamEdge | Arrival] = []
        while (due_ms := self.deadline()) is not None and due_ms <= now_ms:
            passage = next(passage for passage in self._passages if passage.steps[0].at_ms == due_ms)
            step = passage.steps.popleft()
            if step.beam is None:
                self._passages.remove(passage)
                told.append(Arrival(step.at_ms, passage.person, passage.ends_inside))
                continue
            inside_it = self._in_beam[step.beam]
            before = bool(inside_it)
            (inside_it.add if step.enters else inside_it.discard)(passage.person)
            if bool(inside_it) != before:
                told.append(BeamEdge(step.at_ms, step.beam, bool(inside_it)))
        return told


def _plan(first: Beam, second: Beam, turn: Turn | None) -> list[tuple[float, Beam | None, bool]]:
    """(after so many milliseconds, beam, whether it is entered), the last without a beam."""
    if turn is None:
        return [
            (FIRST_BEAM_MS, first, True), (SECOND_BEAM_MS, second, True), (FIRST_FREE_MS, first, False),
            (SECOND_FREE_MS, second, False), (THROUGH_MS, None, False),
        ]  # fmt: skip
    if turn is Turn.FIRST_BEAM:
        turned_ms = FIRST_BEAM_MS + HESITATION_MS
        return [(FIRST_BEAM_MS, first, True), (turned_ms, first, False), (turned_ms + FIRST_BEAM_MS, None, False)]
    turned_ms = SECOND_BEAM_MS + HESITATION_MS
    first_free_ms = turned_ms + SECOND_BEAM_MS - FIRST_BEAM_MS
    return [
        (FIRST_BEAM_MS, first, True), (SECOND_BEAM_MS, second, True), (turned_ms, second, False),
        (first_free_ms, first, False), (first_free_ms + FIRST_BEAM_MS, None, False),
    ]  # fmt: skip
