"""Every message of the wire as a pydantic model. Topics are in `contract.topics`, bytes in `contract.codec`.

Times are integers: `…_ms` since the Unix epoch in UTC unless the name says `mono` (the station's monotonic clock).
Unknown fields are ignored, as `contract.versions` says.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from contract.cabinet_parts import CabinetOrders, CabinetState
from contract.ids import BatteryId, MemberId, NodeId, ReaderId, StationId, Stream
from contract.parts import Count, Digest, EpochId, Moment, Node, Part, Position, SessionId, Shown, shown
from contract.records import AlarmCode, DoorMode, Posture, PostureCause, Priority
from contract.versions import WIRE_VERSION

MAX_RECORDS_PER_BATCH = 1_000
MAX_CHANGES_PER_PAGE = 1_000
MAX_NAME = 64
"""Characters of the name of somebody who does something."""


class Message(Part):
    """Base of all messages."""

    v: Literal[1] = WIRE_VERSION


# ---------------------------------------------------------------- upward


class Online(Message):
    """`online`, retained. The will says `online: false` for the session that it was left for."""

    session: SessionId
    online: bool


class DoorState(Part):
    mode: DoorMode
    contact_open: bool | None
    """None: not known (the pin server is away)."""
    lock_released: bool
    fire: bool = False


class ReaderState(Part):
    id: Annotated[ReaderId, AfterValidator(shown)]
    online: bool


class StandingAlarm(Part):
    code: AlarmCode | Shown
    source: Shown
    priority: Priority
    detail: Shown
    since_ms: Moment
    active: bool = True
    """False: its condition has ended, and it is listed until somebody has acknowledged it."""
    acknowledged: bool = False
    acknowledged_by: Shown = ""
    shelved_until_ms: Moment | None = None
    first_out: bool = False
    """The first of several that came together."""
    suppressed_by: Shown | None = None
    """The standing alarm that explains this one, as `code/source`."""


class LoadState(Part):
    id: Shown
    on: bool
    cause: Shown


class SensorState(Part):
    """`online` None: not heard of in this run of the station. A reading that is None is not measured."""

    id: Shown
    online: bool | None = None
    temperature_decicelsius: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    humidity_percent: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    carbon_monoxide_ppm: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    smoke: bool | None = None
    water: bool | None = None


class StationState(Message):
    """`state`, retained: the live picture. Older than `(boot, n)` of the same epoch is ignored by the cloud."""

    epoch: EpochId
    boot: Count
    session: SessionId
    n: Count
    at_ms: Moment
    clock_trusted: bool
    software: Shown
    door: DoorState
    posture: Posture
    people: Count
    people_sure: bool
    readers: list[ReaderState] = Field(max_length=16)
    alarms: list[StandingAlarm] = Field(max_length=200)
    roster: dict[Node, Count] = Field(default={}, max_length=64)
    roster_members: Count = 0
    storage: Shown = "ok"
    unacknowledged: Count = 0
    session_age_ms: Count | None = None
    """How long the session lasts: from its start the lifetimes of commands count."""
    desired_revision: int | None = Field(default=None, ge=-1, lt=2**63)
    """Of the standing will in force; -1: none ever was."""
    posture_cause: PostureCause | Shown | None = None
    people_confidence_percent: int | None = Field(default=None, ge=0, le=100)
    """How far `people` is to be believed: 100 an empty room was seen, 95 counted by beams, 85 by the door alone, 50 or
    less in doubt; `people_sure` from 85 upwards."""
    welfare_asked: bool = False
    """Somebody inside lies still, is asked whether all is well, and has not answered yet."""
    hazard: bool = False
    stop_charging: bool = False
    """`hazard` is smoke or carbon monoxide; in that and in a fire whatever charges at the station has to stop."""
    loads: list[LoadState] = Field(default=[], max_length=32)
    environment: list[SensorState] = Field(default=[], max_length=64)
    power_w: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    energy_day: Shown = ""
    energy_today_wh: dict[Shown, Count] = Field(default={}, max_length=64)
    """What `energy_day` (empty: the time is not known) has used by load and meter, a quarter of an hour old at most."""
    cabinet: CabinetState | None = None
    """None: the station has no swap cabinet."""


class StreamHead(Part):
    """What a journal holds of one stream. An empty stream has `oldest_seq = head_seq + 1`."""

    stream: Stream
    oldest_seq: Position
    head_seq: Count
    head_digest: Digest
    acknowledged_seq: Count


class Hello(Message):
    """`hello`, once after each connect. The cloud answers with one `ack` per stream."""

    epoch: EpochId
    session: SessionId
    boot: Count
    software: Shown
    streams: list[StreamHead] = Field(max_length=8)


class WireRecord(Part):
    """One journal record. `seq` of the first is the batch's `first_seq`; a `journal.gap` covers `body.first … seq`."""

    seq: Position
    boot: Annotated[int, Field(ge=0)]
    mono_ms: int
    recorded_at_ms: int
    clock_trusted: bool
    kind: Annotated[str, Field(min_length=1, max_length=100)]
    body: dict[str, Any]
    digest: Digest


class JournalBatch(Message):
    """`journal`: consecutive records of one stream (a gap record counts as all that it covers).

    `first_seq` is the first position covered, `previous_digest` belongs to the record before it, so that the batch can
    be checked by itself.
    """

    epoch: EpochId
    stream: Stream
    first_seq: Position
    oldest_seq: Position
    previous_digest: Digest
    records: list[WireRecord] = Field(min_length=1, max_length=MAX_RECORDS_PER_BATCH)


class RosterPull(Message):
    """`roster/pull`: the next page of a node's change log behind `after_version`."""

    session: SessionId
    node: Node
    after_version: Count
    snapshot_cursor: Annotated[MemberId, Field(max_length=64, pattern=r"^[^\x00]*$")] | None = None
    """Within a snapshot: the last member received."""
    snapshot_version: Count | None = None


# ---------------------------------------------------------------- downward


class Ack(Message):
    """`ack`: all positions up to `through_seq` are committed in the cloud's database, without a hole.

    `through_digest` is the digest stored at `through_seq`: a station that holds another one there has forked.
    An unreadable batch is answered by `unreadable` alone, which repeats its MQTT correlation data; the
    station halves it.
    """

    epoch: EpochId | None = None
    stream: Stream | None = None
    through_seq: Count = 0
    through_digest: Digest | None = None
    forked: bool = False
    """The cloud holds another record at a position that the station has just sent."""
    unreadable: str | None = Field(default=None, max_length=200)


class Envelope(Message):
    """What everything downward but `ack` travels in. `signed` is base64 of the exact bytes signed, a
    `SignedPayload`."""

    key_id: Annotated[str, Field(min_length=1, max_length=64)]
    signed: str
    signature: str


class SignedPayload(Message):
    """Names its addressee and its use, so that it can be neither re-addressed nor used as something else."""

    station: StationId
    leaf: Literal["command", "desired", "roster/head", "roster/page"]
    payload: dict[str, Any]


class Command(Message):
    """`command`, never retained: a momentary act, valid in one session and for a short while.

    `expires_in_session_ms` counts from the start of the session on a monotonic clock, so that it holds without a
    trusted wall clock.
    """

    id: Annotated[str, Field(min_length=8, max_length=64)]
    kind: Literal["release", "restart"] | str
    args: dict[str, Any] = Field(default={})
    session: SessionId
    issued_at_ms: int
    expires_in_session_ms: Count
    issued_by: Annotated[str, Field(max_length=200)]


class SeenAlarm(Part):
    """Somebody has seen the alarm that was raised at `raised_at_ms`, the station's time; not one that came later."""

    code: AlarmCode | Shown
    source: Annotated[str, Field(max_length=200)]
    raised_at_ms: Count
    by: Annotated[str, Field(max_length=MAX_NAME)]


class ShelvedAlarm(Part):
    """Somebody has put an alarm aside until `until_ms`; a moment that is over takes it back."""

    code: AlarmCode | Shown
    source: Annotated[str, Field(max_length=200)]
    until_ms: Moment
    by: Annotated[str, Field(max_length=MAX_NAME)]
    reason: Annotated[str, Field(max_length=200)] = ""


class Desired(Message):
    """`desired`, retained: the standing will of the cloud. A lower revision than one already followed is refused.

    What people say of alarms stands here until the station has recorded it, so that it also reaches a station that is
    away. An alarm code that the station does not know is passed over.
    """

    revision: Count
    posture: Posture | None = None
    """None: the station's own schedule decides."""
    acknowledged: list[SeenAlarm] = Field(default=[], max_length=64)
    shelved: list[ShelvedAlarm] = Field(default=[], max_length=64)
    loads_cut: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default=[], max_length=32)
    cabinet: CabinetOrders | None = None
    by: Shown = ""
    """Who has changed the will last, and why."""
    reason: Shown = ""


class WireCredential(Part):
    """A card as the cloud knows it: format, bit length and the bits, left-aligned, as hex.

    `wiegand` and `raw` are what the readers of a door give; `text` is what a keyboard-wedge reader types, as UTF-8. A
    format that a station does not know is a credential that it skips.
    """

    format: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    bits: Annotated[int, Field(ge=1, le=512)]
    data: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{2}){1,64}$")]


class WireKdf(Part):
    """scrypt's parameters and salt, with which a verifier was made: `contract.pins.Kdf`. Another `name` than `scrypt`,
    or parameters outside its limits, make a number that the station skips."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]{1,20}$")] = "scrypt"
    n: Annotated[int, Field(ge=1, le=2**30)]
    r: Annotated[int, Field(ge=1, le=2**10)]
    p: Annotated[int, Field(ge=1, le=2**10)]
    salt: Annotated[str, Field(pattern=r"^(?:[0-9a-f]{2}){8,64}$")]


Verifier = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class WirePin(Part):
    """The number that goes with a member's card, and the one that calls for help; never the digits themselves."""

    kdf: WireKdf
    verifier: Verifier
    duress: Verifier | None = None


class WireCode(Part):
    """A number that is a credential by itself. All codes of an installation share `kdf`, salt included.

    `digits` says how long it is: of a length, at least 1,000 codes are possible for each that is issued.
    """

    kdf: WireKdf
    verifier: Verifier
    digits: Annotated[int, Field(ge=4, le=12)]
    duress: bool = False


class WireBattery(Part):
    """A battery of the swap cabinets, and who has one. `as_of_ms`: when that became so."""

    serial: Annotated[BatteryId, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
    model: Annotated[str, Field(max_length=40)] = ""
    member_id: Annotated[MemberId, Field(max_length=64)] | None = None
    recalled: bool = False
    as_of_ms: Moment = 0


class WireMember(Part):
    """Somebody on the roster, or (`battery`) a battery, whose `id` is then its serial behind `battery/`: it travels as
    a member without cards, so that a station that knows no batteries takes the page all the same."""

    id: Annotated[MemberId, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(max_length=100)] = ""
    trade: Annotated[str, Field(max_length=40)] = ""
    credentials: list[WireCredential] = Field(default=[], max_length=8)
    valid_from_ms: int | None = None
    valid_until_ms: int | None = None
    extended_release: bool = False
    once: bool = False
    """A pass for one entry; a station that does not know this field yet lets its holder in as often as it is valid."""
    pin: WirePin | None = None
    codes: list[WireCode] = Field(default=[], max_length=4)
    """A field of their own rather than credentials of another format: a station that does not know it yet leaves them
    out, and takes the rest of the page."""
    battery: WireBattery | None = None
    batteries_owed: Annotated[int, Field(ge=0, le=100)] = 0
    """By claims that nobody has used yet, whichever station granted them: one takes off those of its own."""


class RosterChange(Part):
    """One entry of a node's change log. `member` is None for a removal or revocation of `member_id`."""

    version: Position
    op: Literal["upsert", "remove", "revoke"]
    member_id: MemberId
    member: WireMember | None = None


class NodeHead(Part):
    node: NodeId
    version: Count
    oldest_version: Count = 0
    """The change log reaches back to here; a station further behind takes a snapshot."""


class RosterHead(Message):
    """`roster/head`, retained: newest version per node that the station follows, the latest revocations inside."""

    revision: Count
    nodes: list[NodeHead] = Field(max_length=16)
    revoked: list[MemberId] = Field(default=[], max_length=1_000)


class RosterPage(Message):
    """`roster/page`: changes `after_version < version ≤ through_version`, or a page of a snapshot at `through_version`.

    In a snapshot the changes are upserts in order of member id; `more` says that another page follows.
    """

    session: SessionId
    node: NodeId
    snapshot: bool
    after_version: Count
    through_version: Count
    more: bool
    changes: list[RosterChange] = Field(max_length=MAX_CHANGES_PER_PAGE)
