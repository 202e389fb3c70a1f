"""Who asks, where, and what the answer is. Plain values; the rules are in `contract.policy.decide`."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from contract.frozen import frozen
from contract.ids import MemberId, StationId
from contract.policy.codes import CodeSpace
from contract.policy.schedule import Schedule
from contract.records import Direction, Posture, Reason

STALE_AFTER_MS = 3_000
"""A credential older than this when it is judged is history, not a wish to enter now."""


class Antipassback(StrEnum):
    """What happens to a member who comes in again without having been seen leaving: nothing, a note, or a denial."""

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"


ANTIPASSBACK_FORGET_MS = 12 * 3_600_000
"""Somebody who came in longer ago than this has left in a way that was not seen."""


class Factor(StrEnum):
    """How a person has proven who they are."""

    CARD = "card"
    FACE = "face"
    PIN = "pin"
    PASS = "pass"
    """A visit pass: signed text, shown as a QR code."""


@dataclass(frozen=True)
class Member:
    """A member (会员) as the roster knows them. Times are Unix milliseconds; None is no limit on that side."""

    id: MemberId
    trade: str = ""
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None
    revoked: bool = False
    extended_release: bool = False
    stations: frozenset[StationId] | None = None
    """Where the member may enter; None is every station that holds the member on its roster."""
    schedule: Schedule | None = None
    """When the member may enter, in the station's time zone; None is always."""
    once: bool = False
    """A pass for one entry (within its validity, if that has limits)."""
    by_pass: bool = False
    """On no roster: made of a visit pass, which says nothing to a station without any idea of the time."""


@dataclass(frozen=True)
class Clock:
    """What the station knows of wall time. `latest_trusted_ms` is the newest trusted time in its journal."""

    wall_ms: int
    trusted: bool
    latest_trusted_ms: int | None = None


@dataclass(frozen=True)
class Occupancy:
    """How many are inside. `capacity` None is no limit; an unsure count never denies."""

    people: int = 0
    sure: bool = False
    capacity: int | None = None


@frozen
class Request:
    """Everything that a decision depends on.

    `member` is None for a credential that no roster knows; `age_ms` is how long ago it was presented.
    """

    station: StationId
    posture: Posture
    member: Member | None
    clock: Clock
    age_ms: int = 0
    factors: frozenset[Factor] = frozenset({Factor.CARD})
    roster_available: bool = True
    occupancy: Occupancy = field(default_factory=Occupancy)
    strict_clock: bool = False
    """True: without a trusted clock nobody with a limited validity or schedule enters."""
    timezone: tzinfo = UTC
    stale_after_ms: int = STALE_AFTER_MS
    guessing: bool = False
    """True: unknown cards come so fast at this reader that this one is to get no answer."""
    direction: Direction = Direction.IN
    antipassback: Antipassback = Antipassback.OFF
    inside_since_ms: int | None = None
    """Wall time at which the member came in without having been seen leaving since."""
    antipassback_forget_ms: int = ANTIPASSBACK_FORGET_MS
    pass_used: bool = False
    """The one entry of this pass has been."""
    pass_problem: str = ""
    """Why what was shown as a visit pass is none."""
    codes: CodeSpace | None = None
    """For a number that is to be a credential by itself."""
    number_wrong: bool = False
    """The number typed to a card is not its member's."""
    pins_locked: bool = False
    """Numbers are not taken now: too many wrong ones at this reader, or for this member."""
    hazard: bool = False
    """Smoke, carbon monoxide or a burning battery inside."""


@dataclass(frozen=True)
class Decision:
    """The answer. `rule` names the row of the table that decided, `detail` says it to a technician."""

    granted: bool
    reason: Reason
    rule: str
    detail: str


class Verdict(StrEnum):
    """What one rule says to a request. `not_asked`: it is about a member, and there is none, or about entering, and
    somebody leaves."""

    AGREES = "agrees"
    OBJECTS = "objects"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class RuleVerdict:
    """A rule's answer by itself, whether or not one before it has decided. `reason` is what its objection means."""

    rule: str
    reason: Reason
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Explanation:
    """A decision, and what all the rules said, in the order in which they are asked."""

    decision: Decision
    verdicts: tuple[RuleVerdict, ...]


@dataclass(frozen=True)
class BatteryFacts:
    """What the roster says of a battery. `member` None: with nobody. `as_of_ms`: wall time of the move it knows."""

    model: str
    member: MemberId | None = None
    recalled: bool = False
    as_of_ms: int = 0
