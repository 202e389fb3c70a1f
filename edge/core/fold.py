"""Records to state. `apply` is the only thing that changes durable state, in a live step and in a replay alike."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from contract.records import (
    AccessDenied,
    AccessGranted,
    AccessNotTaken,
    AccessTaken,
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    AlarmShelved,
    AlarmUnshelved,
    AnomalyClosed,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    CabinetOrdered,
    CabinetTripped,
    CabinetTripReset,
    ChargeBegan,
    ChargeEnded,
    ClaimGranted,
    ClaimUsed,
    CommandAnswered,
    CommandBegun,
    DesiredFollowed,
    Direction,
    DoorClosed,
    DoorForced,
    DoorHeld,
    DoorHeldCleared,
    DoorHeldPreAlarm,
    DoorOpened,
    DoorReleased,
    DoorRelocked,
    EnergyCounted,
    EnergyUsed,
    FireEnded,
    FireStarted,
    LoadCut,
    LoadSwitched,
    OccupancyChanged,
    OccupancyCorrected,
    PostureCause,
    PostureChanged,
    Record,
    RosterSwitched,
    ServiceBegan,
    ServiceEnded,
    SlotDoorClosed,
    SlotDoorOpened,
    SlotGivenBack,
    SlotSetAside,
    SlotUnlocked,
    StationBooted,
    StationStopped,
    SwapBegun,
    SwapEnded,
    SwapStaged,
    WelfareAnswered,
    WelfareAsked,
)
from edge.core import alarm_state, door, load_state, pin_state, presence_state
from edge.core.cabinet import fold as cabinet
from edge.core.changed import changed
from edge.core.state import (
    MAX_COMMANDS_BEGUN,
    MAX_COMMANDS_SEEN,
    MAX_INSIDE,
    MAX_ROSTER_NODES,
    MAX_USED_PASSES,
    BegunCommand,
    Durable,
    Inside,
    Occupancy,
    RecordedAt,
    RosterVersion,
    StationState,
)


def apply(state: StationState, record: Record, at: RecordedAt) -> StationState:
    """The state after one more record. Kinds that change nothing, and unknown ones, leave it as it is."""
    durable = fold(state.durable, record, at)
    return state if durable is state.durable else StationState(durable, state.volatile)


def replay(state: StationState, records: Iterable[tuple[Record, RecordedAt]]) -> StationState:
    """The state after `records`, in the journal's order."""
    durable = state.durable
    for record, at in records:
        durable = fold(durable, record, at)
    return state if durable is state.durable else StationState(durable, state.volatile)


def fold(durable: Durable, record: Record, at: RecordedAt) -> Durable:
    """What is remembered after one more record; the same object where nothing is new."""
    change = _CHANGES.get(type(record))
    return durable if change is None else change(durable, record, at)


# ---------------------------------------------------------------- one function a kind, or several that are alike


def _booted(durable: Durable, record: StationBooted, at: RecordedAt) -> Durable:
    return changed(
        durable,
        boot=at.boot,
        software=record.software,
        stopped=False,
        door=door.fold(durable.door, record),
        pins=pin_state.fold(durable.pins, record, at),
        presence=presence_state.fold(durable.presence, record, at),
        loads=load_state.fold(durable.loads, record, at),
        cabinet=cabinet.fold(durable.cabinet, record, at),
    )


def _stopped(durable: Durable, record: StationStopped, at: RecordedAt) -> Durable:
    return changed(durable, stopped=True)


def _door(durable: Durable, record: door.DoorRecord, at: RecordedAt) -> Durable:
    return changed(durable, door=door.fold(durable.door, record))


def _posture(durable: Durable, record: PostureChanged, at: RecordedAt) -> Durable:
    # In a journal from before `DesiredFollowed` said it, this is how the cloud's wish is known.
    wish = record.posture if record.cause == PostureCause.DESIRED else durable.desired_posture
    return changed(durable, posture=record.posture, desired_posture=wish)


def _desired(durable: Durable, record: DesiredFollowed, at: RecordedAt) -> Durable:
    return changed(durable, desired_revision=record.revision, desired_posture=record.posture)


def _judged(durable: Durable, record: AccessGranted | AccessDenied, at: RecordedAt) -> Durable:
    return changed(_passes(durable, record), pins=pin_state.fold(durable.pins, record, at))


def _not_taken(durable: Durable, record: AccessNotTaken, at: RecordedAt) -> Durable:
    return _passes(durable, record)


def _taken(durable: Durable, record: AccessTaken, at: RecordedAt) -> Durable:
    return changed(durable, inside=_inside(durable.inside, record, at))


def _counted(durable: Durable, record: OccupancyChanged | OccupancyCorrected, at: RecordedAt) -> Durable:
    # Where surely nobody is, nobody is still inside.
    inside = () if record.sure and record.people == 0 else durable.inside
    return changed(durable, occupancy=_occupancy(record), inside=inside)


def _corrected(durable: Durable, record: OccupancyCorrected, at: RecordedAt) -> Durable:
    return _presence(_counted(durable, record, at), record, at)


def _presence(durable: Durable, record: OccupancyCorrected | WelfareAsked | WelfareAnswered, at: RecordedAt) -> Durable:
    return changed(durable, presence=presence_state.fold(durable.presence, record, at))


def _alarm(durable: Durable, record: alarm_state.AlarmRecord, at: RecordedAt) -> Durable:
    return changed(durable, alarms=alarm_state.fold(durable.alarms, record, at))


def _acknowledged(durable: Durable, record: AlarmAcknowledged, at: RecordedAt) -> Durable:
    return changed(_alarm(durable, record, at), pins=pin_state.fold(durable.pins, record, at))


def _load(durable: Durable, record: LoadSwitched | LoadCut | EnergyUsed | EnergyCounted, at: RecordedAt) -> Durable:
    return changed(durable, loads=load_state.fold(durable.loads, record, at))


def _cabinet(durable: Durable, record: cabinet.CabinetRecord, at: RecordedAt) -> Durable:
    return changed(durable, cabinet=cabinet.fold(durable.cabinet, record, at))


def _occupancy(record: OccupancyChanged | OccupancyCorrected) -> Occupancy:
    """Records of before confidence was told say only whether the count was sure."""
    confidence = record.confidence_percent
    if confidence is None:
        confidence = 85 if record.sure else 50
    return Occupancy(record.people, record.sure, confidence)


def _passes(durable: Durable, record: AccessGranted | AccessDenied | AccessNotTaken) -> Durable:
    """A pass is used by its grant, and given back when nobody came in on it."""
    member, used = record.member, durable.used_passes
    if isinstance(record, AccessGranted):
        used = (*used, record.member)[-MAX_USED_PASSES:] if record.once else used
    elif member in used and (isinstance(record, AccessNotTaken) or record.pass_returned):
        used = tuple(each for each in used if each != member)
    return durable if used is durable.used_passes else changed(durable, used_passes=used)


def _inside(before: tuple[Inside, ...], record: AccessTaken, at: RecordedAt) -> tuple[Inside, ...]:
    """Who is inside; of more than are kept the newest."""
    others = tuple(inside for inside in before if inside.member != record.member)
    if record.direction is Direction.OUT:
        return others
    return (*others, Inside(record.member, at.wall_ms))[-MAX_INSIDE:]


def _roster(durable: Durable, record: RosterSwitched, at: RecordedAt) -> Durable:
    """The newest `MAX_ROSTER_NODES` nodes; a station that moved in the tree forgets its oldest."""
    others = {node: version for node, version in durable.roster.items() if node != record.node}
    others[record.node] = RosterVersion(record.version, record.members)
    return changed(durable, roster=dict(list(others.items())[-MAX_ROSTER_NODES:]))


def _command(durable: Durable, record: CommandBegun | CommandAnswered, at: RecordedAt) -> Durable:
    seen = durable.commands_seen
    if record.id not in seen:
        seen = (*seen, record.id)[-MAX_COMMANDS_SEEN:]
    begun = tuple(command for command in durable.commands_begun if command.id != record.id)
    if isinstance(record, CommandBegun):
        begun = (*begun, BegunCommand(record.id, record.command, record.issued_by))[-MAX_COMMANDS_BEGUN:]
    return changed(durable, commands_seen=seen, commands_begun=begun)


_DOOR: Final = (
    *(DoorReleased, DoorRelocked, DoorOpened, DoorForced, DoorClosed),
    *(DoorHeldPreAlarm, DoorHeld, DoorHeldCleared, FireStarted, FireEnded),
)
_CABINET: Final = (
    *(SwapBegun, SwapStaged, SwapEnded, BatteryTakenIn, BatteryGivenOut),
    *(AnomalyOpened, AnomalyClosed, ClaimGranted, ClaimUsed),
    *(SlotUnlocked, SlotDoorOpened, SlotDoorClosed, SlotSetAside, SlotGivenBack, ServiceBegan, ServiceEnded),
    *(CabinetTripped, CabinetTripReset, ChargeBegan, ChargeEnded, CabinetOrdered),
)
_CHANGES: Final[dict[type, Callable[[Durable, Any, RecordedAt], Durable]]] = {
    StationBooted: _booted,
    StationStopped: _stopped,
    **dict.fromkeys(_DOOR, _door),
    PostureChanged: _posture,
    DesiredFollowed: _desired,
    **dict.fromkeys((AccessGranted, AccessDenied), _judged),
    AccessNotTaken: _not_taken,
    AccessTaken: _taken,
    OccupancyChanged: _counted,
    OccupancyCorrected: _corrected,
    **dict.fromkeys((WelfareAsked, WelfareAnswered), _presence),
    **dict.fromkeys((AlarmRaised, AlarmCleared, AlarmShelved, AlarmUnshelved), _alarm),
    AlarmAcknowledged: _acknowledged,
    **dict.fromkeys((LoadSwitched, LoadCut, EnergyUsed, EnergyCounted), _load),
    **dict.fromkeys(_CABINET, _cabinet),
    RosterSwitched: _roster,
    **dict.fromkeys((CommandBegun, CommandAnswered), _command),
}
"""What is not here changes nothing that is remembered."""
