"""What the API says, as pydantic models. The web pages' types are generated from the OpenAPI document of these.

Times are milliseconds since the Unix epoch in UTC; a station's zone is beside them (`timezone`).
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from contract.records import DoorMode, Posture, Priority


class ApiModel(BaseModel):
    model_config = ConfigDict(frozen=True)


class Door(ApiModel):
    mode: DoorMode
    contact_open: bool | None
    lock_released: bool
    fire: bool


class Reader(ApiModel):
    id: str
    online: bool


class Alarm(ApiModel):
    code: str
    source: str
    priority: Priority
    detail: str
    since_ms: int


class OrganisationRef(ApiModel):
    id: str
    name: str
    path: list[str]
    """Names from the top of the tree down to this node."""


class StationSummary(ApiModel):
    """One station in a list. Fields are None until the station has first reported."""

    id: str
    name: str
    organisation: OrganisationRef
    timezone: str
    online: bool
    last_seen_ms: int | None
    door: Door | None
    posture: Posture | None
    people: int | None
    people_sure: bool | None
    alarms: list[Alarm]
    entries_today: int
    denials_today: int


class RosterLevel(ApiModel):
    """How far a station has followed one node's change log."""

    node: str
    station_version: int | None
    newest_version: int


class JournalLevel(ApiModel):
    """How much of one stream of one life of a station's journal is committed here."""

    epoch: str
    stream: str
    through_seq: int
    """Everything up to here is committed, without a hole."""
    stored: int
    """Records stored, those set aside as unstorable included."""


class StationDetail(StationSummary):
    software: str | None
    boot: int | None
    clock_trusted: bool | None
    storage: str | None
    unacknowledged: int | None
    readers: list[Reader]
    roster: list[RosterLevel]
    roster_members: int | None
    journal: list[JournalLevel] = []


class Event(ApiModel):
    """One journal record as committed. `change` orders all that the fleet view has shown, without gaps."""

    change: int
    station: str
    epoch: str
    stream: str
    seq: int
    recorded_at_ms: int
    received_at_ms: int
    clock_trusted: bool
    kind: str
    body: dict[str, Any]
    member_name: str | None = None


class EventsPage(ApiModel):
    """Events in order of `change`. Without `after` the newest `limit`."""

    events: list[Event]
    next_after: int


class StationsPage(ApiModel):
    change: int
    """The number of the newest change that this answer contains."""
    stations: list[StationSummary]


class LiveSnapshot(ApiModel):
    """SSE `snapshot`: everything as of `change`; the first message of a stream that does not resume."""

    change: int
    stations: list[StationDetail]
    events: list[Event]
    """The newest events of the fleet, oldest first."""


class LiveChange(ApiModel):
    """SSE `change`, with `id:` its number: one station's new picture and the event that made it, if one did."""

    change: int
    station: StationDetail
    event: Event | None


class LiveReset(ApiModel):
    """SSE `reset`: the `Last-Event-ID` is too old to resume from; a snapshot follows."""

    why: Literal["too_old", "unknown"]


class Health(ApiModel):
    ok: bool
    checks: dict[str, str]
