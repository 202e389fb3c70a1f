"""The station's live picture as the state message and `yizhan edge status` want it."""

from typing import Any

from contract.plain import plain
from edge.core.cabinet.view import cabinet_view
from edge.core.config import StationConfig
from edge.core.state import StationState
from edge.core.view import StationView, view
from edge.runtime.cabinet_picture import cabinet_message
from edge.runtime.clock import monotonic_ms


def picture_of(
    config: StationConfig, state: StationState, *, epoch: str, clock_trusted: bool, unacknowledged: int
) -> dict[str, Any]:
    """The station as it is now."""
    now_ms = monotonic_ms()
    cabinet = cabinet_view(config.cabinet, state, now_ms)
    said = state_message(view(state), epoch=epoch, clock_trusted=clock_trusted, unacknowledged=unacknowledged)
    return said | {"cabinet": None if cabinet is None else cabinet_message(cabinet, now_ms)}


def state_message(view: StationView, *, epoch: str, clock_trusted: bool, unacknowledged: int) -> dict[str, Any]:
    """The fields of `contract.messages.StationState` that the controller knows; the uplink adds session and number."""
    return {
        "epoch": epoch,
        "boot": view.boot,
        "clock_trusted": clock_trusted,
        "software": view.software,
        "door": {
            "mode": view.mode,
            "contact_open": view.contact_open,
            "lock_released": view.lock_released,
            "fire": view.fire,
        },
        "stop_charging": view.stop_charging,
        "posture": view.posture,
        "posture_cause": view.posture_cause,
        "desired_revision": view.desired_revision,
        "people": view.people,
        "people_sure": view.people_sure,
        "people_confidence_percent": view.people_confidence_percent,
        "welfare_asked": view.welfare_asked,
        "readers": [{"id": reader, "online": online} for reader, online in sorted(view.readers.items())],
        "alarms": [plain(alarm) for alarm in view.alarms],
        "roster": {node: held.version for node, held in view.roster.items()},
        "roster_members": sum(held.members for held in view.roster.values()),
        "hazard": view.hazard,
        "loads": [plain(load) for load in view.loads],
        "environment": [plain(sensor) for sensor in view.environment],
        "power_w": view.power_w,
        "energy_day": view.energy_day,
        "energy_today_wh": dict(view.energy_today_wh),
        "storage": str(view.storage),
        "unacknowledged": unacknowledged,
    }
