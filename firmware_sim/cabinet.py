"""The swap cabinet as a thing: slots with locks and doors, what lies in them, chargers, contactor, watchdog, smoke.

What a maker puts on the wire of it is in `devices/cabinet_makes`; this is the truth behind. As in `world`, nothing here
reads a clock: `advance(now_ms)` lets happen what is due, and each truth is told as a fact before anybody can read it.

A lock is a solenoid behind a spring door: one pulse, and the door stands ajar 80 ms later. Nobody can lock it again
but by pushing the door shut. The hardware's own, which no software is asked for: without a feed for `watchdog_ms` all
chargers are off (where there is a main contactor, closing it is the feed, and it is what drops); so does the emergency
stop; a slot's extinguisher has a glass that bursts by heat.
"""

from typing import Final

from firmware_sim.batteries import Battery, BmsState
from firmware_sim.cabinet_slot import LockFault, Point, Slot
from firmware_sim.carried import Carried
from firmware_sim.log import FactKind, Json
from firmware_sim.people import PersonId
from firmware_sim.premises import PremisesListener, WorldError

SPRING_MS: Final = 80.0
SETTLE_MS: Final = 50.0
"""Reading twice within so long finds the same battery."""
LIVE_MS: Final = 1_000.0
BURNING_MS: Final = 250.0
"""What lives is looked at so often, whether or not anybody reads it."""
IGNORING_OFF_MA: Final = 5_000
GLASS_BURSTS_C: Final = 140.0
QUENCHED_C: Final = 60.0


class Cabinet:
    def __init__(
        self,
        listener: PremisesListener,
        slots: int,
        *,
        watchdog_ms: float,
        has_contactor: bool,
        pace: float = 1.0,
        ambient_celsius: float = 20.0,
    ) -> None:
        """`pace`: how much faster than real batteries charge, cool and age. Locks, doors, watchdog and fires keep real
        time."""
        self._listener = listener
        self.slots = {number: Slot(number) for number in range(1, slots + 1)}
        self.carried = Carried()
        self.watchdog_ms, self.has_contactor, self.pace = watchdog_ms, has_contactor, pace
        self.ambient_celsius = ambient_celsius
        self.contactor_closed = not has_contactor
        self.fan_on = False
        self.powered = True
        self.mains = True
        self.points = dict.fromkeys(Point, False)
        self._fed_ms: float | None = None
        self._settled_ms: float | None = None

    # Time

    def deadline(self) -> float | None:
        moments = [slot.opens_at_ms for slot in self.slots.values()]
        moments.append(self._watchdog_ends_ms())
        moments.append(self._next_look_ms())
        return min((moment for moment in moments if moment is not None), default=None)

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due by now."""
        while (at_ms := self._next_switch_ms()) is not None and at_ms <= now_ms:
            self._settle(at_ms)
            ends_ms = self._watchdog_ends_ms()
            if ends_ms is not None and ends_ms <= at_ms:
                self._starve(at_ms)
            for slot in self.slots.values():
                if slot.opens_at_ms is not None and slot.opens_at_ms <= at_ms:
                    slot.opens_at_ms = None
                    self._move_door(slot, True, "pulse", at_ms)
        if self._settled_ms is None or now_ms - self._settled_ms >= SETTLE_MS:
            self._settle(now_ms)

    def _next_switch_ms(self) -> float | None:
        moments = [*(slot.opens_at_ms for slot in self.slots.values()), self._watchdog_ends_ms()]
        return min((moment for moment in moments if moment is not None), default=None)

    def _next_look_ms(self) -> float | None:
        if self._settled_ms is None:
            return 0.0
        if any(slot.battery is not None and slot.battery.runaway for slot in self.slots.values()):
            return self._settled_ms + BURNING_MS
        return self._settled_ms + LIVE_MS if any(slot.charging for slot in self.slots.values()) else None

    def _settle(self, now_ms: float) -> None:
        """Let the batteries live up to now."""
        last_ms = self._settled_ms
        self._settled_ms = now_ms
        real_s = 0.0 if last_ms is None else max(0.0, now_ms - last_ms) / 1000.0
        for slot in self.slots.values():
            if slot.battery is not None and real_s > 0:
                # A fire keeps real time: whoever is to notice it in seconds is given seconds.
                seconds = real_s if slot.battery.runaway else real_s * self.pace
                slot.battery.advance(seconds, self.gives_ma(slot) / 1000.0, self.ambient_celsius)
                if slot.battery.vents and not slot.vented:
                    slot.vented = True
                    self._fact(FactKind.BATTERY_VENTS, now_ms, slot=slot.number, serial=slot.battery.serial)
                if slot.battery.celsius >= GLASS_BURSTS_C and not slot.extinguished:
                    self._quench(slot, "hardware", now_ms)
            self._follow_current(slot, now_ms)

    def _follow_current(self, slot: Slot, now_ms: float) -> None:
        charging = self.takes_ma(slot) > 0
        if charging != slot.charging:
            slot.charging = charging
            serial = slot.thing.serial if slot.thing is not None else None
            self._fact(FactKind.CHARGER, now_ms, slot=slot.number, on=charging, ma=self.takes_ma(slot), serial=serial)

    # Power

    def gives_ma(self, slot: Slot) -> int:
        """The limit of the current that a slot's charger would give a battery now."""
        if not (self.powered and self.mains and self.contactor_closed):
            return 0
        return slot.limit_ma or (IGNORING_OFF_MA if slot.ignores_off else 0)  # a welded relay heeds its supply alone

    def takes_ma(self, slot: Slot) -> int:
        """The current that flows."""
        return round(slot.battery.takes_a(self.gives_ma(slot) / 1000.0) * 1000) if slot.battery is not None else 0

    def _watchdog_ends_ms(self) -> float | None:
        return None if self._fed_ms is None else self._fed_ms + self.watchdog_ms

    @property
    def watchdog_runs(self) -> bool:
        return self._fed_ms is not None

    def _starve(self, at_ms: float) -> None:
        self._fact(FactKind.WATCHDOG, at_ms, tripped=True)
        self._cut_chargers(at_ms)

    def _cut_chargers(self, at_ms: float) -> None:
        """All of them lose their supply or their release, and come up off."""
        self._settle(at_ms)
        self._fed_ms = None
        if self.has_contactor and self.contactor_closed:
            self.contactor_closed = False
            self._fact(FactKind.CONTACTOR, at_ms, closed=False)
        for slot in self.slots.values():
            slot.limit_ma = 0
        self._settle(at_ms)

    def set_power(self, on: bool, now_ms: float) -> None:
        """The whole cabinet's: without it nothing is read, no lock moves and nothing is charged."""
        self.advance(now_ms)
        self._settle(now_ms)
        self.powered = on
        for slot in self.slots.values():
            slot.opens_at_ms = None
        self._cut_chargers(now_ms)

    def set_mains(self, on: bool, now_ms: float) -> None:
        """The building's: the battery carries board and locks without it, but no charger."""
        self.advance(now_ms)
        self._settle(now_ms)
        self.mains = on
        self._settle(now_ms)

    # What arrives on the wire

    def pulse(self, number: int, now_ms: float) -> None:
        """A slot's solenoid is given its pulse."""
        self.advance(now_ms)
        slot = self.slots[number]
        slot.pulses += 1
        self._fact(FactKind.SLOT_PULSE, now_ms, slot=number, count=slot.pulses, open=slot.door_open)
        if self.powered and slot.lock_fault is not LockFault.STUCK_SHUT and not slot.door_open:
            slot.opens_at_ms = now_ms + SPRING_MS

    def set_charger(self, number: int, limit_ma: int, now_ms: float) -> None:
        self.advance(now_ms)
        self._settle(now_ms)
        slot = self.slots[number]
        fed = self._fed_ms is not None and not self.points[Point.EMERGENCY_STOP]
        if self.powered and limit_ma != slot.limit_ma and (fed or not limit_ma):
            slot.limit_ma = limit_ma
            self._fact(FactKind.CHARGER_SET, now_ms, slot=number, ma=limit_ma)
        self._settle(now_ms)

    def set_contactor(self, closed: bool, now_ms: float) -> None:
        """It does not close while the emergency stop is pressed."""
        self.advance(now_ms)
        if not closed or self.points[Point.EMERGENCY_STOP]:
            self._cut_chargers(now_ms)
        elif self.has_contactor and self.powered:
            self._fed_ms = now_ms
            if not self.contactor_closed:
                self.contactor_closed = True
                self._fact(FactKind.CONTACTOR, now_ms, closed=True)

    def feed(self, now_ms: float) -> None:
        """The output watchdog's."""
        self.advance(now_ms)
        if not self.has_contactor and self.powered:
            self._fed_ms = now_ms

    def set_fan(self, on: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if on != self.fan_on:
            self.fan_on = on
            self._fact(FactKind.FAN, now_ms, on=on)

    def extinguish(self, number: int, now_ms: float) -> None:
        self.advance(now_ms)
        if not self.slots[number].extinguished:
            self._quench(self.slots[number], "software", now_ms)

    def set_lamp(self, number: int, lamp: int, now_ms: float) -> None:
        """`lamp` is the maker's code."""
        self.advance(now_ms)
        if self.slots[number].lamp != lamp:
            self.slots[number].lamp = lamp
            self._fact(FactKind.SLOT_LAMP, now_ms, slot=number, lamp=lamp)

    def _quench(self, slot: Slot, cause: str, now_ms: float) -> None:
        slot.extinguished = True
        self._fact(FactKind.EXTINGUISHER, now_ms, slot=slot.number, cause=cause, fan=self.fan_on)
        if slot.battery is not None:
            slot.battery.runaway = False
            slot.battery.celsius = min(slot.battery.celsius, QUENCHED_C)

    # What people do

    def slot(self, number: int) -> Slot:
        """Raises WorldError for one that the cabinet does not have."""
        if number not in self.slots:
            raise WorldError(f"the cabinet has no slot {number}, only 1 to {len(self.slots)}")
        return self.slots[number]

    def close_door(self, number: int, now_ms: float) -> bool:
        """Push a door shut; False when it springs back."""
        self.advance(now_ms)
        slot = self.slot(number)
        if slot.door_open and slot.lock_fault is not LockFault.STUCK_OPEN:
            self._move_door(slot, False, "hand", now_ms)
        return not slot.door_open

    def force_door(self, number: int, now_ms: float) -> None:
        """A crowbar, or the emergency key."""
        self.advance(now_ms)
        self._move_door(self.slot(number), True, "force", now_ms)

    def put_in(self, number: int, person: PersonId, now_ms: float, serial: str | None = None) -> str:
        """What somebody carries, into an open slot; None: whatever they have. Returns its serial."""
        self.advance(now_ms)
        slot = self.slot(number)
        if not slot.door_open:
            raise WorldError(f"slot {number} is shut")
        if slot.thing is not None:
            raise WorldError(f"slot {number} is full")
        slot.thing = self.carried.give_up(person, serial)
        self._tell_move(slot.thing.serial, f"person:{person}", f"slot:{number}", person, now_ms)
        return slot.thing.serial

    def take_out(self, number: int, person: PersonId, now_ms: float) -> str:
        """What lies in an open slot. Returns its serial."""
        self.advance(now_ms)
        self._settle(now_ms)
        slot = self.slot(number)
        if not slot.door_open:
            raise WorldError(f"slot {number} is shut")
        if slot.thing is None:
            raise WorldError(f"slot {number} is empty")
        thing = slot.thing
        self.carried.take(person, thing)
        slot.thing, slot.frozen_at_ms, slot.vented = None, None, False
        if isinstance(thing, Battery):
            thing.current_a = 0.0
        self._follow_current(slot, now_ms)
        self._tell_move(thing.serial, f"slot:{number}", f"person:{person}", person, now_ms)
        return thing.serial

    def set_point(self, point: Point, active: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if self.points[point] == active:
            return
        self.points[point] = active
        self._fact(FactKind.CABINET_POINT, now_ms, what=point.value, active=active)
        if point is Point.EMERGENCY_STOP and active:
            self._cut_chargers(now_ms)

    def reads(self, point: Point) -> bool:
        """What the cabinet's contact says: its smoke detector sees every slot."""
        return self.points[point] or (point is Point.SMOKE and any(slot.smokes for slot in self.slots.values()))

    def set_bms(self, number: int, state: BmsState, now_ms: float) -> None:
        """How the BMS of what lies in a slot tells the truth. Raises WorldError when there is none."""
        self.advance(now_ms)
        slot = self.slot(number)
        if slot.battery is None:
            raise WorldError(f"there is no battery in slot {number}")
        if state is BmsState.FROZEN:
            slot.battery.told()
        slot.battery.bms = state
        slot.frozen_at_ms = now_ms if state is BmsState.FROZEN else None

    def set_ignoring_off(self, number: int, on: bool, now_ms: float) -> None:
        """A welded relay: the charger gives current whatever it is told."""
        self.advance(now_ms)
        self._settle(now_ms)
        self.slot(number).ignores_off = on
        self._settle(now_ms)

    def set_slot_smoke(self, number: int, there: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if self.slot(number).smoke != there:
            self.slot(number).smoke = there
            self._fact(FactKind.CABINET_POINT, now_ms, what="slot_smoke", slot=number, active=there)

    def renew_extinguisher(self, number: int, now_ms: float) -> None:
        """A technician puts a new one in."""
        self.advance(now_ms)
        if self.slot(number).extinguished:
            self.slot(number).extinguished = False
            self._fact(FactKind.EXTINGUISHER_RENEWED, now_ms, slot=number)

    def set_runaway(self, number: int, now_ms: float) -> str:
        """What lies in a slot begins to burn. Returns its serial; raises WorldError when there is no battery."""
        self.advance(now_ms)
        self._settle(now_ms)
        battery = self.slot(number).battery
        if battery is None:
            raise WorldError(f"there is no battery in slot {number}")
        battery.runaway = True
        self._fact(FactKind.RUNAWAY, now_ms, slot=number, serial=battery.serial)
        return battery.serial

    def _move_door(self, slot: Slot, opened: bool, cause: str, at_ms: float) -> None:
        if slot.door_open != opened:
            slot.door_open = opened
            self._fact(FactKind.SLOT_DOOR, at_ms, slot=slot.number, open=opened, cause=cause)

    def _tell_move(self, serial: str, origin: str, to: str, person: PersonId, at_ms: float) -> None:
        fields: dict[str, Json] = {"serial": serial, "from": origin, "to": to, "person": str(person)}
        self._listener.on_fact(FactKind.BATTERY_MOVED, at_ms, fields)

    def _fact(self, kind: FactKind, at_ms: float, **fields: Json) -> None:
        self._listener.on_fact(kind, at_ms, fields)
