"""What a register of a cabinet says: the fields that a map may name, and how each is read out of an answer.

A field lies at an offset inside its block. In a block of a whole board (one answer for all slots of a slave) `step`
leads from one slot's field to the next: registers, or bits for a bit. What cannot be, whatever the make (a temperature
of 900 °C, a state of charge of 130 %, a serial of control characters), raises `Impossible`; what the make calls "not
known" is None.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_STRING_REGISTERS: Final = 16
MAX_UNUSED: Final = 125
REGISTER_BITS: Final = 16


class Impossible(ValueError):
    """A register holds what cannot be."""


class FieldName(StrEnum):
    IDENTITY = "identity"
    """Who answers: the slot's number, or in a block of a whole board the board's, from 1."""
    DOOR_OPEN = "door_open"
    PRESENT = "present"
    SMOKE = "smoke"
    CHARGER_ON = "charger_on"
    CHARGER_MA = "charger_ma"
    CHARGER_LIMIT_MA = "charger_limit_ma"
    """What the charger has been told, read back."""
    BMS_ANSWERS = "bms_answers"
    BMS_AGE_MS = "bms_age_ms"
    """How old the controller's own copy of the BMS data is."""
    SERIAL = "serial"
    MODEL = "model"
    SOC = "soc_percent"
    SOH = "soh_percent"
    VOLTAGE = "voltage_mv"
    CURRENT = "current_ma"
    TEMPERATURE = "temperature_decicelsius"
    """May be named several times: the hottest counts."""
    SLOT_TEMPERATURE = "slot_decicelsius"
    """Of the slot's own sensor, beside the battery."""
    CYCLES = "cycles"
    FAULTS = "faults"
    CABINET_SMOKE = "cabinet_smoke"
    CABINET_WATER = "cabinet_water"
    CABINET_BACK_DOOR = "cabinet_back_door"
    CABINET_EMERGENCY_STOP = "cabinet_emergency_stop"
    CONTACTOR_CLOSED = "contactor_closed"
    FAN_ON = "fan_on"
    UNUSED = "unused"
    """Registers in the middle of a block that nobody needs."""


class FieldType(StrEnum):
    BIT = "bit"
    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    STRING = "string"


OF_THE_CABINET: Final = frozenset(
    {
        FieldName.CABINET_SMOKE,
        FieldName.CABINET_WATER,
        FieldName.CABINET_BACK_DOOR,
        FieldName.CABINET_EMERGENCY_STOP,
        FieldName.CONTACTOR_CLOSED,
        FieldName.FAN_ON,
    }
)
"""One for the whole cabinet; on the first board, where there are several."""
YES_OR_NO: Final = OF_THE_CABINET | {
    FieldName.DOOR_OPEN,
    FieldName.PRESENT,
    FieldName.SMOKE,
    FieldName.CHARGER_ON,
    FieldName.BMS_ANSWERS,
}
TEXTS: Final = frozenset({FieldName.SERIAL, FieldName.MODEL})
SAFETY: Final = (OF_THE_CABINET - {FieldName.FAN_ON}) | {
    FieldName.DOOR_OPEN,
    FieldName.PRESENT,
    FieldName.SMOKE,
    FieldName.CHARGER_MA,
    FieldName.CHARGER_LIMIT_MA,
    FieldName.BMS_ANSWERS,
    FieldName.BMS_AGE_MS,
    FieldName.VOLTAGE,
    FieldName.CURRENT,
    FieldName.TEMPERATURE,
    FieldName.SLOT_TEMPERATURE,
    FieldName.FAULTS,
}
"""What a life may hang on: read in every cycle, in an answer that says whose it is."""

LIMITS: Final[dict[FieldName, tuple[int, int]]] = {
    FieldName.IDENTITY: (0, 0xFFFF),
    FieldName.CHARGER_MA: (0, 200_000),
    FieldName.CHARGER_LIMIT_MA: (0, 200_000),
    FieldName.BMS_AGE_MS: (0, 0xFFFF_FFFF),
    FieldName.SOC: (0, 100),
    FieldName.SOH: (0, 100),
    FieldName.VOLTAGE: (0, 120_000),
    FieldName.CURRENT: (-300_000, 300_000),
    # Beyond this a sensor is broken or gone: a cell burns at less.
    FieldName.TEMPERATURE: (-500, 2_000),
    FieldName.SLOT_TEMPERATURE: (-500, 2_000),
    FieldName.CYCLES: (0, 100_000),
    FieldName.FAULTS: (0, 0xFFFF_FFFF),
}
"""Of numbers: outside is impossible."""

Value = int | bool | str | None


@dataclass(frozen=True)
class Field:
    """One field of a block, `at` an offset in it (of registers, or of bits where the block is of bits)."""

    field: FieldName
    at: int
    type: FieldType = FieldType.U16
    count: int = 1
    """Registers of a string, or of an unused stretch."""
    bit: int | None = None
    """Of a bit inside a register: 0 is the lowest."""
    step: int = 0
    multiply: int = 1
    divide: int = 1
    missing: int | None = None
    """What the register holds when the make does not know, before scaling and sign."""
    active_low: bool = False

    def __post_init__(self) -> None:
        if self.field is FieldName.UNUSED:
            if not 1 <= self.count <= MAX_UNUSED:
                raise ValueError(f"count {self.count} is outside 1–{MAX_UNUSED}")
            return
        is_text = self.type is FieldType.STRING
        if (self.field in YES_OR_NO) is not (self.type is FieldType.BIT) or (self.field in TEXTS) is not is_text:
            raise ValueError(f"{self.field} cannot be read from type {self.type}")
        if not (1 <= self.count <= MAX_STRING_REGISTERS if is_text else self.count == 1):
            raise ValueError(f"count {self.count}: strings have 1–{MAX_STRING_REGISTERS} registers, all else one value")
        if self.bit is not None and not (self.type is FieldType.BIT and 0 <= self.bit < REGISTER_BITS):
            raise ValueError(f"bit {self.bit}: of type bit in a register only, and 0–15")
        if not (1 <= self.multiply <= 1_000_000 and 1 <= self.divide <= 1_000_000):
            raise ValueError("multiply and divide must be 1–1000000")
        if self.at < 0 or self.step < 0:
            raise ValueError("at and step must not be negative")

    @property
    def width(self) -> int:
        """In registers, or bits of a block of bits."""
        return 2 if self.type is FieldType.U32 else self.count

    def places(self, slots: int) -> frozenset[tuple[int, int]]:
        """(offset, bit) of everything it takes up in a block for `slots` slots; bit -1: the whole register."""
        indices = range(slots if self.step else 1)
        if self.bit is not None:
            bits = (self.bit + index * self.step for index in indices)
            return frozenset((self.at + bit // REGISTER_BITS, bit % REGISTER_BITS) for bit in bits)
        return frozenset((self.at + index * self.step + n, -1) for index in indices for n in range(self.width))

    def read(self, words: Sequence[int], index: int) -> Value:
        """Of the slot that is the `index`th of its block, from 0. Raises `Impossible`."""
        if self.bit is not None:
            offset, bit = divmod(self.bit + index * self.step, REGISTER_BITS)
            return bool(words[self.at + offset] >> bit & 1) is not self.active_low
        first = self.at + index * self.step
        if self.type is FieldType.BIT:
            return bool(words[first]) is not self.active_low
        if self.type is FieldType.STRING:
            return self._text(words[first : first + self.count])
        raw = words[first] << 16 | words[first + 1] if self.type is FieldType.U32 else words[first]
        if raw == self.missing:
            return None
        if self.type is FieldType.I16 and raw & 0x8000:
            raw -= 0x1_0000
        # Towards zero: what is above no limit must not become so by rounding.
        number = raw * self.multiply // self.divide if raw >= 0 else -(-raw * self.multiply // self.divide)
        low, high = LIMITS[self.field]
        if not low <= number <= high:
            raise Impossible(f"{self.field} is {number}, outside {low}–{high}")
        return number

    def _text(self, words: Sequence[int]) -> str:
        """Empty for registers of nothing but 0 or 0xFF: nobody has written a name."""
        raw = b"".join(word.to_bytes(2, "big") for word in words)
        if set(raw) <= {0xFF}:
            return ""
        text = raw.rstrip(b"\x00 ").decode("ascii", errors="replace")
        if not (text.isascii() and text.isprintable()):
            raise Impossible(f"{self.field} is no text: {raw.hex()}")
        return text
