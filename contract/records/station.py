"""The program itself: its runs, its journal, its roster, its orders."""

from typing import Any, ClassVar

from contract.frozen import frozen
from contract.ids import NodeId, Stream


@frozen
class StationBooted:
    """First record of every run. `unrecorded_release_window_ms` > 0 says that the run before ended without a clean
    stop, so that a budgeted release of its last milliseconds may have no record."""

    KIND: ClassVar[str] = "station.booted"
    software: str
    config_digest: str
    clean_stop: bool
    unrecorded_release_window_ms: int
    records_replayed: int


@frozen
class StationStopped:
    """Last record of an orderly stop."""

    KIND: ClassVar[str] = "station.stopped"
    why: str


@frozen
class RosterSwitched:
    KIND: ClassVar[str] = "roster.switched"
    node: NodeId
    version: int
    members: int


@frozen
class CommandAnswered:
    """`outcome` is `done`, `refused`, or `interrupted` for one begun before a restart and never rerun."""

    KIND: ClassVar[str] = "command.answered"
    id: str
    command: str
    outcome: str
    reason: str
    issued_by: str


@frozen
class CommandBegun:
    KIND: ClassVar[str] = "command.begun"
    id: str
    command: str
    issued_by: str
    reason: str = ""
    """What its operator gave; no release is begun without one."""


@frozen
class MessageRefused:
    """A downward message that was stale, replayed, re-addressed, of a lower revision or mis-signed."""

    KIND: ClassVar[str] = "message.refused"
    topic: str
    reason: str


@frozen
class ClockTrusted:
    """`offset_ms` is trusted time minus what the station had believed until then."""

    KIND: ClassVar[str] = "clock.trusted"
    offset_ms: int


@frozen
class JournalGap:
    """Stands at position `last` in the place of the records `first … last`, which were given up for `reason`.

    It keeps the digest of the last record that it replaces, so that the chain goes on behind it.
    """

    KIND: ClassVar[str] = "journal.gap"
    stream: Stream
    first: int
    last: int
    reason: str


@frozen
class JournalForked:
    """The journal went on under a new epoch, because the cloud knew another history of the old one."""

    KIND: ClassVar[str] = "journal.forked"
    previous_epoch: str
    reason: str


@frozen
class StationHealth:
    """Telemetry, once a minute."""

    KIND: ClassVar[str] = "station.health"
    uptime_s: int
    memory_kib: int
    cpu_permille: int
    disk_free_mib: int
    journal_unacknowledged: int
    reader_resets: int


@frozen
class UnknownRecord:
    """A kind of a newer version, kept as it is."""

    KIND: ClassVar[str] = ""
    kind: str
    body: dict[str, Any]
