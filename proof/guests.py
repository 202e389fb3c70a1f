"""Guests with a QR pass: what the cloud issues, what others make up of it, and the way from the scanner to the core.

That way is the real one, signature and all (`contract.passes`, `edge.runtime.scanned`, `edge.runtime.looking_up`): a
forged pass is signed by another key here, not just called forged. A pass's number says on which day it is good and
draws the rest of it, so that the same seed issues the same passes.
"""

import base64
import random
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import passes
from contract.ids import CredentialHash, NodeId, ReaderId, StationId
from contract.policy.passes import VisitPass
from edge.core.events import CardPresented
from edge.roster.errors import RosterUnavailable
from edge.runtime.looking_up import card_event
from edge.runtime.scanned import TypedLine, card_of
from proof import city
from proof.people import DAY_MS
from proof.visits import PASSES_PER_DAY

if TYPE_CHECKING:
    from contract.policy.model import Member
    from proof.life import Life

KEY_ID: Final = "cloud-1"
CLOUD_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FORGERS_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEYS: Final = {KEY_ID: CLOUD_KEY.public_key()}
HASH_KEY: Final = bytes(32)
HOUR_MS: Final = 3_600_000


class Made(IntEnum):
    """How a pass came about."""

    ISSUED = 0
    FORGED = 1
    """Signed by somebody else, in the name of the cloud's key."""
    OTHER_KEY = 2
    ALTERED = 3
    """A pass that was issued, with another content."""
    GARBLED = 4
    """The scanner has swallowed a character."""


MADE: Final = (*(Made.ISSUED,) * 16, *Made)


@dataclass(frozen=True)
class Guest:
    """The truth about a pass: whether the cloud has said all this, whether it is for this station, and when."""

    text: str
    genuine: bool
    here: bool
    of_node: bool
    once: bool
    from_ms: int
    until_ms: int


class Guests:
    """`shown` are the passes of a life by what the station takes them for."""

    def __init__(self, life: "Life", seed: str) -> None:
        self._life = life
        self._seed = seed
        self._passes: dict[int, Guest] = {}
        self.shown: dict[CredentialHash, Guest] = {}

    def shows(self, number: int, reader: ReaderId) -> CardPresented:
        """Somebody holds a pass before a scanner."""
        guest = self._passes.get(number)
        if guest is None:
            guest = self._passes[number] = _issued(self._seed, number, self._life.city.wall_0_ms)
        mono_ms = self._life.shell.mono_ms
        line = TypedLine(guest.text, mono_ms * 1_000_000, mono_ms * 1_000_000)
        event = card_event(self, card_of(reader, line, HASH_KEY, KEYS), city.STATION)
        self.shown[event.credential] = guest
        return event

    # ------------------------------------------------ the roster, as far as passes ask it

    def find(self, credential: object) -> "Member | None":
        return None

    def battery(self, serial: object) -> None:
        return None

    def nodes(self) -> frozenset[NodeId]:
        if self._life.roster_away:
            raise RosterUnavailable("locked")
        return frozenset({city.NODE})


def _issued(seed: str, number: int, wall_0_ms: int) -> Guest:
    luck = random.Random(f"{seed}/pass/{number}")
    day_ms = wall_0_ms + number // PASSES_PER_DAY * DAY_MS
    from_ms, until_ms = day_ms, day_ms + DAY_MS
    if luck.random() < 0.3:
        from_ms += luck.randrange(18 * HOUR_MS)
        until_ms = from_ms + 600_000 + luck.randrange(6 * HOUR_MS)
    here, of_node, once = luck.random() < 0.85, luck.random() < 0.2, luck.random() < 0.8
    station, node = (city.STATION, city.NODE) if here else (StationId("station-2"), NodeId("city-2"))
    shown = VisitPass(
        f"pass-{number:08d}", from_ms, until_ms, () if of_node else (station,), node if of_node else None, once
    )
    made = luck.choice(MADE)
    key_id = "cloud-2" if made is Made.OTHER_KEY else KEY_ID
    text = passes.write(shown, key_id=key_id, key=FORGERS_KEY if made is Made.FORGED else CLOUD_KEY)
    if made is Made.ALTERED:
        text = _for_many(text)
    elif made is Made.GARBLED:
        text = text[:40] + text[41:]
    return Guest(text, made is Made.ISSUED, here, of_node, once, from_ms, until_ms)


def _for_many(text: str) -> str:
    """The same pass with another id: good for one entry more."""
    blob = text.removeprefix(passes.PREFIX)
    content = base64.urlsafe_b64decode(blob + "=" * (-len(blob) % 4)).replace(b'"pass-', b'"more-')
    return passes.PREFIX + base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
