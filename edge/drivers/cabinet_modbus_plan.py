"""In which order a cabinet's registers are read, and how long that takes on the wire.

A cycle reads every safety block of every slot; those that are read several times in it are spread over it, and what
changes slowly follows at its end, another slot's each time. What a cycle takes is computed from the line's speed: bits
divided by baud, the 3.5 characters of silence before and after each request, and the delay that the maker states. A
cabinet whose cycle takes more than half of what data may be old is refused: one lost answer would blind it.

Source: "MODBUS over Serial Line" V1.02, 2.5.1.1 (silence; fixed at 1.75 ms above 19200 baud).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contract.ids import SlotNumber
from edge.drivers.cabinet_modbus_fields import FieldName
from edge.drivers.cabinet_modbus_map import Block, CabinetMap, MapError, Scope, Write

STALE_MS: Final = 4_500
"""Data older than this is missing."""
BITS_A_CHARACTER: Final = 10
"""8N1, as all these makes speak."""
REQUEST_CHARACTERS: Final = 8
ANSWER_CHARACTERS: Final = 5
"""Around the data: address, function, length, two of checksum."""
FIXED_GAP_ABOVE_BAUD: Final = 19_200
FIXED_GAP_MS: Final = 1.75
TCP_MS: Final = 1.0
"""What a request and its answer take on a cabinet's own network."""
HOLDS_IN_A_DROP: Final = 4
"""What ends by itself is written so often in the time after which it would."""


@dataclass(frozen=True)
class Wire:
    """The speed of a line; `baud` None: TCP."""

    baud: int | None

    @property
    def gap_ms(self) -> float:
        """The silence that ends a frame."""
        if self.baud is None:
            return 0.0
        return FIXED_GAP_MS if self.baud > FIXED_GAP_ABOVE_BAUD else self.characters_ms(3.5)

    def characters_ms(self, characters: float) -> float:
        return 0.0 if self.baud is None else characters * BITS_A_CHARACTER * 1_000 / self.baud

    def exchange_ms(self, answer_characters: int, answer_ms: int) -> float:
        """A request, the silence after it, the slave's delay, its answer, and the silence after that."""
        if self.baud is None:
            return TCP_MS + answer_ms
        return self.characters_ms(REQUEST_CHARACTERS + answer_characters) + 2 * self.gap_ms + answer_ms


@dataclass(frozen=True, eq=False)
class Ask:
    """One request. `slots`: those whose fields its answer has, in their order: one, or all of a board."""

    block: Block
    address: int
    board: int
    """Counted from 0."""
    first: int
    slots: tuple[SlotNumber, ...]
    answer_ms: int

    def wire_ms(self, wire: Wire) -> float:
        return wire.exchange_ms(ANSWER_CHARACTERS + self.block.answer_bytes(self.block.count), self.answer_ms)


@dataclass(eq=False)
class Plan:
    """What is asked of the slots 1 to the last of `slots`."""

    map: CabinetMap
    slots: Sequence[SlotNumber]
    wire: Wire

    def __post_init__(self) -> None:
        map_ = self.map
        asks = [ask for block in map_.blocks for ask in self._asks(block)]
        self._often = [ask for ask in asks if ask.block.times_a_cycle > 1]
        self._always = [ask for ask in asks if ask.block.times_a_cycle == 1 and ask.block.every == 1]
        self._slow = [ask for ask in asks if ask.block.every > 1]
        self.asks = tuple(asks)

    def _asks(self, block: Block) -> Iterator[Ask]:
        kind = self.map.slave(block.slave)
        if block.scope is Scope.BOARD:
            for board in range(kind.boards(max(self.slots))):
                own = tuple(slot for slot in self.slots if kind.place(slot - 1)[0] == kind.address + board)
                yield Ask(block, kind.address + board, board, block.at, own, kind.answer_ms)
            return
        for slot in self.slots:
            address, index = kind.place(slot - 1)
            first = block.at + index * block.stride
            yield Ask(block, address, address - kind.address, first, (slot,), kind.answer_ms)

    def of_slot(self, slot: SlotNumber, name: FieldName) -> list[Ask]:
        """What has to be asked to know this of the slot."""
        return [ask for ask in self.asks if slot in ask.slots and name in ask.block.names()]

    def of_cabinet(self, name: FieldName) -> list[Ask]:
        return [ask for ask in self.asks if ask.board == 0 and name in ask.block.names()]

    def cycle(self, number: int) -> list[Ask]:
        """All requests of the cycle, in order."""
        order: list[Ask] = []
        times = max((ask.block.times_a_cycle for ask in self._often), default=1)
        each = -(-len(self._always) // times)
        for turn in range(times):
            # A block read twice, beside one read four times, comes in every second turn.
            order += [ask for ask in self._often if turn * ask.block.times_a_cycle % times < ask.block.times_a_cycle]
            order += self._always[turn * each : (turn + 1) * each]
        return order + [ask for index, ask in enumerate(self._slow) if (number + index) % ask.block.every == 0]

    @property
    def cycle_ms(self) -> float:
        """What the longest cycle takes on the wire."""
        longest = max((ask.block.every for ask in self._slow), default=1)
        cycles = (sum(ask.wire_ms(self.wire) for ask in self.cycle(number)) for number in range(longest))
        reading_ms = max(cycles)
        holds = [hold for hold in (self.map.writes.watchdog, self.map.writes.contactor) if hold is not None]
        return reading_ms + sum(self._hold_ms(hold) * min(1.0, reading_ms / hold_ms(hold)) for hold in holds)

    def _hold_ms(self, write: Write) -> float:
        return self.wire.exchange_ms(REQUEST_CHARACTERS, self.map.slave(write.slave).answer_ms)

    def check(self, file: object) -> None:
        """Raises `MapError` for slots that the make does not have, or that cannot be read in time."""
        if not self.slots or max(self.slots) > self.map.max_slots or min(self.slots) < 1:
            raise MapError(f"{file}: key 'max_slots': this make has slots 1–{self.map.max_slots}")
        if self.cycle_ms > STALE_MS / 2:
            speed = "over TCP" if self.wire.baud is None else f"at {self.wire.baud} baud"
            raise MapError(
                f"{file}: key 'blocks': reading {len(self.slots)} slots {speed} takes {self.cycle_ms:.0f} ms, more than"
                f" half of the {STALE_MS} ms after which data is missing"
            )


def hold_ms(write: Write) -> int:
    """How often something that drops by itself is written."""
    return (write.drops_after_ms or STALE_MS * HOLDS_IN_A_DROP) // HOLDS_IN_A_DROP


def wire_floor_ms(map_: CabinetMap, baud: int | None) -> float:
    """What lies on the wire between the answer that says "door closed" and the end of the pulse that opens the next
    slot, whoever decides and however fast: the silence after that answer, reading which battery it is and how it does
    (every block of a slot that tells its serial, its temperature or its health), and the request of the pulse."""
    wire = Wire(baud)
    needed = {FieldName.SERIAL, FieldName.TEMPERATURE, FieldName.SOH}
    plan = Plan(map_, (SlotNumber(1),), wire)
    reading = sum(ask.wire_ms(wire) for ask in plan.asks if ask.block.names() & needed)
    return wire.gap_ms + reading + wire.characters_ms(REQUEST_CHARACTERS)
