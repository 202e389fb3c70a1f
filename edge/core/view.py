"""The station's state as people and the state message need it."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.ids import NodeId, ReaderId
from contract.records import AlarmCode, DoorMode, Posture, PostureCause, Priority
from edge.core.alarm_group import suppressed_by
from edge.core.comfort_view import LoadView, SensorView, energy_today_wh, load_views, power_w, sensor_views
from edge.core.environment import hazard
from edge.core.state import RosterVersion, StationState


@dataclass(frozen=True)
class AlarmView:
    """A listed alarm, as `contract.messages.StandingAlarm` tells it."""

    code: AlarmCode
    source: str
    priority: Priority
    detail: str
    since_ms: int
    active: bool
    acknowledged: bool
    acknowledged_by: str
    shelved_until_ms: int | None
    first_out: bool
    suppressed_by: str | None
    """The standing alarm that this one follows from, as `code/source`."""


@dataclass(frozen=True)
class StationView:
    mode: DoorMode
    contact_open: bool | None
    lock_released: bool
    exit_pressed: bool
    fire: bool
    stop_charging: bool
    """Fire, smoke or carbon monoxide: whatever charges here has to stop."""
    posture: Posture
    posture_cause: PostureCause
    people: int
    people_sure: bool
    people_confidence_percent: int
    welfare_asked: bool
    """Somebody inside lies still and has not answered yet."""
    readers: Mapping[ReaderId, bool]
    """False also for a reader that has not been heard of in this run."""
    alarms: tuple[AlarmView, ...]
    roster: Mapping[NodeId, RosterVersion]
    desired_revision: int
    storage: str
    boot: int
    software: str
    hazard: bool
    """Smoke or carbon monoxide."""
    loads: tuple[LoadView, ...]
    environment: tuple[SensorView, ...]
    power_w: int | None
    energy_day: str
    energy_today_wh: Mapping[str, int]


def view(state: StationState) -> StationView:
    """What `state` looks like from outside."""
    durable, volatile = state.durable, state.volatile
    return StationView(
        mode=durable.door.mode,
        contact_open=volatile.inputs.contact_open,
        lock_released=durable.door.release is not None,
        exit_pressed=volatile.inputs.exit_pressed,
        fire=durable.door.fire,
        stop_charging=durable.door.fire or hazard(state),
        posture=durable.posture,
        posture_cause=_posture_cause(state),
        people=durable.occupancy.people,
        people_sure=durable.occupancy.sure,
        people_confidence_percent=durable.occupancy.confidence_percent,
        welfare_asked=durable.presence.welfare_asked,
        readers={reader: health.ok is True for reader, health in volatile.parts.readers.items()},
        alarms=alarm_views(state),
        roster=durable.roster,
        desired_revision=durable.desired_revision,
        storage=volatile.parts.storage or "ok",
        boot=durable.boot,
        software=durable.software,
        hazard=hazard(state),
        loads=load_views(state),
        environment=sensor_views(state),
        power_w=power_w(state),
        energy_day=durable.loads.energy_day,
        energy_today_wh=energy_today_wh(state),
    )


def alarm_views(state: StationState) -> tuple[AlarmView, ...]:
    """All listed alarms, oldest first."""
    alarms = state.durable.alarms
    return tuple(
        AlarmView(
            code=alarm.code,
            source=alarm.source,
            priority=alarm.priority,
            detail=alarm.detail,
            since_ms=alarm.since_ms,
            active=alarm.active,
            acknowledged=alarm.acknowledged,
            acknowledged_by=alarm.acknowledged_by,
            shelved_until_ms=alarm.shelved_until_ms,
            first_out=alarm.first_out,
            suppressed_by=suppressed_by(alarm, alarms) or None,
        )
        for alarm in alarms
    )


def _posture_cause(state: StationState) -> PostureCause:
    """Who wants the posture that is in force."""
    if state.durable.desired_posture is not None:
        return PostureCause.DESIRED
    plan = state.volatile.plan
    return PostureCause.USUAL if plan is None or plan.posture is None else PostureCause.SCHEDULE
