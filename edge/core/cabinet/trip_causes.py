"""What makes a trip, as pure questions about one slot or the cabinet, and when its cause is over.

*Belief.* Heat, smoke, water, a contact: at the first word. What cannot be true, and what is missing, has to last for
some seconds, because a BMS that wakes up talks nonsense; the charger is off from the first moment on all the same.

*Over.* A person resets a trip, and only once its cause is known to be over: what is not known is not over.
"""

from typing import Final

from contract.ids import SlotNumber
from contract.records import Trip
from edge.core.cabinet.chargers import OFF_MS, OFF_READ_MS, charge_now
from edge.core.cabinet.slots import slot_now
from edge.core.cabinet.state import COLDEST_DECICELSIUS, HOTTEST_DECICELSIUS, ChargeNow, SlotNow, Warmth
from edge.core.cabinet.warmth import (
    HOTTER_DECICELSIUS,
    RISE_DECICELSIUS,
    Neighbours,
    excess_decicelsius,
    rise_decicelsius,
    warmth_of,
)
from edge.core.events.cabinet import CabinetPoint
from edge.core.state import StationState

TOO_HOT_DECICELSIUS: Final = 550
COOL_DECICELSIUS: Final = 450
"""What was too hot is over below the warmest at which anything charges."""
LEAK_MA: Final = 100
"""More than this from a charger that is off is no measuring error."""
LEAK_MS: Final = 2_000
MISSING_MS: Final = 2_000
WRONG_MS: Final = 3_000

PHYSICS: Final = (
    ("temperature_decicelsius", COLDEST_DECICELSIUS, HOTTEST_DECICELSIUS),
    ("voltage_mv", 0, 120_000),
    ("current_ma", -300_000, 300_000),
    ("soc_percent", 0, 100),
    ("soh_percent", 0, 150),
    ("cycles", 0, 100_000),
)
"""What a pack of a scooter can say: beyond these it is not the pack that speaks."""
JUMP_MV: Final = 10_000
LIVE_MV: Final = 20_000
"""A pack whose BMS has cut off its terminals, or wakes, jumps to and from 0 V: only live voltages are compared."""
FALL_DECICELSIUS: Final = 200

POINTS: Final = {
    CabinetPoint.SMOKE: Trip.SMOKE,
    CabinetPoint.WATER: Trip.WATER,
    CabinetPoint.BACK_DOOR: Trip.BACK_DOOR,
    CabinetPoint.EMERGENCY_STOP: Trip.EMERGENCY_STOP,
}
HEAT: Final = frozenset({Trip.TOO_HOT, Trip.RISING, Trip.HOTTER_THAN_NEIGHBOURS})
CAN_BURN: Final = frozenset({Trip.TOO_HOT, Trip.RISING, Trip.SMOKE})


def degrees(decicelsius: int) -> str:
    """For a detail that people read."""
    sign = "-" if decicelsius < 0 else ""
    return f"{sign}{abs(decicelsius) // 10}.{abs(decicelsius) % 10} °C"


# ---------------------------------------------------------------- what a reading says


def wrong(now: SlotNow) -> str:
    """What of a slot's reading cannot be true; empty: nothing."""
    if now.impossible:
        return now.lost
    if now.battery is None:
        return ""
    for name, least, most in PHYSICS:
        value: int | None = getattr(now.battery, name)
        if value is not None and not least <= value <= most:
            return f"{name} = {value}"
    return ""


def jumped(before: Warmth, now: SlotNow) -> str:
    """How a reading has left the one before further behind than any battery can; empty: it has not. Every change is
    told, so what was told last was true until now, however long ago that is."""
    battery = now.battery
    if battery is None or before.battery not in (None, battery.serial):
        return ""
    celsius = now.battery_decicelsius
    if before.seen and celsius is not None and before.seen[-1][1] - celsius > FALL_DECICELSIUS:
        return f"from {degrees(before.seen[-1][1])} to {degrees(celsius)} at once"
    if before.voltage_mv is not None and battery.voltage_mv is not None:
        live = min(before.voltage_mv, battery.voltage_mv) >= LIVE_MV
        if live and abs(battery.voltage_mv - before.voltage_mv) > JUMP_MV:
            return f"from {before.voltage_mv} mV to {battery.voltage_mv} mV at once"
    return ""


def is_silent(now: SlotNow) -> bool:
    """Whether a battery that should speak behind a shut door says nothing."""
    return bool(now.lost) or (now.door_open is False and now.present is not False and now.battery is None)


def off_since_ms(now: SlotNow, charge: ChargeNow) -> int | None:
    """From when on a charger gives nothing for sure; None: it is on, or says so."""
    if charge.limit_ma > 0 or now.charger_on:
        return None
    return charge.since_ms + (OFF_MS if now.charger_on is None else OFF_READ_MS)


def leak_ma(state: StationState, slot: SlotNumber, mono_ms: int) -> int:
    """The current that a charger gives although it is off; 0: none, or it is not off for sure."""
    now, charge = slot_now(state, slot), charge_now(state, slot)
    off_ms = off_since_ms(now, charge)
    if off_ms is None or mono_ms < off_ms:
        return 0
    current_ma = max(now.charger_ma or 0, (now.battery.current_ma or 0) if now.battery is not None else 0)
    return current_ma if current_ma > LEAK_MA else 0


# ---------------------------------------------------------------- whether it is over


def not_over(state: StationState, trip: Trip, slot: SlotNumber | None, mono_ms: int) -> str:
    """Why a latched trip cannot be reset yet; empty: it can."""
    if slot is None:
        return _not_over_in_cabinet(state, trip)
    now = slot_now(state, slot)
    if now.known and now.present is False and now.smoke is not True and trip is not Trip.CURRENT_WHILE_OFF:
        return ""
    if trip in HEAT:
        return _still_warm(state, trip, slot, now, mono_ms)
    if trip is Trip.SMOKE:
        return "" if now.smoke is False else "its smoke detector does not say that it is over"
    if trip is Trip.CURRENT_WHILE_OFF:
        leak = leak_ma(state, slot, mono_ms)
        return f"{leak} mA flow" if leak else "" if now.known else "the slot is not read"
    return "it says nothing that can be believed" if is_silent(now) or not now.known or wrong(now) else ""


def _still_warm(state: StationState, trip: Trip, slot: SlotNumber, now: SlotNow, mono_ms: int) -> str:
    celsius = now.decicelsius
    if celsius is None:
        return "nobody knows how warm it is"
    if celsius >= COOL_DECICELSIUS:
        return f"it is {degrees(celsius)}"
    if rise_decicelsius(warmth_of(state, slot), mono_ms) >= RISE_DECICELSIUS:
        return "it gets warmer"
    median = Neighbours(state, mono_ms).median_decicelsius(slot)
    if trip is Trip.HOTTER_THAN_NEIGHBOURS and median is not None:
        excess = excess_decicelsius(state, slot, median)
        return f"it is {degrees(excess)} above its neighbours" if excess >= HOTTER_DECICELSIUS else ""
    return ""


def _not_over_in_cabinet(state: StationState, trip: Trip) -> str:
    if trip is Trip.CONTACTOR_OPENED:
        leaking = any(other.trip is Trip.CURRENT_WHILE_OFF for other in state.durable.cabinet.tripped)
        disobedient = any(now.obeys is False for now in state.volatile.cabinet.slots.values())
        return "a charger does not obey" if leaking or disobedient else ""
    for point, trip_of_point in POINTS.items():
        if trip_of_point is trip and state.volatile.cabinet.points.get(point) is not False:
            return f"{point} does not say that it is over"
    return ""
