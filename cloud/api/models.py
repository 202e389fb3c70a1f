"""What the API says, as pydantic models. The web pages' types are generated from the OpenAPI document of these.

Times are milliseconds since the Unix epoch in UTC; a station's zone is beside them (`timezone`).
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cloud.domain.commands import CommandKind, CommandStatus
from cloud.domain.refusal import RefusalCode
from contract.cabinet_parts import CabinetOrders, CabinetState
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
    """An alarm that is listed: its condition stands (`active`), or has ended and nobody has acknowledged it yet."""

    code: str
    source: str
    priority: Priority
    detail: str
    since_ms: int
    origin: Literal["station", "cloud"] = "station"
    active: bool = True
    acknowledged: bool = False
    acknowledged_by: str | None = None
    acknowledged_at_ms: int | None = None
    shelved_until_ms: int | None = None
    shelved_by: str | None = None
    shelved_reason: str | None = None
    first_out: bool = False
    """The first of several that came together."""
    suppressed_by: str | None = None
    """`code/source` of the alarm that explains it."""


class OrderedBy(ApiModel):
    """Who ordered something, why and when."""

    by: str
    reason: str
    at_ms: int


class SeenAtCloud(ApiModel):
    """Somebody has acknowledged an alarm here, and the station has not recorded it yet."""

    code: str
    source: str
    since_ms: int
    by: str


class AsideAtCloud(ApiModel):
    """Somebody has shelved an alarm here (`until_ms` 0: taken it back), and the station has not recorded it yet."""

    code: str
    source: str
    until_ms: int
    by: str
    reason: str


class Orders(ApiModel):
    """A station's standing orders. `followed`: the station has said that they are in force."""

    revision: int
    followed: bool
    posture: Posture | None
    """None: the station's own plan decides."""
    posture_ordered: OrderedBy | None
    loads_cut: list[str]
    loads_ordered: OrderedBy | None
    cabinet: CabinetOrders | None = None
    """None: the swap cabinet runs as it is configured."""
    cabinet_ordered: OrderedBy | None = None
    acknowledged: list[SeenAtCloud]
    shelved: list[AsideAtCloud]


class CommandShown(ApiModel):
    """A momentary act asked of a station, and how far it has come."""

    id: str
    station: str
    kind: CommandKind
    slot: int | None = None
    trip: str | None = None
    reason: str
    by: str
    issued_at_ms: int
    expires_at_ms: int
    status: CommandStatus
    answer: str | None
    """The station's reason code, where it has one."""
    answered_at_ms: int | None


class Load(ApiModel):
    """Something that the station switches, and why it is on or off (a `LoadCause` of the station)."""

    id: str
    on: bool
    cause: str


class Sensor(ApiModel):
    """What an environment sensor measures; None: it does not, or has not been heard of (`online` None)."""

    id: str
    online: bool | None
    temperature_decicelsius: int | None
    humidity_percent: int | None
    carbon_monoxide_ppm: int | None
    smoke: bool | None
    water: bool | None


class DayEnergy(ApiModel):
    """What one load or meter has used on one local day."""

    day: str
    source: str
    energy_wh: int


class EnergyPage(ApiModel):
    """The newest day first."""

    days: list[DayEnergy]


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
    posture_cause: str | None
    """Who wants it: `desired` (the cloud), `schedule` or `usual`."""
    people: int | None
    people_sure: bool | None
    alarms: list[Alarm]
    entries_today: int
    denials_today: int
    full_batteries: int | None = None
    """What riders can swap for; None: there is no swap cabinet, or none has reported."""
    swaps_today: dict[str, int] = {}
    """By `SwapOutcome`."""


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
    hazard: bool = False
    """Smoke or carbon monoxide."""
    people_confidence_percent: int | None = None
    welfare_asked: bool = False
    """The screen asks somebody who does not move whether all is well."""
    loads: list[Load] = []
    environment: list[Sensor] = []
    power_w: int | None = None
    energy_day: str = ""
    """The local day that `energy_today_wh` counts."""
    energy_today_wh: dict[str, int] = {}
    """By load and by meter."""
    cabinet: CabinetState | None = None
    """As of the station's last state."""
    cabinet_names: dict[str, str] = {}
    """Of the members that `cabinet` speaks of."""
    orders: Orders | None = None
    """None: none were ever given."""
    commands: list[CommandShown] = []
    """Those of the last minutes, newest first."""


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


class PassShown(ApiModel):
    """A pass, to be shown or sent to its visitor. It is kept nowhere."""

    id: str
    text: str
    svg: str
    """The text drawn as a QR code."""
    valid_until_ms: int
    once: bool


class ActShown(ApiModel):
    """A line of the audit log: who did what, when and why; of a command also what has become of it."""

    id: int
    at_ms: int
    by: str
    act: str
    station: str | None
    """None: it concerns no single station."""
    station_name: str | None
    timezone: str | None
    reason: str | None
    detail: dict[str, Any]
    command_status: CommandStatus | None
    """None: no command; it was done, or ordered, at once."""
    command_answer: str | None


class ActsPage(ApiModel):
    """The newest act first."""

    acts: list[ActShown]
    next_before: int | None
    """What to ask for to see older ones; None: there are none."""


class CommandsPage(ApiModel):
    commands: list[CommandShown]


class Refused(ApiModel):
    """Why something was not done."""

    code: RefusalCode
    why: str
