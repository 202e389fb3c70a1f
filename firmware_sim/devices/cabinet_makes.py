"""What two makes of swap cabinets have in their registers and do with what is written there, as their papers say.

Written from the papers and not from the station's maps under `config/cabinets/`, so that a mistake in one of them
shows. Registers have 16 bits; text is ASCII, two characters a register, filled up with zeros; `n` is a slot's number,
from 1.

**integrated_12**: one controller (address 1, answers after 5 ms) for up to 12 slots. All chargers go off by themselves
8 s after the last write to 0x0300, the *output watchdog*; there is no main contactor.

- input 0x0000: +0 the board's number, 1; bit n - 1: +1 doors open, +2 something inside, +3 smoke; +4 bit 0 smoke,
  1 water, 2 back door, 3 emergency stop, 4 fan runs; three more, always 0
- input 0x0100 + 32 (n - 1): +0 n; +1 bit 0 the BMS answers, 1 charger gives current; +2 age of what follows, 0.1 s;
  +3 charge, %; +4 voltage, 10 mV; +5 current, signed, 10 mA; +6 to +8 three temperatures, signed, 0.1 °C; +9 fault
  bits; +10 charger limit and +11 output, 10 mA; +12 serial, 8 registers; +20 the slot's own sensor, signed, 0.1 °C;
  six more, always 0
- input 0x0800 + 16 (n - 1): +0 n; +1 health, %; +2 cycles; +3 model, 8 registers; two more, always 0
- holding 0x0200 + (n - 1): charger limit, 10 mA; 0x0240 + (n - 1): lamp, 0 off, 1 here, 2 charging, 3 full, 4 out of
  service, 5 danger; 0x0300: seconds for which the outputs go on (8 at most)
- coils 0x0000 + (n - 1): one pulse to the lock; 0x0020 fan; 0x0040 + (n - 1) extinguisher

**lock_board_24**: lock boards (addresses 1 to 5, answer after 5 ms) of 24 slots each with locks, contacts and chargers,
and on the same line the BMS of whatever lies in slot n (address 100 + n, answers after 8 ms, or not at all). The main
contactor on board 1 drops 8 s after it was last told to close; chargers that lose their supply come up off.

- board, input 0x0000: +0 its number; two registers each, bit n - 1: +1 doors open, +3 something inside, +5 smoke; +7 on
  board 1 bit 0 smoke, 1 water, 2 back door, 3 emergency stop, 4 main contactor closed; three more, always 0
- board, input 0x0040: +0 its number; +1 limits and +25 outputs of its 24 chargers, 100 mA; +49 its slots' own
  sensors, signed, 0.1 °C; three more, always 0
- board, holding 0x0080 + (n - 1): charger limit, 100 mA
- board, coils 0x0000 + (n - 1): one pulse to the lock; 0x0030 main contactor
- BMS, holding 0x0000: +0 serial, 6 registers; +6 charge, %; +7 voltage, 10 mV; +8 current, signed, 10 mA; +9, +10
  temperatures, signed, 0.1 °C; +11 fault bits; six more, always 0
- BMS, holding 0x0100: +0 serial, 6 registers; +6 health, %; +7 cycles; +8 model, 8 registers; two more, always 0

What is not known reads 0x8000 where signed, 0xFFFF where not. A coil that gives a pulse reads back 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from firmware_sim.batteries import BmsData
from firmware_sim.cabinet import Cabinet
from firmware_sim.cabinet_slot import Point, Slot
from firmware_sim.devices.modbus_answers import ExceptionCode, Function, Registers

UNKNOWN_SIGNED, UNKNOWN = 0x8000, 0xFFFF
POINT_BITS: Final = {Point.SMOKE: 0, Point.WATER: 1, Point.BACK_DOOR: 2, Point.EMERGENCY_STOP: 3}
Cells = dict[tuple[Function, int], int]


class MakeName(StrEnum):
    """As the station's map of it is called."""

    INTEGRATED_12 = "integrated_12"
    LOCK_BOARD_24 = "lock_board_24"


@dataclass(frozen=True)
class MakeFacts:
    max_slots: int
    has_contactor: bool
    watchdog_ms: float


FACTS: Final = {
    MakeName.INTEGRATED_12: MakeFacts(12, has_contactor=False, watchdog_ms=8_000.0),
    MakeName.LOCK_BOARD_24: MakeFacts(120, has_contactor=True, watchdog_ms=8_000.0),
}


class Face(Protocol):
    """A cabinet as its slaves show it. `swapped`: firmware that answers for one slot with another's data."""

    swapped: dict[int, int]

    def slaves(self) -> Sequence[int]: ...
    def slave_of(self, number: int) -> int:
        """Who tells of a slot's battery."""
        ...

    def delay_ms(self, slave: int) -> float: ...
    def read(self, slave: int, now_ms: float) -> Registers | None:
        """None: this slave does not answer now."""
        ...

    def write(self, slave: int, function: Function, address: int, value: int, now_ms: float) -> ExceptionCode | None:
        """A coil's value is as function 5 writes it."""
        ...


def face_of(make: MakeName, cabinet: Cabinet) -> Face:
    return Integrated(cabinet) if make is MakeName.INTEGRATED_12 else LockBoard(cabinet)


# ---------------------------------------------------------------- parts of both


def text(value: str, registers: int) -> list[int]:
    data = value.encode("ascii", "replace")[: 2 * registers].ljust(2 * registers, b"\0")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, 2 * registers, 2)]


def bits(flags: Sequence[bool]) -> int:
    return sum(int(flag) << place for place, flag in enumerate(flags))


def block(function: Function, first: int, values: Sequence[int]) -> Cells:
    return {(function, first + offset): value & 0xFFFF for offset, value in enumerate(values)}


def points_of(cabinet: Cabinet) -> int:
    return sum(int(cabinet.reads(point)) << bit for point, bit in POINT_BITS.items())


def beside_decicelsius(cabinet: Cabinet, slot: Slot) -> int:
    """What the slot's own sensor says: the air beside the battery, half as far from the room's as the battery is."""
    battery = slot.battery
    warmer = 0.0 if battery is None else (battery.celsius - cabinet.ambient_celsius) / 2.0
    return round(10.0 * (cabinet.ambient_celsius + warmer))


def told(slot: Slot) -> BmsData | None:
    return slot.battery.told() if slot.battery is not None else None


# ---------------------------------------------------------------- integrated_12


class Integrated:
    SLOT, ABOUT, LIMIT, LAMP, FEED = 0x0100, 0x0800, 0x0200, 0x0240, 0x0300
    FAN, EXTINGUISHER = 0x20, 0x40
    SERIAL, MODEL = 8, 8

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self.swapped: dict[int, int] = {}

    def slaves(self) -> Sequence[int]:
        return [1]

    def slave_of(self, number: int) -> int:
        return 1

    def delay_ms(self, slave: int) -> float:
        return 5.0

    def read(self, slave: int, now_ms: float) -> Registers | None:
        cabinet, slots = self._cabinet, list(self._cabinet.slots.values())
        overview = [
            1,
            bits([slot.door_reads_open for slot in slots]),
            bits([slot.thing is not None for slot in slots]),
            bits([slot.smokes for slot in slots]),
            points_of(cabinet) | int(cabinet.fan_on) << 4,
        ]
        cells = block(Function.READ_INPUT, 0, [*overview, 0, 0, 0])
        for place, slot in enumerate(slots):
            shown = cabinet.slots[self.swapped.get(slot.number, slot.number)]
            data = told(shown)
            battery = self._battery(shown, data, now_ms)
            cells |= block(Function.READ_INPUT, self.SLOT + 32 * place, [*battery, *[0] * 6])
            cells |= block(Function.READ_INPUT, self.ABOUT + 16 * place, [*self._about(shown, data), 0, 0])
            cells[Function.READ_HOLDING, self.LIMIT + place] = slot.limit_ma // 10
            cells[Function.READ_HOLDING, self.LAMP + place] = slot.lamp
            cells[Function.READ_COILS, place] = 0
            cells[Function.READ_COILS, self.EXTINGUISHER + place] = int(slot.extinguished)
        cells[Function.READ_COILS, self.FAN] = int(cabinet.fan_on)
        cells[Function.READ_HOLDING, self.FEED] = int(cabinet.watchdog_runs)
        return cells

    def _battery(self, slot: Slot, data: BmsData | None, now_ms: float) -> list[int]:
        output_ma = self._cabinet.takes_ma(slot)
        flags = bits([data is not None, output_ma > 0])
        ends = [slot.limit_ma // 10, output_ma // 10]
        beside = beside_decicelsius(self._cabinet, slot)
        if data is None:
            unknown = [UNKNOWN, 0, 0, UNKNOWN_SIGNED, UNKNOWN_SIGNED, UNKNOWN_SIGNED, 0]
            return [slot.number, flags, 0, *unknown, *ends, *text("", self.SERIAL), beside]
        heat = data.temperature_decicelsius
        told_of = [data.soc_percent, data.voltage_mv // 10, round(data.current_ma / 10), heat, heat - 5, heat - 10]
        age_ds, serial = slot.bms_age_ds(now_ms), text(data.serial, self.SERIAL)
        return [slot.number, flags, age_ds, *told_of, data.faults, *ends, *serial, beside]

    def _about(self, slot: Slot, data: BmsData | None) -> list[int]:
        if data is None:
            return [slot.number, UNKNOWN, UNKNOWN, *text("", self.MODEL)]
        return [slot.number, data.soh_percent, data.cycles & 0xFFFF, *text(data.model, self.MODEL)]

    def write(self, slave: int, function: Function, address: int, value: int, now_ms: float) -> ExceptionCode | None:
        cabinet, places = self._cabinet, range(len(self._cabinet.slots))
        if function is Function.WRITE_COIL:
            if address in places:
                _if_on(value, lambda: cabinet.pulse(address + 1, now_ms))
            elif address == self.FAN:
                cabinet.set_fan(value != 0, now_ms)
            elif address - self.EXTINGUISHER in places:
                _if_on(value, lambda: cabinet.extinguish(address - self.EXTINGUISHER + 1, now_ms))
            else:
                return ExceptionCode.ILLEGAL_ADDRESS
        elif address - self.LIMIT in places:
            cabinet.set_charger(address - self.LIMIT + 1, value * 10, now_ms)
        elif address - self.LAMP in places:
            cabinet.set_lamp(address - self.LAMP + 1, value, now_ms)
        elif address == self.FEED:
            cabinet.feed(now_ms)
        else:
            return ExceptionCode.ILLEGAL_ADDRESS
        return None


# ---------------------------------------------------------------- lock_board_24


class LockBoard:
    EACH, FIRST_BMS = 24, 100
    CHARGERS, LIMIT, CONTACTOR, ABOUT = 0x0040, 0x0080, 0x0030, 0x0100
    SERIAL, MODEL = 6, 8

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self.swapped: dict[int, int] = {}

    def slaves(self) -> Sequence[int]:
        count = len(self._cabinet.slots)
        boards = -(-count // self.EACH)
        return [*range(1, boards + 1), *range(self.FIRST_BMS + 1, self.FIRST_BMS + count + 1)]

    def slave_of(self, number: int) -> int:
        return self.FIRST_BMS + number

    def delay_ms(self, slave: int) -> float:
        return 8.0 if slave > self.FIRST_BMS else 5.0

    def read(self, slave: int, now_ms: float) -> Registers | None:
        return self._bms(slave - self.FIRST_BMS) if slave > self.FIRST_BMS else self._board(slave)

    def _slots_of(self, board: int) -> list[Slot]:
        first = (board - 1) * self.EACH + 1
        return [slot for number, slot in self._cabinet.slots.items() if first <= number < first + self.EACH]

    def _board(self, board: int) -> Registers:
        cabinet, slots = self._cabinet, self._slots_of(board)
        flags = [
            bits([slot.door_reads_open for slot in slots]),
            bits([slot.thing is not None for slot in slots]),
            bits([slot.smokes for slot in slots]),
        ]
        words = [word for flag in flags for word in (flag & 0xFFFF, flag >> 16)]
        points = points_of(cabinet) | int(cabinet.contactor_closed) << 4 if board == 1 else 0
        none = [0] * (self.EACH - len(slots))
        limits = [slot.limit_ma // 100 for slot in slots] + none
        outputs = [round(cabinet.takes_ma(slot) / 100) for slot in slots] + none
        cells = block(Function.READ_INPUT, 0, [board, *words, points, 0, 0, 0])
        beside = [beside_decicelsius(cabinet, slot) for slot in slots] + [UNKNOWN_SIGNED] * len(none)
        cells |= block(Function.READ_INPUT, self.CHARGERS, [board, *limits, *outputs, *beside, 0, 0, 0])
        cells |= block(Function.READ_HOLDING, self.LIMIT, limits)
        cells |= block(Function.READ_COILS, 0, [0] * self.EACH)
        return cells

    def _bms(self, number: int) -> Registers | None:
        data = told(self._cabinet.slots[self.swapped.get(number, number)])
        if data is None:
            return None
        heat, name = data.temperature_decicelsius, text(data.serial, self.SERIAL)
        values = [data.soc_percent, data.voltage_mv // 10, round(data.current_ma / 10), heat, heat - 8, data.faults]
        cells = block(Function.READ_HOLDING, 0, [*name, *values, *[0] * 6])
        about = [data.soh_percent, data.cycles & 0xFFFF, *text(data.model, self.MODEL)]
        return cells | block(Function.READ_HOLDING, self.ABOUT, [*name, *about, 0, 0])

    def write(self, slave: int, function: Function, address: int, value: int, now_ms: float) -> ExceptionCode | None:
        if slave > self.FIRST_BMS:
            return ExceptionCode.ILLEGAL_FUNCTION
        slots, cabinet = self._slots_of(slave), self._cabinet
        if function is Function.WRITE_COIL:
            if address < len(slots):
                _if_on(value, lambda: cabinet.pulse(slots[address].number, now_ms))
                return None
            if slave == 1 and address == self.CONTACTOR:
                cabinet.set_contactor(value != 0, now_ms)
                return None
        elif address - self.LIMIT in range(len(slots)):
            cabinet.set_charger(slots[address - self.LIMIT].number, value * 100, now_ms)
            return None
        return ExceptionCode.ILLEGAL_ADDRESS


def _if_on(value: int, act: Callable[[], None]) -> None:
    if value:
        act()
