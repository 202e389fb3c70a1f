"""The swap cabinet as it really is: doors, locks, batteries and where each of them lies. Nothing here knows the core.

Batteries are simple: they fill at their charger's current, warm by it, cool by themselves, and may be asleep, faulty or
on fire. A lock may stick; a door that was told to open springs open, and is shut by somebody's hand alone. A `brick` is
anything that is no battery: it lies on the contact and its BMS says nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.ids import BatteryId, MemberId, SlotNumber
from edge.core.cabinet.config import CabinetConfig
from edge.core.events import BatteryReading
from proof.cabinet_city import MODEL
from proof.timeline import Timeline

NEVER_MS: Final = -(10**9)
PHYSICS_MS: Final = 120_000
STEP_DECICELSIUS: Final = 15
"""So much a battery warms or cools within `PHYSICS_MS`."""
ROOM_DECICELSIUS: Final = 220
WARM_DECICELSIUS: Final = 270
"""What a battery has that is charged."""
HOUR_MS: Final = 3_600_000
EMPTY_MV: Final = 46_000
MV_PER_PERCENT: Final = 210


@dataclass(eq=False)
class Battery:
    """`charge_mah` is what is in it. `serial` empty: a brick. `rises`: tenths of a degree a second, while it burns."""

    serial: BatteryId
    charge_mah: int
    ours: bool = True
    soh_percent: int = 95
    decicelsius: int = ROOM_DECICELSIUS
    faults: int = 0
    silent: bool = False
    rises: int = 0
    holder: MemberId | None = None
    """Whose swap took it out last, or who brings it."""
    stolen: bool = False
    """Somebody has it who is not the one before whom its slot opened: no books could tell."""

    @property
    def soc_percent(self) -> int:
        return self.charge_mah * 100 // MODEL.capacity_mah

    def reading(self, current_ma: int) -> BatteryReading | None:
        if self.silent or not self.serial:
            return None
        return BatteryReading(
            serial=self.serial,
            model=MODEL.name,
            soc_percent=self.soc_percent,
            soh_percent=self.soh_percent,
            voltage_mv=EMPTY_MV + MV_PER_PERCENT * self.soc_percent,
            current_ma=current_ma,
            temperature_decicelsius=self.decicelsius // 10 * 10,
            cycles=120,
            faults=self.faults,
        )


@dataclass(eq=False)
class Slot:
    number: SlotNumber
    battery: Battery | None = None
    open: bool = False
    stuck: bool = False
    smoke: bool = False
    limit_ma: int = 0
    told_off_ms: int = NEVER_MS
    moved_ms: int = NEVER_MS
    """When a hand or a fault did something here last."""
    pulsed_ms: int = NEVER_MS
    opened_for: MemberId | None = None
    """For whose swap it was told to open last."""

    @property
    def current_ma(self) -> int:
        if not self.limit_ma or self.battery is None or not self.battery.serial:
            return 0
        return self.limit_ma if self.battery.soc_percent < 95 else self.limit_ma // 4


class Cabinet:
    """`on_change` is called with each slot in which something has changed that a driver could read."""

    def __init__(self, config: CabinetConfig, luck: random.Random, timeline: Timeline) -> None:
        self._luck = luck
        self._timeline = timeline
        self.slots = {number: Slot(number) for number in config.slots}
        self.contactor = True
        self.on_change: Callable[[Slot], None] = lambda slot: None
        self.batteries: list[Battery] = []
        if not self.slots:
            return
        for slot in list(self.slots.values())[: len(self.slots) - config.keep_empty - 1]:
            slot.battery = self.new(f"C{slot.number}", 100)
        timeline.after(PHYSICS_MS, self._physics)

    def new(self, serial: str, soc_percent: int, *, ours: bool = True) -> Battery:
        battery = Battery(BatteryId(serial), soc_percent * MODEL.capacity_mah // 100, ours and bool(serial))
        if serial:
            self.batteries.append(battery)
        return battery

    # ------------------------------------------------ hands

    def put(self, slot: Slot, battery: Battery) -> None:
        assert slot.open, "put into a slot that is shut"
        assert slot.battery is None, "put into a slot that is full"
        slot.battery = battery
        self._touched(slot)

    def take(self, slot: Slot, by: MemberId | None) -> Battery:
        assert slot.open, "taken from a slot that is shut"
        battery, slot.battery = slot.battery, None
        assert battery is not None, "taken from a slot that is empty"
        battery.stolen = by is None or slot.opened_for != by
        battery.holder = by
        self._touched(slot)
        return battery

    def shut(self, slot: Slot) -> None:
        if slot.open:
            slot.open = False
            self._touched(slot)

    def pry(self, slot: Slot) -> None:
        """Opened by hand, by force or with a key."""
        if not slot.open:
            slot.open = True
            slot.opened_for = None
            self._touched(slot)

    # ------------------------------------------------ the station's outputs

    def pulse(self, slot: Slot) -> None:
        """The lock lets go, unless it sticks."""
        slot.pulsed_ms = self._timeline.now_ms
        if not slot.stuck:
            self._timeline.after(30 + int(self._luck.random() * 200), self._springs_open, slot)

    def _springs_open(self, slot: Slot) -> None:
        if not slot.open:
            slot.open = True
            self._touched(slot)

    def set_charger(self, slot: Slot, limit_ma: int) -> None:
        if slot.limit_ma != limit_ma:
            slot.limit_ma = limit_ma
            self.on_change(slot)
        if not limit_ma:
            slot.told_off_ms = self._timeline.now_ms

    def all_off(self) -> None:
        """Nobody renews the lease, or there is no power."""
        for slot in self.slots.values():
            self.set_charger(slot, 0)

    # ------------------------------------------------ physics

    def _touched(self, slot: Slot) -> None:
        slot.moved_ms = self._timeline.now_ms
        self.on_change(slot)

    def _physics(self) -> None:
        self._timeline.after(PHYSICS_MS, self._physics)
        for slot in self.slots.values():
            battery = slot.battery
            if battery is None or not battery.serial:
                continue
            current_ma = slot.current_ma if self.contactor else 0
            before = battery.soc_percent, battery.decicelsius // 10
            if current_ma:
                filled_mah = battery.charge_mah + current_ma * PHYSICS_MS // HOUR_MS
                battery.charge_mah = min(MODEL.capacity_mah, filled_mah)
            if not battery.rises:
                aim = WARM_DECICELSIUS if current_ma else ROOM_DECICELSIUS
                battery.decicelsius += max(-STEP_DECICELSIUS, min(STEP_DECICELSIUS, aim - battery.decicelsius))
            if (battery.soc_percent, battery.decicelsius // 10) != before:
                self.on_change(slot)

    def burn(self, slot: Slot, battery: Battery) -> None:
        """Once a second, hotter and hotter; by itself it ends where nothing is left to burn."""
        if battery.rises:
            battery.decicelsius += battery.rises
            if battery.decicelsius > 900:
                battery.rises = 0
            self._timeline.after(1_000, self.burn, slot, battery)
            if slot.battery is battery:
                self.on_change(slot)
