"""The cabinet's machines as the station composes them: one handler an event, and the order in which they follow.

Readings first, then what is dangerous, then the swap, then the books (what the swap does not explain), then chargers.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from edge.core import events
from edge.core.cabinet import books, charging, readings, service, swap, trips
from edge.core.state import StationState
from edge.core.turn import Turn

HANDLERS: Final[dict[type, Callable[[Turn, Any], None]]] = {
    events.CabinetChanged: readings.cabinet_changed,
    events.SlotRead: readings.slot_read,
    events.SlotLost: readings.slot_lost,
    events.SlotPulsed: readings.pulsed,
    events.CabinetPointRead: trips.point_read,
    events.TripResetAsked: trips.reset_asked,
    events.ChargerChecked: charging.checked,
    events.ContactorRead: charging.contactor_read,
    events.BatteryLookedUp: books.looked_up,
    events.AnomalyExplained: books.explained,
    events.SwapChosen: swap.chosen,
    events.SwapCancelled: swap.cancelled,
    events.ServiceAsked: service.asked,
    events.SlotOpenAsked: service.open_asked,
    events.SlotAsideAsked: service.aside_asked,
}


def booted(turn: Turn) -> None:
    if turn.config.cabinet.slots:
        service.booted(turn)
        swap.booted(turn)


def stop(turn: Turn) -> None:
    """The run ends."""
    if turn.config.cabinet.slots:
        charging.stop(turn)


def follow(turn: Turn, before: StationState) -> None:
    """What follows from a change."""
    if not turn.config.cabinet.slots:
        return
    trips.follow(turn, before)
    swap.follow(turn, before)
    books.follow(turn, before)
    charging.follow(turn, before)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    if turn.config.cabinet.slots:
        readings.time_passed(turn)
        trips.time_passed(turn)
        swap.time_passed(turn)
        books.time_passed(turn)
        charging.time_passed(turn)
        service.time_passed(turn)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    yield from readings.deadlines(state)
    yield from trips.deadlines(state)
    yield from swap.deadlines(state)
    yield from books.deadlines(state)
    yield from charging.deadlines(state)
    yield from service.deadlines(state)
