"""Passes in the simulated years are what they are called: by the real signature, read as a station reads them."""

from collections import Counter

from contract.ids import ReaderId
from contract.policy.model import Factor
from proof.guests import Guest
from proof.life import Life
from proof.visits import PASSES_PER_DAY

READER = ReaderId("front")


def seen(life: Life, number: int) -> tuple[Guest, str]:
    event = life.guests.shows(number, READER)
    assert event.factors == {Factor.PASS}
    assert (event.member is None) == bool(event.pass_problem)
    return life.guests.shown[event.credential], event.pass_problem


def test_only_what_the_cloud_has_signed_is_read_as_a_pass() -> None:
    life = Life("test/8")
    problems = Counter(problem for guest, problem in (seen(life, number) for number in range(400)) if problem)
    assert {"bad_signature", "unknown_key", "garbled"} <= set(problems)
    assert all(bool(problem) is not guest.genuine for guest, problem in (seen(life, n) for n in range(400)))


def test_a_pass_is_good_on_the_day_in_its_number() -> None:
    life = Life("test/8")
    for number in range(0, 10 * PASSES_PER_DAY, 7):
        guest, _ = seen(life, number)
        begins_ms = life.city.wall_0_ms + number // PASSES_PER_DAY * 86_400_000
        assert begins_ms <= guest.from_ms < guest.until_ms <= begins_ms + 86_400_000 + 600_000


def test_the_same_seed_issues_the_same_passes() -> None:
    assert seen(Life("test/8"), 17) == seen(Life("test/8"), 17)
    assert seen(Life("test/8"), 17) != seen(Life("test/9"), 17)
