"""What the controller has told the core of each part in this run: what the alarms are held against."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from edge.core import events


@dataclass(frozen=True, slots=True)
class Told:
    """Whether a part is in trouble, since when, and whether it had been well before in this run."""

    bad: bool
    since_ms: int
    was_well: bool


def _tell(told: dict[str, Told], name: str, bad: bool, now_ms: int) -> None:
    before = told.get(name)
    if before is None or before.bad is not bad:
        told[name] = Told(bad, now_ms, before is not None)


def _storage(told: dict[str, Told], event: events.StorageChanged, now_ms: int) -> None:
    _tell(told, "storage_full/journal", event.status is events.StorageStatus.FULL, now_ms)
    _tell(told, "storage_unavailable/journal", event.status is events.StorageStatus.UNAVAILABLE, now_ms)


TOLD: Final[dict[type, Callable[[dict[str, Told], Any, int], None]]] = {
    events.ReaderChanged: lambda told, event, now_ms: _tell(
        told, f"reader_offline/{event.reader}", not event.online, now_ms
    ),
    events.GpioChanged: lambda told, event, now_ms: _tell(told, "gpio_lost/gpio", not event.available, now_ms),
    events.UplinkChanged: lambda told, event, now_ms: _tell(told, "uplink_down/uplink", not event.connected, now_ms),
    events.ClockChanged: lambda told, event, now_ms: _tell(told, "clock_untrusted/clock", not event.trusted, now_ms),
    events.RosterChanged: lambda told, event, now_ms: _tell(
        told, "roster_unavailable/roster", not event.available, now_ms
    ),
    events.ChildRestarting: lambda told, event, now_ms: _tell(told, f"child_restarting/{event.name}", True, now_ms),
    events.ChildRunning: lambda told, event, now_ms: _tell(told, f"child_restarting/{event.name}", False, now_ms),
    events.StorageChanged: _storage,
}
