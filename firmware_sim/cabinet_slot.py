"""One slot of the swap cabinet, and the names of what can be wrong there."""

from enum import StrEnum

from firmware_sim.batteries import Battery, Thing


class LockFault(StrEnum):
    STUCK_SHUT = "stuck_shut"
    """The bolt does not move: no pulse opens it."""
    STUCK_OPEN = "stuck_open"
    """The bolt does not catch: the door springs back."""


class Point(StrEnum):
    SMOKE = "smoke"
    WATER = "water"
    BACK_DOOR = "back_door"
    EMERGENCY_STOP = "emergency_stop"


class Slot:
    """One slot. `contact_stuck` is what its door contact says whatever the door does."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.thing: Thing | None = None
        self.door_open = False
        self.lock_fault: LockFault | None = None
        self.contact_stuck: bool | None = None
        self.pulses = 0
        self.opens_at_ms: float | None = None
        self.limit_ma = 0
        self.ignores_off = False
        self.charging = False
        self.lamp = 0
        self.smoke = False
        self.extinguished = False
        self.vented = False
        """Smoke has come out of what lies in it."""
        self.frozen_at_ms: float | None = None

    @property
    def battery(self) -> Battery | None:
        return self.thing if isinstance(self.thing, Battery) else None

    @property
    def door_reads_open(self) -> bool:
        return self.door_open if self.contact_stuck is None else self.contact_stuck

    @property
    def smokes(self) -> bool:
        return self.smoke or (self.battery is not None and self.battery.vents)

    def bms_age_ds(self, now_ms: float) -> int:
        """How old a controller's copy of the BMS data is, in tenths of a second."""
        return 0 if self.frozen_at_ms is None else min(0xFFFF, int((now_ms - self.frozen_at_ms) / 100.0))
