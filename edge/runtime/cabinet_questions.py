"""What a technician at the station asks and tells of the swap cabinet, over the station's socket.

Everything told is an event to the core, and the answer is what became of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.ids import SlotNumber
from contract.records import SwapKind, Trip
from edge.core import events
from edge.core.cabinet.config import CabinetConfig
from edge.core.state import StationState

MAX_BY_CHARACTERS: Final = 64


class CabinetQuestions:
    """`happen` steps the core; `state` is how it is now."""

    def __init__(
        self, config: CabinetConfig, happen: Callable[[events.Event], None], state: Callable[[], StationState]
    ) -> None:
        self._config = config
        self._happen = happen
        self._state = state
        self.answers: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
            "service": self._service,
            "open_slot": self._open_slot,
            "reset_trip": self._reset_trip,
            "explain_anomaly": self._explain_anomaly,
            "choose_swap": self._choose,
            "cancel_swap": self._cancel,
        }
        """By name of the question. Each raises `ValueError` for one that cannot be understood or done."""

    def _service(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._there()
        on = question.get("on")
        if not isinstance(on, bool):
            raise ValueError("on must be true or false")
        self._happen(events.ServiceAsked(_by(question), on))
        by = self._state().durable.cabinet.service_by
        if bool(by) is not on:
            raise ValueError(
                "a swap is under way, or a slot stands open: wait" if on else f"{by or 'nobody'} works at the cabinet"
            )
        return {"service": bool(by), "by": by}

    def _open_slot(self, question: Mapping[str, Any]) -> dict[str, Any]:
        slot, before = self._slot(question), self._state().durable.cabinet.pulses
        confirmed = question.get("confirmed", False)
        if not isinstance(confirmed, bool):
            raise ValueError("confirmed must be true or false")
        self._happen(events.SlotOpenAsked(slot, _by(question), confirmed))
        cabinet = self._state().durable.cabinet
        if cabinet.pulses != before:
            return {"slot": slot, "opens": True, "confirm": False}
        waiting = self._state().volatile.cabinet.first_step
        if waiting is not None and waiting[0] == slot:
            return {"slot": slot, "opens": False, "confirm": True}
        why = "begin service first" if not cabinet.service_by else "it may not be opened now"
        raise ValueError(f"slot {slot}: {why}")

    def _reset_trip(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._there()
        name = question.get("trip")
        if not isinstance(name, str) or name not in frozenset(Trip):
            raise ValueError(f"trip {str(name)[:40]!r} is none of {', '.join(Trip)}")
        slot, trip = None if question.get("slot") is None else self._slot(question), Trip(name)
        if not self._is_tripped(trip, slot):
            raise ValueError(f"{trip} has not tripped there")
        self._happen(events.TripResetAsked(slot, trip, _by(question)))
        if self._is_tripped(trip, slot):
            raise ValueError(f"{trip}: its cause is not over")
        return {"reset": True}

    def _is_tripped(self, trip: Trip, slot: SlotNumber | None) -> bool:
        return any((one.trip, one.slot) == (trip, slot) for one in self._state().durable.cabinet.tripped)

    def _explain_anomaly(self, question: Mapping[str, Any]) -> dict[str, Any]:
        number = question.get("anomaly")
        if not isinstance(number, int) or number not in self._anomalies():
            raise ValueError(f"anomaly {number!r} is not open")
        self._happen(events.AnomalyExplained(number, _by(question)))
        return {"closed": number not in self._anomalies()}

    def _anomalies(self) -> set[int]:
        return {anomaly.id for anomaly in self._state().durable.cabinet.anomalies}

    def _choose(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._there()
        name = question.get("kind")
        if not isinstance(name, str) or name not in frozenset(SwapKind):
            raise ValueError(f"kind {str(name)[:40]!r} is none of {', '.join(SwapKind)}")
        self._happen(events.SwapChosen(SwapKind(name)))
        return {"chosen": name}

    def _cancel(self, question: Mapping[str, Any]) -> dict[str, Any]:
        self._there()
        if self._state().durable.cabinet.swap is None:
            raise ValueError("no swap is under way")
        self._happen(events.SwapCancelled())
        return {"cancelled": True}

    def _there(self) -> None:
        if not self._config.slots:
            raise ValueError("this station has no swap cabinet")

    def _slot(self, question: Mapping[str, Any]) -> SlotNumber:
        self._there()
        number = question.get("slot")
        if not isinstance(number, int) or isinstance(number, bool) or number not in self._config.slots:
            raise ValueError(f"slot {str(number)[:20]} is none of 1–{len(self._config.slots)}")
        return SlotNumber(number)


def _by(question: Mapping[str, Any]) -> str:
    by = question.get("by")
    if not isinstance(by, str) or not 1 <= len(by.strip()) <= MAX_BY_CHARACTERS:
        raise ValueError(f"by: who says so, 1–{MAX_BY_CHARACTERS} characters")
    return by.strip()
