"""What is to be written to a cabinet, and in which order.

*Levels* (a charger's limit, the contactor, the fan, lamps) hold until they are told otherwise. One is written, read
back where the make can, and written again until it reads as it should; after `TRIES` its failure is told, and it is
tried on, more slowly. What switches something off comes before everything else. A charger that is to be off and does
not go off opens the main contactor and starves the output watchdog: nothing in the cabinet charges then. Nothing is
ever switched *on* again because it went off by itself: whoever decides is told and says so anew.

*Pulses* are written once. *Holds* (the watchdog, a contactor that drops by itself) are written again and again while
the lease lasts.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from contract.ids import SlotNumber
from edge.core.effects import CabinetEffect, Extinguish, SetCharger, SetContactor, SetFan, SetLamp, UnlockSlot
from edge.core.events import ChargerChecked, ContactorRead, PulseResult, SlotPulsed
from edge.drivers.cabinet_modbus_fields import FieldName
from edge.drivers.cabinet_modbus_map import CabinetMap, ChargerWrite, LampWrite, Write, WriteFunction
from edge.drivers.cabinet_modbus_plan import hold_ms

log = logging.getLogger(__name__)

TRIES: Final = 3
AGAIN_MS: Final = 100
"""A controller needs a moment until what was written can be read back."""
AGAIN_SLOWLY_MS: Final = 1_000
UNREAD_MS: Final = 1_500
"""Written, and not read back for so long: written again."""
MAX_PULSES: Final = 8
PULSE_MS: Final = 2_000
"""A pulse that could not be written for so long is not written any more: nobody is to be surprised by a door."""

Told = SlotPulsed | ChargerChecked | ContactorRead


class State(Enum):
    WANTED = 1
    WRITTEN = 2
    KEPT = 3


@dataclass(frozen=True)
class Place:
    """Where something is written."""

    address: int
    function: WriteFunction
    at: int
    answer_ms: int


@dataclass
class Level:
    """`raw`: what is to stand there. `reads`: the field that reads it back; None: the slave's echo is all there is."""

    place: Place
    raw: int
    reads: FieldName | None
    slot: SlotNumber | None = None
    state: State = State.WANTED
    ordered: bool = False
    """Somebody has asked for it, and waits to hear whether it is so."""
    tries: int = 0
    next_ms: int = 0
    written_ms: int = 0
    failed: bool = False
    """Its failure has been told."""

    @property
    def switches_off(self) -> bool:
        return self.raw == 0

    @property
    def is_lamp(self) -> bool:
        return self.reads is None and self.slot is not None and self.place.function is WriteFunction.REGISTER

    def want(self, raw: int) -> None:
        """What is under way already goes on: asking again and again is no reason to begin again."""
        self.ordered = True
        if raw == self.raw and self.state is not State.KEPT:
            return
        self.raw, self.state, self.tries, self.next_ms, self.failed = raw, State.WANTED, 0, 0, False

    def missed(self, now_ms: int) -> bool:
        """It was tried in vain. Returns whether that has to be told now."""
        self.state = State.WANTED
        self.tries += 1
        self.next_ms = now_ms + (AGAIN_MS if self.tries < TRIES else AGAIN_SLOWLY_MS)
        if self.tries < TRIES or self.failed:
            return False
        self.failed = True
        return True


@dataclass
class Pulse:
    effect: UnlockSlot
    place: Place
    taken_ms: int | None = None


@dataclass(eq=False)
class Orders:
    """All that is to be written to one cabinet."""

    map: CabinetMap
    slots: Sequence[SlotNumber]

    def __post_init__(self) -> None:
        map_ = self.map
        self.told: list[Told] = []
        """What the orders have to say; taken away by whoever sends it on."""
        charger = map_.writes.charger
        self._chargers = {
            slot: Level(self._place(charger, slot), 0, FieldName.CHARGER_LIMIT_MA, slot, State.KEPT)
            for slot in (self.slots if charger is not None else ())
        }
        self._others: dict[str, Level] = {}
        self._pulses: deque[Pulse] = deque()
        self._last_pulse = 0
        self._holds = [write for write in (map_.writes.watchdog, map_.writes.contactor) if write is not None]
        self._held_ms: dict[str, int] = {}
        self._contactor_closed: bool | None = None

    # ------------------------------------------------ what is ordered

    def take(self, effect: CabinetEffect) -> None:
        writes = self.map.writes
        match effect:
            case UnlockSlot():
                self._take_pulse(effect)
            case SetCharger():
                self._take_charger(effect)
            case SetContactor():
                self._want("contactor", writes.contactor, None, int(effect.closed), FieldName.CONTACTOR_CLOSED)
            case SetFan():
                told = any(FieldName.FAN_ON in block.names() for block in self.map.blocks)
                self._want("fan", writes.fan, None, int(effect.on), FieldName.FAN_ON if told else None)
            case Extinguish():
                write = writes.extinguisher
                self._want(effect.actuator, write, effect.slot, write.value if write else 0, None)
            case SetLamp():
                lamp = writes.lamp
                self._want(effect.actuator, lamp, effect.slot, lamp.raw(effect.lamp) if lamp else 0, None)

    def all_off(self) -> None:
        """Every charger to 0, and whatever it was told before is void."""
        for level in self._chargers.values():
            if level.raw or level.state is not State.KEPT:
                level.want(0)

    def _take_pulse(self, effect: UnlockSlot) -> None:
        if effect.pulse <= self._last_pulse:
            log.error("pulse %d of slot %d was asked for again, and is not written again", effect.pulse, effect.slot)
            return
        self._last_pulse = effect.pulse
        if effect.slot not in self.slots or len(self._pulses) >= MAX_PULSES:
            why = "no such slot" if effect.slot not in self.slots else "too many pulses wait"
            self.told.append(SlotPulsed(effect.slot, effect.pulse, PulseResult.REFUSED, why))
            return
        self._pulses.append(Pulse(effect, self._place(self.map.writes.unlock, effect.slot)))

    def _take_charger(self, effect: SetCharger) -> None:
        level, charger = self._chargers.get(effect.slot), self.map.writes.charger
        if level is None or charger is None:
            self.told.append(ChargerChecked(effect.slot, effect.limit_ma == 0, "it has no charger that could be set"))
            return
        level.want(charger.raw(max(0, effect.limit_ma)))

    def _want(
        self, key: str, write: Write | LampWrite | None, slot: SlotNumber | None, raw: int, reads: FieldName | None
    ) -> None:
        if write is None or (slot is not None and slot not in self.slots):
            return
        level = self._others.setdefault(key, Level(self._place(write, slot), raw, reads, slot))
        level.want(raw)

    def _place(self, write: Write | ChargerWrite | LampWrite | None, slot: SlotNumber | None) -> Place:
        assert write is not None
        kind = self.map.slave(write.slave)
        address, index = kind.place(0 if slot is None else slot - 1)
        return Place(address, write.function, write.at + index * write.stride, kind.answer_ms)

    # ------------------------------------------------ what is written next

    def next_level(self, now_ms: int, *, leased: bool) -> Level | None:
        """What switches off comes first, and the contactor before all; what switches a charger on needs the lease."""
        waiting = [level for level in self._levels() if self._is_due(level, now_ms, leased=leased)]
        return min(waiting, key=self._rank, default=None)

    def _levels(self) -> Iterator[Level]:
        yield from self._others.values()
        yield from self._chargers.values()

    def _is_due(self, level: Level, now_ms: int, *, leased: bool) -> bool:
        if level.state is State.WRITTEN and now_ms - level.written_ms > UNREAD_MS:
            self._in_vain(level, now_ms, "it could not be read back")
        if level.raw and level.reads in (FieldName.CHARGER_LIMIT_MA, FieldName.CONTACTOR_CLOSED) and not leased:
            return False
        return level.state is State.WANTED and now_ms >= level.next_ms

    def _rank(self, level: Level) -> tuple[bool, bool, int]:
        return (not level.switches_off, level.reads is not FieldName.CONTACTOR_CLOSED, level.tries)

    def next_pulse(self, now_ms: int) -> Pulse | None:
        """Whoever takes it has to write it once, and to say what became of it (`pulsed`)."""
        while self._pulses:
            pulse = self._pulses.popleft()
            if now_ms - (now_ms if pulse.taken_ms is None else pulse.taken_ms) <= PULSE_MS:
                return pulse
            self.pulsed(pulse, PulseResult.REFUSED, f"it could not be written for {PULSE_MS} ms")
        return None

    def stamp(self, now_ms: int) -> None:
        """Pulses that were taken since the last stamp grow old from now on."""
        for pulse in self._pulses:
            pulse.taken_ms = now_ms if pulse.taken_ms is None else pulse.taken_ms

    def next_hold(self, now_ms: int) -> tuple[Place, int] | None:
        """What has to be written again, or it ends by itself. Only while the lease lasts."""
        starved = any(level.failed and level.switches_off for level in self._chargers.values())
        for write in self._holds:
            is_contactor = write is self.map.writes.contactor
            key = "contactor" if is_contactor else "watchdog"
            contactor = self._others.get("contactor")
            held = write.drops_after_ms is not None and not starved
            if is_contactor:
                held = held and contactor is not None and contactor.raw != 0 and contactor.state is State.KEPT
            if held and now_ms - self._held_ms.get(key, -1_000_000) >= hold_ms(write):
                self._held_ms[key] = now_ms
                return self._place(write, None), write.value
        return None

    # ------------------------------------------------ what became of it

    def pulsed(self, pulse: Pulse, result: PulseResult, detail: str = "") -> None:
        self.told.append(SlotPulsed(pulse.effect.slot, pulse.effect.pulse, result, detail[:200]))

    def written(self, level: Level, now_ms: int) -> None:
        """The slave has confirmed it. What cannot be read back is done with that."""
        level.written_ms = now_ms
        level.state = State.KEPT if level.reads is None else State.WRITTEN

    def not_written(self, level: Level, now_ms: int, why: str, *, online: bool) -> None:
        """A cabinet that does not answer at all is no charger that disobeys: its watchdog is not fed either."""
        if online:
            self._in_vain(level, now_ms, why)
        else:
            level.next_ms = now_ms + AGAIN_SLOWLY_MS

    def charger_read(self, slot: SlotNumber, limit_ma: int, now_ms: int) -> None:
        """What the slot's charger has been told, as it reads back."""
        level, charger = self._chargers.get(slot), self.map.writes.charger
        if level is None or charger is None:
            return
        reads = charger.raw(limit_ma)
        if level.state is State.WANTED:
            return
        if reads == level.raw:
            self._kept(level)
            if level.ordered or level.failed:
                self.told.append(ChargerChecked(slot, obeys=True))
            level.ordered = level.failed = False
        elif level.state is not State.KEPT or reads > level.raw:
            if level.state is State.KEPT:
                level.tries = 0
            self._in_vain(level, now_ms, f"its limit reads {limit_ma} mA instead of {level.raw * charger.unit_ma}")
        else:
            # It went down by itself: it may have lost its power, and be another battery's by now.
            level.want(0)
            self.told.append(ChargerChecked(slot, obeys=False, detail=f"its limit went to {limit_ma} mA by itself"))

    def contactor_read(self, closed: bool, now_ms: int) -> None:
        level = self._others.get("contactor")
        detail = ""
        if level is not None and level.state is not State.WANTED:
            if closed is bool(level.raw):
                self._kept(level)
                level.ordered = level.failed = False
            elif level.state is State.KEPT and level.raw:
                level.raw = 0
                detail = "it opened by itself, or by hand"
            else:
                self._in_vain(level, now_ms, f"it reads {'closed' if closed else 'open'}")
        if closed is not self._contactor_closed:
            self._contactor_closed = closed
            self.told.append(ContactorRead(closed, detail))

    def fan_read(self, on: bool, now_ms: int) -> None:
        level = self._others.get("fan")
        if level is None or level.state is State.WANTED:
            return
        if on is bool(level.raw):
            self._kept(level)
        else:
            self._in_vain(level, now_ms, "it reads otherwise")

    def forget(self) -> None:
        """The cabinet is offline: what it holds when it comes back is unknown, and nothing may be on."""
        self._contactor_closed = None
        contactor = self._others.get("contactor")
        if contactor is not None:
            contactor.want(0)
        for key, level in self._others.items():
            # An extinguisher that has gone off is not set off again.
            if not key.startswith("extinguisher"):
                level.state = State.WANTED
        for level in self._chargers.values():
            level.state = State.WANTED
        self.all_off()

    def _kept(self, level: Level) -> None:
        level.state, level.tries = State.KEPT, 0

    def _in_vain(self, level: Level, now_ms: int, why: str) -> None:
        if not level.missed(now_ms):
            return
        if level.reads is FieldName.CHARGER_LIMIT_MA and level.slot is not None:
            self.told.append(ChargerChecked(level.slot, obeys=False, detail=why[:200]))
            if level.switches_off:
                log.error("the charger of slot %d does not go off: %s", level.slot, why)
                self.take(SetContactor(closed=False))
            else:
                level.want(0)
        elif level.reads is FieldName.CONTACTOR_CLOSED:
            log.error("the main contactor does not do as it was told: %s", why)
            self.told.append(ContactorRead(bool(self._contactor_closed), why[:200]))
        elif level.is_lamp:
            # Nobody waits for it.
            level.state = State.KEPT
