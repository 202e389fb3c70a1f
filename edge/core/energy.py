"""Energy by local day: of each meter by its counter, of each load reckoned from its power and the time it is on.

*Nothing lost.* Every quarter of an hour, at midnight and at an orderly stop, a record says how much the day has used
so far and where the meters' counters stand. After a power cut a meter's counter tells what went on without us, so
nothing of it is lost; it counts for the day on which the meter is heard again. Of what a load is reckoned to have used,
a power cut takes at most that quarter of an hour.

*Counters.* A counter that stands lower than before has been reset, rolled over, or belongs to another meter; one that
has risen by more than the connection could carry belongs to another meter. Either is the beginning of a new count, and
adds nothing.

*Days* end at local midnight by a trusted clock, 23 and 25 hours long when the clocks change. Without a trusted clock
the day goes on until the time is known again. A clock that is set back makes a day end twice: what its records say adds
up.
"""

from collections.abc import Iterator
from typing import Final

from contract.ids import SensorId
from contract.records import EnergyCounted, EnergyUsed
from edge.core.changed import changed
from edge.core.energy_state import EnergyNow, MeterRead
from edge.core.events import PowerMeasured
from edge.core.state import StationState
from edge.core.turn import Turn

COUNT_EVERY_MS: Final = 900_000
"""So much of what loads are reckoned to have used may be lost in a power cut."""
WMS_PER_MWH: Final = 3_600
WMS_PER_WH: Final = 3_600_000
MOST_W: Final = 50_000
"""More than the connection of a station carries (three phases of 63 A)."""
COUNTER_STEP_WH: Final = 1_000
"""A coarse counter shows a whole kilowatt-hour at once."""
LONGEST_AWAY_MS: Final = 31 * 24 * 3_600_000
"""What a counter may have counted in a station's absence is believed for at most so long."""


def metered(turn: Turn, event: PowerMeasured) -> None:
    """A meter's counter is read."""
    if event.meter not in turn.config.environment.meters or event.energy_wh < 0:
        return
    now = turn.volatile.energy
    used_wh = event.energy_wh - _counter_before(turn, event.meter, event.energy_wh)
    uncounted = dict(now.uncounted_wms)
    uncounted[event.meter] = uncounted.get(event.meter, 0) + used_wh * WMS_PER_WH
    meters = {**now.meters, event.meter: MeterRead(event.energy_wh, turn.mono_ms)}
    turn.set_volatile(energy=changed(now, uncounted_wms=uncounted, meters=meters))
    arm(turn)


def reckon(turn: Turn) -> None:
    """Add what the loads that are on have used up to now. Before any of them is switched."""
    now = turn.volatile.energy
    if now.since_ms == turn.mono_ms:
        return
    uncounted = now.uncounted_wms
    for_ms = 0 if now.since_ms is None else turn.mono_ms - now.since_ms
    running = [load for load in turn.config.loads.loads if load.id in turn.durable.loads.on]
    if for_ms and running:
        uncounted = dict(uncounted)
        for load in running:
            uncounted[load.id] = uncounted.get(load.id, 0) + load.power_w * for_ms
    turn.set_volatile(energy=changed(now, since_ms=turn.mono_ms, uncounted_wms=uncounted))


def begin_day(turn: Turn, day: str) -> None:
    """Close the day before, and begin another with the counters as they stand."""
    count(turn)
    memory = turn.durable.loads
    if memory.energy_day:
        for source in _sources(turn):
            turn.record(EnergyUsed(source, memory.energy_day, (memory.energy_mwh.get(source, 0) + 500) // 1_000))
        turn.record(EnergyCounted(day, {}, memory.counters_wh))
    else:
        # What was used while the time was not known counts for the first day that is.
        turn.record(EnergyCounted(day, memory.energy_mwh, memory.counters_wh))


def count(turn: Turn) -> None:
    """Write down what has been used so far, if that is more than is written."""
    reckon(turn)
    now, memory = turn.volatile.energy, turn.durable.loads
    counted, rest = dict(memory.energy_mwh), dict[str, int]()
    for source, wms in now.uncounted_wms.items():
        mwh, rest[source] = divmod(wms, WMS_PER_MWH)
        counted[source] = counted.get(source, 0) + mwh
    counters_wh = {**memory.counters_wh, **{meter: read.counter_wh for meter, read in now.meters.items()}}
    counters_wh = {meter: wh for meter, wh in counters_wh.items() if meter in turn.config.environment.meters}
    counted = {source: mwh for source, mwh in counted.items() if mwh}
    if (counted, counters_wh) != (memory.energy_mwh, memory.counters_wh):
        turn.record(EnergyCounted(memory.energy_day, counted, counters_wh))
    turn.set_volatile(energy=changed(now, uncounted_wms=rest))


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    count_at_ms = turn.volatile.energy.count_at_ms
    if count_at_ms is not None and count_at_ms <= turn.mono_ms:
        turn.set_volatile(energy=changed(turn.volatile.energy, count_at_ms=None))
        count(turn)
        arm(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    if state.volatile.energy.count_at_ms is not None:
        yield state.volatile.energy.count_at_ms


def _sources(turn: Turn) -> list[str]:
    """Every load and meter, with what has been taken out of the configuration during the day."""
    configured = [*turn.config.environment.meters, *(load.id for load in turn.config.loads.loads)]
    return [*configured, *sorted(turn.durable.loads.energy_mwh.keys() - set(configured))]


def _counter_before(turn: Turn, meter: SensorId, counter_wh: int) -> int:
    """Where a count of `counter_wh` goes on from: itself, where nothing before it can be believed."""
    memory, read = turn.durable.loads, turn.volatile.energy.meters.get(meter)
    if read is not None:
        before_wh, away_ms = read.counter_wh, turn.mono_ms - read.read_ms
    else:
        before_wh = memory.counters_wh.get(meter, counter_wh)
        away_ms = turn.now.wall_ms - memory.counters_at_ms.get(meter, 0)
        if not 0 <= away_ms <= LONGEST_AWAY_MS:
            away_ms = LONGEST_AWAY_MS
    most_wh = COUNTER_STEP_WH + MOST_W * away_ms // 3_600_000
    return before_wh if 0 <= counter_wh - before_wh <= most_wh else counter_wh


def arm(turn: Turn) -> None:
    """Count in a while, if anything is to be counted then."""
    now: EnergyNow = turn.volatile.energy
    runs = bool(turn.durable.loads.on) or any(now.uncounted_wms.values())
    if runs and now.count_at_ms is None:
        turn.set_volatile(energy=changed(now, count_at_ms=turn.mono_ms + COUNT_EVERY_MS))
