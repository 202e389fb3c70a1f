"""Whatever a cabinet says and whoever acts: nothing charges outside its window, and a trip keeps what it stops."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.ids import BatteryId, SlotNumber
from contract.records import CabinetTripped, Trip
from edge.core import events
from edge.core.cabinet.config import COLDEST_CHARGE_DECICELSIUS, HOTTEST_CHARGE_DECICELSIUS
from edge.core.cabinet.trip_causes import TOO_HOT_DECICELSIUS
from edge.core.effects import SetContactor
from edge.core.events import CabinetPoint, CabinetWill, PulseResult
from edge.core.station import deadline
from tests.core.cabinet.safety_support import (
    HOUR_MS,
    MINUTE_MS,
    MODEL,
    SECOND_MS,
    SLOTS,
    Cabinet,
    battery,
    every,
    serial,
    with_cabinet,
)

SLOT = st.sampled_from(SLOTS)
FULL_SLOT = st.sampled_from(SLOTS[:3])
CONFIG = with_cabinet(power_budget_w=900, charge_at_once=2)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "temperature_decicelsius": st.sampled_from([-60, 40, 60, 250, 260, 290, 440, 460, 540, 550, 600, 9_999, None]),
        "voltage_mv": st.sampled_from([0, 3_000, 38_000, 40_000, 54_000, 54_600, 55_000, 200_000, None]),
        "current_ma": st.sampled_from([-5_000, 0, 90, 900, 8_000, 20_000, None]),
        "soc_percent": st.sampled_from([0, 50, 96, 100, 101, None]),
        "faults": st.sampled_from([0, 1]),
        "serial": st.sampled_from([BatteryId(""), BatteryId("B9"), serial(SLOTS[0])]),
        "model": st.sampled_from(["M48", "C48", "X99"]),
    },
)
OF_SLOT = st.fixed_dictionaries(
    {},
    optional={
        "open": st.sampled_from([True, False, None]),
        "present": st.sampled_from([True, False, None]),
        "charger_on": st.sampled_from([True, False, None]),
        "charger_ma": st.sampled_from([0, 200, 8_000]),
        "smoke": st.booleans(),
        "slot_decicelsius": st.sampled_from([200, 560, None]),
    },
)


class Lived(RuleBasedStateMachine):
    """Everything that can be told of a cabinet, in any order."""

    @initialize()
    def begins(self) -> None:
        self.life = Cabinet(CONFIG, booked=False)
        self.revision = 0

    # ------------------------------------------------ what the driver says

    @rule(slot=FULL_SLOT)
    def reads_sound(self, slot: SlotNumber) -> None:
        self.life.read(slot)

    @rule(slot=FULL_SLOT, said=SAID, of_slot=OF_SLOT)
    def reads(self, slot: SlotNumber, said: dict[str, object], of_slot: dict[str, object]) -> None:
        if of_slot.get("present") is not False:
            of_slot = {**of_slot, "battery": battery(slot, **said)}
        else:
            of_slot = {**of_slot, "battery": None}
        records = self.life.read(slot, **of_slot)  # type: ignore[arg-type]
        celsius = self.life.slot(slot).decicelsius
        if celsius is not None and celsius >= TOO_HOT_DECICELSIUS:
            latched = {(each.trip, each.slot) for each in self.life.memory.tripped}
            assert (Trip.TOO_HOT, slot) in latched, "in the step that read it"
        for tripped in every(records, CabinetTripped):
            assert tripped.slot is None or self.life.chargers()[tripped.slot] == 0

    @rule(slot=FULL_SLOT, voltage_mv=st.sampled_from([38_900, 39_100, 54_500, 54_700]))
    def charges_on(self, slot: SlotNumber, voltage_mv: int) -> None:
        self.life.read(slot, voltage_mv=voltage_mv, current_ma=8_000)

    @rule(slot=FULL_SLOT, by_degrees=st.integers(-30, 30))
    def warms_or_cools(self, slot: SlotNumber, by_degrees: int) -> None:
        """As slowly as no trip minds."""
        for _ in range(abs(by_degrees)):
            self.life.wait(10 * SECOND_MS)
            celsius = self.life.slot(slot).decicelsius or 250
            self.life.tell(slot, celsius + (10 if by_degrees > 0 else -10))
            self.nothing_charges_outside_its_window()

    @rule()
    def all_is_well_for_a_while(self) -> None:
        for slot in SLOTS:
            self.life.read(slot)
        self.life.wait(2 * MINUTE_MS)

    @rule(slot=SLOT, impossible=st.booleans())
    def loses(self, slot: SlotNumber, impossible: bool) -> None:
        self.life.do(events.SlotLost(slot, "no data", impossible))

    @rule(slot=FULL_SLOT)
    def bms_falls_silent(self, slot: SlotNumber) -> None:
        self.life.read(slot, battery=None, present=True)

    @rule(online=st.booleans())
    def cabinet_goes_or_comes(self, online: bool) -> None:
        self.life.do(events.CabinetChanged(online, "the line"))
        if online:
            for slot in SLOTS:
                self.life.read(slot)

    @rule(point=st.sampled_from(list(CabinetPoint)), active=st.sampled_from([True, False, None]))
    def contact(self, point: CabinetPoint, active: bool | None) -> None:
        self.life.point(point, active)

    @rule(closed=st.booleans())
    def contactor(self, closed: bool) -> None:
        self.life.do(events.ContactorRead(closed))

    @rule(slot=SLOT, obeys=st.booleans())
    def charger(self, slot: SlotNumber, obeys: bool) -> None:
        self.life.do(events.ChargerChecked(slot, obeys))

    @rule(slot=SLOT, result=st.sampled_from(list(PulseResult)))
    def pulse_is_answered(self, slot: SlotNumber, result: PulseResult) -> None:
        self.life.answer(slot, result)

    # ------------------------------------------------ what people do

    @rule(kind=st.sampled_from(["open_slot", "lock_out_slot", "give_back_slot", "resume_charging"]), slot=SLOT)
    def command(self, kind: str, slot: SlotNumber) -> None:
        number = f"command-{len(self.life.records)}-{self.life.mono_ms}"
        self.life.do(events.CommandReceived(number, kind, "wang", {"reason": "so", "slot": slot}))

    @rule(on=st.booleans())
    def service(self, on: bool) -> None:
        self.life.do(events.ServiceAsked("li", on))

    @rule(slot=SLOT, confirmed=st.booleans())
    def technician_opens(self, slot: SlotNumber, confirmed: bool) -> None:
        self.life.do(events.SlotOpenAsked(slot, "li", confirmed))

    @rule(slot=SLOT, aside=st.booleans())
    def technician_sets_aside(self, slot: SlotNumber, aside: bool) -> None:
        self.life.do(events.SlotAsideAsked(slot, "li", aside))

    @rule()
    def everything_is_reset(self) -> None:
        for tripped in self.life.memory.tripped:
            self.life.do(events.TripResetAsked(tripped.slot, tripped.trip, "li"))

    @rule(active=st.booleans())
    def fire(self, active: bool) -> None:
        self.life.do(events.FireChanged(active))

    @rule(budget_w=st.sampled_from([None, 0, 437, 2_000]), recalled=st.booleans())
    def will(self, budget_w: int | None, recalled: bool) -> None:
        self.revision += 1
        will = CabinetWill(recalled=(serial(SLOTS[0]),) if recalled else (), power_budget_w=budget_w)
        self.life.do(events.DesiredReceived(self.revision, None, cabinet=will))

    @rule(ms=st.sampled_from([1, SECOND_MS, 3 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS]))
    def time_passes(self, ms: int) -> None:
        self.life.wait(ms)

    @rule(trusted=st.booleans())
    def clock(self, trusted: bool) -> None:
        self.life.clock_trusted = trusted
        self.life.do(events.ClockChanged(trusted, 0))

    @rule()
    def power_is_cut(self) -> None:
        self.life.boot(clean_stop=False)
        self.life.levels()
        self.life.come_online()

    # ------------------------------------------------ what always holds

    @invariant()
    def nothing_charges_outside_its_window(self) -> None:
        life = self.life
        for slot in life.charging():
            now, booked = life.slot(slot), life.memory.in_slot(slot)
            assert life.charge(slot).limit_ma == life.chargers()[slot]
            assert life.cabinet.online
            assert life.cabinet.contactor_closed is not False
            assert now.door_open is False
            assert now.pulsed_ms is None
            assert not life.state.durable.door.fire
            assert not life.memory.is_tripped(slot)
            assert not life.memory.is_aside(slot)
            assert not life.memory.service_by
            assert booked is not None
            assert now.battery is not None
            assert now.decicelsius is not None
            assert COLDEST_CHARGE_DECICELSIUS <= now.decicelsius <= HOTTEST_CHARGE_DECICELSIUS
            if life.chargers()[slot] > MODEL.wake_ma:
                assert now.battery.serial == booked.battery
                assert now.battery.voltage_mv is not None
                assert MODEL.empty_mv <= now.battery.voltage_mv <= MODEL.full_mv

    @invariant()
    def what_is_tripped_is_off_and_the_whole_cabinet_has_no_contactor(self) -> None:
        chargers = self.life.chargers()
        for tripped in self.life.memory.tripped:
            stopped = SLOTS if tripped.slot is None else (tripped.slot,)
            assert all(chargers.get(slot, 0) == 0 for slot in stopped)
            if tripped.slot is None:
                assert [each for each in self.life.effects if isinstance(each, SetContactor)][-1] == SetContactor(False)

    @invariant()
    def the_power_is_within_the_budget(self) -> None:
        ordered_w = self.life.memory.power_budget_w
        budget_w = CONFIG.cabinet.power_budget_w if ordered_w is None else min(CONFIG.cabinet.power_budget_w, ordered_w)
        used_w = sum(MODEL.full_mv * limit_ma // 1_000_000 for limit_ma in self.life.chargers().values())
        assert used_w <= budget_w
        assert len(self.life.charging()) <= CONFIG.cabinet.charge_at_once

    @invariant()
    def no_timer_is_left_behind(self) -> None:
        due_ms = deadline(self.life.state)
        assert due_ms is None or due_ms > self.life.mono_ms

    @invariant()
    def the_records_are_the_memory(self) -> None:
        assert self.life.replayed() == self.life.memory


Lived.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_whatever_comes = Lived.TestCase
