"""`[alarms]` of a station's configuration: when many are a flood, how long one may be put aside, what a contact can do.

[alarms]
flood_alarms = 10       # more than so many within flood_s are a flood: the list shows what they come from
flood_s = 600
flood_over_alarms = 5   # until there are fewer than these
group_s = 5             # of alarms that begin within so long of one another the first is marked
longest_shelf_s = 86400 # somebody looks again at least this often
shelf_grace_s = 600     # a shelf put up before a restart lasts so long while the time is not known
flapping_edges = 20     # more edges of the door's contact within flapping_s than a leaf can make: the contact is broken
flapping_s = 5

The numbers for floods are those of EEMUA 191 and ISA-18.2.
"""

from dataclasses import dataclass
from typing import Final

from contract.plain import PlainError
from edge.core.alarm_state import MAX_STANDING_ALARMS, AlarmConfig
from edge.core.events import Point
from edge.core.supervision_state import SupervisionConfig

DAY_S: Final = 86_400
BOUNDS: Final = {
    "flood_alarms": (1, MAX_STANDING_ALARMS - 1),
    "flood_s": (60, 3_600),
    "flood_over_alarms": (1, MAX_STANDING_ALARMS - 1),
    "group_s": (1, 60),
    "longest_shelf_s": (60, DAY_S),
    "shelf_grace_s": (60, 3_600),
    "flapping_edges": (4, 200),
    "flapping_s": (1, 60),
}


@dataclass(frozen=True)
class AlarmSection:
    flood_alarms: int = 10
    flood_s: int = 600
    flood_over_alarms: int = 5
    group_s: int = 5
    longest_shelf_s: int = DAY_S
    shelf_grace_s: int = 600
    flapping_edges: int = 20
    flapping_s: int = 5

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:
                raise PlainError(f"alarms.{name}", f"{getattr(self, name)} is outside {low}–{high}")
        if self.flood_over_alarms > self.flood_alarms:
            raise PlainError(
                "alarms.flood_over_alarms", f"{self.flood_over_alarms} is more than flood_alarms = {self.flood_alarms}"
            )


def alarm_config(section: AlarmSection) -> AlarmConfig:
    """The core's configuration of alarms."""
    return AlarmConfig(
        flood_alarms=section.flood_alarms,
        flood_ms=section.flood_s * 1_000,
        flood_over_alarms=section.flood_over_alarms,
        group_ms=section.group_s * 1_000,
        longest_shelf_ms=section.longest_shelf_s * 1_000,
        shelf_grace_ms=section.shelf_grace_s * 1_000,
    )


def supervision_config(section: AlarmSection, points: frozenset[Point]) -> SupervisionConfig:
    """The core's configuration of its guard over the inputs."""
    return SupervisionConfig(
        points=points, flapping_edges=section.flapping_edges, flapping_ms=section.flapping_s * 1_000
    )
