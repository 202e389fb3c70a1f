"""What the rider's screen shows of the swap cabinet, from what the state message tells of it.

A code that this program does not know (the controller may be newer for a moment) is left out rather than shown raw.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from contract.records import Reason, SlotAside, SwapKind, SwapOutcome, SwapRefusal, SwapStage
from edge.console.models import CabinetShown, SlotLook, SlotShown, SwapStep, SwapWords

E = TypeVar("E", bound=StrEnum)


def cabinet_shown(told: Mapping[str, Any] | None, now_ms: int) -> CabinetShown | None:
    """`told`: `contract.cabinet_parts.CabinetState`; `now_ms`: Unix time at which it was told."""
    if told is None:
        return None
    open_slots = [slot["slot"] for slot in told["slots"] if slot["may_be_open"] and not slot["lost"]]
    why = _why_not(told) or (SwapRefusal.SLOT_OPEN if open_slots and told["swap"] is None else None)
    return CabinetShown(
        ready=why is None,
        why=why,
        slots=[_slot(slot) for slot in told["slots"]],
        full=int(told["full"]),
        empty=int(told["empty"]),
        step=_step(told["swap"], now_ms),
        words=_words(told["said"]),
        chosen=_known(SwapKind, told["chosen"]),
        waiting=int(told["waiting"]),
        open_slot=open_slots[0] if why is SwapRefusal.SLOT_OPEN else None,
    )


def _why_not(told: Mapping[str, Any]) -> SwapRefusal | None:
    """Why nobody can swap now."""
    if told["hazard"]:
        return SwapRefusal.HAZARD
    if told["service_by"]:
        return SwapRefusal.SERVICE
    return None if told["online"] and told["ready"] else SwapRefusal.OFFLINE


def _slot(told: Mapping[str, Any]) -> SlotShown:
    return SlotShown(slot=told["slot"], look=_look(told), soc_percent=told["soc_percent"], door_open=told["door_open"])


def _look(told: Mapping[str, Any]) -> SlotLook:
    if told["trips"] or SlotAside.QUARANTINE in told["asides"]:
        return SlotLook.DANGER
    if told["asides"]:
        return SlotLook.OUT_OF_SERVICE
    if told["lost"] or told["present"] is None:
        return SlotLook.UNKNOWN
    if not told["present"]:
        return SlotLook.EMPTY
    if told["full"]:
        return SlotLook.FULL
    return SlotLook.CHARGING if told["charging"] else SlotLook.OCCUPIED


def _step(told: Mapping[str, Any] | None, now_ms: int) -> SwapStep | None:
    if told is None:
        return None
    kind, stage = _known(SwapKind, told["kind"]), _known(SwapStage, told["stage"])
    if kind is None or stage is None:
        return None
    left_ms = told["ends_in_ms"]
    return SwapStep(
        kind=kind,
        stage=stage,
        slot=told["slot"],
        outcome=_known(SwapOutcome, told["outcome"]),
        ends_at_ms=None if left_ms is None else now_ms + left_ms,
        hurry=told["warned"],
        overdue=told["overdue"],
        again=told["again"],
        held=told["held"],
        cancellable=told["cancellable"],
    )


def _words(told: Mapping[str, Any] | None) -> SwapWords | None:
    if told is None:
        return None
    outcome, refusal = _known(SwapOutcome, told["outcome"]), _known(SwapRefusal, told["refusal"])
    if outcome is None and refusal is None:
        return None
    denied = _known(Reason, told["detail"]) if refusal is SwapRefusal.DENIED else None
    return SwapWords(outcome=outcome, refusal=refusal, denied=denied, claim=told["claim"], slot=told["slot"])


def _known(codes: type[E], told: str | None) -> E | None:
    return codes(told) if told is not None and told in frozenset(codes) else None
