"""What the controller has told the core of each part in this run: what the alarms are held against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.core import events
from edge.core.events import Point

LONG_MS: Final = 10**9
UNTIL_SEEN: Final = frozenset({"journal_reset/journal", "journal_forked/journal", "records_dropped/journal"})
"""Facts rather than conditions: they are over when somebody has seen them."""
ALARM_OF_POINT: Final = {
    Point.READER_TAMPER: "reader_tamper/door",
    Point.ENCLOSURE_TAMPER: "enclosure_tamper/station",
    Point.MAINS_LOST: "mains_lost/station",
    Point.BATTERY_LOW: "battery_low/station",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Whether a part is in trouble, since when, and how long it had been well before in this run (0: not known)."""

    bad: bool
    since_ms: int
    well_ms: int


def _tell(told: dict[str, Told], name: str, bad: bool, now_ms: int) -> None:
    before = told.get(name)
    if before is None:
        told[name] = Told(bad, now_ms, 0)
    elif before.bad is not bad:
        told[name] = Told(bad, now_ms, 0 if before.bad else now_ms - before.since_ms)


def _storage(told: dict[str, Told], event: events.StorageChanged, now_ms: int) -> None:
    if event.status is events.StorageStatus.OK:
        _tell(told, "records_dropped/journal", False, now_ms)
    _tell(told, "storage_full/journal", event.status is events.StorageStatus.FULL, now_ms)
    _tell(told, "storage_unavailable/journal", event.status is events.StorageStatus.UNAVAILABLE, now_ms)


def _points(told: dict[str, Told], points: Mapping[Point, bool], now_ms: int) -> None:
    for point, level in points.items():
        name = ALARM_OF_POINT.get(point)
        if name is not None:
            _tell(told, name, level, now_ms)


def _pins(told: dict[str, Told], event: events.GpioChanged, now_ms: int) -> None:
    _tell(told, "gpio_lost/gpio", not event.available, now_ms)
    if not event.available:
        # What the wires said last is not known any more.
        for name in ALARM_OF_POINT.values():
            told.pop(name, None)


TOLD: Final[dict[type, Callable[[dict[str, Told], Any, int], None]]] = {
    events.ReaderChanged: lambda told, event, now_ms: _tell(
        told, f"reader_offline/{event.reader}", not event.online, now_ms
    ),
    events.GpioChanged: _pins,
    events.LevelsRead: lambda told, event, now_ms: _points(told, event.points, now_ms),
    events.PointChanged: lambda told, event, now_ms: _points(told, {event.point: event.active}, now_ms),
    events.SensorChanged: lambda told, event, now_ms: _tell(
        told, f"sensor_offline/{event.sensor}", not event.online, now_ms
    ),
    events.UplinkChanged: lambda told, event, now_ms: _tell(told, "uplink_down/uplink", not event.connected, now_ms),
    events.ClockChanged: lambda told, event, now_ms: _tell(told, "clock_untrusted/clock", not event.trusted, now_ms),
    events.RosterChanged: lambda told, event, now_ms: _tell(
        told, "roster_unavailable/roster", not event.available, now_ms
    ),
    events.ChildRestarting: lambda told, event, now_ms: _tell(told, f"child_restarting/{event.name}", True, now_ms),
    events.ChildRunning: lambda told, event, now_ms: _tell(told, f"child_restarting/{event.name}", False, now_ms),
    events.StorageChanged: _storage,
    events.LoadChecked: lambda told, event, now_ms: _tell(told, f"load_fault/{event.load}", not event.obeys, now_ms),
    events.ReaderTampered: lambda told, event, now_ms: _tell(
        told, f"reader_tamper/{event.reader}", event.tampered, now_ms
    ),
    events.JournalReset: lambda told, event, now_ms: _tell(told, "journal_reset/journal", True, now_ms),
    events.JournalForkDetected: lambda told, event, now_ms: _tell(told, "journal_forked/journal", True, now_ms),
    events.RecordsDropped: lambda told, event, now_ms: _tell(told, "records_dropped/journal", True, now_ms),
}
