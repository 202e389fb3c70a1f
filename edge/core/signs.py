"""The readers' lasting signs: what they show until it changes, between the answers that they give to people."""

from typing import Final

from contract.records import AlarmCode, DoorMode
from edge.core import environment
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.state import StationState
from edge.core.turn import Turn

LASTING_SIGN: Final[dict[DoorMode, Feedback]] = {
    DoorMode.HELD_PRE_ALARM: Feedback.HELD_PRE_ALARM,
    DoorMode.HELD: Feedback.HELD,
    DoorMode.FORCED: Feedback.FORCED,
}
ALARM_OF_SIGN: Final[dict[Feedback, AlarmCode]] = {
    Feedback.HELD_PRE_ALARM: AlarmCode.DOOR_HELD,
    Feedback.HELD: AlarmCode.DOOR_HELD,
    Feedback.FORCED: AlarmCode.DOOR_FORCED,
}


def follow(turn: Turn, before: StationState) -> None:
    """Show another sign where what it says has changed."""
    if _differ(before, turn.state):
        for reader in turn.config.readers:
            turn.act(ReaderFeedback(reader, lasting(turn.state)))


def _differ(before: StationState, after: StationState) -> bool:
    """Nothing else than these parts makes a sign; most steps change none of them."""
    was, now = before.durable, after.durable
    same_door = was.door is now.door or (
        was.door.fire is now.door.fire and LASTING_SIGN.get(was.door.mode) is LASTING_SIGN.get(now.door.mode)
    )
    same_memory = was is now or (
        same_door and was.alarms is now.alarms and was.presence is now.presence and was.cabinet is now.cabinet
    )
    same_length = before.volatile.inputs.held_long is after.volatile.inputs.held_long
    same_air = before.volatile.environment.findings is after.volatile.environment.findings
    if same_memory and same_length and same_air:
        return False
    return lasting(after) is not lasting(before)


def lasting(state: StationState) -> Feedback:
    """What the readers show until it changes. Shelving a door's alarm puts its sound aside; acknowledging it does not,
    because the sound is for whoever stands in the door."""
    door = state.durable.door
    if door.fire or environment.hazard(state):
        return Feedback.EVACUATE
    sign = LASTING_SIGN.get(door.mode)
    if sign is None or _is_shelved(state, ALARM_OF_SIGN.get(sign)):
        return Feedback.WELFARE if state.durable.presence.welfare_asked else Feedback.IDLE
    return Feedback.HELD_LONG if sign is Feedback.HELD and state.volatile.inputs.held_long else sign


def _is_shelved(state: StationState, code: AlarmCode | None) -> bool:
    return any(alarm.code is code and alarm.shelved_until_ms is not None for alarm in state.durable.alarms)
