"""The people who come to the station, and their cards."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

PersonId = NewType("PersonId", str)
CardId = NewType("CardId", str)

MAX_CARD_BITS = 64 * 8
"""libosdp carries at most 64 bytes of card data (OSDP_EVENT_CARDREAD_MAX_DATALEN)."""


class CardFormat(StrEnum):
    WIEGAND = "wiegand"
    RAW = "raw"


@dataclass(frozen=True)
class Card:
    """`data` holds `bits` bits, most significant first; what fills its last byte up differs by the reader's make."""

    id: CardId
    format: CardFormat
    bits: int
    data: bytes

    def __post_init__(self) -> None:
        if not 0 < self.bits <= MAX_CARD_BITS:
            raise ValueError(f"a card has 1 to {MAX_CARD_BITS} bits, not {self.bits}")
        if len(self.data) != (self.bits + 7) // 8:
            raise ValueError(f"{self.bits} bits need {(self.bits + 7) // 8} bytes of data, not {len(self.data)}")


@dataclass(frozen=True)
class Person:
    """`known` says whether the station is expected to know the card; stories pick their people by it."""

    id: PersonId
    name: str
    card: Card
    known: bool = True
