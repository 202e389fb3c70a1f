"""What happens in which round: a pure function of the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Victim(StrEnum):
    """What is killed."""

    EDGE = "edge"
    """All of the station's processes at once, as by a power cut; down for a while."""
    CONTROLLER = "controller"
    """The controller alone; its children follow it, and the service manager starts it again at once."""
    READER = "reader"
    UPLINK = "uplink"
    BROKER = "broker"
    """With everything that it had queued: it keeps nothing on disk."""
    INGEST = "ingest"
    PROJECTOR = "projector"
    DATABASE = "database"
    """PostgreSQL's postmaster and all its backends."""
    ALL = "all"
    """Everything but the simulated hardware, in a random order within milliseconds."""


STATION: Final = (Victim.EDGE, Victim.CONTROLLER, Victim.READER, Victim.UPLINK)
CLOUD: Final = (Victim.BROKER, Victim.INGEST, Victim.PROJECTOR, Victim.DATABASE)

AFTER_MS: Final = (0, 900)
DOWN_MS: Final = (0, 600)
NETWORK_CUT_MS: Final = (200, 1_500)
ABSENT_MS: Final = (1_000, 2_500)
SECOND_VICTIM: Final = 0.3
NETWORK_CUT: Final = 0.2
CLOUD_ABSENT: Final = 0.12


@dataclass(frozen=True)
class Round:
    """One round. Times count from its begin."""

    number: int
    victims: tuple[Victim, ...]
    after_ms: int
    """When the victims die."""
    down_ms: int
    """How long those stay down that do not come back by themselves."""
    network_cut_ms: int
    """How long the station's network is cut, from just before the deaths; 0: it is not."""
    absent_ms: int
    """How long ingest, projector and API are gone together; 0: they are not."""


def rounds(seed: int, count: int, *, database: bool) -> Iterator[Round]:
    """The rounds of a seed. Every victim's turn comes once in nine rounds. `database`: there is one to kill."""
    chance = random.Random(f"{seed}/plan")
    kinds = [victim for victim in Victim if database or victim is not Victim.DATABASE]
    deck: list[Victim] = []
    for number in range(1, count + 1):
        if not deck:
            deck = chance.sample(kinds, len(kinds))
        victims = [deck.pop()]
        if chance.random() < SECOND_VICTIM and victims[0] is not Victim.ALL:
            others = [victim for victim in (CLOUD if victims[0] in STATION else STATION) if victim in kinds]
            victims.append(chance.choice(others))
        yield Round(
            number=number,
            victims=tuple(victims),
            after_ms=chance.randint(*AFTER_MS),
            down_ms=chance.randint(*DOWN_MS),
            network_cut_ms=chance.randint(*NETWORK_CUT_MS) if chance.random() < NETWORK_CUT else 0,
            absent_ms=chance.randint(*ABSENT_MS) if chance.random() < CLOUD_ABSENT else 0,
        )
