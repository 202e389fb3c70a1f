"""Riders who do anything at all, with locks that stick, power that goes and packs that fall silent: what stays true."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.policy.model import Member
from contract.records import Record, SwapBegun, SwapEnded, SwapKind, SwapStage
from edge.core import events
from edge.core.cabinet.state import GONE
from edge.core.effects import UnlockSlot
from edge.core.events import PulseResult
from tests.core.cabinet.swap_support import LI, SLOTS, TIMES, WANG, Battery, World, assert_books_balance

MEMBERS = {WANG.id: WANG, LI.id: LI}
SLOT = st.sampled_from(SLOTS)


class Watched(World):
    """No pulse leaves the station while another slot stands open."""

    def _pulse(self, effect: UnlockSlot) -> list[Record]:
        others = [number for number, slot in self.slots.items() if slot.open and number != effect.slot]
        assert others == [], f"slot {effect.slot} is told to open while {others} stand open"
        return super()._pulse(effect)


class Lives(RuleBasedStateMachine):
    """One cabinet, two riders with a battery each, a foreign pack and a brick lying about."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Watched()
        self.hands: dict[MemberId, list[Battery]] = {WANG.id: [self.world.worn_out], LI.id: [self.world.of_li]}
        self.floor = [Battery(BatteryId("X")), Battery(BatteryId("brick"), silent=True)]
        self.returned: set[MemberId] = set()

    # ------------------------------------------------ what people do

    @rule(member=st.sampled_from([WANG, LI]), kind=st.sampled_from([None, *SwapKind]))
    def shows_a_card(self, member: Member, kind: SwapKind | None) -> None:
        records = self.world.card(member, kind=kind)
        begun = [record for record in records if isinstance(record, SwapBegun)]
        self.returned |= {record.member for record in begun if record.swap_kind is SwapKind.RETURN_ONLY}

    @rule(member=st.sampled_from([WANG.id, LI.id]), slot=SLOT, foreign=st.booleans())
    def puts_in(self, member: MemberId, slot: SlotNumber, foreign: bool) -> None:
        at, pile = self.world.slots[slot], self.floor if foreign else self.hands[self._whose(slot, member)]
        if at.open and at.battery is None and pile:
            self.world.put(pile.pop(), slot)

    @rule(member=st.sampled_from([WANG.id, LI.id]), slot=SLOT)
    def takes_out(self, member: MemberId, slot: SlotNumber) -> None:
        at = self.world.slots[slot]
        if at.open and at.battery is not None:
            whose = self._whose(slot, member)
            battery = self.world.take(slot)
            ours = battery.serial in self.world.roster
            (self.hands[whose] if ours else self.floor).append(battery)

    def _whose(self, slot: SlotNumber, otherwise: MemberId) -> MemberId:
        """Nobody steals from the slot before which somebody else stands, or stood: no books could tell."""
        swap, left = self.world.memory.swap, self.world.memory.left_at(slot)
        if swap is not None and slot in (swap.slot_in, swap.slot_out):
            return swap.member
        return otherwise if left is None else left.member

    @rule(slot=SLOT)
    def shuts(self, slot: SlotNumber) -> None:
        if self.world.slots[slot].open:
            self.world.shut(slot)

    @rule()
    def shuts_whatever_is_open(self) -> None:
        for slot in SLOTS:
            self.shuts(slot)

    @rule(member=st.sampled_from([WANG, LI]))
    def does_as_the_screen_says(self, member: Member) -> None:
        swap = self.world.memory.swap
        if swap is None:
            self.shuts_whatever_is_open()
            self.world.wait(2_000)
            self.world.card(member)
            return
        for slot in SLOTS:
            if swap.stage is SwapStage.PUT_IN:
                self.puts_in(swap.member, slot, foreign=False)
            elif swap.stage in (SwapStage.TAKE_OUT, SwapStage.TAKE_BACK):
                self.takes_out(swap.member, slot)
        self.shuts_whatever_is_open()
        self.world.wait(16_000)

    @rule()
    def cancels(self) -> None:
        self.world.cancel()

    @rule(ms=st.sampled_from([100, 1_600, 5_000, 16_000, 61_000, 181_000]))
    def time_passes(self, ms: int) -> None:
        self.world.wait(ms)

    # ------------------------------------------------ what goes wrong

    @rule(slot=SLOT)
    def pries_open(self, slot: SlotNumber) -> None:
        self.world.pry(slot)

    @rule(slot=SLOT, stuck=st.booleans(), result=st.sampled_from(PulseResult))
    def a_lock_changes(self, slot: SlotNumber, stuck: bool, result: PulseResult) -> None:
        self.world.slots[slot].stuck, self.world.slots[slot].pulse_result = stuck, result

    @rule(slot=SLOT, silent=st.booleans())
    def a_pack_changes_its_mind(self, slot: SlotNumber, silent: bool) -> None:
        battery = self.world.slots[slot].battery
        if battery is not None and battery.serial != "brick":
            battery.silent = silent
            self.world.tell(slot)

    @rule(for_ms=st.sampled_from([1_000, 40_000]), again=st.booleans())
    def the_cabinet_falls_silent(self, for_ms: int, again: bool) -> None:
        self.world.do(events.CabinetChanged(False))
        self.world.wait(for_ms)
        self.world.come_online()

    @rule(slot=SLOT, member=st.sampled_from([WANG.id, LI.id]), put=st.booleans())
    def the_power_goes(self, slot: SlotNumber, member: MemberId, put: bool) -> None:
        def meanwhile() -> None:
            at, whose = self.world.slots[slot], self._whose(slot, member)
            if at.open and put and at.battery is None and self.hands[whose]:
                at.battery = self.hands[whose].pop()
            elif at.open and at.battery is not None and at.battery.serial in self.world.roster:
                self.hands[whose].append(at.battery)
                at.battery = None

        self.world.power_cut(meanwhile)

    @rule(commits=st.booleans())
    def storage_changes(self, commits: bool) -> None:
        self.world.commits = commits

    # ------------------------------------------------ what stays true

    @invariant()
    def every_battery_is_in_one_place_of_the_books(self) -> None:
        assert_books_balance(self.world)

    @invariant()
    def every_swap_ends_once(self) -> None:
        begun = [record.swap for record, _ in self.world.records if isinstance(record, SwapBegun)]
        ended = [record.swap for record, _ in self.world.records if isinstance(record, SwapEnded)]
        under_way = [] if self.world.memory.swap is None else [self.world.memory.swap.id]
        assert begun == ended + under_way

    def teardown(self) -> None:
        """Everything is put in order, and books and truth are compared."""
        world = self.world
        world.commits = True
        for slot in SLOTS:
            at = world.slots[slot]
            at.open = False
            if at.battery is not None and at.battery.serial != "brick":
                at.battery.silent = False
        world.come_online()
        world.wait(3 * TIMES.reconcile_ms)
        for slot in SLOTS:
            world.slots[slot].open = False
        world.tell_all()
        world.wait(400_000)
        for slot in SLOTS:
            world.slots[slot].open = False
        world.tell_all()
        world.wait(400_000)
        assert world.memory.swap is None
        ours = {slot: battery for slot, battery in world.lying().items() if battery in world.roster}
        # What lies silent where a battery is booked is presumed to be that one, and said to be a presumption.
        presumed = {one.slot: one.battery for one in world.memory.anomalies if one.kind == "unreadable_inside"}
        known = {slot: battery for slot, battery in world.booked().items() if presumed.get(slot) != battery}
        assert known == ours
        self._the_rest_is_accounted_for()

    def _the_rest_is_accounted_for(self) -> None:
        world, memory = self.world, self.world.memory
        elsewhere = {out.battery for out in memory.out}
        elsewhere |= {one.battery for one in memory.anomalies if one.kind in GONE and one.battery is not None}
        held = {battery.serial for hand in self.hands.values() for battery in hand}
        assert elsewhere <= held, "the books have with somebody what nobody has"
        presumed = {one.battery for one in memory.anomalies if one.kind == "unreadable_inside"}
        assert held - elsewhere - presumed <= {"W", "L"}, "somebody has what the books know nothing of"
        assert len(held) + len(memory.claims) + len(memory.anomalies) >= 2 - len(self.returned), "a rider goes on foot"
        strange = {battery for battery in world.lying().values() if battery not in world.roster}
        named = {one.battery for one in memory.anomalies if one.kind == "foreign_inside"}
        assert strange - {"brick"} <= named
        if "brick" in strange:
            assert any(one.kind == "unreadable_inside" for one in memory.anomalies)


LivesOfCarelessRiders = Lives.TestCase
LivesOfCarelessRiders.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
