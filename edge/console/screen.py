"""From what the controller tells to what the screen shows.

What people see is little and never about a person: the live picture is read for a few of its fields, and a notice (what
has just become of a card or a number) is gone after `NOTICE_MS`. An alarm whose point is that nobody at the station
sees it (duress) is not in here because nothing but the hazards below is looked for.
"""

from typing import Any, Final

from contract.records import AlarmCode, DoorMode, Posture
from edge.console.cabinet_screen import cabinet_shown
from edge.console.models import Emergency, Notice, ScreenView
from edge.runtime.ipc import DoorNotice, NoticeKind

NOTICE_MS: Final = 6_000
WAITING_MS: Final = 10_000
"""A number is waited for longer."""

WITHOUT_SMOKE: Final = {
    AlarmCode.CARBON_MONOXIDE: Emergency.CARBON_MONOXIDE,
    AlarmCode.CABINET_TRIPPED: Emergency.BATTERY,
}

HELD: Final = frozenset({DoorMode.HELD_PRE_ALARM, DoorMode.HELD})


class Screen:
    """`capacity`: how many may be inside, if that is limited. Moments are of the monotonic clock."""

    def __init__(self, capacity: int | None) -> None:
        self._capacity = capacity
        self._shown = ScreenView(capacity=capacity)
        self._notice: Notice | None = None
        self._notice_ends_ms = 0

    def told(self, state: dict[str, Any], wall_ms: int = 0) -> None:
        """The live picture, with the fields of `contract.messages.StationState`, told at `wall_ms` of Unix time."""
        door, people, sure = state["door"], int(state["people"]), bool(state["people_sure"])
        self._shown = ScreenView(
            known=True,
            emergency=_emergency(state),
            lock_released=bool(door["lock_released"]),
            welfare_asked=bool(state.get("welfare_asked")),
            posture=Posture(state["posture"]),
            people=people,
            people_sure=sure,
            capacity=self._capacity,
            full=sure and self._capacity is not None and people >= self._capacity,
            close_door=door["mode"] in HELD,
            cabinet=cabinet_shown(state.get("cabinet"), wall_ms),
        )

    def noticed(self, notice: DoorNotice, now_ms: int) -> None:
        self._notice = Notice(kind=notice.kind, reason=notice.reason)
        self._notice_ends_ms = now_ms + (WAITING_MS if notice.kind is NoticeKind.NUMBER_WANTED else NOTICE_MS)

    def view(self, now_ms: int) -> ScreenView:
        """What to show now."""
        if now_ms >= self._notice_ends_ms:
            self._notice = None
        return self._shown.model_copy(update={"notice": self._notice})

    def changes_at_ms(self) -> int | None:
        """When the picture changes by itself."""
        return self._notice_ends_ms if self._notice is not None else None


def _emergency(state: dict[str, Any]) -> Emergency | None:
    if state["door"]["fire"]:
        return Emergency.FIRE
    if not state.get("hazard"):
        return None
    standing = {alarm.get("code") for alarm in state["alarms"] if alarm.get("active", True)}
    if AlarmCode.SMOKE not in standing:
        for code, emergency in WITHOUT_SMOKE.items():
            if code in standing:
                return emergency
    return Emergency.SMOKE
