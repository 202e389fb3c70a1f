"""What the station's parts say of themselves, its journal and its roster among them."""

from enum import StrEnum

from contract.frozen import frozen
from contract.ids import LoadId, NodeId, ReaderId, Stream


class StorageStatus(StrEnum):
    """The journal's condition. `recovering`: there is room again, queued records are being written."""

    OK = "ok"
    FULL = "full"
    UNAVAILABLE = "unavailable"
    RECOVERING = "recovering"


@frozen
class ReaderChanged:
    reader: ReaderId
    online: bool
    detail: str = ""


@frozen
class ReaderTampered:
    """A reader that supervises its own lid says whether it is off."""

    reader: ReaderId
    tampered: bool


@frozen
class GpioChanged:
    available: bool
    detail: str = ""


@frozen
class LoadChecked:
    """Whether the output of a load, read back, says what was set."""

    load: LoadId
    obeys: bool


@frozen
class UplinkChanged:
    connected: bool
    detail: str = ""


@frozen
class ChildRestarting:
    name: str
    detail: str = ""


@frozen
class ChildRunning:
    name: str


@frozen
class ClockChanged:
    """`offset_ms` is trusted time minus what the station had believed until then; 0 when trust is lost."""

    trusted: bool
    offset_ms: int = 0


@frozen
class ConfigRefused:
    """The configuration on disk is wrong; the station runs its last good one."""

    detail: str


@frozen
class HealthMeasured:
    """The fields of `records.StationHealth`."""

    uptime_s: int
    memory_kib: int
    cpu_permille: int
    disk_free_mib: int
    journal_unacknowledged: int
    reader_resets: int


@frozen
class StorageChanged:
    status: StorageStatus
    detail: str = ""


@frozen
class RecordsDropped:
    """Records were given up because the queue in front of an unwritable journal was full."""

    stream: Stream
    count: int


@frozen
class JournalReset:
    """The journal was unreadable and set aside; a new epoch has begun."""

    detail: str


@frozen
class JournalForkDetected:
    """The cloud knows another history of `previous_epoch`; the journal has gone on under a new one."""

    previous_epoch: str
    reason: str


@frozen
class RosterSwitched:
    node: NodeId
    version: int
    members: int


@frozen
class RosterChanged:
    """Whether the roster can be read."""

    available: bool
    detail: str = ""
