"""The station around its door: people, beams, motion detectors, the room, tamper contacts and supplies.

As in `world`, which owns it, nothing here reads a clock. Each truth is told as a fact before the wire that follows from
it, and what the wires say is kept apart from what is true, so that a stuck beam lies about people who are still there.
"""

from typing import Protocol

from firmware_sim.crowd import Body, Crowd, Doing, Place
from firmware_sim.door_leaf import DoorLeaf
from firmware_sim.doorway import Arrival, Beam, Doorway, Turn
from firmware_sim.log import FactKind, Json
from firmware_sim.motion import MotionDetector
from firmware_sim.people import PersonId
from firmware_sim.room import Load, Room
from firmware_sim.wires import POINT_WIRES, Wire, is_point_grounded

BEAM_WIRES = {Beam.OUTER: Wire.BEAM_OUTER, Beam.INNER: Wire.BEAM_INNER}
TAMPER_WIRES = (Wire.READER_TAMPER, Wire.ENCLOSURE_TAMPER)
PASSABLE_DEGREES = 25.0
"""How far the leaf must stand open for somebody to get through."""


class WorldError(ValueError):
    """This cannot be done in the world as it is; the message says why."""


class PremisesListener(Protocol):
    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None: ...
    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None: ...


class Premises:
    def __init__(self, listener: PremisesListener, leaf: DoorLeaf, room: Room, pace: float = 1.0) -> None:
        self._listener = listener
        self._leaf = leaf
        self.room = room
        self.crowd = Crowd()
        self.doorway = Doorway(pace)
        self._motion = {Place.INSIDE: MotionDetector(pace), Place.OUTSIDE: MotionDetector(pace)}
        self._active = dict.fromkeys(POINT_WIRES, False)
        self._active[Wire.LOCK_SECURED] = True
        self._stuck: dict[Wire, bool] = {}
        self.cut_wires: set[Wire] = set()

    # Time

    def deadline(self) -> float | None:
        moments = [self.doorway.deadline(), *(detector.deadline() for detector in self._motion.values())]
        return min((moment for moment in moments if moment is not None), default=None)

    def advance(self, now_ms: float) -> None:
        for told in self.doorway.advance(now_ms):
            if isinstance(told, Arrival):
                self._arrive(told)
            else:
                self._fact(FactKind.BEAM, told.at_ms, beam=told.beam.value, broken=told.broken)
                self.set_point(BEAM_WIRES[told.beam], told.broken, told.at_ms)
        for place, detector in self._motion.items():
            if (at_ms := detector.advance(now_ms)) is not None:
                self._tell_motion(place, at_ms)

    # People

    def come(self, person: PersonId, now_ms: float) -> None:
        """Somebody comes to the door and waits in front of it."""
        self._appear(person, Place.OUTSIDE, now_ms)

    def go(self, person: PersonId, now_ms: float) -> None:
        """Somebody who stands outside goes away."""
        body = self._at_station(person)
        if body.place is not Place.OUTSIDE:
            raise WorldError(f"{person} is not outside, so cannot go away")
        self.crowd.leave(person)
        self._fact(FactKind.PERSON, now_ms, person=person, place="away", inside=self.crowd.inside_count)
        self._look(now_ms)

    def walk(self, person: PersonId, inward: bool, turn: Turn | None, now_ms: float) -> None:
        """Walk through the open door, or turn round in it. Raises WorldError when there is no way."""
        if self._leaf.angle(now_ms) < PASSABLE_DEGREES:
            raise WorldError("the door is not open wide enough to walk through")
        body = self.crowd.find(person)
        if body is None and inward:
            body = self._appear(person, Place.OUTSIDE, now_ms)
        here = Place.OUTSIDE if inward else Place.INSIDE
        if body is None or body.place is not here:
            raise WorldError(f"{person} is not {here.value}")
        try:
            self.doorway.begin(person, inward, turn, now_ms)
        except ValueError as error:
            raise WorldError(str(error)) from None
        self._leaf.set_body(True, now_ms)
        self._place(body, Place.DOORWAY, now_ms)

    def do(self, person: PersonId, doing: Doing, now_ms: float) -> None:
        """Somebody moves about, sits still, lies down."""
        body = self._at_station(person)
        if body.place is Place.DOORWAY:
            raise WorldError(f"{person} walks through the door way")
        body.doing = doing
        self._fact(FactKind.DOING, now_ms, person=person, doing=doing.value, place=body.place.value)
        self._look(now_ms)

    def put_inside(self, person: PersonId, now_ms: float) -> None:
        """Somebody who has been inside all along, since before the world began."""
        self._appear(person, Place.INSIDE, now_ms)

    def _appear(self, person: PersonId, place: Place, now_ms: float) -> Body:
        try:
            body = self.crowd.come(person, place)
        except ValueError as error:
            raise WorldError(str(error)) from None
        self._place(body, place, now_ms)
        return body

    def _at_station(self, person: PersonId) -> Body:
        body = self.crowd.find(person)
        if body is None:
            raise WorldError(f"{person} is not at the station")
        return body

    def _arrive(self, arrival: Arrival) -> None:
        body = self._at_station(arrival.person)
        self._place(body, Place.INSIDE if arrival.inside else Place.OUTSIDE, arrival.at_ms)
        if not arrival.inside:
            self.go(arrival.person, arrival.at_ms)
        if not self.doorway.people:
            self._leaf.set_body(False, arrival.at_ms)

    def _place(self, body: Body, place: Place, at_ms: float) -> None:
        self.room.settle(at_ms, len(self.crowd.at(Place.INSIDE)))
        body.place, body.doing = place, Doing.MOVING
        self.room.settle(at_ms, self.crowd.inside_count)
        self._fact(FactKind.PERSON, at_ms, person=body.person, place=place.value, inside=self.crowd.inside_count)
        self._look(at_ms)

    def _look(self, at_ms: float) -> None:
        """The motion detectors see what has changed."""
        for place, detector in self._motion.items():
            if detector.see(self.crowd.is_moving(place), at_ms):
                self._tell_motion(place, at_ms)

    def _tell_motion(self, place: Place, at_ms: float) -> None:
        active = self._motion[place].active
        self._fact(FactKind.MOTION, at_ms, where=place.value, active=active)
        self.set_point(Wire.MOTION_INSIDE if place is Place.INSIDE else Wire.MOTION_OUTSIDE, active, at_ms)

    # The room

    def set_air(self, name: str, value: float, now_ms: float) -> None:
        """One of `room.LIMITS`. Raises WorldError outside of its limits."""
        self._settle(now_ms)
        try:
            self.room.set_air(name, value)
        except ValueError as error:
            raise WorldError(str(error)) from None
        self._fact(FactKind.AIR, now_ms, what=name, value=value)

    def set_smoke(self, there: bool, now_ms: float) -> None:
        self.room.smoke = there
        self._fact(FactKind.SMOKE, now_ms, there=there)

    def set_water(self, there: bool, now_ms: float) -> None:
        self.room.water = there
        self._fact(FactKind.WATER, now_ms, there=there)

    def set_load(self, load_id: str, wanted: bool, at_ms: float) -> None:
        """A load's pin has changed."""
        load = self.room.loads[load_id]
        if load.wanted is wanted:
            return
        self._settle(at_ms)
        load.wanted = wanted
        self._tell_load(load, at_ms)

    def set_mains(self, on: bool, now_ms: float) -> None:
        """The building's mains; the battery carries the station without them, but no load."""
        if on == self.room.mains:
            return
        self._settle(now_ms)
        self.room.mains = on
        self._fact(FactKind.MAINS, now_ms, on=on)
        self.set_point(Wire.MAINS_LOST, not on, now_ms)
        for load in self.room.loads.values():
            if load.wanted:
                self._tell_load(load, now_ms)

    def set_battery_low(self, low: bool, now_ms: float) -> None:
        if low != self._active[Wire.BATTERY_LOW]:
            self._fact(FactKind.BATTERY, now_ms, low=low)
            self.set_point(Wire.BATTERY_LOW, low, now_ms)

    def set_tamper(self, wire: Wire, opened: bool, now_ms: float) -> None:
        """A housing is opened, or closed again."""
        if opened != self._active[wire]:
            self._fact(FactKind.TAMPER, now_ms, what=wire.value, open=opened)
            self.set_point(wire, opened, now_ms)

    def _settle(self, at_ms: float) -> None:
        self.room.settle(at_ms, self.crowd.inside_count)

    def _tell_load(self, load: Load, at_ms: float) -> None:
        self._fact(FactKind.LOAD, at_ms, load=load.id, on=self.room.is_on(load), power_w=round(self.room.power_w()))

    # What the wires say

    def is_active(self, wire: Wire) -> bool:
        """What is true, whatever its wire says."""
        return self._active[wire]

    def is_grounded(self, wire: Wire) -> bool:
        if wire in self.cut_wires:
            return False
        return is_point_grounded(wire, self._stuck.get(wire, self._active[wire]))

    def set_point(self, wire: Wire, active: bool, at_ms: float) -> None:
        if active != self._active[wire]:
            self._active[wire] = active
            self._listener.on_wire(wire, self.is_grounded(wire), at_ms)

    def set_stuck(self, wire: Wire, active: bool | None, now_ms: float) -> None:
        """A detector says the same whatever happens; None: it works again."""
        if active is None:
            self._stuck.pop(wire, None)
        else:
            self._stuck[wire] = active
        self._listener.on_wire(wire, self.is_grounded(wire), now_ms)

    def _fact(self, kind: FactKind, at_ms: float, **fields: Json) -> None:
        self._listener.on_fact(kind, at_ms, fields)
