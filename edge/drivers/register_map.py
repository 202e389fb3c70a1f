"""Where a make of Modbus sensor keeps its readings: one TOML file a make, under `config/sensors/`.

name = "XY-MD02 temperature and humidity transmitter"
source = "where the maker has published it"

[[reads]]                           # one request each, in this order
function = "input"                  # coils, discrete_inputs, holding, input
first = 0x0001
count = 2

[[values]]
value = "temperature_decicelsius"   # one of `Value`, or "unused"
function = "input"
at = 0x0001
type = "int16"                      # bit, int16, uint16, uint32, float32 (high word first)
divide = 1                          # the reading is what is in the register, times `multiply`, by `divide`
low = -400                          # outside low–high it is implausible
high = 800

A map is refused if two values lie on one register, if a value lies outside every read, if a read has a register that no
value names, or if a read asks for as much as the one before it: a late answer would be taken for the next one's.
"""

import math
import struct
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from contract.plain import PlainError, build

MAX_READS: Final = 8
MAX_VALUES: Final = 64
MAX_COUNT: Final = 125
"""Registers in one Modbus answer."""
MAX_NUMBER: Final = 2**62


class MapError(ValueError):
    """A register map cannot be used. The message names file and key."""


class Implausible(ValueError):
    """A register holds what cannot be."""


class Function(StrEnum):
    COILS = "coils"
    DISCRETE_INPUTS = "discrete_inputs"
    HOLDING = "holding"
    INPUT = "input"


BIT_FUNCTIONS: Final = frozenset({Function.COILS, Function.DISCRETE_INPUTS})


class Value(StrEnum):
    """What can be measured: the fields of `EnvironmentMeasured` and `PowerMeasured`."""

    TEMPERATURE = "temperature_decicelsius"
    HUMIDITY = "humidity_percent"
    CARBON_MONOXIDE = "carbon_monoxide_ppm"
    SMOKE = "smoke"
    WATER = "water"
    POWER = "power_w"
    ENERGY = "energy_wh"
    UNUSED = "unused"
    """Registers in the middle of a read that nobody needs."""


YES_OR_NO: Final = frozenset({Value.SMOKE, Value.WATER})
OF_A_METER: Final = frozenset({Value.POWER, Value.ENERGY})


class Type(StrEnum):
    BIT = "bit"
    INT16 = "int16"
    UINT16 = "uint16"
    UINT32 = "uint32"
    FLOAT32 = "float32"


FORMATS: Final = {Type.INT16: ">h", Type.UINT16: ">H", Type.UINT32: ">I", Type.FLOAT32: ">f"}


@dataclass(frozen=True)
class Read:
    """One request."""

    function: Function
    first: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_COUNT:
            raise ValueError(f"count {self.count} is outside 1–{MAX_COUNT}")
        if not 0 <= self.first <= 0x10000 - self.count:
            raise ValueError(f"first {self.first} with count {self.count} is outside 0–65535")

    @property
    def places(self) -> frozenset[tuple[Function, int]]:
        return frozenset((self.function, self.first + offset) for offset in range(self.count))


@dataclass(frozen=True)
class Mapped:
    """One value. `count`: of an unused stretch."""

    value: Value
    function: Function
    at: int
    type: Type = Type.UINT16
    multiply: int = 1
    divide: int = 1
    low: int = 0
    high: int = 0
    active_low: bool = False
    """Of a bit: 0 means yes."""
    count: int = 1

    def __post_init__(self) -> None:
        is_bit = self.function in BIT_FUNCTIONS
        if self.value is Value.UNUSED:
            if not 1 <= self.count <= MAX_COUNT:
                raise ValueError(f"count {self.count} is outside 1–{MAX_COUNT}")
            return
        if is_bit is not (self.type is Type.BIT):
            raise ValueError(f"type {self.type} does not fit function {self.function}")
        if (self.value in YES_OR_NO) is not (self.type is Type.BIT):
            raise ValueError(f"{self.value} cannot be read from type {self.type}")
        if not is_bit and not self.low < self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if not (1 <= abs(self.multiply) <= 1_000_000 and 1 <= self.divide <= 1_000_000):
            raise ValueError("multiply and divide must be 1–1000000")
        if self.count != 1:
            raise ValueError("count is for unused registers")

    @property
    def width(self) -> int:
        if self.value is Value.UNUSED:
            return self.count
        return 1 if self.type is Type.BIT else struct.calcsize(FORMATS[self.type]) // 2

    @property
    def places(self) -> frozenset[tuple[Function, int]]:
        return frozenset((self.function, self.at + offset) for offset in range(self.width))

    def read(self, held: Mapping[tuple[Function, int], int]) -> int | bool:
        """The reading, from what registers and bits hold. Raises `Implausible`."""
        words = [held[self.function, self.at + offset] for offset in range(self.width)]
        if self.type is Type.BIT:
            return bool(words[0]) is not self.active_low
        raw = struct.unpack(FORMATS[self.type], struct.pack(f">{len(words)}H", *words))[0]
        if not math.isfinite(raw) or abs(raw) > MAX_NUMBER:
            raise Implausible(f"{self.value} is no number")
        number: int = round(raw * self.multiply / self.divide)
        if not self.low <= number <= self.high:
            raise Implausible(f"{self.value} is {number}, outside {self.low}–{self.high}")
        return number


@dataclass(frozen=True)
class RegisterMap:
    name: str
    source: str
    reads: tuple[Read, ...]
    values: tuple[Mapped, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.reads) <= MAX_READS or len(self.values) > MAX_VALUES:
            raise PlainError("reads", f"a map has 1–{MAX_READS} reads and at most {MAX_VALUES} values")
        asked: set[tuple[Function, int]] = set()
        for index, read in enumerate(self.reads):
            if asked & read.places:
                raise PlainError(f"reads[{index}]", "asks for what another read asks for too")
            asked |= read.places
            # With one read the answer before is at worst a second old, and of the same registers.
            if len(self.reads) > 1 and _answer_bytes(read) == _answer_bytes(self.reads[index - 1]):
                raise PlainError(f"reads[{index}].count", "its answer is as long as that of the read before it")
        named: set[tuple[Function, int]] = set()
        for index, value in enumerate(self.values):
            if not value.places <= asked:
                raise PlainError(f"values[{index}].at", f"{value.value} lies outside of every read")
            if value.places & named:
                raise PlainError(f"values[{index}].at", f"{value.value} lies on another value's registers")
            named |= value.places
        holes = sorted(asked - named)
        if holes:
            function, at = holes[0]
            raise PlainError("values", f"nothing is said of {function} {at:#06x}, which a read asks for")
        measured = self.measures
        if not measured or len(measured) != sum(value.value is not Value.UNUSED for value in self.values):
            raise PlainError("values", "nothing is measured, or one thing twice")
        if measured & OF_A_METER and measured != OF_A_METER:
            raise PlainError("values", "a meter measures power_w and energy_wh, both of them and nothing else")

    @property
    def measures(self) -> frozenset[Value]:
        return frozenset(value.value for value in self.values) - {Value.UNUSED}

    @property
    def is_meter(self) -> bool:
        return self.measures == OF_A_METER

    def readings(self, answers: Sequence[tuple[Read, Sequence[int]]]) -> dict[Value, int | bool]:
        """All values from the answers to all reads. Raises `Implausible`."""
        held: dict[tuple[Function, int], int] = {}
        for read, words in answers:
            held |= {(read.function, read.first + offset): int(word) for offset, word in enumerate(words)}
        return {value.value: value.read(held) for value in self.values if value.value is not Value.UNUSED}


def _answer_bytes(read: Read) -> int:
    return (read.count + 7) // 8 if read.function in BIT_FUNCTIONS else 2 * read.count


def load_map(path: Path) -> RegisterMap:
    """Raises `MapError`."""
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise MapError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: is not TOML: {error}") from None
    try:
        return build(RegisterMap, table, unknown_ok=False)
    except PlainError as error:
        raise MapError(f"{path}: key {error.where or 'name'!r}: {error.why}") from None
