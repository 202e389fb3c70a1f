"""A battery-swap cabinet on Modbus, RTU over serial or TCP; where its registers are is data (`cabinet_modbus_map`).

Pulses and levels are different things. *The pulse* that opens a slot is written once, whatever becomes of the answer;
what became of it is told (`SlotPulsed`). *A level* (a charger's limit, the contactor, the fan) is written, read back
and written again until it reads as it should; it jumps the queue, and a charger that will not go off costs the whole
cabinet its main contactor and its output watchdog.

Everything runs in the caller's thread. `poll` does the next slice of work and returns what has changed.
"""

import logging
import time
from collections import Counter, deque
from pathlib import Path
from typing import Final

from contract.ids import SlotNumber
from edge.core import events
from edge.core.effects import CabinetEffect
from edge.core.events import CabinetPoint, PulseResult
from edge.drivers.cabinet_modbus_fields import FieldName, Impossible, Value
from edge.drivers.cabinet_modbus_line import Line, Missed, Place, SerialPlace, TcpPlace
from edge.drivers.cabinet_modbus_load import load_map
from edge.drivers.cabinet_modbus_map import MapError, Scope
from edge.drivers.cabinet_modbus_orders import Level, Orders, Pulse
from edge.drivers.cabinet_modbus_plan import STALE_MS, Ask, Plan
from edge.drivers.cabinet_modbus_slots import Slots, Values, decoded

log = logging.getLogger(__name__)

LEASE_MS: Final = 5_000
MIN_CYCLE_S: Final = 0.05
"""Reading more often tells nothing more: a fast network is left in peace …"""
CALM_CYCLE_S: Final = 0.2
CALM_AFTER_MS: Final = 180_000
"""… and more so where no slot was told to open and no door moved for so long."""
GOODBYE_S: Final = 1.5
REST_S: Final = 0.02
MISSES: Final = 3
RARELY: Final = 4
"""Whoever has not answered for `MISSES` times in a row is asked in each fourth cycle only."""
ABOUT_AGAIN_MS: Final = 300
MAX_AT_ONCE: Final = 64

CabinetEvent = (
    events.CabinetChanged
    | events.SlotRead
    | events.SlotLost
    | events.CabinetPointRead
    | events.SlotPulsed
    | events.ChargerChecked
    | events.ContactorRead
)
POINTS: Final = {
    FieldName.CABINET_SMOKE: CabinetPoint.SMOKE,
    FieldName.CABINET_WATER: CabinetPoint.WATER,
    FieldName.CABINET_BACK_DOOR: CabinetPoint.BACK_DOOR,
    FieldName.CABINET_EMERGENCY_STOP: CabinetPoint.EMERGENCY_STOP,
}


class Cabinet:
    """One cabinet. Raises `MapError` when its map cannot be used for these slots at this speed."""

    def __init__(self, map_file: Path, slots: tuple[SlotNumber, ...], place: Place) -> None:
        self.map = load_map(map_file)
        self._line = Line(place)
        self.plan = Plan(self.map, slots, self._line.wire)
        self.plan.check(map_file)
        self._slots, self._orders = Slots(self.map, slots), Orders(self.map, slots)
        self._points: dict[CabinetPoint, tuple[bool, int]] = {}
        self._told_points: dict[CabinetPoint, bool | None] = {}
        self._told: list[CabinetEvent] = []
        self._at_once: deque[Ask] = deque(maxlen=MAX_AT_ONCE)
        """Asked before the cycle goes on."""
        self._waiting: deque[Ask] = deque()
        """What is left of the cycle …"""
        self._again: deque[Ask] = deque()
        """… and what has to be asked again before the next one."""
        self.cycles = 0
        self._cycle_began_s = 0.0
        self._misses: Counter[Ask] = Counter()
        self._about_ms: dict[Ask, int] = {}
        self._is_reads_turn = False
        self._renewed, self._leased_until_ms = False, 0
        self._now_ms, self._calm_from_ms = 0, 0
        self._online: bool | None = None
        self._answered_ms: int | None = None
        self._last_miss = "it has not answered yet"

    def poll(self, now_ms: int) -> list[CabinetEvent]:
        """The next slice of work on the line: about one request and its answer. Call it again at once."""
        self._now_ms = now_ms
        self._follow_lease(now_ms)
        self._orders.stamp(now_ms)
        if self._answered_ms is None:
            self._answered_ms = now_ms
        self._work(now_ms)
        self._judge_online(now_ms)
        if self._online and now_ms - self._answered_ms < STALE_MS / 2:
            # Else nobody has answered for a while: soon all of it is offline, or what is too old shows by itself.
            self._told += self._slots.changes(now_ms)
            self._tell_points(now_ms)
        self._told += self._orders.told
        self._orders.told = []
        told, self._told = self._told, []
        return told

    def take(self, effect: CabinetEffect) -> None:
        """Carry an effect out, beginning with the next `poll`."""
        self._orders.take(effect)

    def renew(self) -> None:
        """The controller lives: chargers may go on for another 5 s from the next `poll`."""
        self._renewed = True

    def all_off(self) -> None:
        """Every charger to 0, before anything else."""
        self._orders.all_off()

    def close(self) -> None:
        """Switch off what is on, as far as that goes within `GOODBYE_S`, and let go of the line."""
        self._orders.all_off()
        end_s = time.monotonic() + GOODBYE_S
        while time.monotonic() < end_s and (level := self._orders.next_level(self._now_ms, leased=False)) is not None:
            self._write_level(level, self._now_ms)
        self._line.close()

    # ------------------------------------------------ what to do next

    def _follow_lease(self, now_ms: int) -> None:
        if self._renewed:
            self._renewed, self._leased_until_ms = False, now_ms + LEASE_MS
        elif self._leased_until_ms and now_ms >= self._leased_until_ms:
            log.warning("nobody has renewed the chargers' lease for %d ms: they go off", LEASE_MS)
            self._leased_until_ms = 0
            self._orders.all_off()

    def _work(self, now_ms: int) -> None:
        """One exchange at most. After a write without answer a read has its turn, so that neither waits for good."""
        leased = self._leased_until_ms > now_ms
        level = None if self._is_reads_turn else self._orders.next_level(now_ms, leased=leased)
        self._is_reads_turn = False
        if level is not None and not level.is_lamp:
            self._write_level(level, now_ms)
        elif (pulse := self._orders.next_pulse(now_ms)) is not None:
            self._write_pulse(pulse)
        elif leased and (hold := self._orders.next_hold(now_ms)) is not None:
            place, value = hold
            try:
                self._line.write(place.address, place.function, place.at, value, place.answer_ms)
            except Missed as miss:
                self._missed(miss)
        elif level is not None:
            self._write_level(level, now_ms)
        elif (ask := self._next_ask()) is not None:
            self._read(ask, now_ms)

    def _next_ask(self) -> Ask | None:
        while self._at_once:
            ask = self._at_once.popleft()
            if not self._is_absent(ask):
                return ask
        while not self._waiting and self._again:
            ask = self._again.popleft()
            if 0 < self._misses[ask] < MISSES:
                return ask
        if not self._waiting:
            is_calm = self._line.wire.baud is None and self._now_ms >= self._calm_from_ms
            least_s = CALM_CYCLE_S if is_calm else MIN_CYCLE_S
            rest_s = self._cycle_began_s + least_s - time.monotonic()
            if rest_s > 0.0:
                time.sleep(min(rest_s, REST_S))
                return None
            self._waiting.extend(self.plan.cycle(self.cycles))
            self.cycles += 1
            self._slots.cycle_began()
            self._cycle_began_s = time.monotonic()
        while self._waiting:
            ask = self._waiting.popleft()
            if not self._is_left_out(ask):
                return ask
        return None

    def _is_left_out(self, ask: Ask) -> bool:
        """An empty slot's battery does not answer; whoever does not answer is asked less often."""
        if self._misses[ask] >= MISSES and (self.cycles + ask.address) % RARELY:
            return True
        return self._is_absent(ask)

    def _is_absent(self, ask: Ask) -> bool:
        return ask.block.scope is Scope.SLOT and self._slots.is_absent(ask.slots[0], ask.block)

    def _soon(self, asks: list[Ask]) -> None:
        self._at_once.extend(ask for ask in asks if ask not in self._at_once)

    # ------------------------------------------------ writing

    def _write_level(self, level: Level, now_ms: int) -> None:
        place = level.place
        try:
            self._line.write(place.address, place.function, place.at, level.raw, place.answer_ms)
        except Missed as miss:
            self._is_reads_turn = True
            self._missed(miss)
            self._orders.not_written(level, now_ms, str(miss), online=self._online is True)
            return
        self._orders.written(level, now_ms)
        if level.reads is not None:
            named = (
                self.plan.of_cabinet(level.reads) if level.slot is None else self.plan.of_slot(level.slot, level.reads)
            )
            self._soon(named)

    def _write_pulse(self, pulse: Pulse) -> None:
        place = pulse.place
        self._calm_from_ms = self._now_ms + CALM_AFTER_MS
        try:
            self._line.write(place.address, place.function, place.at, self.map.writes.unlock.value, place.answer_ms)
        except Missed as miss:
            self._missed(miss)
            result = PulseResult.REFUSED if miss.surely_not_done else PulseResult.UNCONFIRMED
            self._orders.pulsed(pulse, result, str(miss))
        else:
            self._orders.pulsed(pulse, PulseResult.SENT)

    # ------------------------------------------------ reading

    def _read(self, ask: Ask, now_ms: int) -> None:
        try:
            words = self._line.read(ask)
        except Missed as miss:
            self._misses[ask] += 1
            if ask.block.safety and ask not in self._again:
                # Once more at the end of the cycle: noise is short.
                self._again.append(ask)
            self._missed(miss)
            return
        self._misses[ask] = 0
        self._answered_ms = now_ms
        if self._online is not True:
            self._online = True
            log.info("the cabinet at %s answers", self._line.place)
            self._told.append(events.CabinetChanged(online=True))
        try:
            told = decoded(ask, words)
        except Impossible as error:
            told = [error] * len(ask.slots)
        for slot, values in zip(ask.slots, told, strict=True):
            self._take(ask, slot, values, now_ms)
        if ask.board == 0 and told and not isinstance(told[0], Impossible):
            self._take_cabinet(told[0], now_ms)

    def _take(self, ask: Ask, slot: SlotNumber, values: Values | Impossible, now_ms: int) -> None:
        if isinstance(values, Impossible):
            if self._slots.strange(slot, ask.block, str(values)):
                self._soon([ask])
            return
        was_closed, was_empty = self._slots.door_closed(slot), self._slots.is_empty(slot)
        if self._slots.take(slot, ask.block, values, now_ms):
            self._soon([ask])
            return
        if isinstance(limit_ma := values.get(FieldName.CHARGER_LIMIT_MA), int):
            self._orders.charger_read(slot, limit_ma, now_ms)
        has_closed = self._slots.door_closed(slot) and not was_closed
        if self._slots.door_closed(slot) is not was_closed:
            self._calm_from_ms = now_ms + CALM_AFTER_MS
        if has_closed or (was_empty and not self._slots.is_empty(slot)):
            # Somebody waits before it to hear whether this battery is taken.
            self._soon([each for each in self.plan.of_slot(slot, FieldName.SERIAL) if each.block.safety])
        for block in self._slots.wants_about(slot):
            for each in self.plan.asks:
                if each.block is block and slot in each.slots:
                    self._ask_about(each, now_ms)

    def _ask_about(self, ask: Ask, now_ms: int) -> None:
        """Whoever does not answer to that is asked again when its turn comes: others have to be read too."""
        if self._misses[ask] < MISSES and now_ms - self._about_ms.get(ask, -ABOUT_AGAIN_MS) >= ABOUT_AGAIN_MS:
            self._about_ms[ask] = now_ms
            self._soon([ask])

    def _take_cabinet(self, values: dict[FieldName, Value], now_ms: int) -> None:
        for name, point in POINTS.items():
            if isinstance(value := values.get(name), bool):
                self._points[point] = (value, now_ms)
        if isinstance(closed := values.get(FieldName.CONTACTOR_CLOSED), bool):
            self._orders.contactor_read(closed, now_ms)
        if isinstance(fan_on := values.get(FieldName.FAN_ON), bool):
            self._orders.fan_read(fan_on, now_ms)

    # ------------------------------------------------ what is told

    def _missed(self, miss: Missed) -> None:
        self._last_miss = str(miss)
        if miss.kind in ("closed", "owed"):
            # Nothing was on the wire: without a rest this would be tried as fast as the processor goes.
            time.sleep(REST_S)

    def _judge_online(self, now_ms: int) -> None:
        silent_ms = now_ms - (self._answered_ms or 0)
        if silent_ms <= STALE_MS or self._online is False:
            return
        self._online = False
        log.warning("the cabinet at %s does not answer: %s", self._line.place, self._last_miss)
        self._told.append(events.CabinetChanged(online=False, detail=self._last_miss[:200]))
        self._slots.forget()
        self._orders.forget()
        self._points.clear()
        self._told_points.clear()

    def _tell_points(self, now_ms: int) -> None:
        for point, (active, at_ms) in self._points.items():
            known = active if now_ms - at_ms <= STALE_MS else None
            if point not in self._told_points or self._told_points[point] is not known:
                self._told_points[point] = known
                self._told.append(events.CabinetPointRead(point, known))


__all__ = ["Cabinet", "CabinetEvent", "MapError", "SerialPlace", "TcpPlace"]
