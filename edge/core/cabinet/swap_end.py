"""The end of a swap: what has really moved, what is owed for it, and exactly one outcome.

The moves come first, then the claim, then the end, so that the journal never says that a swap ended well before it says
how. What is unsettled then (a slot that stands open, or holds something that nobody has booked) stays this rider's
doing until somebody else opens the slot: `left`.
"""

from typing import Final

from contract.ids import SlotNumber
from contract.records import (
    AnomalyCause,
    BatteryGivenOut,
    ClaimGranted,
    ClaimUsed,
    SlotAside,
    SlotSetAside,
    SwapEnded,
    SwapKind,
    SwapOutcome,
)
from edge.core.cabinet import asides, ledger
from edge.core.cabinet.slots import set_now, slot_now
from edge.core.cabinet.state import Said, Swap
from edge.core.cabinet.swap_inputs import Found, slot_of
from edge.core.cabinet.swap_table import SwapInput
from edge.core.effects import SetLamp, SlotLamp
from edge.core.turn import Turn

SAID_MS: Final = 20_000


def take_in(turn: Turn, swap: Swap) -> None:
    """What lies in the rider's slot is the station's."""
    battery = None if swap.slot_in is None else slot_now(turn.state, swap.slot_in).battery
    if swap.slot_in is not None and battery is not None:
        ledger.take_in(turn, swap.slot_in, battery, swap.member, AnomalyCause.SWAP, swap.id)


def end(turn: Turn, swap: Swap, found: Found, outcome: SwapOutcome) -> None:
    """End the swap with this outcome."""
    slot = slot_of(swap)
    if found.takes_in:
        take_in(turn, swap)
    if found.gives_out and slot is not None:
        _give_out(turn, swap, slot)
    if slot is not None and found.stuck:
        turn.record(SlotSetAside(slot, SlotAside.STUCK))
    if slot is not None and found.what is SwapInput.DANGEROUS:
        _quarantine(turn, slot)
    ended = turn.durable.cabinet.swap or swap
    claim = _settle(turn, ended, outcome)
    left = slot if slot is not None and _is_unsettled(turn, slot) else None
    turn.record(
        SwapEnded(
            swap=ended.id,
            member=ended.member,
            swap_kind=ended.kind,
            outcome=outcome,
            battery_in=ended.battery_in,
            battery_out=ended.battery_out,
            duration_ms=max(0, turn.now.wall_ms - ended.begun_ms),
            left=left,
        )
    )
    flow = turn.volatile.cabinet.swap
    if flow is not None and flow.lamp is not None:
        turn.act(SetLamp(flow.lamp, SlotLamp.OFF))
    to_close = slot if slot is not None and slot_now(turn.state, slot).door_open else None
    said = Said(turn.mono_ms + SAID_MS, outcome=outcome, claim=claim, slot=to_close)
    set_now(turn, swap=None, said=said)


def _give_out(turn: Turn, swap: Swap, slot: SlotNumber) -> None:
    """What the books have in the slot is with the rider now; what was refused there never was in the books."""
    booked = turn.durable.cabinet.in_slot(slot)
    if booked is not None:
        turn.record(BatteryGivenOut(booked.battery, slot, swap.member, swap.id))


def _settle(turn: Turn, swap: Swap, outcome: SwapOutcome) -> bool:
    """Grant or use the claim that the moves lead to; whether the rider is owed something."""
    memory = turn.durable.cabinet
    if swap.kind is SwapKind.TAKE_ONLY and swap.battery_out is not None and not swap.claim_used:
        claim = memory.claim_of(swap.member)
        if claim is not None:
            turn.record(ClaimUsed(claim.id, swap.member, swap.id))
        return False
    owed = swap.kind is SwapKind.SWAP and swap.battery_in is not None and swap.battery_out is None
    if owed and swap.claim is None:
        turn.record(ClaimGranted(memory.claims_granted + 1, swap.member, swap.id, outcome))
    return owed


def _quarantine(turn: Turn, slot: SlotNumber) -> None:
    held = turn.durable.cabinet.asides
    if not any((aside.slot, aside.why) == (slot, SlotAside.QUARANTINE) for aside in held):
        asides.quarantine(turn, slot)


def _is_unsettled(turn: Turn, slot: SlotNumber) -> bool:
    """Something may still move there, or lies there unbooked."""
    now, booked = slot_now(turn.state, slot), turn.durable.cabinet.in_slot(slot)
    if now.may_be_open or not now.known or bool(now.present) != (booked is not None):
        return True
    serial = None if now.battery is None else now.battery.serial
    return booked is not None and serial != booked.battery
