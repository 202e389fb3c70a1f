"""A busy swap station: its configuration, its riders and their batteries, by seed.

Lives whose seed begins with `swaps/` are lived there: hardly anybody minds the door, and somebody comes to the cabinet
every few minutes. Of four such lives one is *calm* (nothing fails, everybody does as the screen says), one has careless
riders, and two have careless riders and every fault.
"""

import random
from datetime import UTC, datetime
from typing import Final

from contract.ids import MemberId, NodeId, ReaderId, SlotNumber, StationId
from contract.policy.model import Member
from edge.core.cabinet.config import BatteryModel, CabinetConfig
from edge.core.config import StationConfig

BUSY: Final = "swaps/"
CABINET: Final = ReaderId("cabinet")
FRONT: Final = ReaderId("front")
RIDERS: Final = 40
BEGINS: Final = datetime(2026, 9, 21, tzinfo=UTC)
MODEL: Final = BatteryModel("M60", 20_000, 40_000, 67_200, 100_000, wakeable=True)
"""Full in a quarter of an hour: so that a cabinet serves more riders a day than a real one could."""


def is_busy(seed: str) -> bool:
    return seed.startswith(BUSY)


def is_calm(seed: str) -> bool:
    """Whether nothing fails in this life."""
    return _kind(seed) == 0


def has_faults(seed: str) -> bool:
    """Whether things fail, beside riders who are careless."""
    return _kind(seed) > 1


def _kind(seed: str) -> int:
    number = seed.rpartition("/")[2]
    return int(number) % 4 if number.isdigit() else 2


def config(seed: str, station: StationId, node: NodeId) -> StationConfig:
    """The station's settings."""
    luck = random.Random(f"{seed}/cabinet")
    cabinet = cabinet_config(luck, slots=luck.choice((6, 8, 12)))
    return StationConfig(station, (FRONT, CABINET), (node,), cabinet=cabinet)


def cabinet_config(luck: random.Random, slots: int) -> CabinetConfig:
    return CabinetConfig(
        slots=tuple(SlotNumber(number) for number in range(1, slots + 1)),
        reader=CABINET,
        models=(MODEL,),
        chargeable=True,
        keep_empty=luck.choice((1, 2)),
        power_budget_w=luck.choice((30_000, 90_000)),
        charge_at_once=luck.choice((4, 12)),
        stagger_ms=luck.choice((500, 2_000)),
    )


def members() -> dict[int, Member | None]:
    return {number: Member(MemberId(f"m{number}"), trade="courier") for number in range(RIDERS)}
