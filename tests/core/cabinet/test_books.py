"""The books beside the slots: what is explained, what is an anomaly, and when that is over."""

from contract.ids import BatteryId, SlotNumber
from contract.records import (
    AnomalyClosed,
    AnomalyEnd,
    AnomalyOpened,
)
from edge.core import events
from tests.core.cabinet.swap_support import LI, TIMES, WANG, Battery, World, assert_books_balance

ONE, TWO, FIVE, SIX = (SlotNumber(number) for number in (1, 2, 5, 6))


def lived(full: int = 4) -> World:
    """A cabinet with a history, and agreed books."""
    world = World(full=full)
    world.bring(world.worn_out)
    world.fetch()
    return world


def service(world: World, on: bool) -> None:
    world.do(events.ServiceAsked("chen", on))
    world.tell_all()


def ends(world: World) -> list[AnomalyEnd]:
    return [record.how for record, _ in world.records if isinstance(record, AnomalyClosed)]


def gone(world: World, slot: SlotNumber) -> Battery:
    battery = world.slots[slot].battery
    assert battery is not None
    world.slots[slot].battery = None
    return battery


# ---------------------------------------------------------------- without faults


def test_a_new_cabinet_is_filled_without_a_word() -> None:
    world = World()
    assert world.booked() == world.lying()
    assert world.memory.anomalies_opened == 0


def test_many_honest_swaps_restarts_and_silences_leave_no_anomaly_and_no_claim() -> None:
    world = World()
    hands = {WANG.id: world.worn_out, LI.id: world.of_li}
    for number in range(12):
        member = (WANG, LI)[number % 2]
        world.bring(hands[member.id], member)
        hands[member.id] = world.fetch()
        for slot in world.slots.values():
            if slot.battery is not None:
                slot.battery.soc_percent = 99
        world.tell_all()
        if number % 3 == 0:
            world.power_cut()
        if number % 4 == 0:
            world.do(events.CabinetChanged(False))
            world.wait(20_000)
            world.come_online()
        world.wait(30_000)
        assert world.booked() == world.lying()
    assert len(world.outcomes()) == 12
    assert world.memory.anomalies_opened == 0
    assert world.memory.claims_granted == 0
    assert world.out() == {battery.serial: member for member, battery in hands.items()}


# ---------------------------------------------------------------- gone


def test_a_battery_gone_while_the_power_was_away_has_vanished_and_comes_back() -> None:
    world = lived()
    taken = world.slots[TWO].battery
    gone(world, TWO)
    world.power_cut()
    assert world.anomalies() == [("vanished", "power_off", "F2", TWO, None)]
    assert TWO not in world.booked()
    assert_books_balance(world)
    world.slots[SIX].battery = taken
    world.power_cut()
    assert world.booked()[SIX] == "F2"
    assert world.memory.anomalies == ()
    assert ends(world) == [AnomalyEnd.CAME_BACK]


def test_a_battery_gone_while_the_cabinet_was_silent_says_so() -> None:
    world = lived()
    world.do(events.CabinetChanged(False))
    gone(world, TWO)
    world.come_online()
    assert world.anomalies() == [("vanished", "offline", "F2", TWO, None)]


def test_a_battery_taken_by_force_says_so_and_only_when_the_slot_is_shut_or_open_for_long() -> None:
    world = lived()
    world.wait(20_000)
    world.pry(TWO)
    world.take(TWO)
    assert world.memory.anomalies == ()
    world.wait(TIMES.close_ms)
    assert world.anomalies() == [("vanished", "forced", "F2", TWO, None)]


def test_a_battery_that_went_by_an_operators_order_says_so() -> None:
    world = lived()
    world.wait(1_000)
    world.do(events.CommandReceived("c1", "open_slot", "chen", {"slot": 2, "reason": "rider locked out"}))
    world.take(TWO)
    world.shut(TWO)
    assert world.anomalies() == [("vanished", "command", "F2", TWO, None)]


def test_a_battery_that_a_technician_took_out_says_so_when_the_work_is_over() -> None:
    world = lived()
    world.do(events.ServiceAsked("chen", on=True))
    world.do(events.SlotOpenAsked(TWO, "chen"))
    world.take(TWO)
    world.shut(TWO)
    assert world.memory.anomalies == ()
    world.do(events.ServiceAsked("chen", on=False))
    assert world.anomalies() == [("vanished", "service", "F2", TWO, None)]


def test_a_contact_that_changes_behind_a_shut_door_has_no_known_cause() -> None:
    world = lived()
    gone(world, TWO)
    world.tell(TWO)
    assert world.anomalies() == [("vanished", "unknown", "F2", TWO, None)]


def test_what_had_vanished_and_is_given_to_a_rider_elsewhere_is_explained_when_it_is_brought() -> None:
    world = lived()
    battery = gone(world, TWO)
    world.tell(TWO)
    world.bring(battery, LI)
    assert ends(world) == [AnomalyEnd.CAME_BACK]
    assert world.memory.anomalies == ()


# ---------------------------------------------------------------- there


def test_a_technician_stocks_the_cabinet_without_an_anomaly() -> None:
    world = lived()
    service(world, on=True)
    world.pry(SIX)
    world.put(world.ours("N"), SIX)
    world.shut(SIX)
    assert SIX not in world.booked()
    service(world, on=False)
    assert world.booked()[SIX] == "N"
    assert world.memory.anomalies_opened == 0


def test_a_technician_who_lets_two_batteries_change_places_leaves_the_books_right() -> None:
    world = lived()
    service(world, on=True)
    for slot in (ONE, TWO):
        world.pry(slot)
    world.slots[SIX].battery, world.slots[TWO].battery = world.slots[TWO].battery, None
    for slot in (ONE, TWO, SIX):
        world.shut(slot)
    world.pry(SIX)
    world.shut(SIX)
    service(world, on=False)
    assert world.booked() == world.lying()
    assert world.memory.anomalies_opened == 0


def test_a_battery_that_was_moved_while_nobody_looked_is_booked_where_it_lies_and_named() -> None:
    world = lived()
    first, second = world.slots[SlotNumber(3)], world.slots[SlotNumber(4)]

    def exchange() -> None:
        first.battery, second.battery = second.battery, first.battery

    world.power_cut(exchange)
    assert world.booked() == world.lying()
    assert {(kind, cause, battery) for kind, cause, battery, _, _ in world.anomalies()} == {
        ("appeared", "power_off", "F3"),
        ("appeared", "power_off", "F4"),
    }
    assert_books_balance(world)


def test_one_of_ours_that_appears_is_booked_and_stays_named_until_it_moves_on() -> None:
    world = lived()
    world.slots[SIX].battery = world.ours("N")
    world.power_cut()
    assert world.booked()[SIX] == "N"
    assert world.anomalies() == [("appeared", "power_off", "N", SIX, None)]
    for slot in (ONE, TWO, SlotNumber(3), SlotNumber(4)):
        held = world.slots[slot].battery
        if held is not None:
            held.soc_percent = 50
    world.tell_all()
    world.bring(world.of_li, LI)
    assert world.fetch().serial == "N"
    assert world.memory.anomalies == ()
    assert ends(world) == [AnomalyEnd.BOOKED]


def test_one_of_ours_in_anothers_place_is_an_exchange_once_the_roster_has_said_whose_it_is() -> None:
    world = lived()
    world.roster_answers = False
    stranger = world.ours("N")

    def exchange() -> None:
        world.slots[TWO].battery = stranger

    world.power_cut(exchange)
    assert world.anomalies() == [("vanished", "power_off", "F2", TWO, None)]
    world.roster_answers = True
    world.wait(60_000)
    assert world.booked()[TWO] == "N"
    assert ("appeared", "power_off", "N", TWO, None) in world.anomalies()


def test_a_battery_of_a_rider_in_anothers_place_is_an_exchange() -> None:
    world = lived()
    (of_wang,) = world.out()

    def exchange() -> None:
        world.slots[TWO].battery = Battery(of_wang)

    world.power_cut(exchange)
    assert world.booked()[TWO] == of_wang
    assert {kind for kind, *_ in world.anomalies()} == {"vanished", "exchanged"}
    assert world.out() == {}
    assert_books_balance(world)


def test_a_foreign_battery_is_named_and_forgotten_when_it_is_gone() -> None:
    world = lived()
    world.slots[SIX].battery = Battery(BatteryId("X"))
    world.power_cut()
    assert world.anomalies() == [("foreign_inside", "power_off", "X", SIX, None)]
    assert SIX not in world.booked()
    gone(world, SIX)
    world.tell(SIX)
    assert world.memory.anomalies == ()


def test_what_does_not_say_who_it_is_is_named_after_a_minute_and_only_once() -> None:
    world = lived()
    world.slots[SIX].battery = Battery(BatteryId("?"), silent=True)
    world.power_cut()
    world.wait(59_999)
    assert world.memory.anomalies == ()
    world.wait(1)
    assert world.anomalies() == [("unreadable_inside", "power_off", None, SIX, None)]
    world.tell(SIX)
    world.wait(120_000)
    assert len([1 for record, _ in world.records if isinstance(record, AnomalyOpened)]) == 1


def test_a_booked_battery_that_falls_silent_is_presumed_to_be_the_one_until_it_speaks() -> None:
    world = lived()
    battery = world.slots[TWO].battery
    assert battery is not None
    battery.silent = True
    world.tell(TWO)
    world.wait(60_000)
    assert world.anomalies() == [("unreadable_inside", "unknown", "F2", TWO, None)]
    assert world.booked()[TWO] == "F2"
    battery.silent = False
    world.tell(TWO)
    assert world.memory.anomalies == ()


def test_one_serial_in_two_slots_is_seen_twice_and_booked_once() -> None:
    world = lived()
    world.slots[SIX].battery = Battery(BatteryId("F2"))
    world.power_cut()
    assert world.anomalies() == [("seen_twice", "power_off", "F2", SIX, None)]
    assert world.booked()[TWO] == "F2"
    gone(world, TWO)
    world.tell(TWO)
    assert SIX not in world.booked()
    gone(world, SIX)
    world.tell(SIX)
    assert [kind for kind, *_ in world.anomalies()] == ["vanished"]


def test_a_battery_that_reads_elsewhere_while_its_own_slot_is_silent_waits() -> None:
    world = lived()
    battery = world.slots[TWO].battery
    assert battery is not None

    def twin() -> None:
        battery.silent = True
        world.slots[SIX].battery = Battery(BatteryId("F2"))

    world.power_cut(twin)
    assert world.booked()[TWO] == "F2"
    assert SIX not in world.booked()


def test_a_slot_of_which_nothing_is_known_is_not_compared() -> None:
    world = lived()
    world.slots[TWO].lost = True
    gone(world, TWO)
    world.tell(TWO)
    assert world.booked()[TWO] == "F2"


# ---------------------------------------------------------------- people


def test_what_somebody_explains_is_over() -> None:
    world = lived()
    gone(world, TWO)
    world.tell(TWO)
    world.do(events.AnomalyExplained(1, "chen"))
    assert world.memory.anomalies == ()
    assert ends(world) == [AnomalyEnd.BOOKED]
    assert world.do(events.AnomalyExplained(1, "chen")) == []


def test_a_battery_that_somebody_says_is_ours_is_booked() -> None:
    world = lived()
    world.slots[SIX].battery = Battery(BatteryId("X"))
    world.power_cut()
    world.do(events.AnomalyExplained(1, "chen"))
    assert world.booked()[SIX] == "X"
    assert world.memory.anomalies == ()


def test_a_word_does_not_make_a_brick_speak_and_is_heard_when_it_is_gone() -> None:
    world = lived()
    world.slots[SIX].battery = Battery(BatteryId("?"), silent=True)
    world.power_cut()
    world.wait(60_000)
    assert world.do(events.AnomalyExplained(1, "chen")) == []
    assert len(world.memory.anomalies) == 1


def test_a_foreign_battery_that_has_fallen_silent_is_explained_without_being_booked() -> None:
    world = lived()
    foreign = Battery(BatteryId("X"))
    world.slots[SIX].battery = foreign
    world.power_cut()
    foreign.silent = True
    world.tell(SIX)
    world.do(events.AnomalyExplained(1, "chen"))
    assert world.memory.anomalies == ()
    assert SIX not in world.booked()
