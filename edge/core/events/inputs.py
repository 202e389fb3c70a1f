"""What the wired inputs of the door and around it say."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from contract.frozen import frozen


class Point(StrEnum):
    """Wired inputs beside the door's own three; which of them a station has says its configuration."""

    BEAM_OUTER = "beam_outer"
    """The beam across the door way that somebody coming in breaks first."""
    BEAM_INNER = "beam_inner"
    MOTION_INSIDE = "motion_inside"
    MOTION_OUTSIDE = "motion_outside"
    """Somebody moves in front of the closed door."""
    READER_TAMPER = "reader_tamper"
    ENCLOSURE_TAMPER = "enclosure_tamper"
    MAINS_LOST = "mains_lost"
    BATTERY_LOW = "battery_low"
    LOCK_SECURED = "lock_secured"
    """The lock's own feedback: the bolt is home."""


@frozen
class ContactChanged:
    """The door contact's raw level; bounce is judged by the core. `at_mono_ms` is when the edge came, if that is known
    better than by the step's own time (a late edge must not look shorter than it was)."""

    open: bool
    at_mono_ms: int | None = None


@frozen
class ContactLost:
    """The contact cannot be read."""


@frozen
class ExitChanged:
    pressed: bool


@frozen
class FireChanged:
    active: bool


@frozen
class LevelsRead:
    """The inputs' levels, read at start and after the pin factory was rebuilt. Outputs are at rest at that moment."""

    contact_open: bool
    exit_pressed: bool
    fire_active: bool
    points: Mapping[Point, bool] = field(default_factory=dict, hash=False)


@frozen
class PointChanged:
    """A wired input has changed; `at_mono_ms` as in `ContactChanged`."""

    point: Point
    active: bool
    at_mono_ms: int | None = None
