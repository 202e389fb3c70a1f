"""Swaps lived by hand, before a cabinet with a truth of its own: batteries lie where they are put, doors open when they
were pulsed and do not stick, the roster answers. What the station believes never decides what is true."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from contract.ids import BatteryId, CredentialHash, MemberId, ReaderId, SlotNumber
from contract.policy.model import Member
from contract.records import Record, SlotCause, SlotUnlocked, SwapEnded, SwapKind, SwapOutcome, SwapRefusal, SwapRefused
from edge.core import events
from edge.core.cabinet.config import BatteryModel, CabinetConfig, SwapTimes
from edge.core.cabinet.state import GONE, CabinetMemory, CabinetNow, Swap
from edge.core.config import StationConfig
from edge.core.effects import LookUpBattery, UnlockSlot
from edge.core.events import BatteryFacts, BatteryReading, PulseResult
from tests.core.support import ENTRY, STATION, Life

CABINET: Final = ReaderId("cabinet")
CARD: Final = CredentialHash("ca" * 32)
WANG, LI = Member(MemberId("wang"), trade="courier"), Member(MemberId("li"), trade="courier")
SLOTS: Final = tuple(SlotNumber(number) for number in range(1, 7))
MODEL: Final = BatteryModel("M60", 24_000, 44_000, 67_200, 8_000)
TIMES: Final = SwapTimes()
SWAP_CONFIG: Final = StationConfig(
    STATION, (ENTRY, CABINET), cabinet=CabinetConfig(slots=SLOTS, reader=CABINET, models=(MODEL,), times=TIMES)
)


@dataclass
class Battery:
    """What lies somewhere. `silent`: its BMS says nothing."""

    serial: BatteryId
    soc_percent: int = 98
    soh_percent: int | None = 95
    decicelsius: int | None = 250
    voltage_mv: int | None = 60_000
    faults: int = 0
    silent: bool = False

    def reading(self) -> BatteryReading | None:
        if self.silent:
            return None
        return BatteryReading(
            self.serial,
            "M60",
            self.soc_percent,
            self.soh_percent,
            self.voltage_mv,
            0,
            self.decicelsius,
            120,
            self.faults,
        )


@dataclass
class Slot:
    battery: Battery | None = None
    open: bool = False
    stuck: bool = False
    lost: bool = False
    pulse_result: PulseResult | None = PulseResult.SENT
    """None: the driver never says what became of a pulse."""
    pulses: list[int] = field(default_factory=list)


class World(Life):
    """Slots 1–4 hold full batteries F1–F4, 5 and 6 are empty. 王 has the empty battery W, 李 has L."""

    def __init__(self, config: StationConfig = SWAP_CONFIG, *, full: int = 4, filled: bool = True) -> None:
        self.slots = {slot: Slot() for slot in config.cabinet.slots}
        self.roster: dict[str, BatteryFacts | None] = {}
        self.roster_answers = True
        self.commits = True
        self.most_open = 0
        super().__init__(config)
        for number in range(1, full + 1):
            self.slots[SlotNumber(number)].battery = self.ours(f"F{number}")
        self.worn_out = self.ours("W", soc_percent=8, member=WANG.id)
        self.of_li = self.ours("L", soc_percent=12, member=LI.id)
        if filled:
            self.come_online()

    def ours(self, serial: str, member: MemberId | None = None, **said: object) -> Battery:
        """A battery that the roster knows."""
        self.roster[serial] = BatteryFacts("M60", member, as_of_ms=1)
        return replace(Battery(BatteryId(serial)), **said)  # type: ignore[arg-type]

    # ------------------------------------------------ the wire

    def do(self, event: events.Event) -> list[Record]:
        seen_effects = len(self.effects)
        records = list(super().do(event))
        for effect in list(self.effects[seen_effects:]):
            if isinstance(effect, UnlockSlot):
                records += self._pulse(effect)
            elif isinstance(effect, LookUpBattery):
                facts = self.roster.get(effect.battery)
                records += self.do(events.BatteryLookedUp(effect.battery, facts, self.roster_answers))
        self.most_open = max(self.most_open, sum(slot.open for slot in self.slots.values()))
        self.last = records
        return records

    def _pulse(self, effect: UnlockSlot) -> list[Record]:
        if not self.commits:
            return self.do(events.EffectRefused(effect))
        slot = self.slots[effect.slot]
        records = list(self.do(events.EffectDone(effect)))
        if slot.pulse_result is not PulseResult.REFUSED:
            slot.pulses.append(effect.pulse)
        if slot.pulse_result is not None:
            records += self.do(events.SlotPulsed(effect.slot, effect.pulse, slot.pulse_result))
        if not slot.stuck and slot.pulse_result is not PulseResult.REFUSED:
            slot.open = True
            records += self.tell(effect.slot)
        return records

    def tell(self, number: SlotNumber) -> list[Record]:
        """The driver reads a slot."""
        slot = self.slots[number]
        if slot.lost:
            return self.do(events.SlotLost(number, "no data"))
        reading = None if slot.battery is None else slot.battery.reading()
        return self.do(events.SlotRead(number, slot.open, slot.battery is not None, reading))

    def tell_all(self) -> list[Record]:
        return [record for number in self.slots for record in self.tell(number)]

    def come_online(self) -> list[Record]:
        return [*self.do(events.CabinetChanged(True)), *self.tell_all()]

    def power_cut(self, meanwhile: Callable[[], None] | None = None, *, reads: bool = True) -> list[Record]:
        """The run ends at once; the next one begins and reads the cabinet."""
        if meanwhile is not None:
            meanwhile()
        records = [*self.boot(clean_stop=False), *self.levels()]
        return [*records, *self.come_online()] if reads else records

    # ------------------------------------------------ the rider

    def card(self, member: Member | None = WANG, *, age_ms: int = 0, kind: SwapKind | None = None) -> list[Record]:
        if kind is not None:
            self.do(events.SwapChosen(kind))
        return self.do(events.CardPresented(CABINET, CARD, member, self.mono_ms - age_ms))

    def put(self, battery: Battery | None, number: SlotNumber | None = None) -> list[Record]:
        """Put something into an open slot: the one where the swap is."""
        slot = self.at() if number is None else number
        assert self.slots[slot].open
        assert self.slots[slot].battery is None
        self.slots[slot].battery = battery
        return self.tell(slot)

    def take(self, number: SlotNumber | None = None) -> Battery:
        slot = self.at() if number is None else number
        battery = self.slots[slot].battery
        assert self.slots[slot].open
        assert battery is not None
        self.slots[slot].battery = None
        self.tell(slot)
        return battery

    def shut(self, number: SlotNumber | None = None) -> list[Record]:
        slot = self.at() if number is None else number
        self.slots[slot].open = False
        return self.tell(slot)

    def pry(self, number: SlotNumber) -> list[Record]:
        """Open a slot by hand."""
        self.slots[number].open = True
        return self.tell(number)

    def bring(self, battery: Battery | None, member: Member = WANG, kind: SwapKind | None = None) -> list[Record]:
        """Card, battery in, door shut."""
        return [*self.card(member, kind=kind), *self.put(battery), *self.shut()]

    def fetch(self) -> Battery:
        """Take what is in the open slot, and shut it."""
        slot = self.at()
        battery = self.take(slot)
        self.shut(slot)
        return battery

    def cancel(self) -> list[Record]:
        return self.do(events.SwapCancelled())

    # ------------------------------------------------ questions

    @property
    def memory(self) -> CabinetMemory:
        return self.state.durable.cabinet

    @property
    def cabinet(self) -> CabinetNow:
        return self.state.volatile.cabinet

    @property
    def swap(self) -> Swap:
        swap = self.memory.swap
        assert swap is not None
        return swap

    def at(self) -> SlotNumber:
        """Where the swap has opened a slot last."""
        unlocked = [record for record, _ in self.records if isinstance(record, SlotUnlocked)]
        return unlocked[-1].slot

    def outcomes(self) -> list[SwapOutcome]:
        return [record.outcome for record, _ in self.records if isinstance(record, SwapEnded)]

    def refusals(self) -> list[SwapRefusal]:
        return [record.reason for record, _ in self.records if isinstance(record, SwapRefused)]

    def causes(self) -> list[SlotCause]:
        return [record.cause for record, _ in self.records if isinstance(record, SlotUnlocked)]

    def booked(self) -> dict[SlotNumber, BatteryId]:
        return {booked.slot: booked.battery for booked in self.memory.booked}

    def out(self) -> dict[BatteryId, MemberId]:
        return {out.battery: out.member for out in self.memory.out}

    def anomalies(self) -> list[tuple[str, str, str | None, SlotNumber | None, str | None]]:
        return [(one.kind, one.cause, one.battery, one.slot, one.member) for one in self.memory.anomalies]

    def claims(self) -> list[MemberId]:
        return [claim.member for claim in self.memory.claims]

    def lying(self) -> dict[SlotNumber, BatteryId]:
        """What really lies in the slots."""
        return {number: slot.battery.serial for number, slot in self.slots.items() if slot.battery is not None}


def assert_books_balance(world: World) -> None:
    """No battery is in two places of the books."""
    memory = world.memory
    places = [booked.battery for booked in memory.booked] + [out.battery for out in memory.out]
    places += [one.battery for one in memory.anomalies if one.kind in GONE and one.battery is not None]
    assert len(places) == len(set(places)), sorted(places)
    slots = [booked.slot for booked in memory.booked]
    assert len(slots) == len(set(slots)), slots
