"""The durable state as a JSON object and back, with a version.

Start = snapshot + the records after it. A snapshot of another version, or a damaged one, is refused as a whole: the
shell then sets it aside and replays from the records alone. Nothing in it is needed twice: it is a fold of the
journal.
"""

import json
from dataclasses import asdict, replace
from typing import Any, Final

from contract.ids import MemberId, NodeId
from contract.plain import build
from contract.records import Direction, DoorMode, Posture, ReleaseCause
from edge.core.cabinet.state import CabinetMemory
from edge.core.load_state import LoadMemory
from edge.core.pin_state import PinMemory
from edge.core.presence_state import PresenceMemory
from edge.core.state import (
    Alarm,
    BegunCommand,
    Door,
    Durable,
    Inside,
    Occupancy,
    Release,
    RosterVersion,
    StationState,
)

SNAPSHOT_VERSION: Final = 1
_NOT_TOLD: Final = object()


class SnapshotError(ValueError):
    """A snapshot that cannot be read; the message says why."""


def snapshot(state: StationState) -> dict[str, Any]:
    """The durable part of `state`, JSON-able."""
    return {"version": SNAPSHOT_VERSION, **asdict(replace(state.durable, roster=dict(state.durable.roster)))}


def snapshot_json(state: StationState) -> str:
    """The snapshot as text that is the same for equal states."""
    return json.dumps(snapshot(state), sort_keys=True, separators=(",", ":"))


def from_snapshot(data: Any) -> StationState:
    """The state of a snapshot, nothing volatile known. Raises `SnapshotError`."""
    if not isinstance(data, dict):
        raise SnapshotError(f"snapshot is a {type(data).__name__}, not an object")
    if data.get("version") != SNAPSHOT_VERSION:
        raise SnapshotError(f"snapshot version {data.get('version')!r}; this program reads {SNAPSHOT_VERSION}")
    try:
        return StationState(_durable(data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(f"snapshot is damaged: {type(error).__name__}: {error}") from None


def _durable(data: dict[str, Any]) -> Durable:
    door, release = data["door"], data["door"]["release"]
    posture, wish = Posture(data["posture"]), data.get("desired_posture", _NOT_TOLD)
    if wish is _NOT_TOLD:
        # A snapshot from before the wish was kept: any posture but the usual one was the cloud's.
        wish = None if posture is Posture.SECURE else posture
    return Durable(
        boot=int(data["boot"]),
        software=str(data["software"]),
        stopped=bool(data["stopped"]),
        door=Door(
            mode=DoorMode(door["mode"]),
            release=None if release is None else _release(release),
            fire=bool(door["fire"]),
            held_for_ms=door["held_for_ms"],
        ),
        posture=posture,
        desired_revision=int(data["desired_revision"]),
        occupancy=_occupancy(data["occupancy"]),
        alarms=tuple(build(Alarm, alarm) for alarm in data["alarms"]),
        roster={
            NodeId(node): RosterVersion(int(held["version"]), int(held["members"]))
            for node, held in data["roster"].items()
        },
        commands_seen=tuple(str(seen) for seen in data["commands_seen"]),
        commands_begun=tuple(BegunCommand(**begun) for begun in data["commands_begun"]),
        inside=tuple(Inside(MemberId(inside["member"]), int(inside["since_ms"])) for inside in data.get("inside", ())),
        used_passes=tuple(MemberId(used) for used in data.get("used_passes", ())),
        desired_posture=None if wish is None else Posture(wish),
        pins=build(PinMemory, data.get("pins", {})),
        presence=build(PresenceMemory, data.get("presence", {})),
        loads=build(LoadMemory, data.get("loads", {})),
        cabinet=build(CabinetMemory, data.get("cabinet", {})),
    )


def _occupancy(data: dict[str, Any]) -> Occupancy:
    sure = bool(data["sure"])
    return Occupancy(int(data["people"]), sure, int(data.get("confidence_percent", 85 if sure else 50)))


def _release(data: dict[str, Any]) -> Release:
    member = data["member"]
    return Release(
        ReleaseCause(data["cause"]),
        None if member is None else MemberId(member),
        int(data["hold_ms"]),
        Direction(data.get("direction", Direction.IN)),
        str(data.get("reason", "")),
    )
