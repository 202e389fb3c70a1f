"""What the hour says to loads and energy: which schedules are open, whether it is night, which local day it is.

*The clock.* All three are judged by a trusted clock. Without one the schedules stay with what they say for the latest
trusted time (the door's plan is stricter, see `postures`), and where that was never known they are open: a dark sign
helps nobody. It may be night then, because all that night does is to switch off what nobody uses. And no day ends.

*Keeping up.* The answer is remembered until it may change; it is sought anew as well when the wall clock has been
set, or has won or lost its trust.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo

from contract.ids import LoadId
from contract.policy.plan import FIRST_MS, LAST_MS, is_open_at, next_change
from edge.core.config import StationConfig
from edge.core.energy_state import Hours
from edge.core.postures import CLOCK_SET_MS
from edge.core.state import StationState
from edge.core.turn import Turn


def keep_up(turn: Turn) -> Hours:
    """What holds at `turn.mono_ms`."""
    hours, now = turn.volatile.hours, turn.now
    offset_ms = now.wall_ms - now.mono_ms
    if hours is None or not _holds(hours, turn.mono_ms, now.clock_trusted, offset_ms):
        hours = _trusted(turn.config, turn.mono_ms, offset_ms) if now.clock_trusted else _untrusted(turn)
        turn.set_volatile(hours=hours)
    return hours


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    held = turn.volatile.hours
    if held is not None and held.until_ms is not None and held.until_ms <= turn.mono_ms:
        keep_up(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    held = state.volatile.hours
    if held is not None and held.until_ms is not None:
        yield held.until_ms


def _holds(hours: Hours, mono_ms: int, clock_trusted: bool, offset_ms: int) -> bool:
    if hours.until_ms is None or not clock_trusted:
        return hours.clock_trusted is clock_trusted
    return mono_ms < hours.until_ms and abs(offset_ms - hours.offset_ms) <= CLOCK_SET_MS


def _trusted(config: StationConfig, mono_ms: int, offset_ms: int) -> Hours:
    wall_ms, zone = mono_ms + offset_ms, config.timezone
    scheduled = [load.schedule for load in config.loads.loads if load.schedule is not None]

    def judge(at_ms: int) -> tuple[bool, frozenset[LoadId], str | None]:
        return is_open_at(config.loads.night, at_ms, zone), _open(config, at_ms), _day(at_ms, zone)

    night, open_ones, day = judge(wall_ms)
    until_ms = next_change(judge, (config.loads.night, *scheduled), wall_ms, zone)
    if day is not None:
        until_ms = min(until_ms, _day_ends_ms(wall_ms, zone))
    return Hours(True, offset_ms, until_ms - offset_ms, night, open_ones, day)


def _untrusted(turn: Turn) -> Hours:
    latest_ms, loads = turn.now.latest_trusted_ms, turn.config.loads.loads
    open_ones = frozenset(load.id for load in loads) if latest_ms is None else _open(turn.config, latest_ms)
    return Hours(False, 0, None, night=True, open=open_ones, day=None)


def _open(config: StationConfig, wall_ms: int) -> frozenset[LoadId]:
    return frozenset(
        load.id
        for load in config.loads.loads
        if load.schedule is not None and is_open_at(load.schedule, wall_ms, config.timezone)
    )


def _day(wall_ms: int, zone: tzinfo) -> str | None:
    """The local date; None where the clock is none."""
    if not FIRST_MS <= wall_ms < LAST_MS:
        return None
    return datetime.fromtimestamp(wall_ms // 1_000, zone).date().isoformat()


def _day_ends_ms(wall_ms: int, zone: tzinfo) -> int:
    """The first moment of the next local day: its midnight, or where the clocks skip that, the moment at which they
    do."""
    tomorrow = datetime.fromtimestamp(wall_ms // 1_000, zone).date() + timedelta(days=1)
    return int(datetime.combine(tomorrow, time(), zone).timestamp()) * 1_000
