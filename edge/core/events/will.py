"""What people want of the station: the cloud's standing will and commands, and hands at its own screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.ids import BatteryId, LoadId, SlotNumber
from contract.records import AlarmCode, Posture


@dataclass(frozen=True)
class AlarmSeen:
    """Somebody has seen the alarm that was raised at `raised_at_ms` (its record's time); a later one they have not."""

    code: AlarmCode
    source: str
    raised_at_ms: int
    by: str


@dataclass(frozen=True)
class AlarmAside:
    """Somebody puts an alarm aside until `until_ms`, wall time; one that is over takes it back."""

    code: AlarmCode
    source: str
    until_ms: int
    by: str
    reason: str = ""
    for_ms: int | None = None
    """For how long, where that is what was said (at the station, whose clock may be wrong); `until_ms` is not looked at
    then."""


@dataclass(frozen=True)
class CabinetWill:
    """What the standing will says of the swap cabinet. None: as configured."""

    recalled: tuple[BatteryId, ...] = ()
    locked_out: tuple[SlotNumber, ...] = ()
    power_budget_w: int | None = None
    keep_full: int | None = None


@dataclass(frozen=True)
class DesiredReceived:
    """The standing will, already authenticated. `posture` None: the station's own plan decides."""

    revision: int
    posture: Posture | None
    acknowledged: tuple[AlarmSeen, ...] = ()
    shelved: tuple[AlarmAside, ...] = ()
    loads_cut: tuple[LoadId, ...] = ()
    by: str = ""
    """Who has changed the will last."""
    cabinet: CabinetWill | None = None


@dataclass(frozen=True)
class AcknowledgeRequested:
    seen: AlarmSeen


@dataclass(frozen=True)
class ShelveRequested:
    aside: AlarmAside


@dataclass(frozen=True)
class WelfareAnswerGiven:
    """Somebody touched "I am all right" on the screen, or a technician says that somebody has looked (`attended`)."""

    attended: bool = False


@dataclass(frozen=True)
class CommandReceived:
    """A momentary act, already authenticated and within its session and lifetime."""

    id: str
    kind: str
    issued_by: str
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class CommandInterrupted:
    """The shell knows that a command begun will not be finished."""

    id: str
    kind: str
    issued_by: str


@dataclass(frozen=True)
class MessageRefused:
    """The shell has refused a downward message (stale, re-addressed, mis-signed, unreadable)."""

    topic: str
    reason: str
