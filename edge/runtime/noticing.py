"""What a step says to whoever stands at the door: for the screen, without a name."""

from typing import Final

from contract.records import AccessDenied, AccessGranted, Reason
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.station import Step
from edge.runtime.ipc import DoorNotice, NoticeKind

OF_FEEDBACK: Final = {
    Feedback.SECOND_FACTOR: NoticeKind.NUMBER_WANTED,
    Feedback.LOCKED_OUT: NoticeKind.NUMBERS_LOCKED,
}
SILENT: Final = frozenset({Reason.LOCKED_OUT})
"""Silence is what slows somebody who tries cards."""


def notice_of(step: Step) -> DoorNotice | None:
    """None: nothing was asked of the door."""
    for effect in step.effects:
        if isinstance(effect, ReaderFeedback) and effect.outcome in OF_FEEDBACK:
            return DoorNotice(OF_FEEDBACK[effect.outcome])
    for record in step.records:
        if isinstance(record, AccessGranted):
            return DoorNotice(NoticeKind.GRANTED)
        if isinstance(record, AccessDenied) and record.reason not in SILENT:
            return DoorNotice(NoticeKind.DENIED, record.reason)
    return None
