"""The only place where MQTT topics are built and parsed. All are `yz/1/{station}/{leaf}`."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contract.ids import StationId

ROOT: Final = "yz/1"
STATION_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
INGEST_GROUP: Final = "ingest"


class Leaf(StrEnum):
    """The last levels of a topic."""

    ONLINE = "online"
    STATE = "state"
    HELLO = "hello"
    JOURNAL = "journal"
    ROSTER_PULL = "roster/pull"
    ACK = "ack"
    COMMAND = "command"
    DESIRED = "desired"
    ROSTER_HEAD = "roster/head"
    ROSTER_PAGE = "roster/page"


UPWARD: Final = (Leaf.ONLINE, Leaf.STATE, Leaf.HELLO, Leaf.JOURNAL, Leaf.ROSTER_PULL)
DOWNWARD: Final = (Leaf.ACK, Leaf.COMMAND, Leaf.DESIRED, Leaf.ROSTER_HEAD, Leaf.ROSTER_PAGE)
RETAINED: Final = frozenset({Leaf.ONLINE, Leaf.STATE, Leaf.DESIRED, Leaf.ROSTER_HEAD})


@dataclass(frozen=True)
class Topic:
    """One topic of one station."""

    station: StationId
    leaf: Leaf

    def __str__(self) -> str:
        return f"{ROOT}/{self.station}/{self.leaf}"


class TopicError(ValueError):
    """A topic that is not one of ours; the message shows it."""


def station_id(text: str) -> StationId:
    """`text` as a station id. Raises `TopicError` when it cannot be a topic level."""
    if not STATION_ID.fullmatch(text):
        raise TopicError(f"station id {text!r} must be 1–64 of a–z, 0–9 and inner hyphens")
    return StationId(text)


def parse(topic: str) -> Topic:
    """The parts of a topic. Raises `TopicError`."""
    prefix, _, rest = topic.partition(f"{ROOT}/")
    station, _, leaf = rest.partition("/")
    if prefix or not rest:
        raise TopicError(f"topic {topic[:200]!r} is not under {ROOT}/")
    try:
        return Topic(station_id(station), Leaf(leaf))
    except ValueError as error:
        raise TopicError(f"topic {topic[:200]!r}: {error}") from None


def of_all_stations(leaf: Leaf) -> str:
    """The filter with which the cloud hears one leaf of every station."""
    return f"{ROOT}/+/{leaf}"


def shared(leaf: Leaf) -> str:
    """The same, shared among the ingest workers: one group per leaf, since a broker may deliver only one of several
    filters that a client subscribes in one group (iotcore 0.4.0 does)."""
    return f"$share/{INGEST_GROUP}-{leaf.name.lower()}/{of_all_stations(leaf)}"
