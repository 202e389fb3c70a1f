"""In and out: readers that lead out, anti-passback soft and hard, and who is remembered as inside."""

from dataclasses import replace

import pytest

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.policy.model import Antipassback, Member
from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessTaken,
    Direction,
    DoorReleased,
    Posture,
    Reason,
    Record,
)
from edge.core import events
from edge.core.config import AccessConfig, StationConfig
from edge.core.state import MAX_INSIDE, RecordedAt
from edge.core.station import apply, from_snapshot, initial_state, replay, snapshot
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life, kinds, only

WAY_OUT = ReaderId("way-out")
OTHER = Member(MemberId("rider-2"))


def of_mode(mode: Antipassback, **changes: object) -> StationConfig:
    access = replace(AccessConfig(antipassback=mode), **changes)  # type: ignore[arg-type]
    return replace(CONFIG, readers=(ENTRY, WAY_OUT), readers_out=frozenset({WAY_OUT}), access=access)


HARD, SOFT = of_mode(Antipassback.HARD), of_mode(Antipassback.SOFT)


def show(life: Life, reader: ReaderId, member: Member | None = RIDER) -> list[Record]:
    return life.do(events.CardPresented(reader, card_of(member), member, life.mono_ms))


def card_of(member: Member | None) -> CredentialHash:
    return CARD if member is RIDER else CredentialHash("7a" * 32)


def go(life: Life, reader: ReaderId, member: Member = RIDER) -> list[Record]:
    """Show a card and walk through."""
    seen = [*show(life, reader, member), *life.open(), *life.close()]
    life.wait(2_000)
    return seen


def inside(life: Life) -> list[str]:
    return [each.member for each in life.state.durable.inside]


def test_who_went_in_is_inside_until_seen_leaving() -> None:
    life = Life(HARD)
    assert only(go(life, ENTRY), AccessTaken) == AccessTaken(RIDER.id, Direction.IN)
    go(life, ENTRY, OTHER)
    assert inside(life) == ["rider-1", "rider-2"]
    assert life.people() == (2, True)

    seen = go(life, WAY_OUT)
    assert only(seen, AccessGranted).direction is Direction.OUT
    assert only(seen, DoorReleased).direction is Direction.OUT
    assert only(seen, AccessTaken) == AccessTaken(RIDER.id, Direction.OUT)
    assert inside(life) == ["rider-2"]
    assert life.people() == (1, True)


def test_hard_denies_whoever_comes_in_twice_and_lets_them_in_again_after_leaving() -> None:
    life = Life(HARD)
    go(life, ENTRY)
    go(life, ENTRY, OTHER)
    denied = only(show(life, ENTRY), AccessDenied)
    assert (denied.reason, denied.rule, denied.member) == (Reason.ANTIPASSBACK, "not_inside_already", RIDER.id)

    go(life, WAY_OUT)
    assert not only(show(life, ENTRY), AccessGranted).passback


def test_soft_lets_in_and_says_so() -> None:
    life = Life(SOFT)
    assert not only(go(life, ENTRY), AccessGranted).passback
    assert only(go(life, ENTRY), AccessGranted).passback
    assert inside(life) == ["rider-1"]


def test_off_remembers_nobody() -> None:
    life = Life(of_mode(Antipassback.OFF))
    assert "access.taken" not in kinds(go(life, ENTRY))
    assert not only(go(life, ENTRY), AccessGranted).passback
    assert inside(life) == []


def test_a_door_that_was_not_opened_let_nobody_in() -> None:
    life = Life(HARD)
    show(life, ENTRY)
    assert kinds(life.wait(CONFIG.door.release_ms)) == ["access.not_taken", "door.relocked"]

    only(show(life, ENTRY), AccessGranted)


def test_a_card_shown_at_the_open_door_is_a_passage() -> None:
    life = Life(HARD)
    show(life, ENTRY)
    life.open()
    assert only(show(life, ENTRY, OTHER), AccessTaken).member == OTHER.id


def test_a_late_hand_goes_the_way_its_card_said() -> None:
    life = Life(HARD)
    go(life, ENTRY)
    go(life, ENTRY, OTHER)
    show(life, WAY_OUT)
    life.wait(CONFIG.door.release_ms)
    life.open()

    assert only(life.last, AccessTaken) == AccessTaken(RIDER.id, Direction.OUT)
    assert life.people() == (1, True)


def test_nobody_is_inside_any_more_when_surely_nobody_is() -> None:
    life = Life(HARD)
    go(life, ENTRY)
    life.press_exit()
    life.open()
    life.close()
    assert life.people() == (0, True)
    assert inside(life) == []

    life.wait(10_000)
    only(show(life, ENTRY), AccessGranted)


def test_who_came_in_long_ago_has_left_unseen() -> None:
    life = Life(of_mode(Antipassback.HARD, antipassback_forget_ms=3_600_000))
    go(life, ENTRY)
    life.wait(3_500_000)
    only(show(life, ENTRY), AccessDenied)
    life.wait(100_000)

    assert not only(show(life, ENTRY), AccessGranted).passback


def test_leaving_is_a_matter_of_the_card_alone() -> None:
    life = Life(HARD)
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))

    only(show(life, WAY_OUT, replace(RIDER, revoked=True)), AccessGranted)
    assert life.lock_released


def test_who_is_inside_outlives_a_boot_and_a_replay() -> None:
    life = Life(HARD)
    go(life, ENTRY)
    life.boot(clean_stop=False)
    life.levels()

    assert inside(life) == ["rider-1"]
    assert replay(initial_state(HARD), life.records).durable == life.state.durable
    only(show(life, ENTRY), AccessDenied)


def test_a_snapshot_from_before_directions_were_kept_is_read() -> None:
    life = Life(HARD)
    show(life, WAY_OUT)
    data = snapshot(life.state)
    assert from_snapshot(data).durable == life.state.durable
    del data["inside"], data["door"]["release"]["direction"]

    release = from_snapshot(data).durable.door.release
    assert release is not None
    assert release.direction is Direction.IN


def test_the_memory_of_who_is_inside_is_bounded_and_the_newest_stay() -> None:
    state = initial_state(HARD)
    for number in range(MAX_INSIDE + 3):
        state = apply(state, AccessTaken(MemberId(f"m-{number}"), Direction.IN), RecordedAt(1, number, 1))

    assert len(state.durable.inside) == MAX_INSIDE
    assert state.durable.inside[-1].member == f"m-{MAX_INSIDE + 2}"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"readers_out": frozenset({ReaderId("cellar")})}, "cellar is no reader"),
        ({"access": AccessConfig(antipassback=Antipassback.HARD)}, "without a reader that leads out"),
    ],
)
def test_a_station_that_nobody_could_leave_or_enter_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(CONFIG, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"capacity": 0}, {"antipassback_forget_ms": 0}])
def test_limits_of_nothing_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        AccessConfig(**changes)  # type: ignore[arg-type]
