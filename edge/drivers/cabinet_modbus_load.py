"""Reads a cabinet's map and checks how its parts fit together.

A map is refused, naming file and key, when fields overlap or leave a hole, when anything lies outside of what may be
asked, when two writes meet in one place, when a level cannot be read back, and when a field that a life may hang on is
in an answer that does not say whose it is.
"""

import tomllib
from pathlib import Path
from typing import Final

from contract.plain import PlainError, build
from edge.drivers.cabinet_modbus_fields import OF_THE_CABINET, SAFETY, Field, FieldName, FieldType
from edge.drivers.cabinet_modbus_map import (
    LAST_ADDRESS,
    MAX_BLOCKS,
    MAX_SLAVES,
    Block,
    CabinetMap,
    Function,
    MapError,
    Scope,
    SlaveKind,
    WriteFunction,
)

OF_ALL_SLOTS: Final = frozenset({"unlock", "charger", "extinguisher", "lamp"})
"""The writes that each slot has one of."""


def load_map(path: Path) -> CabinetMap:
    """Raises `MapError`."""
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise MapError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: is not TOML: {error}") from None
    try:
        map_ = build(CabinetMap, table, unknown_ok=False)
        for check in (_check_slaves, _check_blocks, _check_what_is_known, _check_writes):
            check(map_)
    except PlainError as error:
        raise MapError(f"{path}: key {error.where or 'name'!r}: {error.why}") from None
    return map_


def _check_slaves(map_: CabinetMap) -> None:
    if not 1 <= len(map_.slaves) <= MAX_SLAVES:
        raise PlainError("slaves", f"1–{MAX_SLAVES} kinds of slaves")
    taken: dict[int, str] = {}
    for index, slave in enumerate(map_.slaves):
        last = slave.address + slave.boards(map_.max_slots) - 1
        if last > LAST_ADDRESS:
            raise PlainError(f"slaves[{index}].address", f"the last of {slave.name!r} would be {last}, above 247")
        for address in range(slave.address, last + 1):
            if taken.setdefault(address, slave.name) != slave.name:
                raise PlainError(f"slaves[{index}].address", f"{address} is one of {taken[address]!r} already")
    if len({slave.name for slave in map_.slaves}) != len(map_.slaves):
        raise PlainError("slaves", "each kind is named once")


def _check_blocks(map_: CabinetMap) -> None:
    if not 1 <= len(map_.blocks) <= MAX_BLOCKS or len({block.name for block in map_.blocks}) != len(map_.blocks):
        raise PlainError("blocks", f"1–{MAX_BLOCKS} blocks, each named once")
    asked: dict[tuple[str, Function, int], str] = {}
    for index, block in enumerate(map_.blocks):
        where = f"blocks[{index}]"
        slave = _known_slave(map_, block.slave, where)
        at_once = min(slave.slots_each, map_.max_slots)
        times = at_once if block.scope is Scope.SLOT else 1
        if times > 1 and block.stride < block.count + block.spare:
            raise PlainError(f"{where}.stride", f"{block.stride}: the slots' blocks of {block.name!r} overlap")
        for turn in range(times):
            first = block.at + turn * block.stride
            if block.at < 0 or first + block.count + block.spare > 0x10000:
                raise PlainError(f"{where}.at", f"{first} with what follows is outside 0–65535")
            for place in range(first, first + block.count):
                if asked.setdefault((block.slave, block.function, place), f"{block.name}/{turn}") != (
                    f"{block.name}/{turn}"
                ):
                    raise PlainError(f"{where}.at", f"{block.function} {place:#06x} is read by another block too")
        _check_fields(block, where, at_once)


def _check_fields(block: Block, where: str, slots: int) -> None:
    taken: dict[int, set[int]] = {}
    for index, field in enumerate(block.fields):
        key = f"{where}.fields[{index}]"
        _check_kind(block, field, key)
        for offset, bit in field.places(slots):
            if offset >= block.count:
                raise PlainError(f"{key}.at", f"{field.field} lies outside of the block's {block.count}")
            bits = taken.setdefault(offset, set())
            if bit in bits or -1 in bits or (bit == -1 and bits):
                raise PlainError(f"{key}.at", f"{field.field} lies on another field")
            bits.add(bit)
    holes = [offset for offset in range(block.count) if offset not in taken]
    if holes:
        raise PlainError(f"{where}.fields", f"nothing is said of offset {holes[0]}, which {block.name!r} asks for")
    if len(block.names()) + _repeated(block) != sum(field.field is not FieldName.UNUSED for field in block.fields):
        raise PlainError(f"{where}.fields", "only temperature_decicelsius may be named more than once")
    exposed = sorted(block.names() & SAFETY)
    identified = FieldName.IDENTITY in block.names() or (
        block.scope is Scope.SLOT and FieldName.SERIAL in block.names()
    )
    if exposed and not block.safety:
        raise PlainError(f"{where}.safety", f"{exposed[0]} may only be in a safety block")
    if block.safety and not identified:
        raise PlainError(f"{where}.fields", f"the answers of safety block {block.name!r} do not say whose they are")


def _check_kind(block: Block, field: Field, key: str) -> None:
    if field.field is FieldName.UNUSED:
        return
    is_bit = field.type is FieldType.BIT
    if block.of_bits and (not is_bit or field.bit is not None):
        raise PlainError(f"{key}.type", f"{block.function} hold bits, one at each offset")
    if not block.of_bits and is_bit and field.bit is None:
        raise PlainError(f"{key}.bit", f"is missing: which bit of the register is {field.field}?")
    is_each = block.scope is Scope.BOARD and field.field not in OF_THE_CABINET | {FieldName.IDENTITY}
    if is_each is not (field.step > 0):
        raise PlainError(f"{key}.step", f"{field.step}: needed for a slot's field in a board's block, and only there")
    if block.scope is Scope.SLOT and field.field in OF_THE_CABINET:
        raise PlainError(f"{key}.field", f"{field.field} is the whole cabinet's, and this block a slot's")


def _repeated(block: Block) -> int:
    return max(0, sum(field.field is FieldName.TEMPERATURE for field in block.fields) - 1)


def _check_what_is_known(map_: CabinetMap) -> None:
    """The least that a cabinet must tell, and nothing in two voices."""
    told: dict[FieldName, str] = {}
    for index, block in enumerate(map_.blocks):
        for name in block.names() - {FieldName.IDENTITY, FieldName.SERIAL}:
            if told.setdefault(name, block.name) != block.name:
                raise PlainError(f"blocks[{index}].fields", f"{name} is in block {told[name]!r} already")
    serials = [block for block in map_.blocks if FieldName.SERIAL in block.names()]
    for name in (FieldName.DOOR_OPEN, FieldName.TEMPERATURE, FieldName.SOC):
        if name not in told:
            raise PlainError("blocks", f"no block tells {name}")
    if not any(block.safety for block in serials):
        raise PlainError("blocks", "no safety block tells serial")


def _check_writes(map_: CabinetMap) -> None:
    told = frozenset(name for block in map_.blocks for name in block.names())
    needs = {"charger": FieldName.CHARGER_LIMIT_MA, "contactor": FieldName.CONTACTOR_CLOSED}
    written: dict[tuple[str, WriteFunction, int], str] = {}
    for name, write in map_.writes.named():
        where = f"writes.{name}"
        slave = _known_slave(map_, write.slave, where)
        if name in needs and needs[name] not in told:
            raise PlainError(where, f"cannot be read back: no block tells {needs[name]}")
        each = min(slave.slots_each, map_.max_slots) if name in OF_ALL_SLOTS else 1
        if each > 1 and write.stride < 1:
            raise PlainError(f"{where}.stride", "is missing: where is the next slot's?")
        for index in range(each):
            place = write.at + index * write.stride
            if not 0 <= place <= 0xFFFF:
                raise PlainError(f"{where}.at", f"{place} is outside 0–65535")
            other = written.setdefault((write.slave, write.function, place), name)
            if other != name:
                raise PlainError(f"{where}.at", f"{write.function} {place:#06x} is written as {other} too")
    if map_.writes.watchdog is not None and map_.writes.watchdog.drops_after_ms is None:
        raise PlainError("writes.watchdog.drops_after_ms", "is missing: after how long does it switch off?")


def _known_slave(map_: CabinetMap, name: str, where: str) -> SlaveKind:
    if not any(slave.name == name for slave in map_.slaves):
        raise PlainError(f"{where}.slave", f"{name!r} is none of {', '.join(slave.name for slave in map_.slaves)}")
    return map_.slave(name)
