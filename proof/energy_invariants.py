"""Energy to the milliwatt-hour: what the outputs were on for and what the meter said, against the records.

Of each load the building integrates power and time at its output; of a meter every counter that was told is known. From
the state with which a run begins both must come to what it writes down. What may be lost with a run is a quarter of an
hour of a load's use, and nothing of a meter's.

Not exact, and allowed for by as much as it can be: the controller stands still and lives through its timers later, or
the pins are away and the outputs at rest without its knowing.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from contract.ids import LoadId
from contract.records import EnergyCounted, EnergyUsed
from edge.core import events
from edge.core.state import Durable, StationState
from proof.require import require

if TYPE_CHECKING:
    from proof.life import Life

WMS_PER_MWH: Final = 3_600
MWH_PER_WH: Final = 1_000
MOST_LOST_MS: Final = 900_000
SETTLE_MS: Final = 2_000


class EnergyTruth:
    """Of the day that is being counted, by source: what it has used in watt-milliseconds, and what is not sure of that
    in this run."""

    def __init__(self) -> None:
        self._base_wms: dict[str, int] = {}
        self._anchor_wms: dict[LoadId, int] = {}
        self.heard_wh: dict[str, int] = {}
        """Where each meter's counter was last known to stand."""
        self.unclear_ms = 0
        self.just_told: tuple[int, str, int] = (-1, "", 0)
        """When which meter was last told, and how much more it had counted: what was due at that very moment is counted
        without it."""

    def run_begins(self, life: "Life", durable: Durable, *, everything_kept: bool) -> None:
        """What a run remembers is what it goes on from; and little enough of the one before is missing."""
        used, energy = life.building.used_wms(), durable.loads.energy_mwh
        if everything_kept and life.latest_durable.boot:
            for load in life.config.loads.loads:
                lost_wms = self.wms(life, load.id) - energy.get(load.id, 0) * WMS_PER_MWH
                may_wms = WMS_PER_MWH if durable.stopped else load.power_w * MOST_LOST_MS + WMS_PER_MWH
                unsure_wms = self.unsure_wms(life, load.id)
                says = f"{lost_wms} Wms of {load.id} are missing, {may_wms} may, {unsure_wms} are not sure"
                require(-unsure_wms <= lost_wms <= may_wms + unsure_wms, "a_cut_takes_a_quarter_of_an_hour", says)
        self.unclear_ms = 0
        self._anchor_wms = dict(used)
        self._base_wms = {source: mwh * WMS_PER_MWH for source, mwh in energy.items()}
        self.heard_wh = {str(meter): wh for meter, wh in durable.loads.counters_wh.items()}

    def wms(self, life: "Life", source: str) -> int:
        since_wms = life.building.used_wms().get(LoadId(source), 0) - self._anchor_wms.get(LoadId(source), 0)
        return self._base_wms.get(source, 0) + since_wms

    def unsure_wms(self, life: "Life", source: str) -> int:
        told_ms, meter, wh = self.just_told
        if source == meter:
            return wh * MWH_PER_WH * WMS_PER_MWH if told_ms == life.timeline.now_ms else 0
        return next((load.power_w for load in life.config.loads.loads if load.id == source), 0) * self.unclear_ms

    def take(self, source: str, wms: int) -> None:
        """More (or, where a day is closed, less) that the day has used."""
        self._base_wms[source] = self._base_wms.get(source, 0) + wms


def metered(life: "Life", event: events.PowerMeasured) -> None:
    """A counter is told. One that stands lower than before is another meter's, and says nothing of the past."""
    truth, meter = life.energy, str(event.meter)
    before_wh = truth.heard_wh.get(meter, event.energy_wh)
    truth.heard_wh[meter] = event.energy_wh
    truth.just_told = life.timeline.now_ms, meter, max(0, event.energy_wh - before_wh)
    truth.take(meter, max(0, event.energy_wh - before_wh) * MWH_PER_WH * WMS_PER_MWH)


def counted_exactly(life: "Life", event: events.Event, before: StationState, record: EnergyCounted) -> None:
    """All that is written down is what was used up to now."""
    if _lags(life):
        return
    truth = life.energy
    life.met["energy_counted"] += 1
    for source in _sources(life, record.energy_mwh):
        wms, unsure_wms = truth.wms(life, source), truth.unsure_wms(life, source)
        written_wms = record.energy_mwh.get(source, 0) * WMS_PER_MWH
        right = written_wms - unsure_wms <= wms < written_wms + WMS_PER_MWH + unsure_wms
        says = f"{source}: {written_wms} Wms are written, {wms} used, {unsure_wms} not sure"
        require(right, "energy_is_counted_exactly", says)
    for meter, counter_wh in record.counters_wh.items():
        told_ms, _, more_wh = truth.just_told
        heard_wh = truth.heard_wh[str(meter)]
        right = counter_wh == heard_wh or (told_ms == life.timeline.now_ms and more_wh >= heard_wh - counter_wh)
        require(right, "energy_is_counted_exactly", f"{meter} at {counter_wh} Wh, {heard_wh} was told")


def used_exactly(life: "Life", event: events.Event, before: StationState, record: EnergyUsed) -> None:
    """A day that has ended is told to the watt-hour, and begins anew with what is left of one."""
    truth, source = life.energy, record.source
    closed_mwh = before.durable.loads.energy_mwh.get(source, 0)
    if not _lags(life):
        unsure_wms = truth.unsure_wms(life, source)
        unsure_wh = unsure_wms // (WMS_PER_MWH * MWH_PER_WH) + bool(unsure_wms)
        used_wh = (truth.wms(life, source) // WMS_PER_MWH + MWH_PER_WH // 2) // MWH_PER_WH
        says = f"{source}: {record.energy_wh} Wh are told, {used_wh} used, {unsure_wh} not sure"
        require(abs(record.energy_wh - used_wh) <= unsure_wh, "energy_is_counted_exactly", says)
    truth.take(source, -closed_mwh * WMS_PER_MWH)


def energy_counts_for_its_day(life: "Life", state: StationState) -> None:
    """By a clock that is trusted."""
    counts = life.config.loads.loads or life.config.environment.meters
    if not counts or not life.shell.clock_trusted:
        return
    wall_ms, zone = life.shell.wall_ms(), life.city.zone
    days = {datetime.fromtimestamp(at_ms / 1_000, zone).date().isoformat() for at_ms in (wall_ms, wall_ms - SETTLE_MS)}
    day = state.durable.loads.energy_day
    require(day in days, "energy_counts_for_its_day", f"counting {day}, and it is {sorted(days)}")


def _sources(life: "Life", written: Iterable[str]) -> set[str]:
    meters = (str(meter) for meter in life.config.environment.meters)
    return {*(str(load.id) for load in life.config.loads.loads), *meters, *written}


def _lags(life: "Life") -> bool:
    """A controller that runs on after a stall does now what was due then."""
    return life.timeline.now_ms == life.shell.stalled_ms
