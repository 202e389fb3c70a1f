"""The cabinet's records folded into what is remembered of it."""

from typing import Final

from contract.ids import SlotNumber
from contract.records import (
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
    ServiceBegan,
    ServiceEnded,
    SlotDoorClosed,
    SlotDoorOpened,
    SlotGivenBack,
    SlotSetAside,
    SlotUnlocked,
    StationBooted,
    SwapBegun,
    SwapEnded,
    SwapKind,
    SwapOutcome,
    SwapStage,
    SwapStaged,
)
from edge.core.cabinet.state import (
    MAX_ANOMALIES,
    MAX_CLAIMS,
    MAX_LEFT,
    MAX_OUT,
    MAX_RECALLED,
    Anomaly,
    Aside,
    Booked,
    CabinetMemory,
    Claim,
    Left,
    Out,
    Swap,
    Tripped,
)
from edge.core.changed import changed
from edge.core.stamp import RecordedAt

SlotRecord = SlotUnlocked | SlotDoorOpened | SlotDoorClosed | SlotSetAside | SlotGivenBack | ServiceBegan | ServiceEnded
SafetyRecord = CabinetTripped | CabinetTripReset | ChargeBegan | ChargeEnded
SwapRecord = SwapBegun | SwapStaged | SwapEnded
LedgerRecord = BatteryTakenIn | BatteryGivenOut | AnomalyOpened | AnomalyClosed | ClaimGranted | ClaimUsed
CabinetRecord = SlotRecord | SafetyRecord | SwapRecord | LedgerRecord | CabinetOrdered

STAGES_IN: Final = frozenset(
    {SwapStage.OPENING_IN, SwapStage.PUT_IN, SwapStage.VERIFYING, SwapStage.OPENING_BACK, SwapStage.TAKE_BACK}
)
STAGES_OUT: Final = frozenset({SwapStage.OPENING_OUT, SwapStage.TAKE_OUT})
MAX_WOKEN: Final = 256


def fold(memory: CabinetMemory, record: CabinetRecord | StationBooted, at: RecordedAt) -> CabinetMemory:
    """What is remembered after one more record."""
    match record:
        case StationBooted():
            # What was shut and settled in the run before is nobody's doing any more; but the power may have gone before
            # a battery was booked for which its rider has got nothing.
            left = tuple(one for one in memory.left if one.owed or not one.closed)
            return changed(memory, charging=(), left=left)
        case SwapBegun() | SwapStaged() | SwapEnded():
            return _swap(memory, record, at)
        case BatteryTakenIn() | BatteryGivenOut():
            return _moved(memory, record, at)
        case AnomalyOpened() | AnomalyClosed() | ClaimGranted() | ClaimUsed():
            return _owed(memory, record, at)
        case CabinetTripped() | CabinetTripReset() | ChargeBegan() | ChargeEnded():
            return _safety(memory, record, at)
        case CabinetOrdered():
            return _ordered(memory, record)
        case _:
            return _slot(memory, record)


def _swap(memory: CabinetMemory, record: SwapRecord, at: RecordedAt) -> CabinetMemory:
    if isinstance(record, SwapBegun):
        stage = SwapStage.OPENING_OUT if record.slot_in is None else SwapStage.OPENING_IN
        slots = record.slot_in, record.slot_out
        swap = Swap(record.swap, record.member, record.swap_kind, stage, *slots, begun_ms=at.wall_ms)
        return changed(memory, swaps=record.swap, swap=swap)
    if memory.swap is None or memory.swap.id != record.swap:
        return memory
    if isinstance(record, SwapEnded):
        return changed(memory, swap=None, left=_left(memory, memory.swap, record))
    outcome = record.outcome or memory.swap.outcome
    staged = changed(memory.swap, stage=record.stage, attempt=record.attempt, outcome=outcome)
    if record.stage in STAGES_IN:
        staged = changed(staged, slot_in=record.slot)
    elif record.stage in STAGES_OUT:
        staged = changed(staged, slot_out=record.slot)
    elif record.stage is SwapStage.RECONCILING and memory.swap.stage is not SwapStage.RECONCILING:
        staged = changed(staged, was=memory.swap.stage)
    return changed(memory, swap=staged)


def _left(memory: CabinetMemory, swap: Swap, ended: SwapEnded) -> tuple[Left, ...]:
    if ended.left is None:
        return memory.left
    nothing = swap.claim is None and swap.battery_in is None and swap.battery_out is None
    left = Left(
        slot=ended.left,
        member=swap.member,
        swap=swap.id,
        owed=nothing and swap.kind is SwapKind.SWAP,
        claim=swap.claim,
        given=swap.battery_out,
        exchanged=ended.outcome is SwapOutcome.EXCHANGED,
    )
    return (*_elsewhere(memory.left, ended.left), left)[-MAX_LEFT:]


def _elsewhere(left: tuple[Left, ...], slot: SlotNumber | None) -> tuple[Left, ...]:
    return tuple(one for one in left if one.slot != slot)


def _moved(memory: CabinetMemory, record: BatteryTakenIn | BatteryGivenOut, at: RecordedAt) -> CabinetMemory:
    """One battery, one place: wherever it was booked before, it is not there any more."""
    booked = tuple(one for one in memory.booked if one.battery != record.battery and one.slot != record.slot)
    out = tuple(one for one in memory.out if one.battery != record.battery)
    swap = memory.swap if memory.swap is not None and memory.swap.id == record.swap else None
    if isinstance(record, BatteryTakenIn):
        booked = (*booked, Booked(record.slot, record.battery, record.model, record.member))
        if swap is not None:
            swap = changed(swap, battery_in=record.battery)
    else:
        if record.member is not None:
            out = (*out, Out(record.battery, record.member, at.wall_ms))[-MAX_OUT:]
        if swap is not None and swap.battery_in == record.battery:
            swap = changed(swap, battery_in=None)
        elif swap is not None:
            swap = changed(swap, battery_out=record.battery)
    left = _elsewhere(memory.left, record.slot)
    return changed(memory, booked=booked, out=out, left=left, swap=memory.swap if swap is None else swap)


def _owed(
    memory: CabinetMemory, record: AnomalyOpened | AnomalyClosed | ClaimGranted | ClaimUsed, at: RecordedAt
) -> CabinetMemory:
    match record:
        case AnomalyOpened():
            anomaly = Anomaly(
                id=record.anomaly,
                kind=record.anomaly_kind,
                cause=record.cause,
                battery=record.battery,
                slot=record.slot,
                member=record.member,
                swap=record.swap,
                since_ms=at.wall_ms,
                detail=record.detail,
            )
            anomalies = (*memory.anomalies, anomaly)[-MAX_ANOMALIES:]
            left = _elsewhere(memory.left, record.slot)
            return changed(memory, anomalies_opened=record.anomaly, anomalies=anomalies, left=left)
        case AnomalyClosed():
            return changed(memory, anomalies=tuple(one for one in memory.anomalies if one.id != record.anomaly))
        case ClaimGranted():
            claims = (*memory.claims, Claim(record.claim, record.member, at.wall_ms))[-MAX_CLAIMS:]
            swap = _owing(memory, record, claim=record.claim)
            return changed(memory, claims_granted=record.claim, claims=claims, swap=swap)
        case _:
            claims = tuple(one for one in memory.claims if one.id != record.claim)
            return changed(memory, claims=claims, swap=_owing(memory, record, claim_used=True))


def _owing(memory: CabinetMemory, record: ClaimGranted | ClaimUsed, **changes: object) -> Swap | None:
    swap = memory.swap
    return changed(swap, **changes) if swap is not None and swap.id == record.swap else swap


def _safety(memory: CabinetMemory, record: SafetyRecord, at: RecordedAt) -> CabinetMemory:
    match record:
        case CabinetTripped():
            others = tuple(one for one in memory.tripped if (one.trip, one.slot) != (record.trip, record.slot))
            tripped = Tripped(record.trip, record.slot, at.wall_ms, record.detail, record.hazard)
            return changed(memory, tripped=(*others, tripped))
        case CabinetTripReset():
            others = tuple(one for one in memory.tripped if (one.trip, one.slot) != (record.trip, record.slot))
            return changed(memory, tripped=others)
        case _:
            charging = tuple(slot for slot in memory.charging if slot != record.slot)
            if isinstance(record, ChargeEnded):
                return changed(memory, charging=charging)
            woken = (*memory.woken, record.battery)[-MAX_WOKEN:] if record.wake else memory.woken
            return changed(memory, charging=(*charging, record.slot), woken=woken)


def _ordered(memory: CabinetMemory, record: CabinetOrdered) -> CabinetMemory:
    return changed(
        memory,
        recalled=record.recalled[:MAX_RECALLED],
        power_budget_w=record.power_budget_w,
        keep_full=record.keep_full,
        locked_out=record.locked_out,
    )


def _slot(memory: CabinetMemory, record: SlotRecord) -> CabinetMemory:
    match record:
        case SlotUnlocked():
            left = _elsewhere(memory.left, record.slot)
            return changed(memory, pulses=record.pulse, unlocked=record.slot, left=left)
        case SlotDoorOpened():
            left = memory.left if record.commanded else _elsewhere(memory.left, record.slot)
            return changed(memory, open_doors=(*_others(memory.open_doors, record.slot), record.slot), left=left)
        case SlotDoorClosed():
            unlocked = None if memory.unlocked == record.slot else memory.unlocked
            # While somebody works here nothing is compared: what lies there is still to be seen.
            settled = not memory.service_by
            left = tuple(changed(one, closed=settled) if one.slot == record.slot else one for one in memory.left)
            return changed(memory, open_doors=_others(memory.open_doors, record.slot), unlocked=unlocked, left=left)
        case SlotSetAside():
            others = tuple(one for one in memory.asides if (one.slot, one.why) != (record.slot, record.why))
            return changed(memory, asides=(*others, Aside(record.slot, record.why, record.until_ms, record.by)))
        case SlotGivenBack():
            kept = tuple(one for one in memory.asides if (one.slot, one.why) != (record.slot, record.why))
            return changed(memory, asides=kept)
        case ServiceBegan():
            return changed(memory, service_by=record.by)
        case _:
            return changed(memory, service_by="")


def _others(slots: tuple[SlotNumber, ...], slot: SlotNumber) -> tuple[SlotNumber, ...]:
    return tuple(each for each in slots if each != slot)
