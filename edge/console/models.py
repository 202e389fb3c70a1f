"""What the screen shows, as its page gets it."""

from enum import StrEnum

from pydantic import BaseModel

from contract.records import Posture, Reason, SwapKind, SwapOutcome, SwapRefusal, SwapStage
from edge.runtime.ipc import NoticeKind


class Emergency(StrEnum):
    """Why everybody has to leave."""

    FIRE = "fire"
    SMOKE = "smoke"
    CARBON_MONOXIDE = "carbon_monoxide"
    BATTERY = "battery"
    """A battery in the swap cabinet is dangerous."""


class Notice(BaseModel):
    kind: NoticeKind
    reason: Reason | None = None
    """Why somebody was denied."""


class SlotLook(StrEnum):
    """How a slot is drawn."""

    EMPTY = "empty"
    FULL = "full"
    CHARGING = "charging"
    OCCUPIED = "occupied"
    OUT_OF_SERVICE = "out_of_service"
    UNKNOWN = "unknown"
    DANGER = "danger"


class SlotShown(BaseModel):
    slot: int
    look: SlotLook
    soc_percent: int | None = None
    door_open: bool | None = None


class SwapStep(BaseModel):
    """The swap under way: `slot` is where the rider is wanted now. `ends_at_ms` (Unix) is when the step's time is over;
    None: no time runs."""

    kind: SwapKind
    stage: SwapStage
    slot: int | None = None
    outcome: SwapOutcome | None = None
    """Decided already: what was put in goes back."""
    ends_at_ms: int | None = None
    hurry: bool = False
    """Half of the time is over."""
    overdue: bool = False
    again: bool = False
    """The slot was closed with nothing done and opens once more."""
    held: bool = False
    cancellable: bool = False


class SwapWords(BaseModel):
    """What is said after a swap has ended (`outcome`) or was refused (`refusal`)."""

    outcome: SwapOutcome | None = None
    refusal: SwapRefusal | None = None
    denied: Reason | None = None
    claim: bool = False
    slot: int | None = None
    """A slot that is still to be closed."""


class CabinetShown(BaseModel):
    """The swap cabinet, without anybody's name. `ready` false: nobody can swap now, and `why` says why."""

    ready: bool
    why: SwapRefusal | None = None
    slots: list[SlotShown]
    full: int
    empty: int
    step: SwapStep | None = None
    words: SwapWords | None = None
    chosen: SwapKind | None = None
    """What the next card is for; None: a swap."""
    waiting: int = 0
    open_slot: int | None = None
    """Of `why` = slot_open: the one that is to be closed first."""


class ScreenView(BaseModel):
    """`known` false: the station has not told anything yet, and the rest means nothing."""

    known: bool = False
    emergency: Emergency | None = None
    lock_released: bool = False
    welfare_asked: bool = False
    posture: Posture = Posture.SECURE
    people: int = 0
    people_sure: bool = False
    capacity: int | None = None
    full: bool = False
    close_door: bool = False
    """The door has been open for too long."""
    notice: Notice | None = None
    """Of the last seconds."""
    cabinet: CabinetShown | None = None
    """None: the station has no swap cabinet."""


class SwapChoice(BaseModel):
    kind: SwapKind


class Sent(BaseModel):
    """The answer has been passed on to the station."""

    sent: bool
