"""What a cabinet's answers add up to: one reading a slot, told when it has changed.

A slot is known while its door is: its block was read, and is not older than `STALE_MS`. Its battery is known while
every block with the battery's safety data is that fresh, the controller's own copy of them included, and from after the
battery came; a BMS that does not answer in an occupied slot leaves a reading without battery.

Three things keep another slot's data out: an answer that names another slot is dropped; so is one whose serial answers
in another slot too, where the serial is all that says whose it is; and what the slow block says counts only for the
serial with which it was read. An answer that cannot be is asked for once more at once, and the second time the slot is
lost as impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from contract.ids import BatteryId, SlotNumber
from edge.core.events import BatteryReading, SlotLost, SlotRead
from edge.drivers.cabinet_modbus_fields import FieldName, Impossible, Value
from edge.drivers.cabinet_modbus_map import Block, CabinetMap, Scope
from edge.drivers.cabinet_modbus_plan import STALE_MS, Ask

ABOUT_MS: Final = 1_500
"""A battery seen for the first time is told when its slow block has been read too, or after this."""
WHOLE_MS: Final = 3_000
"""A slot that was not known is told when its battery has been read too, or after this: who asks what is in the cabinet
after a restart is not to hear "something, and nobody knows what" of each slot first."""
IMPOSSIBLE_IN_A_ROW: Final = 2
ESTABLISHED_MS: Final = 10_000
"""Of two slots with one serial, the one that has had it for so much longer is believed; else neither is."""
LIVE_MV: Final = 1_000
TEMPERATURE_STEP_DECICELSIUS: Final = 10
VOLTAGE_STEP_MV: Final = 100
CURRENT_STEP_MA: Final = 100

Values = dict[FieldName, Value]
ABOUT: Final = frozenset({FieldName.SOH, FieldName.CYCLES, FieldName.MODEL})
OF_THE_BATTERY: Final = frozenset({FieldName.TEMPERATURE, FieldName.VOLTAGE, FieldName.CURRENT, FieldName.FAULTS})


def decoded(ask: Ask, words: Sequence[int]) -> list[Values | Impossible]:
    """What an answer says of each of the ask's slots, and of the cabinet with the first. Raises `Impossible` for an
    answer that is another's."""
    block = ask.block
    identity = next((each for each in block.fields if each.field is FieldName.IDENTITY), None)
    expected = ask.board + 1 if block.scope is Scope.BOARD else int(ask.slots[0])
    if identity is not None and (whose := identity.read(words, 0)) != expected:
        raise Impossible(f"{block.name}: {block.scope} {whose} answered for {expected}")
    told: list[Values | Impossible] = []
    for index in range(len(ask.slots)):
        try:
            told.append(_of_slot(block, words, index))
        except Impossible as error:
            told.append(error)
    return told


def _of_slot(block: Block, words: Sequence[int], index: int) -> Values:
    values: Values = {}
    for each in block.fields:
        if each.field is FieldName.UNUSED:
            continue
        value = each.read(words, index)
        if each.field is FieldName.TEMPERATURE and values.get(each.field) is not None:
            value = max(_number(value) or -1_000, _number(values[each.field]) or -1_000)
        values[each.field] = value
    return values


@dataclass
class _Part:
    values: Values
    at_ms: int


@dataclass(frozen=True)
class _Claim:
    """A serial that has answered in a slot."""

    serial: str
    since_ms: int
    at_ms: int


@dataclass
class Slot:
    """One slot, as far as it is known."""

    number: SlotNumber
    parts: dict[str, _Part] = field(default_factory=dict)
    """The latest good answer of each block."""
    strange: dict[str, int] = field(default_factory=dict)
    """Impossible answers in a row, by block."""
    strange_why: str = ""
    serial: str = ""
    serial_since_ms: int = 0
    claim: _Claim | None = None
    occupied_since_ms: int | None = None
    """By the slot's contact, 0: it was so when it was first read; None: it says empty, or has said nothing yet."""
    contact_seen: bool = False
    back_ms: int | None = None
    """Since when the door of a slot that counts as unknown is being read."""
    told: SlotRead | SlotLost | None = None

    @property
    def is_impossible(self) -> bool:
        return any(times >= IMPOSSIBLE_IN_A_ROW for times in self.strange.values())


@dataclass(eq=False)
class Slots:
    """All slots of a cabinet and what has been told of them."""

    map: CabinetMap
    numbers: Sequence[SlotNumber]

    def __post_init__(self) -> None:
        map_ = self.map
        self._slots = {number: Slot(number) for number in self.numbers}
        self._since_ms: int | None = None
        """Since when a first answer has been waited for."""
        self._cycles = 0
        self._doors = next(block for block in map_.blocks if FieldName.DOOR_OPEN in block.names())
        self._safety = [block for block in map_.blocks if block.safety and block.names() & OF_THE_BATTERY]
        self._about = [block for block in map_.blocks if block.names() & ABOUT]
        contacts = [block for block in map_.blocks if FieldName.PRESENT in block.names()]
        self._contact = contacts[0] if contacts else None
        serial_block = next(block for block in map_.blocks if block.safety and FieldName.SERIAL in block.names())
        self._by_serial = serial_block if FieldName.IDENTITY not in serial_block.names() else None

    def cycle_began(self) -> None:
        """Everybody has been asked once more."""
        self._cycles += 1

    def take(self, number: SlotNumber, block: Block, values: Values, now_ms: int) -> bool:
        """A good answer. Returns whether it is to be asked for again at once, because it is strange."""
        slot = self._slots[number]
        if block is self._by_serial and (why := self._contested(slot, str(values[FieldName.SERIAL]), now_ms)):
            return self.strange(number, block, why)
        slot.strange.pop(block.name, None)
        serial = values.get(FieldName.SERIAL)
        if not block.safety and serial is not None and serial != slot.serial:
            # Of a battery that is not there any more, or not yet.
            return False
        slot.parts[block.name] = _Part(values, now_ms)
        if block is self._contact:
            self._contact_read(slot, values[FieldName.PRESENT] is True, now_ms)
        if block.safety and serial is not None and serial != slot.serial:
            slot.serial, slot.serial_since_ms = str(serial), now_ms
            for about in self._about:
                if not about.safety:
                    slot.parts.pop(about.name, None)
        return False

    def strange(self, number: SlotNumber, block: Block, why: str) -> bool:
        """An answer that cannot be, or that is another slot's. Returns whether it is to be asked for again at once."""
        slot = self._slots[number]
        slot.strange[block.name] = slot.strange.get(block.name, 0) + 1
        slot.strange_why = why
        return slot.strange[block.name] < IMPOSSIBLE_IN_A_ROW

    def wants_about(self, number: SlotNumber) -> list[Block]:
        """The slow blocks that have not been read since its battery was first seen."""
        slot = self._slots[number]
        return [block for block in self._about if slot.serial and block.name not in slot.parts]

    def is_empty(self, number: SlotNumber) -> bool:
        """Whether the slot's own contact says so."""
        slot = self._slots[number]
        return slot.contact_seen and slot.occupied_since_ms is None

    def is_absent(self, number: SlotNumber, block: Block) -> bool:
        """Whether nobody is there to answer: the slot is empty, and the block is its battery's own."""
        return self.is_empty(number) and self._contact is not None and block.slave != self._contact.slave

    def door_closed(self, number: SlotNumber) -> bool:
        """As last read, however long ago."""
        doors = self._slots[number].parts.get(self._doors.name)
        return doors is not None and doors.values[FieldName.DOOR_OPEN] is False

    def changes(self, now_ms: int) -> list[SlotRead | SlotLost]:
        """What has to be told."""
        if self._since_ms is None:
            self._since_ms = now_ms
        told: list[SlotRead | SlotLost] = []
        for slot in self._slots.values():
            now = self._now(slot, now_ms)
            if now is None or not _differs(slot.told, now) or not self._is_whole(slot, now, now_ms):
                continue
            slot.told = now
            told.append(now)
        return told

    def forget(self) -> None:
        """The cabinet is offline: what was told counts no more."""
        self._slots = {number: Slot(number) for number in self.numbers}
        self._since_ms, self._cycles = None, 0

    # ------------------------------------------------ one slot

    def _is_whole(self, slot: Slot, now: SlotRead | SlotLost, now_ms: int) -> bool:
        """Whether it may be told, or its battery is still being read for the first time."""
        if isinstance(now, SlotLost) or isinstance(slot.told, SlotRead):
            slot.back_ms = None
            return True
        if slot.back_ms is None:
            slot.back_ms = now_ms
        return now.battery is not None or self.is_empty(slot.number) or now_ms - slot.back_ms >= WHOLE_MS

    def _contact_read(self, slot: Slot, occupied: bool, now_ms: int) -> None:
        """What was said before the battery came was of the one before it, or of nothing."""
        if not occupied:
            slot.occupied_since_ms = slot.claim = None
        elif slot.occupied_since_ms is None:
            slot.occupied_since_ms = now_ms if slot.contact_seen else 0
        slot.contact_seen = True

    def _contested(self, slot: Slot, serial: str, now_ms: int) -> str:
        """Why this serial is not believed here; empty: it is."""
        since_ms = slot.claim.since_ms if slot.claim is not None and slot.claim.serial == serial else now_ms
        slot.claim = _Claim(serial, since_ms, now_ms)
        for other in self._slots.values():
            claim = other.claim
            if other is slot or claim is None or not serial or claim.serial != serial:
                continue
            if now_ms - claim.at_ms <= STALE_MS and claim.since_ms - since_ms < ESTABLISHED_MS:
                return f"the battery of slot {other.number} answers here"
        return ""

    def _now(self, slot: Slot, now_ms: int) -> SlotRead | SlotLost | None:
        if slot.is_impossible:
            return SlotLost(slot.number, slot.strange_why[:200], impossible=True)
        doors = slot.parts.get(self._doors.name)
        read_ms = self._since_ms or 0 if doors is None else doors.at_ms
        if now_ms - read_ms > STALE_MS:
            return SlotLost(slot.number, f"no answer for {STALE_MS} ms")
        if doors is None:
            return None
        fresh = self._fresh(slot, now_ms)
        battery = None if fresh is None else self._battery(slot, fresh, now_ms)
        charger_on = self._of(slot, FieldName.CHARGER_ON, now_ms)
        limit_ma = _number(self._of(slot, FieldName.CHARGER_LIMIT_MA, now_ms))
        return SlotRead(
            slot.number,
            _yes(doors.values[FieldName.DOOR_OPEN]),
            self._present(slot, fresh, battery),
            battery,
            charger_on=_yes(charger_on) if charger_on is not None or limit_ma is None else limit_ma > 0,
            charger_ma=_number(self._of(slot, FieldName.CHARGER_MA, now_ms)),
            smoke=_yes(self._of(slot, FieldName.SMOKE, now_ms)),
            slot_decicelsius=_number(self._of(slot, FieldName.SLOT_TEMPERATURE, now_ms)),
        )

    def _present(self, slot: Slot, fresh: Values | None, battery: BatteryReading | None) -> bool | None:
        if self._contact is not None:
            return slot.occupied_since_ms is not None if slot.contact_seen else None
        if battery is not None:
            return True
        return None if fresh is None else (_number(fresh.get(FieldName.VOLTAGE)) or 0) > LIVE_MV

    def _fresh(self, slot: Slot, now_ms: int) -> Values | None:
        """The battery's safety data together, if none of it is too old, or of the battery before."""
        together: Values = {}
        for block in self._safety:
            part = slot.parts.get(block.name)
            if part is None or now_ms - part.at_ms > STALE_MS:
                return None
            answers = part.values.get(FieldName.BMS_ANSWERS) is not False
            said_ms = part.at_ms - (_number(part.values.get(FieldName.BMS_AGE_MS)) or 0)
            if answers and (now_ms - said_ms > STALE_MS or said_ms < (slot.occupied_since_ms or said_ms)):
                return None
            together |= part.values
        return together

    def _battery(self, slot: Slot, fresh: Values, now_ms: int) -> BatteryReading | None:
        if fresh.get(FieldName.BMS_ANSWERS) is False or self.is_empty(slot.number):
            return None
        if self._by_serial is not None and self._cycles < 2:
            # Which of two slots with one serial is believed shows when both have answered.
            return None
        if self.wants_about(slot.number) and now_ms - slot.serial_since_ms < ABOUT_MS:
            return None
        about: Values = {}
        for block in self._about:
            part = slot.parts.get(block.name)
            about |= {} if part is None else part.values
        return BatteryReading(
            BatteryId(slot.serial),
            model=str(about.get(FieldName.MODEL) or ""),
            soc_percent=_number(self._of(slot, FieldName.SOC, now_ms)),
            soh_percent=_number(about.get(FieldName.SOH)),
            voltage_mv=_number(fresh.get(FieldName.VOLTAGE)),
            current_ma=_number(fresh.get(FieldName.CURRENT)),
            temperature_decicelsius=_number(fresh.get(FieldName.TEMPERATURE)),
            cycles=_number(about.get(FieldName.CYCLES)),
            faults=_number(fresh.get(FieldName.FAULTS)) or 0,
        )

    def _of(self, slot: Slot, name: FieldName, now_ms: int) -> Value:
        for part in slot.parts.values():
            if name in part.values and now_ms - part.at_ms <= STALE_MS:
                return part.values[name]
        return None


def _yes(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _differs(told: SlotRead | SlotLost | None, now: SlotRead | SlotLost) -> bool:
    """Whether there is something to tell."""
    if isinstance(now, SlotLost):
        return not isinstance(told, SlotLost) or told.impossible is not now.impossible
    if (
        not isinstance(told, SlotRead)
        or _moved(told.charger_ma, now.charger_ma, CURRENT_STEP_MA)
        or _moved(told.slot_decicelsius, now.slot_decicelsius, TEMPERATURE_STEP_DECICELSIUS)
    ):
        return True
    told = replace(told, charger_ma=now.charger_ma, slot_decicelsius=now.slot_decicelsius)
    before, after = told.battery, now.battery
    if before is None or after is None:
        return told != now
    if (
        _moved(before.temperature_decicelsius, after.temperature_decicelsius, TEMPERATURE_STEP_DECICELSIUS)
        or _moved(before.voltage_mv, after.voltage_mv, VOLTAGE_STEP_MV)
        or _moved(before.current_ma, after.current_ma, CURRENT_STEP_MA)
    ):
        return True
    # Within its step a measured value counts as the one told; everything else is told at any change.
    level = replace(
        before,
        temperature_decicelsius=after.temperature_decicelsius,
        voltage_mv=after.voltage_mv,
        current_ma=after.current_ma,
    )
    return replace(told, battery=level) != now


def _moved(before: int | None, after: int | None, step: int) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= step
