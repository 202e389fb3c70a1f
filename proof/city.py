"""Whom a station meets: its configuration and the members of its roster, drawn by seed."""

import random
from dataclasses import dataclass, field

from contract.ids import CredentialHash, MemberId, NodeId, StationId
from contract.policy.model import Member
from contract.policy.schedule import Interval, Schedule
from edge.core.config import AccessConfig, DoorConfig, ExitAction, RelockOn, StationConfig
from firmware_sim.lock import LockKind
from proof.people import CARDS, DAY_MS
from proof.shell import READERS, WALL_0_MS

STATION = StationId("station-1")
NODE = NodeId("city-1")
OPENS_HOUR, CLOSES_HOUR = 7, 21


@dataclass
class Roster:
    """Who may enter, as the station holds it."""

    version: int = 0
    cards: dict[int, Member | None] = field(default_factory=dict)


def configuration(luck: random.Random) -> tuple[StationConfig, LockKind]:
    """A station's settings, and the lock that is really built in."""
    kind = luck.choice(list(LockKind))
    door = DoorConfig(
        relock_on=luck.choice(list(RelockOn)),
        exit_action=luck.choice((ExitAction.RELEASE, ExitAction.RELEASE, ExitAction.SHUNT)),
        held_pre_alarm_ms=luck.choice((20_000, 30_000)),
        bounce_ms=luck.choice((20, 30, 45)),
    )
    access = AccessConfig(capacity=luck.choice((None, 1, 3)))
    return StationConfig(STATION, READERS, (NODE,), door, access), kind


def members(luck: random.Random) -> dict[int, Member | None]:
    """The holder of each card: decent members for the most part, and every kind that must stay out."""
    week = ((Interval(OPENS_HOUR * 60, CLOSES_HOUR * 60),),) * 7
    cards: dict[int, Member | None] = {}
    for number in range(CARDS):
        name = MemberId(f"m{number}")
        ends_ms = WALL_0_MS + luck.randrange(30 * DAY_MS)
        special: dict[int, Member | None] = {
            0: None,
            1: None,
            2: Member(name, revoked=True),
            3: Member(name, valid_until_ms=WALL_0_MS - 1_000),
            4: Member(name, valid_until_ms=ends_ms),
            5: Member(name, valid_from_ms=ends_ms),
            6: Member(name, stations=frozenset({StationId("station-2")})),
            7: Member(name, stations=frozenset({STATION})),
            8: Member(name, schedule=Schedule(week)),
            9: Member(name, extended_release=True),
        }
        cards[number] = special.get(number, Member(name, trade="courier"))
    return cards


def card_hash(number: int) -> CredentialHash:
    return CredentialHash(f"{number:064x}")
