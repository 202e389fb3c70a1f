"""Numbers typed at keypads: what is configured, remembered and waited for. The machine is in `pins`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.ids import ReaderId
from contract.records import AccessDenied, AccessGranted, AlarmAcknowledged
from edge.core.stamp import RecordedAt


@dataclass(frozen=True)
class PinConfig:
    """Times in milliseconds."""

    pairing_ms: int = 10_000
    """A card waits so long for its number."""


@dataclass(frozen=True)
class PinMemory:
    """Durable."""


@dataclass(frozen=True)
class PinsNow:
    """Volatile."""

    waiting: Mapping[ReaderId, int] = field(default_factory=dict)


def fold(memory: PinMemory, record: AccessGranted | AccessDenied | AlarmAcknowledged, at: RecordedAt) -> PinMemory:
    """What is remembered after one more record."""
    return memory
