"""The rounds of a seed."""

import pytest

from yizhan.chaos.plan import CLOUD, STATION, Victim, rounds


def test_a_seed_gives_the_same_rounds_each_time_and_another_seed_gives_others() -> None:
    assert list(rounds(7, 50, database=True)) == list(rounds(7, 50, database=True))
    assert list(rounds(7, 50, database=True)) != list(rounds(8, 50, database=True))


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    assert list(rounds(7, 10, database=True)) == list(rounds(7, 50, database=True))[:10]


@pytest.mark.parametrize("seed", range(20))
def test_twenty_rounds_kill_everything_at_least_twice(seed: int) -> None:
    victims = [victim for plan in rounds(seed, 20, database=True) for victim in plan.victims]
    assert all(victims.count(victim) >= 2 for victim in Victim)


def test_without_a_database_process_none_is_killed() -> None:
    victims = {victim for plan in rounds(1, 100, database=False) for victim in plan.victims}
    assert victims == set(Victim) - {Victim.DATABASE}


def test_two_victims_of_one_round_are_of_the_two_sides() -> None:
    pairs = [plan.victims for plan in rounds(1, 200, database=True) if len(plan.victims) == 2]
    assert pairs
    assert all((one in STATION) != (other in STATION) for one, other in pairs)
    assert all({one, other} <= {*STATION, *CLOUD} for one, other in pairs)
