"""`[presence]` of a station's configuration: how long until people inside are asked, and the count is corrected.

[presence]
empty_after_s = 60              # radars see nobody for so long: nobody is inside
unproved_empty_after_s = 300    # the same for radars that have not seen whoever came in last
occupied_after_s = 10           # radars see somebody for so long where nobody should be
beam_stuck_s = 60               # something stands in a beam of the open door: not a person
welfare_still_s = 2700          # somebody inside does not move: the screen asks; 0: never
welfare_night_still_s = 7200    # the same at night
night = "22:00-06:00"
welfare_answer_s = 120          # nobody answers: an alarm
loitering_s = 180               # somebody before the closed door for so long, 15 at least: an alarm; 0: never

The radars are the sensors with that driver, the beams and motion sensors the points of `[gpio.points]`.
"""

from dataclasses import dataclass
from typing import Final

from contract.ids import SensorId
from contract.plain import PlainError
from edge.core.presence_state import PresenceConfig
from edge.runtime.schedule_config import interval

HOUR_S: Final = 3_600
LEAST_LOITERING_S: Final = 15
"""Motion sensors hold what they have seen for seconds, and see a standing person only now and then."""
LONGEST_GAP_MS: Final = 20_000
BOUNDS_S: Final = {
    "empty_after_s": (5, HOUR_S),
    "unproved_empty_after_s": (5, HOUR_S),
    "occupied_after_s": (1, 600),
    "beam_stuck_s": (5, HOUR_S),
    "welfare_still_s": (0, 12 * HOUR_S),
    "welfare_night_still_s": (0, 12 * HOUR_S),
    "welfare_answer_s": (5, HOUR_S),
    "loitering_s": (0, HOUR_S),
}


@dataclass(frozen=True)
class PresenceSection:
    empty_after_s: int = 60
    unproved_empty_after_s: int = 300
    occupied_after_s: int = 10
    beam_stuck_s: int = 60
    welfare_still_s: int = 45 * 60
    welfare_night_still_s: int = 120 * 60
    night: str = "22:00-06:00"
    welfare_answer_s: int = 120
    loitering_s: int = 180

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS_S.items():
            if not low <= getattr(self, name) <= high:
                raise PlainError(f"presence.{name}", f"{getattr(self, name)} is outside {low}–{high}")
        if self.unproved_empty_after_s < self.empty_after_s:
            raise PlainError("presence.unproved_empty_after_s", "must be at least empty_after_s")
        if (self.welfare_still_s == 0) != (self.welfare_night_still_s == 0):
            raise PlainError("presence.welfare_night_still_s", "and welfare_still_s are both 0 (never ask) or both not")
        if 0 < self.loitering_s < LEAST_LOITERING_S:
            raise PlainError("presence.loitering_s", f"{self.loitering_s} must be 0 or at least {LEAST_LOITERING_S}")
        try:
            interval(self.night)
        except ValueError as error:
            raise PlainError("presence.night", str(error)) from None


def presence_config(section: PresenceSection, radars: tuple[SensorId, ...]) -> PresenceConfig:
    """The core's configuration. Raises `ValueError`."""
    loitering_ms = section.loitering_s * 1_000
    return PresenceConfig(
        radars=radars,
        empty_after_ms=section.empty_after_s * 1_000,
        unproved_empty_after_ms=section.unproved_empty_after_s * 1_000,
        occupied_after_ms=section.occupied_after_s * 1_000,
        beam_stuck_ms=section.beam_stuck_s * 1_000,
        welfare_still_ms=section.welfare_still_s * 1_000,
        welfare_night_still_ms=section.welfare_night_still_s * 1_000,
        night=interval(section.night),
        welfare_answer_ms=section.welfare_answer_s * 1_000,
        loitering_ms=loitering_ms,
        # Nobody loiters who was out of sight for the last third of the time.
        loitering_gap_ms=min(LONGEST_GAP_MS, loitering_ms // 3) or LONGEST_GAP_MS,
    )
