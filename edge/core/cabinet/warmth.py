"""How warm each battery is, how fast that changes, and whether it is warmer than it should be beside its neighbours.

*Rise.* The driver tells a temperature at each change of a degree, so between two tellings it has stood still within
that degree. A battery rises too fast when it is by three degrees warmer than it was three seconds ago: 1 °C/s for 3 s.
One that is seen for the first time, or again after a gap, has nothing to be compared with.

*Neighbours.* A battery that nobody uses takes the temperature of its neighbours; one that is ten degrees above their
median heats itself. What comes off a scooter is warm, though, and what comes out of the frost is cold. So a battery
that has come lately measures nobody else, for two hours; and what it was warmer than its neighbours when it came is
its head start, which melts away over the same two hours: it may cool as slowly as that, but not get warmer. Charging
warms, for an hour after its end too: a battery warmed by it is compared with others like it only, one that is not
warmed with all. With fewer than two neighbours to compare with, the limit of 55 °C alone guards it.
"""

from typing import Final

from contract.ids import SlotNumber
from edge.core.cabinet.chargers import charge_now
from edge.core.cabinet.slots import set_now, slot_now
from edge.core.cabinet.state import SlotNow, Warmth
from edge.core.changed import changed
from edge.core.state import StationState
from edge.core.turn import Turn

RISE_MS: Final = 3_000
RISE_DECICELSIUS: Final = 30
"""1 °C/s, for as long as `RISE_MS`."""
HOTTER_DECICELSIUS: Final = 100
SETTLE_MS: Final = 2 * 3_600_000
"""A pack of ten kilograms has the temperature of its surroundings, to a few degrees, after two hours."""
CHARGE_WARMTH_MS: Final = 3_600_000
LEAST_NEIGHBOURS: Final = 2
MAX_SEEN: Final = 64
"""More readings than a slot is polled in `RISE_MS`."""


def warmth_of(state: StationState, slot: SlotNumber) -> Warmth:
    return state.volatile.cabinet.warmth.get(slot) or Warmth()


def set_warmth(turn: Turn, slot: SlotNumber, warmth: Warmth) -> None:
    known = turn.volatile.cabinet.warmth
    if known.get(slot) != warmth:
        set_now(turn, warmth={**known, slot: warmth})


# ---------------------------------------------------------------- what is remembered


def noticed(before: SlotNow, now: SlotNow, warmth: Warmth, mono_ms: int) -> Warmth:
    """What is remembered of a slot after a reading."""
    if now.present is False:
        return Warmth()
    if now.present is None:
        return changed(warmth, seen=(), voltage_mv=None)
    if before.present is False:
        warmth = Warmth(since_ms=mono_ms, arrived=True)
    if now.battery is None:
        return changed(warmth, seen=(), voltage_mv=None)
    serial, celsius = now.battery.serial, now.battery_decicelsius
    if serial and warmth.battery not in (None, serial):
        warmth = Warmth(serial, since_ms=mono_ms, arrived=True)
    elif serial and warmth.battery is None:
        warmth = changed(warmth, battery=serial, since_ms=warmth.since_ms if warmth.arrived else mono_ms)
    if celsius is None:
        return changed(warmth, seen=())
    if warmth.seen and warmth.seen[-1][1] == celsius:
        return warmth
    return changed(warmth, seen=_lately((*warmth.seen, (mono_ms, celsius)), mono_ms))


def _lately(seen: tuple[tuple[int, int], ...], mono_ms: int) -> tuple[tuple[int, int], ...]:
    """Those of the last `RISE_MS`, and the one before, which says what it was when they began."""
    older = sum(at_ms <= mono_ms - RISE_MS for at_ms, _ in seen)
    return seen[max(0, older - 1) :][-MAX_SEEN:]


# ---------------------------------------------------------------- how fast


def rise_decicelsius(warmth: Warmth, mono_ms: int) -> int:
    """By how much it is warmer than `RISE_MS` ago; 0 where that is not known."""
    then = [celsius for at_ms, celsius in warmth.seen if at_ms <= mono_ms - RISE_MS]
    return warmth.seen[-1][1] - then[-1] if then else 0


def rise_due_ms(warmth: Warmth, mono_ms: int) -> int | None:
    """When what has been seen lately will have risen too fast, if it does not cool meanwhile."""
    if not warmth.seen:
        return None
    newest = warmth.seen[-1][1]
    due = [at_ms + RISE_MS for at_ms, celsius in warmth.seen if newest - celsius >= RISE_DECICELSIUS]
    return next((moment for moment in due if moment > mono_ms), None)


# ---------------------------------------------------------------- beside its neighbours


class Neighbours:
    """The temperatures that batteries are compared with, as they are at one moment."""

    def __init__(self, state: StationState, mono_ms: int) -> None:
        self._state = state
        self._mono_ms = mono_ms
        self._settled = {
            slot: celsius
            for slot, now in state.volatile.cabinet.slots.items()
            if (celsius := now.battery_decicelsius) is not None and self._has_settled(warmth_of(state, slot))
        }
        self._warmed = {slot for slot in state.volatile.cabinet.slots if self._is_warmed(slot)}

    def median_decicelsius(self, slot: SlotNumber) -> int | None:
        """The median of a slot's neighbours; None: too few to say."""
        warmed = slot in self._warmed
        others = sorted(
            celsius
            for other, celsius in self._settled.items()
            if other != slot and (other in self._warmed or not warmed)
        )
        return others[len(others) // 2] if len(others) >= LEAST_NEIGHBOURS else None

    def _has_settled(self, warmth: Warmth) -> bool:
        return not warmth.arrived or self._mono_ms - warmth.since_ms >= SETTLE_MS

    def _is_warmed(self, slot: SlotNumber) -> bool:
        """By being charged."""
        charge = charge_now(self._state, slot)
        rested_ms = charge.rested_since_ms
        return charge.limit_ma > 0 or (rested_ms is not None and self._mono_ms - rested_ms < CHARGE_WARMTH_MS)


def excess_decicelsius(state: StationState, slot: SlotNumber, median: int) -> int:
    """By how much a slot's battery is warmer than its neighbours; below 0: cooler."""
    celsius = slot_now(state, slot).battery_decicelsius
    return 0 if celsius is None else celsius - median


def allowed_decicelsius(warmth: Warmth, mono_ms: int) -> int:
    """By how much it may be warmer than its neighbours."""
    left_ms = max(0, SETTLE_MS - (mono_ms - warmth.since_ms))
    return HOTTER_DECICELSIUS + (warmth.head_start_decicelsius or 0) * left_ms // SETTLE_MS
