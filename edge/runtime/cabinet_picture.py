"""The swap cabinet as the state message tells it: `contract.cabinet_parts.CabinetState` as plain values."""

from typing import Any, Final

from contract.plain import plain
from edge.core.cabinet.view import CabinetView

MAX_ANOMALIES: Final = 64
MOMENTS: Final = {
    "ends_mono_ms": "ends_in_ms",
    "until_mono_ms": "ends_in_ms",
    "chosen_until_mono_ms": "chosen_ends_in_ms",
}
"""Whoever reads the message has another clock: a moment becomes what is left until it."""


def cabinet_message(view: CabinetView, now_mono_ms: int) -> dict[str, Any]:
    """The fields of `CabinetState`."""
    told = _left(plain(view), now_mono_ms)
    for part in ("swap", "said"):
        if told[part] is not None:
            told[part] = _left(told[part], now_mono_ms)
    told["anomalies"] = told["anomalies"][-MAX_ANOMALIES:]
    return told


def steady(told: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is told of a cabinet, without what only runs down."""
    if told is None:
        return None
    parts = {part: told[part] and _without_times(told[part]) for part in ("swap", "said")}
    return _without_times(told) | parts


def _without_times(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in MOMENTS.values()}


def _left(told: dict[str, Any], now_mono_ms: int) -> dict[str, Any]:
    left = {
        name: None if told[moment] is None else max(0, told[moment] - now_mono_ms)
        for moment, name in MOMENTS.items()
        if moment in told
    }
    return {name: value for name, value in told.items() if name not in MOMENTS} | left
