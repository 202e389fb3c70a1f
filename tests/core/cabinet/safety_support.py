"""A cabinet lived by hand: slots read, pulses answered, time passing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from contract.ids import BatteryId, SlotNumber
from contract.records import Record, SlotCause
from edge.core import events
from edge.core.cabinet.config import BatteryModel, CabinetConfig
from edge.core.cabinet.slots import slot_now, unlock
from edge.core.cabinet.state import Booked, CabinetMemory, CabinetNow, ChargeNow, SlotNow
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.effects import Effect, SetCharger, SetContactor
from edge.core.events import BatteryReading, SlotRead
from edge.core.fold import apply
from edge.core.state import RecordedAt, StationState
from edge.core.turn import Turn
from tests.core.support import CONFIG, Life

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
ONE, TWO, THREE, FOUR, FIVE = (SlotNumber(number) for number in range(1, 6))
SLOTS = (ONE, TWO, THREE, FOUR, FIVE)
MODEL = BatteryModel("M48", capacity_mah=20_000, empty_mv=39_000, full_mv=54_600, charge_ma=8_000, wakeable=True)
COLD = BatteryModel("C48", 20_000, 39_000, 54_600, 4_000, charge_from_decicelsius=100, charge_to_decicelsius=300)
E = TypeVar("E", bound=Effect)
R = TypeVar("R", bound=Record)


def with_cabinet(**changes: object) -> StationConfig:
    """The usual station with a cabinet that may charge."""
    cabinet = CabinetConfig(slots=SLOTS, models=(MODEL, COLD), chargeable=True)
    return replace(CONFIG, cabinet=replace(cabinet, **changes))  # type: ignore[arg-type]


CABINET = with_cabinet()


def serial(slot: SlotNumber) -> BatteryId:
    return BatteryId(f"B{slot}")


def battery(slot: SlotNumber, **said: object) -> BatteryReading:
    """A sound, half-full battery of the model M48."""
    usual = BatteryReading(serial(slot), "M48", 50, 95, 48_000, 0, 250, 100)
    return replace(usual, **said)  # type: ignore[arg-type]


class Cabinet(Life):
    """Slots 1–3 hold booked batteries, 4 and 5 are empty; everything has been read, unless told otherwise."""

    def __init__(
        self,
        config: StationConfig = CABINET,
        *,
        full: Iterable[SlotNumber] = SLOTS[:3],
        read: bool = True,
        booked: bool = True,
    ) -> None:
        """`booked` False: the books take the batteries in when they are read first."""
        super().__init__(config)
        self.full = tuple(full)
        if booked:
            self.remember(booked=tuple(Booked(slot, serial(slot), "M48") for slot in self.full))
        if read:
            self.come_online()

    def remember(self, **changes: object) -> None:
        """As if records had said so."""
        memory = changed(self.memory, **changes)
        self.state = StationState(changed(self.state.durable, cabinet=memory), self.state.volatile)

    def come_online(self) -> None:
        self.do(events.CabinetChanged(online=True))
        for slot in self.config.cabinet.slots:
            self.read(slot)

    @property
    def memory(self) -> CabinetMemory:
        return self.state.durable.cabinet

    @property
    def cabinet(self) -> CabinetNow:
        return self.state.volatile.cabinet

    def slot(self, slot: SlotNumber) -> SlotNow:
        return slot_now(self.state, slot)

    def charge(self, slot: SlotNumber) -> ChargeNow:
        return self.cabinet.charge.get(slot, ChargeNow())

    # ------------------------------------------------ what the driver says

    def read(self, slot: SlotNumber, *, open: bool | None = False, **said: object) -> list[Record]:
        """A reading: the slot's battery, if it has one, says what is given; `present`, `smoke`, … are the slot's."""
        of_slot = {name: said.pop(name) for name in list(said) if name in SlotRead.__dataclass_fields__}
        there = slot in self.full
        usual: dict[str, object] = {"present": there, "charger_on": self.charge(slot).limit_ma > 0}
        if there and "battery" not in of_slot:
            of_slot["battery"] = battery(slot, **said)
        return self.do(SlotRead(slot, door_open=open, **{**usual, **of_slot}))  # type: ignore[arg-type]

    def tell(self, slot: SlotNumber, decicelsius: int, **said: object) -> list[Record]:
        return self.read(slot, temperature_decicelsius=decicelsius, **said)  # type: ignore[arg-type]

    def point(self, point: events.CabinetPoint, active: bool | None = True) -> list[Record]:
        return self.do(events.CabinetPointRead(point, active))

    def unlock(self, slot: SlotNumber, cause: SlotCause = SlotCause.COMMAND) -> int:
        """Told to open by somebody; the pulse's number."""
        turn = Turn(self.config, self.state, self.now())
        unlock(turn, slot, cause)
        boot = self.state.durable.boot
        self.records += [(record, RecordedAt(self.mono_ms, self.now().wall_ms, boot)) for record in turn.records]
        self.effects += turn.effects
        self.state = turn.state
        return self.memory.pulses

    def answer(self, slot: SlotNumber, result: events.PulseResult = events.PulseResult.SENT) -> list[Record]:
        return self.do(events.SlotPulsed(slot, self.slot(slot).pulse, result))

    # ------------------------------------------------ questions

    def records_of_all(self) -> list[Record]:
        return [record for record, _ in self.records]

    def chargers(self) -> dict[SlotNumber, int]:
        """What each charger was told last."""
        return {effect.slot: effect.limit_ma for effect in self.effects if isinstance(effect, SetCharger)}

    def charging(self) -> set[SlotNumber]:
        return {slot for slot, limit_ma in self.chargers().items() if limit_ma > 0}

    def contactor(self) -> bool | None:
        told = [effect.closed for effect in self.effects if isinstance(effect, SetContactor)]
        return told[-1] if told else None

    def replayed(self) -> CabinetMemory:
        """What the records alone say, from where this life began."""
        state = StationState()
        for record, at in self.records:
            state = apply(state, record, at)
        return state.durable.cabinet


def every(records: Iterable[Record], kind: type[R]) -> list[R]:
    return [record for record in records if isinstance(record, kind)]


def effects_of(life: Life, kind: type[E]) -> list[E]:
    return [effect for effect in life.effects if isinstance(effect, kind)]
