"""The cabinet's driver and the shell's side of it, as the core meets them: `edge.drivers` with nothing but the rules.

A slot is told when something in it has changed, a poll later; a slot or a cabinet that does not answer is told as lost.
A pulse goes out once; its answer may be missing, whether or not the lock has heard it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.policy.model import BatteryFacts
from edge.core import events
from edge.core.effects import (
    CabinetEffect,
    LookUpBattery,
    SetCharger,
    SetContactor,
    UnlockSlot,
)
from edge.core.events import CabinetPoint, PulseResult
from proof import swap_invariants
from proof.battery_world import Battery, Cabinet, Slot
from proof.cabinet_city import MODEL

if TYPE_CHECKING:
    from proof.life import Life

LEASE_MS: Final = 8_000
LONG_AGO_MS: Final = 40 * 86_400_000
STALE_MS: Final = 4_500


@dataclass
class Trouble:
    """What the next pulses meet: whether the lock hears them, and what the line answers."""

    heard: bool
    result: PulseResult
    pulses: int


class Driver:
    """`told`: what the core has been told of each slot in this run."""

    def __init__(self, life: "Life", cabinet: Cabinet) -> None:
        self._life = life
        self.cabinet = cabinet
        cabinet.on_change = self._changed
        self.facts: dict[BatteryId, BatteryFacts] = {}
        self.told: dict[SlotNumber, events.SlotRead | None] = {}
        self.online = False
        self.away = False
        self.silent: set[SlotNumber] = set()
        self.trouble: Trouble | None = None
        self.points: dict[CabinetPoint, bool] = dict.fromkeys(CabinetPoint, False)
        self.disturbed_ms = 0
        """When cabinet or line last was not as it should be."""
        self._polls: set[SlotNumber] = set()

    def registers(self, battery: Battery, member: MemberId | None) -> None:
        """The roster knows it, since long ago."""
        self.facts[battery.serial] = BatteryFacts(MODEL.name, member, as_of_ms=self._life.city.wall_0_ms - LONG_AGO_MS)

    # ------------------------------------------------ the run

    def start(self) -> None:
        self.cabinet.all_off()
        self.cabinet.contactor = False
        self._life.timeline.after(300 + self._life.draw(1_500), self._found, self._life.shell.run)

    def end(self) -> None:
        """The process is gone: the cabinet's own watchdog switches off."""
        self.online = False
        self.told.clear()
        self.disturbed_ms = self._life.timeline.now_ms
        self._life.timeline.after(LEASE_MS, self._lease_over, self._life.shell.run)

    def _lease_over(self, run: int) -> None:
        if run == self._life.shell.run and not self._life.shell.up:
            self.cabinet.all_off()

    def _found(self, run: int) -> None:
        shell = self._life.shell
        if run != shell.run or not shell.up or self.online:
            return
        if self.away:
            self._tell(events.CabinetChanged(False, "no answer"))
            return
        self.online = True
        self._tell(events.CabinetChanged(True))
        for point, active in self.points.items():
            self._tell(events.CabinetPointRead(point, active))
        self._tell(events.ContactorRead(self.cabinet.contactor))
        for slot in self.cabinet.slots.values():
            if slot.number in self.silent:
                self._life.timeline.after(STALE_MS, self._lost, slot.number, run)
            else:
                self._changed(slot)

    def _tell(self, event: events.Event) -> None:
        self._life.shell.tell(event)

    # ------------------------------------------------ what is read

    def _changed(self, slot: Slot) -> None:
        if self.online and slot.number not in self._polls:
            self._polls.add(slot.number)
            self._life.timeline.after(30 + self._life.draw(120), self._poll, slot)

    def _poll(self, slot: Slot) -> None:
        self._polls.discard(slot.number)
        if not self.online or slot.number in self.silent:
            return
        current_ma = slot.current_ma if self.cabinet.contactor else 0
        battery = None if slot.battery is None else slot.battery.reading(current_ma)
        reading = events.SlotRead(
            slot=slot.number,
            door_open=slot.open,
            present=slot.battery is not None,
            battery=battery,
            charger_on=slot.limit_ma > 0,
            charger_ma=current_ma,
            smoke=slot.smoke,
        )
        if self.told.get(slot.number) != reading:
            self.told[slot.number] = reading
            self._tell(reading)

    def _lost(self, number: SlotNumber, run: int) -> None:
        if run == self._life.shell.run and number in self.silent and self.online:
            self.told[number] = None
            self._tell(events.SlotLost(number, "no answer"))

    # ------------------------------------------------ what fails

    def set_away(self, away: bool) -> None:
        """The line is cut: the cabinet's watchdog switches off what nobody renews."""
        self.disturbed_ms = self._life.timeline.now_ms
        self.away = away
        if not away:
            self._found(self._life.shell.run)
        elif self.online:
            self.online = False
            self.told.clear()
            self.cabinet.all_off()
            self._tell(events.CabinetChanged(False, "no answer"))

    def set_silent(self, number: SlotNumber, silent: bool) -> None:
        self.disturbed_ms = self._life.timeline.now_ms
        if silent:
            self.silent.add(number)
            self._life.timeline.after(STALE_MS, self._lost, number, self._life.shell.run)
        else:
            self.silent.discard(number)
            self.told.pop(number, None)
            self._changed(self.cabinet.slots[number])

    def set_point(self, point: CabinetPoint, active: bool) -> None:
        self.points[point] = active
        if self.online:
            self._tell(events.CabinetPointRead(point, active))

    # ------------------------------------------------ what is carried out

    def carry_out(self, effect: CabinetEffect | LookUpBattery, ticket: int | None) -> None:
        life = self._life
        if isinstance(effect, LookUpBattery):
            life.timeline.after(2 + life.draw(60), self._answer, effect.battery, life.shell.run)
        elif isinstance(effect, UnlockSlot):
            swap_invariants.pulse_may_go(life, effect, ticket)
            self._pulse(effect)
        elif isinstance(effect, SetCharger):
            swap_invariants.charger_may_run(life, effect)
            if self.online or not effect.limit_ma:
                self.cabinet.set_charger(self.cabinet.slots[effect.slot], effect.limit_ma)
        elif isinstance(effect, SetContactor) and self.cabinet.contactor != effect.closed:
            self.cabinet.contactor = effect.closed
            life.timeline.after(100, self._contactor_read, life.shell.run)

    def _contactor_read(self, run: int) -> None:
        if run == self._life.shell.run and self.online:
            self._tell(events.ContactorRead(self.cabinet.contactor))

    def _answer(self, battery: BatteryId, run: int) -> None:
        if run == self._life.shell.run:
            away = self._life.roster_away
            facts = None if away else self.facts.get(battery)
            self._tell(events.BatteryLookedUp(battery, facts, available=not away))

    def _pulse(self, effect: UnlockSlot) -> None:
        life, slot = self._life, self.cabinet.slots[effect.slot]
        heard, result = True, PulseResult.SENT
        if self.trouble is not None:
            heard, result = self.trouble.heard, self.trouble.result
            self.trouble.pulses -= 1
            if not self.trouble.pulses:
                self.trouble = None
            self.disturbed_ms = life.timeline.now_ms
        if not self.online:
            heard, result = False, PulseResult.REFUSED
        swap = life.shell.state.durable.cabinet.swap
        if heard:
            slot.opened_for = None if swap is None else swap.member
            life.timeline.after(10 + life.draw(40), self.cabinet.pulse, slot)
        wait_ms = 60 + life.draw(60) if result is PulseResult.SENT else 800
        life.timeline.after(wait_ms, self._pulsed, events.SlotPulsed(effect.slot, effect.pulse, result), life.shell.run)

    def _pulsed(self, event: events.SlotPulsed, run: int) -> None:
        if run == self._life.shell.run:
            self._tell(event)
