"""What a rider left behind, when the power goes in the very moment in which somebody shuts the door."""

from tests.core.cabinet.swap_support import LI, TIMES, World


def test_a_rider_is_owed_for_what_was_shut_in_a_moment_before_the_power_went() -> None:
    world = World()
    world.bring(world.worn_out)
    world.fetch()
    world.card(LI)
    slot = world.at()
    world.put(world.of_li)
    world.wait(TIMES.put_in_ms + TIMES.close_ms)
    world.of_li.silent = True
    world.shut(slot)
    world.of_li.silent = False
    world.power_cut()
    assert world.booked()[slot] == "L"
    assert world.claims() == [LI.id]
    assert world.anomalies() == []
