"""What the screen shows, as its page gets it."""

from enum import StrEnum

from pydantic import BaseModel

from contract.records import Posture, Reason
from edge.runtime.ipc import NoticeKind


class Emergency(StrEnum):
    """Why everybody has to leave."""

    FIRE = "fire"
    SMOKE = "smoke"
    CARBON_MONOXIDE = "carbon_monoxide"


class Notice(BaseModel):
    kind: NoticeKind
    reason: Reason | None = None
    """Why somebody was denied."""


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


class Sent(BaseModel):
    """The answer has been passed on to the station."""

    sent: bool
