"""What a station writes into its journal: one frozen dataclass per kind.

A record is a fact that has happened. The station's durable state is a fold over these records, and the cloud's picture
of the station is a fold over the same ones, so both ends read the kinds from this one package: `codes` has the
closed lists, and the other modules the records of one part of the station each.

Rules of evolution (see `contract.versions`): a field may be added with a default, never renamed or given another
meaning; a kind may be added; a reader ignores fields it does not know and keeps kinds that it does not know
(`UnknownRecord`). Standard library only.
"""

from dataclasses import fields
from typing import Any, Final, cast, get_args

from contract.ids import Stream
from contract.plain import PlainError, build
from contract.records.access import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
)
from contract.records.alarms import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    AlarmShelved,
    AlarmUnshelved,
)
from contract.records.cabinet import (
    BatterySampled,
    CabinetOrdered,
    CabinetTripped,
    CabinetTripReset,
    ChargeBegan,
    ChargeEnded,
    ServiceBegan,
    ServiceEnded,
    SlotDoorClosed,
    SlotDoorOpened,
    SlotGivenBack,
    SlotSetAside,
    SlotUnlocked,
)
from contract.records.codes import (
    LIFE_SAFETY,
    AlarmCode,
    Direction,
    DoorMode,
    Posture,
    PostureCause,
    Priority,
    Reason,
    ReleaseCause,
    RelockCause,
)
from contract.records.door import (
    DesiredFollowed,
    DoorClosed,
    DoorForced,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorOpened,
    DoorReleased,
    DoorRelocked,
    ExitPressed,
    FireEnded,
    FireStarted,
    PostureChanged,
)
from contract.records.loads import (
    EnergyCounted,
    EnergyUsed,
    EnvironmentSampled,
    LoadCut,
    LoadSwitched,
    PowerSampled,
)
from contract.records.presence import (
    OccupancyChanged,
    OccupancyCorrected,
    WelfareAnswered,
    WelfareAsked,
)
from contract.records.station import (
    ClockTrusted,
    CommandAnswered,
    CommandBegun,
    JournalForked,
    JournalGap,
    MessageRefused,
    RosterSwitched,
    StationBooted,
    StationHealth,
    StationStopped,
    UnknownRecord,
)
from contract.records.swap import (
    AnomalyClosed,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    ClaimGranted,
    ClaimUsed,
    SwapBegun,
    SwapEnded,
    SwapRefused,
    SwapStaged,
)
from contract.records.swap_codes import (
    AnomalyCause,
    AnomalyEnd,
    AnomalyKind,
    ChargeEnd,
    SlotAside,
    SlotCause,
    SwapKind,
    SwapOutcome,
    SwapRefusal,
    SwapStage,
    Trip,
)

__all__ = [
    "LIFE_SAFETY",
    "RECORD_TYPES",
    "TELEMETRY_KINDS",
    "AccessDenied",
    "AccessGranted",
    "AccessNotTaken",
    "AccessTaken",
    "AlarmAcknowledged",
    "AlarmCleared",
    "AlarmCode",
    "AlarmRaised",
    "AlarmShelved",
    "AlarmUnshelved",
    "AnomalyCause",
    "AnomalyClosed",
    "AnomalyEnd",
    "AnomalyKind",
    "AnomalyOpened",
    "BatteryGivenOut",
    "BatterySampled",
    "BatteryTakenIn",
    "CabinetOrdered",
    "CabinetTripReset",
    "CabinetTripped",
    "ChargeBegan",
    "ChargeEnd",
    "ChargeEnded",
    "ClaimGranted",
    "ClaimUsed",
    "ClockTrusted",
    "CommandAnswered",
    "CommandBegun",
    "DesiredFollowed",
    "Direction",
    "DoorClosed",
    "DoorForced",
    "DoorHeld",
    "DoorHeldCleared",
    "DoorHeldPreAlarm",
    "DoorMode",
    "DoorOpened",
    "DoorReleased",
    "DoorRelocked",
    "EnergyCounted",
    "EnergyUsed",
    "EnvironmentSampled",
    "ExitPressed",
    "FireEnded",
    "FireStarted",
    "JournalForked",
    "JournalGap",
    "LoadCut",
    "LoadSwitched",
    "MessageRefused",
    "OccupancyChanged",
    "OccupancyCorrected",
    "Posture",
    "PostureCause",
    "PostureChanged",
    "PowerSampled",
    "Priority",
    "Reason",
    "Record",
    "RecordError",
    "ReleaseCause",
    "RelockCause",
    "RosterSwitched",
    "ServiceBegan",
    "ServiceEnded",
    "SlotAside",
    "SlotCause",
    "SlotDoorClosed",
    "SlotDoorOpened",
    "SlotGivenBack",
    "SlotSetAside",
    "SlotUnlocked",
    "StationBooted",
    "StationHealth",
    "StationStopped",
    "SwapBegun",
    "SwapEnded",
    "SwapKind",
    "SwapOutcome",
    "SwapRefusal",
    "SwapRefused",
    "SwapStage",
    "SwapStaged",
    "Trip",
    "UnknownRecord",
    "WelfareAnswered",
    "WelfareAsked",
    "from_body",
    "kind_of",
    "stream_of",
    "to_body",
]


class RecordError(ValueError):
    """A record body lacks a field or has one of the wrong type. The message names kind and field."""


Record = (
    StationBooted | StationStopped | AccessGranted | AccessDenied | AccessNotTaken | AccessTaken
    | DoorReleased | DoorRelocked | DoorOpened | DoorClosed | DoorForced | DoorHeldPreAlarm | DoorHeld | DoorHeldCleared
    | ExitPressed | FireStarted | FireEnded | PostureChanged | DesiredFollowed | OccupancyChanged
    | OccupancyCorrected | WelfareAsked | WelfareAnswered
    | AlarmRaised | AlarmCleared | AlarmAcknowledged | AlarmShelved | AlarmUnshelved
    | LoadSwitched | LoadCut | EnergyUsed | EnergyCounted | EnvironmentSampled | PowerSampled
    | RosterSwitched | CommandBegun | CommandAnswered | MessageRefused | ClockTrusted
    | SwapRefused | SwapBegun | SwapStaged | SwapEnded | BatteryTakenIn | BatteryGivenOut
    | AnomalyOpened | AnomalyClosed | ClaimGranted | ClaimUsed
    | SlotUnlocked | SlotDoorOpened | SlotDoorClosed | SlotSetAside | SlotGivenBack
    | CabinetTripped | CabinetTripReset | ChargeBegan | ChargeEnded
    | ServiceBegan | ServiceEnded | CabinetOrdered | BatterySampled
    | JournalGap | JournalForked | StationHealth | UnknownRecord
)  # fmt: skip

RECORD_TYPES: Final[dict[str, type]] = {kind.KIND: kind for kind in get_args(Record) if kind.KIND}
TELEMETRY_KINDS: Final = frozenset(
    {StationHealth.KIND, EnvironmentSampled.KIND, PowerSampled.KIND, BatterySampled.KIND}
)


def kind_of(record: Record) -> str:
    """The record's kind as it stands in the journal and on the wire."""
    return record.kind if isinstance(record, UnknownRecord) else record.KIND


def stream_of(record: Record) -> Stream:
    """The stream a record belongs to."""
    return Stream.TELEMETRY if kind_of(record) in TELEMETRY_KINDS else Stream.EVENTS


def to_body(record: Record) -> dict[str, Any]:
    """The record as a JSON object; its kind travels beside it."""
    if isinstance(record, UnknownRecord):
        return record.body
    return {field.name: getattr(record, field.name) for field in fields(record)}


def from_body(kind: str, body: dict[str, Any]) -> Record:
    """The record of a kind and a JSON object.

    Unknown fields are ignored, an unknown kind gives an `UnknownRecord`.

    Raises:
        RecordError: a field of a known kind is missing or of the wrong type.
    """
    record_type = RECORD_TYPES.get(kind)
    if record_type is None:
        return UnknownRecord(kind, body)
    try:
        return cast(Record, build(record_type, body))
    except PlainError as error:
        raise RecordError(f"{kind}: {error}") from None
