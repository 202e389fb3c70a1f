"""Who is where, and what they do there: the truth that beams, radar and motion detectors only guess at."""

from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.people import PersonId

MAX_BODIES = 64
NEAREST_CM, FARTHEST_CM = 60, 420


class Place(StrEnum):
    OUTSIDE = "outside"
    """In front of the door."""
    DOORWAY = "doorway"
    INSIDE = "inside"


class Doing(StrEnum):
    MOVING = "moving"
    STILL = "still"
    """Sits and hardly moves; breathes."""
    LYING = "lying"
    """Lies on the floor; breathes."""


@dataclass
class Body:
    """`distance_cm` is from the radar to where this person stays inside."""

    person: PersonId
    place: Place
    doing: Doing
    distance_cm: int


class Crowd:
    """The people who are at the station; everybody else is away."""

    def __init__(self) -> None:
        self._bodies: dict[PersonId, Body] = {}

    @property
    def bodies(self) -> list[Body]:
        return list(self._bodies.values())

    def find(self, person: PersonId) -> Body | None:
        return self._bodies.get(person)

    def at(self, place: Place) -> list[Body]:
        return [body for body in self._bodies.values() if body.place is place]

    @property
    def inside_count(self) -> int:
        return len(self.at(Place.INSIDE))

    def is_moving(self, place: Place) -> bool:
        return any(body.doing is Doing.MOVING for body in self.at(place))

    def come(self, person: PersonId, place: Place) -> Body:
        """Raises ValueError when there is no more room, or this person is here already."""
        if person in self._bodies:
            raise ValueError(f"{person} is at the station already")
        if len(self._bodies) >= MAX_BODIES:
            raise ValueError(f"{MAX_BODIES} people are at the station already")
        # Where somebody likes to stay does not change from visit to visit, and differs between people.
        spread = sum(str(person).encode()) * 37 % (FARTHEST_CM - NEAREST_CM)
        body = self._bodies[person] = Body(person, place, Doing.MOVING, NEAREST_CM + spread)
        return body

    def leave(self, person: PersonId) -> None:
        self._bodies.pop(person, None)
