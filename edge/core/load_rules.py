"""Which load is on: one table of rules, then the power budget. Nothing here knows time; `loads` does.

*The table.* `RULES` are asked in their order, and the first that has an answer decides: what concerns everybody's
safety before what somebody far away wants, that before what spares a machine, and comfort last. In a fire, and where
there is smoke or carbon monoxide, the lights are on, cut or not, and everything else is off: sockets and chargers may
be what burns, a fan feeds it, and a sign calls people in.

*No reading.* Without a temperature, heating and cooling are off: a heater that nobody watches must not run on a guess.
A building that may freeze has a frost guard of its own in the heater.

*The budget.* Loads that want to be on are let on by falling priority, in the configuration's order, while their power
fits; what does not fit stays off. In danger only lights want to be on, and the configuration makes sure that they fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.frozen import frozen
from contract.ids import LoadId
from edge.core.load_state import OCCUPIED_BAND, Band, Load, LoadCause, LoadKind

EVERY: Final = frozenset(LoadKind)


@frozen
class Situation:
    """What the rules ask. `open` are the loads whose schedule is open."""

    fire: bool = False
    hazard: bool = False
    water: bool = False
    mains_lost: bool = False
    shut: bool = False
    """Out of service or locked down."""
    night: bool = False
    """Or the time is not known."""
    occupied: bool = False
    just_left: bool = False
    temperature_decicelsius: int | None = None
    band: Band = OCCUPIED_BAND
    frost_decicelsius: int = 50
    hysteresis_decicelsius: int = 5
    open: frozenset[LoadId] = frozenset()
    cut: frozenset[LoadId] = frozenset()
    on: frozenset[LoadId] = frozenset()
    running: frozenset[LoadId] = frozenset()
    """Switched on so lately that they had better go on …"""
    resting: frozenset[LoadId] = frozenset()
    """… or off so lately that they had better stay so."""
    shed: frozenset[LoadId] = frozenset()
    """Put out by the budget a moment ago."""


@frozen
class Wish:
    on: bool
    cause: LoadCause


ON: Final = {cause: Wish(True, cause) for cause in LoadCause}
OFF: Final = {cause: Wish(False, cause) for cause in LoadCause}


@dataclass(frozen=True)
class Rule:
    """`wish` None: the next rule."""

    name: str
    kinds: frozenset[LoadKind]
    wish: Callable[[Load, Situation], Wish | None]


def _evacuation(load: Load, situation: Situation) -> Wish | None:
    if situation.fire or situation.hazard:
        return Wish(load.kind is LoadKind.LIGHT, LoadCause.FIRE if situation.fire else LoadCause.HAZARD)
    return None


def _cut(load: Load, situation: Situation) -> Wish | None:
    return OFF[LoadCause.CUT] if load.id in situation.cut else None


def _water(load: Load, situation: Situation) -> Wish | None:
    return OFF[LoadCause.WATER] if situation.water else None


def _mains(load: Load, situation: Situation) -> Wish | None:
    return OFF[LoadCause.MAINS_LOST] if situation.mains_lost else None


def _machine(load: Load, situation: Situation) -> Wish | None:
    if load.id in situation.on:
        return ON[LoadCause.RUNNING] if load.id in situation.running else None
    return OFF[LoadCause.RESTING] if load.id in situation.resting else None


def _light(load: Load, situation: Situation) -> Wish | None:
    if situation.occupied:
        return ON[LoadCause.OCCUPIED]
    return ON[LoadCause.JUST_LEFT] if situation.just_left else OFF[LoadCause.EMPTY]


def _sockets(load: Load, situation: Situation) -> Wish | None:
    if situation.night and not situation.occupied:
        return OFF[LoadCause.NIGHT]
    return ON[LoadCause.ALWAYS]


def _sign(load: Load, situation: Situation) -> Wish | None:
    if situation.shut:
        return OFF[LoadCause.POSTURE]
    if load.schedule is None:
        return ON[LoadCause.ALWAYS]
    return Wish(load.id in situation.open, LoadCause.SCHEDULE)


def _no_reading(load: Load, situation: Situation) -> Wish | None:
    return OFF[LoadCause.NO_READING] if situation.temperature_decicelsius is None else None


def _frost(load: Load, situation: Situation) -> Wish | None:
    gap = situation.hysteresis_decicelsius if load.id in situation.on else -situation.hysteresis_decicelsius
    cold = _temperature(situation) < situation.frost_decicelsius + gap
    return ON[LoadCause.FROST] if cold else None


def _heating(load: Load, situation: Situation) -> Wish | None:
    gap = situation.hysteresis_decicelsius if load.id in situation.on else -situation.hysteresis_decicelsius
    if _temperature(situation) < situation.band.heat_to_decicelsius + gap:
        return ON[LoadCause.TOO_COLD]
    return OFF[LoadCause.WARM_ENOUGH]


def _cooling(load: Load, situation: Situation) -> Wish | None:
    gap = situation.hysteresis_decicelsius if load.id in situation.on else -situation.hysteresis_decicelsius
    if _temperature(situation) > situation.band.cool_to_decicelsius - gap:
        return ON[LoadCause.TOO_HOT]
    return OFF[LoadCause.COOL_ENOUGH]


def _temperature(situation: Situation) -> int:
    """The rule before has dealt with a room of which nobody knows."""
    assert situation.temperature_decicelsius is not None
    return situation.temperature_decicelsius


EMERGENCY: Final = frozenset({LoadCause.FIRE, LoadCause.HAZARD})
CLIMATE: Final = frozenset({LoadKind.HEATING, LoadKind.COOLING})

RULES: Final = (
    Rule("evacuation", EVERY, _evacuation),
    Rule("cut", EVERY, _cut),
    Rule("water", frozenset({LoadKind.SOCKETS}), _water),
    Rule("mains", EVERY - {LoadKind.LIGHT}, _mains),
    Rule("no_reading", CLIMATE, _no_reading),
    Rule("machine", EVERY, _machine),
    Rule("light", frozenset({LoadKind.LIGHT}), _light),
    Rule("sockets", frozenset({LoadKind.SOCKETS}), _sockets),
    Rule("sign", frozenset({LoadKind.SIGN}), _sign),
    Rule("frost", frozenset({LoadKind.HEATING}), _frost),
    Rule("heating", frozenset({LoadKind.HEATING}), _heating),
    Rule("cooling", frozenset({LoadKind.COOLING}), _cooling),
)
"""Every kind has a rule that always answers."""
_BY_KIND: Final = {kind: tuple(rule.wish for rule in RULES if kind in rule.kinds) for kind in LoadKind}


def wanted(load: Load, situation: Situation) -> Wish:
    """Whether a load is wanted on, and by which rule's cause."""
    wishes = (rule(load, situation) for rule in _BY_KIND[load.kind])
    return next(wish for wish in wishes if wish is not None)


def settled(loads: Sequence[Load], situation: Situation, budget_w: int | None) -> dict[LoadId, Wish]:
    """What every load is to do: the rules' wishes as far as the budget goes."""
    wishes = {load.id: wanted(load, situation) for load in loads}
    if budget_w is None:
        return wishes
    used_w = 0
    for load in sorted(loads, key=lambda load: -load.priority):
        wish = wishes[load.id]
        if not wish.on:
            continue
        held = load.id in situation.shed and wish.cause not in EMERGENCY
        if held or used_w + load.power_w > budget_w:
            wishes[load.id] = OFF[LoadCause.BUDGET]
        else:
            used_w += load.power_w
    return wishes
