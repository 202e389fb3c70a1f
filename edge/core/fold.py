"""Records to state. `apply` is the only thing that changes durable state, in a live step and in a replay alike."""

from collections.abc import Iterable

from contract.ids import NodeId
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
    for record, at in records:
        state = apply(state, record, at)
    return state


def fold(durable: Durable, record: Record, at: RecordedAt) -> Durable:
    """What is remembered after one more record; the same object where nothing is new."""
    match record:
        case StationBooted():
            booted = changed(durable, boot=at.boot, software=record.software, stopped=False)
            return changed(
                booted,
                door=door.fold(durable.door, record),
                pins=pin_state.fold(durable.pins, record, at),
                presence=presence_state.fold(durable.presence, record, at),
                loads=load_state.fold(durable.loads, record, at),
                cabinet=cabinet.fold(durable.cabinet, record, at),
            )
        case StationStopped():
            return changed(durable, stopped=True)
        case (
            DoorReleased() | DoorRelocked() | DoorOpened() | DoorForced() | DoorClosed()
            | DoorHeldPreAlarm() | DoorHeld() | DoorHeldCleared() | FireStarted() | FireEnded()
        ):  # fmt: skip
            return changed(durable, door=door.fold(durable.door, record))
        case PostureChanged():
            # In a journal from before `DesiredFollowed` said it, this is how the cloud's wish is known.
            wish = record.posture if record.cause == PostureCause.DESIRED else durable.desired_posture
            return changed(durable, posture=record.posture, desired_posture=wish)
        case DesiredFollowed():
            return changed(durable, desired_revision=record.revision, desired_posture=record.posture)
        case OccupancyChanged():
            # Where surely nobody is, nobody is still inside.
            inside = () if record.sure and record.people == 0 else durable.inside
            return changed(durable, occupancy=_occupancy(record), inside=inside)
        case AccessGranted() | AccessDenied():
            return changed(_passes(durable, record), pins=pin_state.fold(durable.pins, record, at))
        case AccessNotTaken():
            return _passes(durable, record)
        case AccessTaken():
            return changed(durable, inside=_inside(durable.inside, record, at))
        case AlarmRaised() | AlarmCleared() | AlarmShelved() | AlarmUnshelved():
            return changed(durable, alarms=alarm_state.fold(durable.alarms, record, at))
        case AlarmAcknowledged():
            pins = pin_state.fold(durable.pins, record, at)
            return changed(durable, alarms=alarm_state.fold(durable.alarms, record, at), pins=pins)
        case OccupancyCorrected():
            inside = () if record.sure and record.people == 0 else durable.inside
            corrected = changed(durable, occupancy=_occupancy(record), inside=inside)
            return changed(corrected, presence=presence_state.fold(durable.presence, record, at))
        case WelfareAsked() | WelfareAnswered():
            return changed(durable, presence=presence_state.fold(durable.presence, record, at))
        case LoadSwitched() | LoadCut() | EnergyUsed() | EnergyCounted():
            return changed(durable, loads=load_state.fold(durable.loads, record, at))
        case (
            SwapBegun() | SwapStaged() | SwapEnded() | BatteryTakenIn() | BatteryGivenOut()
            | AnomalyOpened() | AnomalyClosed() | ClaimGranted() | ClaimUsed()
            | SlotUnlocked() | SlotDoorOpened() | SlotDoorClosed() | SlotSetAside() | SlotGivenBack()
            | ServiceBegan() | ServiceEnded()
            | CabinetTripped() | CabinetTripReset() | ChargeBegan() | ChargeEnded() | CabinetOrdered()
        ):  # fmt: skip
            return changed(durable, cabinet=cabinet.fold(durable.cabinet, record, at))
        case RosterSwitched():
            return changed(durable, roster=_roster(durable, record))
        case CommandBegun() | CommandAnswered():
            return _command(durable, record)
        case _:
            return durable


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


def _roster(durable: Durable, record: RosterSwitched) -> dict[NodeId, RosterVersion]:
    """The newest `MAX_ROSTER_NODES` nodes; a station that moved in the tree forgets its oldest."""
    others = {node: version for node, version in durable.roster.items() if node != record.node}
    others[record.node] = RosterVersion(record.version, record.members)
    return dict(list(others.items())[-MAX_ROSTER_NODES:])


def _command(durable: Durable, record: CommandBegun | CommandAnswered) -> Durable:
    seen = durable.commands_seen
    if record.id not in seen:
        seen = (*seen, record.id)[-MAX_COMMANDS_SEEN:]
    begun = tuple(command for command in durable.commands_begun if command.id != record.id)
    if isinstance(record, CommandBegun):
        begun = (*begun, BegunCommand(record.id, record.command, record.issued_by))[-MAX_COMMANDS_BEGUN:]
    return changed(durable, commands_seen=seen, commands_begun=begun)
