"""Two devices under one name.

A broker knows one connection per name, so two devices throw each other out and reconnect, again and again. Seen from
here: sessions that replace each other faster than a backing-off station would reconnect, or a journal's epoch that
comes back after another has taken its place, which never happens to one device.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

SWITCHES: Final = 5
WINDOW_MS: Final = 60_000
QUIET_MS: Final = 300_000
STATIONS: Final = 50_000
EPOCHS: Final = 8


@dataclass
class _Trace:
    session: str = ""
    epoch: str = ""
    past_epochs: deque[str] = field(default_factory=lambda: deque(maxlen=EPOCHS))
    switches_ms: deque[int] = field(default_factory=lambda: deque(maxlen=SWITCHES))
    alarmed_ms: int | None = None


class IdentityWatch:
    """Remembers the last sessions and epochs of stations, the longest silent forgotten first."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, _Trace] = OrderedDict()

    def session_seen(self, station: str, session: str, at_ms: int) -> str | None:
        """What is wrong, when this session is one replacement too many."""
        trace = self._trace(station)
        if session == trace.session:
            return None
        trace.session = session
        trace.switches_ms.append(at_ms)
        if len(trace.switches_ms) < SWITCHES or at_ms - trace.switches_ms[0] > WINDOW_MS:
            return None
        trace.alarmed_ms = at_ms
        return f"{SWITCHES} connections replaced each other within a minute: another device under the same name?"

    def epoch_seen(self, station: str, epoch: str, at_ms: int) -> str | None:
        """What is wrong, when this epoch had been replaced by another."""
        trace = self._trace(station)
        if epoch == trace.epoch:
            return None
        came_back = epoch in trace.past_epochs
        if trace.epoch:
            trace.past_epochs.append(trace.epoch)
        trace.epoch = epoch
        if not came_back:
            return None
        trace.alarmed_ms = at_ms
        return "a journal that had been replaced is back: another device under the same name, or an old card?"

    def quiet(self, now_ms: int) -> list[str]:
        """Stations whose alarm is over; each is told once."""
        over = [
            station
            for station, trace in self._traces.items()
            if trace.alarmed_ms is not None and now_ms - trace.alarmed_ms > QUIET_MS
        ]
        for station in over:
            self._traces[station].alarmed_ms = None
        return over

    def _trace(self, station: str) -> _Trace:
        trace = self._traces.setdefault(station, _Trace())
        self._traces.move_to_end(station)
        if len(self._traces) > STATIONS:
            self._traces.popitem(last=False)
        return trace
