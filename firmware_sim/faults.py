"""Everything that can be broken, by command or by a schedule drawn from a seed.

A lasting fault is on until it is taken back; a momentary one (lost replies, corruption, noise) happens to the next so
many replies and is over. Setting a fault twice is setting it once.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.wires import DOOR_WIRES, Wire


class FaultName(StrEnum):
    GPIO_DEAD = "gpio_dead"
    GPIO_HUNG = "gpio_hung"
    GPIO_DELAY = "gpio_delay"
    READER_LOST_REPLIES = "reader_lost_replies"
    READER_CORRUPT = "reader_corrupt"
    READER_NOISE = "reader_noise"
    READER_DELAY = "reader_delay"
    READER_UNPLUGGED = "reader_unplugged"
    READER_KEYLESS = "reader_keyless"
    READER_WRONG_KEY = "reader_wrong_key"
    LOCK_STUCK = "lock_stuck"
    CUT_WIRE = "cut_wire"
    WORN_CONTACTS = "worn_contacts"
    POINT_STUCK = "point_stuck"
    RADAR_SILENT = "radar_silent"
    RADAR_NOISE = "radar_noise"
    RADAR_LYING = "radar_lying"
    SLAVE_SILENT = "slave_silent"
    SLAVE_GARBAGE = "slave_garbage"
    SLAVE_LATE = "slave_late"
    SLAVE_LYING = "slave_lying"
    SCANNER_UNPLUGGED = "scanner_unplugged"
    CABINET_LOCK_STUCK = "cabinet_lock_stuck"
    CABINET_LOCK_LOOSE = "cabinet_lock_loose"
    """It does not catch: the door springs back."""
    CABINET_CONTACT_STUCK = "cabinet_contact_stuck"
    CABINET_CHARGER_STUCK = "cabinet_charger_stuck"
    """It ignores "off"."""
    BMS_SILENT = "bms_silent"
    BMS_FROZEN = "bms_frozen"
    BMS_IMPOSSIBLE = "bms_impossible"
    CABINET_SILENT = "cabinet_silent"
    CABINET_LATE = "cabinet_late"
    CABINET_GARBAGE = "cabinet_garbage"
    CABINET_CONFUSED = "cabinet_confused"
    """It answers for one slot with another's data."""
    CABINET_NOISE = "cabinet_noise"
    CABINET_LINE_CUT = "cabinet_line_cut"
    LINK_CUT = "link_cut"
    LINK_BLACK_HOLE = "link_black_hole"
    LINK_DELAY = "link_delay"


MOMENTARY = frozenset({FaultName.READER_LOST_REPLIES, FaultName.READER_CORRUPT, FaultName.READER_NOISE})
NEEDS_LINK = frozenset({FaultName.LINK_CUT, FaultName.LINK_BLACK_HOLE, FaultName.LINK_DELAY})
NEEDS_WIRE = frozenset({FaultName.CUT_WIRE, FaultName.POINT_STUCK})
HAS_TWO_SIDES = frozenset(
    {FaultName.POINT_STUCK, FaultName.RADAR_LYING, FaultName.SLAVE_LYING, FaultName.CABINET_CONTACT_STUCK}
)
CABINET_PREFIXES = ("cabinet_", "bms_")
OF_WHOLE_CABINET = frozenset({FaultName.CABINET_NOISE, FaultName.CABINET_LINE_CUT})
"""The others of the cabinet are of one slot; those of answers of all, where none is named."""
NEEDS_SLOT = frozenset(
    {
        FaultName.CABINET_LOCK_STUCK,
        FaultName.CABINET_LOCK_LOOSE,
        FaultName.CABINET_CONTACT_STUCK,
        FaultName.CABINET_CHARGER_STUCK,
        FaultName.BMS_SILENT,
        FaultName.BMS_FROZEN,
        FaultName.BMS_IMPOSSIBLE,
        FaultName.CABINET_CONFUSED,
    }
)
MAX_MS = 600_000.0
MAX_COUNT = 1000


class FaultError(ValueError):
    """The fault cannot be set like this; the message says what is missing."""


@dataclass(frozen=True)
class FaultArgs:
    """`reader` and `sensor` (a radar, Modbus slave or scanner) may be left out where there is only one; `ms` and
    `count` have defaults by fault. `active`: what a stuck point or a lying sensor says all the time. `slot`: of the
    swap cabinet."""

    reader: str | None = None
    sensor: str | None = None
    active: bool = True
    wire: Wire | None = None
    slot: int | None = None
    ms: float | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        if self.ms is not None and not 0 < self.ms <= MAX_MS:
            raise FaultError(f"ms must be above 0 and at most {MAX_MS:.0f}")
        if self.count is not None and not 0 < self.count <= MAX_COUNT:
            raise FaultError(f"count must be 1 to {MAX_COUNT}")


@dataclass(frozen=True)
class PlannedFault:
    """`after_ms` counts from the end of the fault before."""

    after_ms: float
    name: FaultName
    args: FaultArgs
    last_ms: float


def schedule(
    names: tuple[FaultName, ...],
    readers: tuple[str, ...],
    seed: int,
    every_ms: float,
    last_ms: float,
    points: tuple[Wire, ...] = (),
    sensors: Mapping[str, tuple[str, ...]] | None = None,
    slots: int = 0,
) -> Iterator[PlannedFault]:
    """Faults one after the other, for ever: kinds, places, pauses and lengths by seed; the same seed gives the same
    faults. `points` are the wired ones; `sensors` has the names of radars, slaves and scanners by these words; `slots`
    are the swap cabinet's."""
    source = random.Random(f"{seed}/faults")
    while True:
        name = source.choice(names)
        reader = source.choice(readers) if name.startswith("reader_") and readers else None
        wires = {FaultName.CUT_WIRE: (*DOOR_WIRES, *points), FaultName.POINT_STUCK: points}.get(name)
        wire = source.choice(wires) if wires else None
        devices = (sensors or {}).get(name.partition("_")[0])
        sensor = source.choice(devices) if devices else None
        active = source.random() < 0.5 if name in HAS_TWO_SIDES else True
        slot = source.randint(1, slots) if name in NEEDS_SLOT and slots else None
        yield PlannedFault(
            source.uniform(0.5, 1.5) * every_ms,
            name,
            FaultArgs(reader=reader, wire=wire, sensor=sensor, active=active, slot=slot),
            source.uniform(0.5, 1.5) * last_ms,
        )
