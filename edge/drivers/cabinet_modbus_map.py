"""Where a make of cabinet keeps its registers: one TOML file a make, under `config/cabinets/` (docs/adr/0010).

A map has *slaves* (a kind of device, of which there may be several: one for each `slots_each` slots, at addresses one
after the other), *blocks* (what one request reads: once for each slot, or once for a whole board), each with its
*fields*, and *writes*. What one part of it says of itself is checked here, how the parts fit in `cabinet_modbus_load`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.plain import PlainError
from edge.core.cabinet.config import MAX_SLOTS
from edge.core.effects import SlotLamp
from edge.drivers.cabinet_modbus_fields import Field, FieldName

MAX_SLAVES: Final = 8
MAX_BLOCKS: Final = 16
MAX_FIELDS: Final = 64
MAX_REGISTERS: Final = 125
MAX_BITS: Final = 2_000
LAST_ADDRESS: Final = 247
MAX_TIMES: Final = 12
MAX_EVERY: Final = 100
LONGEST_DROP_MS: Final = 9_000
"""Whoever cuts the edge or its bus off has no current after 10 s."""


class MapError(ValueError):
    """A map cannot be used. The message names file and key."""


class Function(StrEnum):
    COILS = "coils"
    DISCRETE_INPUTS = "discrete_inputs"
    HOLDING = "holding"
    INPUT = "input"


BIT_FUNCTIONS: Final = frozenset({Function.COILS, Function.DISCRETE_INPUTS})


class WriteFunction(StrEnum):
    COIL = "coil"
    REGISTER = "register"


class Scope(StrEnum):
    SLOT = "slot"
    """One request for each slot."""
    BOARD = "board"
    """One request for all slots of a slave."""


@dataclass(frozen=True)
class SlaveKind:
    name: str
    address: int
    """Of the first; the others follow."""
    slots_each: int
    answer_ms: int
    """From the end of a request to the beginning of its answer, at most; as the maker states it."""

    def __post_init__(self) -> None:
        if not 1 <= self.address <= LAST_ADDRESS or not 1 <= self.slots_each <= MAX_SLOTS:
            raise ValueError(f"address must be 1–{LAST_ADDRESS} and slots_each 1–{MAX_SLOTS}")
        if not 0 <= self.answer_ms <= 1_000:
            raise ValueError(f"answer_ms {self.answer_ms} is outside 0–1000")

    def place(self, slot_index: int) -> tuple[int, int]:
        """The address of the slave that has this slot (counted from 0), and the slot's place there."""
        board, index = divmod(slot_index, self.slots_each)
        return self.address + board, index

    def boards(self, slots: int) -> int:
        return -(-slots // self.slots_each)


@dataclass(frozen=True)
class Block:
    """What one request reads."""

    name: str
    slave: str
    function: Function
    scope: Scope
    at: int
    count: int
    spare: int
    """How much more of it may be asked for: answers to one slave's requests then need not be of one length."""
    fields: tuple[Field, ...]
    stride: int = 0
    """From one slot's block to the next on the same slave."""
    safety: bool = False
    times_a_cycle: int = 1
    every: int = 1

    def __post_init__(self) -> None:
        most = MAX_BITS if self.of_bits else MAX_REGISTERS
        if not 1 <= self.count <= most - self.spare:
            raise ValueError(f"count {self.count} with {self.spare} spare is outside 1–{most}")
        least_spare = 8 if self.of_bits else 1
        if self.spare < least_spare:
            why = "a late answer to one request would be as long as the answer to the next"
            raise ValueError(f"spare {self.spare} is below {least_spare}: {why}")
        if not 1 <= self.times_a_cycle <= MAX_TIMES or not 1 <= self.every <= MAX_EVERY:
            raise ValueError(f"times_a_cycle must be 1–{MAX_TIMES} and every 1–{MAX_EVERY}")
        if self.times_a_cycle > 1 and self.every > 1:
            raise ValueError("every: a block is read often in a cycle, or not in every one; not both")
        if self.safety and self.every > 1:
            raise ValueError("every: a safety block is read in every cycle")
        if not 1 <= len(self.fields) <= MAX_FIELDS:
            raise ValueError(f"a block has 1–{MAX_FIELDS} fields")

    @property
    def of_bits(self) -> bool:
        return self.function in BIT_FUNCTIONS

    def names(self) -> frozenset[FieldName]:
        return frozenset(field.field for field in self.fields) - {FieldName.UNUSED}

    def answer_bytes(self, count: int) -> int:
        """Of data, in an answer to a request for `count`."""
        return (count + 7) // 8 if self.of_bits else 2 * count


@dataclass(frozen=True)
class Write:
    """A coil or register that is written; slot n's at `at` + `stride` × its place on the slave. `value`: what acts."""

    slave: str
    function: WriteFunction
    at: int
    stride: int = 0
    value: int = 1
    drops_after_ms: int | None = None
    """What it holds ends by itself unless it is written again."""

    def __post_init__(self) -> None:
        if not 0 <= self.value <= (1 if self.function is WriteFunction.COIL else 0xFFFF):
            raise ValueError(f"value {self.value} does not fit a {self.function}")
        if self.drops_after_ms is not None and not 1_000 <= self.drops_after_ms <= LONGEST_DROP_MS:
            raise ValueError(f"drops_after_ms {self.drops_after_ms} is outside 1000–{LONGEST_DROP_MS}")


@dataclass(frozen=True)
class ChargerWrite:
    """The register with the most that a slot's charger may give, in units of `unit_ma`. 0: off."""

    slave: str
    at: int
    stride: int
    unit_ma: int
    function: WriteFunction = WriteFunction.REGISTER

    def __post_init__(self) -> None:
        if not 1 <= self.unit_ma <= 10_000 or self.function is not WriteFunction.REGISTER:
            raise ValueError("unit_ma must be 1–10000, in a register")

    def raw(self, limit_ma: int) -> int:
        """Rounded down: never more than was allowed."""
        return min(limit_ma // self.unit_ma, 0xFFFF)


@dataclass(frozen=True)
class LampWrite:
    """The register of a slot's lamp, and what each lamp is there."""

    slave: str
    at: int
    stride: int
    off: int
    here: int
    charging: int
    full: int
    out_of_service: int
    danger: int
    function: WriteFunction = WriteFunction.REGISTER

    def raw(self, lamp: SlotLamp) -> int:
        return int(getattr(self, lamp.value))


@dataclass(frozen=True)
class Writes:
    unlock: Write
    charger: ChargerWrite | None = None
    contactor: Write | None = None
    watchdog: Write | None = None
    fan: Write | None = None
    extinguisher: Write | None = None
    lamp: LampWrite | None = None

    def named(self) -> Iterator[tuple[str, Write | ChargerWrite | LampWrite]]:
        for name, write in vars(self).items():
            if write is not None:
                yield name, write


@dataclass(frozen=True)
class CabinetMap:
    name: str
    source: str
    max_slots: int
    slaves: tuple[SlaveKind, ...]
    blocks: tuple[Block, ...]
    writes: Writes

    def __post_init__(self) -> None:
        if not 1 <= self.max_slots <= MAX_SLOTS:
            raise PlainError("max_slots", f"{self.max_slots} is outside 1–{MAX_SLOTS}")

    @property
    def chargeable(self) -> bool:
        """Whether current ends by itself when nobody renews it: by a watchdog, or a contactor that drops."""
        writes = self.writes
        drops = any(write is not None and write.drops_after_ms for write in (writes.watchdog, writes.contactor))
        return writes.charger is not None and drops

    def slave(self, name: str) -> SlaveKind:
        return next(slave for slave in self.slaves if slave.name == name)
