"""The wires between the station and the controller, and what each says when it is connected to ground.

All inputs are dry contacts to ground behind the controller's pull-ups. Whatever means "something is wrong" or "somebody
is there" is a normally closed loop: grounded while all is quiet, so that a cut wire is seen. Only three are normally
open, because a cut wire there must not claim what is not so: the exit button and, by their nature, the two feedbacks of
the door (closed) and of the lock (bolt home).
"""

from enum import StrEnum


class Wire(StrEnum):
    """Named as in the config's [pins] and [points]."""

    LOCK = "lock"
    CONTACT = "contact"
    EXIT = "exit"
    FIRE = "fire"
    BEAM_OUTER = "beam_outer"
    BEAM_INNER = "beam_inner"
    MOTION_INSIDE = "motion_inside"
    MOTION_OUTSIDE = "motion_outside"
    READER_TAMPER = "reader_tamper"
    ENCLOSURE_TAMPER = "enclosure_tamper"
    MAINS_LOST = "mains_lost"
    BATTERY_LOW = "battery_low"
    LOCK_SECURED = "lock_secured"


DOOR_WIRES = (Wire.LOCK, Wire.CONTACT, Wire.EXIT, Wire.FIRE)
"""What every station has."""
INPUT_WIRES = (Wire.CONTACT, Wire.EXIT, Wire.FIRE)
POINT_WIRES = tuple(wire for wire in Wire if wire not in DOOR_WIRES)
"""What a station may have; [points] says which."""
GROUNDED_WHEN_ACTIVE = frozenset({Wire.LOCK_SECURED})
"""Of the points; the others are grounded at rest."""


def is_point_grounded(wire: Wire, active: bool) -> bool:
    return active if wire in GROUNDED_WHEN_ACTIVE else not active
