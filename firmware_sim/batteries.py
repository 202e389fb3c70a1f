"""A scooter's battery: charge, voltage, heat, age, and what its BMS says of all that.

The cells are NMC in series. Open-circuit voltage is a curve over the state of charge; current makes the difference to
it over an inner resistance that rises with age. A charger gives its current limit (CC) until the pack stands at its
full voltage, then as much as holds it there (CV), and ends by itself below a fortieth of the capacity. What is lost
warms the pack, the air around cools it.

*Runaway* is the shape of the real thing, not its chemistry: past its onset a pack heats itself, faster the hotter it
is; it vents smoke, its BMS dies, it burns out. *Asleep* is a pack at 0 V: its BMS has cut the cells off and says
nothing until a little current from outside has woken it.

Nothing in here reads a clock. Celsius, ampere and volt are inside, whole numbers with units are on the wire.
"""

import itertools
import math
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Final, NewType

Serial = NewType("Serial", str)

OPEN_CIRCUIT: Final = ((0.0, 3.00), (0.05, 3.32), (0.1, 3.45), (0.2, 3.55), (0.5, 3.70), (0.8, 3.98), (1.0, 4.17))
"""Volts of one cell over the state of charge, at rest."""
CELL_FULL_V: Final = 4.20
TAPER_C: Final = 0.025
"""Of the capacity in an hour: at this current a charger in CV is done."""
HEAT_CAPACITY_J_K: Final = 9_000.0
COOLING_W_K: Final = 4.0
CHARGE_LOSS: Final = 0.04
WAKE_S: Final = 10.0
WAKE_V: Final = 0.75
"""Of the full voltage: what a pack that is asleep shows once it is being woken."""
CYCLE_AGES_PERCENT: Final = 0.02
STEP_S: Final = 2.0
MAX_STEPS: Final = 5_000

RUNAWAY_C_S: Final = 0.9
"""At 30 °C; it doubles with each …"""
RUNAWAY_DOUBLES_C: Final = 14.0
RUNAWAY_MAX_C_S: Final = 25.0
RUNAWAY_STEP_S: Final = 0.1
VENTS_C: Final = 85.0
BMS_DIES_C: Final = 150.0
BURNT_OUT_C: Final = 550.0


class BmsState(StrEnum):
    """How a BMS tells the truth, or does not."""

    FINE = "fine"
    FROZEN = "frozen"
    """Says for ever what it said last."""
    SILENT = "silent"
    IMPOSSIBLE = "impossible"
    """Says what no battery can be."""


class BmsFault(IntFlag):
    """The BMS's own fault bits."""

    OVERHEATED = 1
    OVERCHARGED = 2
    SHORTED = 4
    IMBALANCED = 8


@dataclass(frozen=True)
class PackModel:
    name: str
    cells: int
    capacity_ah: float
    charge_a: float
    """The most that the pack takes."""
    resistance_ohm: float = 0.09

    @property
    def full_v(self) -> float:
        return self.cells * CELL_FULL_V


MODELS: Final = {
    model.name: model
    for model in (PackModel("YZ60-24", 17, 24.0, 12.0), PackModel("YZ48-20", 13, 20.0, 10.0, resistance_ohm=0.07))
}


@dataclass(frozen=True)
class BmsData:
    """What a BMS answers."""

    serial: str
    model: str
    soc_percent: int
    soh_percent: int
    voltage_mv: int
    current_ma: int
    temperature_decicelsius: int
    cycles: int
    faults: int


IMPOSSIBLE: Final = {"voltage_mv": 655_300, "temperature_decicelsius": 2_500, "soc_percent": 100}


class Brick:
    """Something of a battery's size without anything in it. It has a name, for the log alone."""

    def __init__(self, name: str) -> None:
        self.serial = Serial(name)


class Battery:
    def __init__(
        self,
        serial: str,
        model: PackModel,
        *,
        soc: float = 0.5,
        soh: float = 0.95,
        cycles: float = 100.0,
        celsius: float = 20.0,
        asleep: bool = False,
        foreign: bool = False,
    ) -> None:
        """`soc` and `soh` as parts of 1. `foreign`: of another operator; its BMS speaks the same language."""
        self.serial, self.model, self.foreign = Serial(serial), model, foreign
        self.soc, self.soh, self.cycles, self.celsius = soc, soh, cycles, celsius
        self.asleep = asleep
        self.current_a = 0.0
        self.bms = BmsState.FINE
        self.faults = BmsFault(0)
        self.runaway = False
        self._woken_s = 0.0
        self._told: BmsData | None = None

    # What it is

    @property
    def capacity_ah(self) -> float:
        return self.model.capacity_ah * self.soh

    @property
    def resistance_ohm(self) -> float:
        return self.model.resistance_ohm * (2.0 - self.soh)

    @property
    def open_circuit_v(self) -> float:
        return self.model.cells * _along(OPEN_CIRCUIT, self.soc)

    @property
    def terminal_v(self) -> float:
        if self.asleep:
            return WAKE_V * self.model.full_v if self.current_a > 0 else 0.0
        return self.open_circuit_v + self.current_a * self.resistance_ohm

    @property
    def vents(self) -> bool:
        """Smoke comes out of it."""
        return self.runaway and self.celsius >= VENTS_C

    def takes_a(self, limit_a: float) -> float:
        """The current that a charger with this limit drives into it now."""
        if limit_a <= 0 or self.celsius >= BMS_DIES_C:
            return 0.0
        limit_a = min(limit_a, self.model.charge_a)
        if self.asleep:
            return limit_a
        held_a = (self.model.full_v - self.open_circuit_v) / self.resistance_ohm
        current_a = min(limit_a, held_a)
        done = held_a < limit_a and current_a < TAPER_C * self.model.capacity_ah
        return 0.0 if done or self.soc >= 1.0 else current_a

    # Time

    def advance(self, seconds: float, limit_a: float, ambient_celsius: float) -> None:
        """Live so long in the slot (or out of it), with a charger that gives at most `limit_a`."""
        steps = min(MAX_STEPS, max(1, math.ceil(seconds / STEP_S)))
        for _ in range(steps):
            self._step(seconds / steps, limit_a, ambient_celsius)

    def _step(self, seconds: float, limit_a: float, ambient_celsius: float) -> None:
        self.current_a = current_a = self.takes_a(limit_a)
        if self.asleep:
            self._woken_s = self._woken_s + seconds if current_a > 0 else 0.0
            self.asleep = self._woken_s < WAKE_S
        moved = current_a * seconds / 3600.0 / max(0.1, self.capacity_ah)
        self.soc = min(1.0, self.soc + moved)
        self.cycles += moved / 2
        self.soh = max(0.2, self.soh - moved / 2 * CYCLE_AGES_PERCENT / 100.0)
        watts = current_a * current_a * self.resistance_ohm + CHARGE_LOSS * current_a * self.terminal_v
        # The exact solution of the first-order cooling: stable for any step.
        settled = ambient_celsius + watts / COOLING_W_K
        self.celsius = settled + (self.celsius - settled) * math.exp(-seconds * COOLING_W_K / HEAT_CAPACITY_J_K)
        if self.runaway:
            self._run_away(seconds)

    def _run_away(self, seconds: float) -> None:
        steps = max(1, math.ceil(seconds / RUNAWAY_STEP_S))
        for _ in range(steps):
            rate = RUNAWAY_C_S * 2.0 ** ((self.celsius - 30.0) / RUNAWAY_DOUBLES_C)
            self.celsius += min(RUNAWAY_MAX_C_S, rate) * seconds / steps
            if self.celsius >= BURNT_OUT_C:
                self.runaway, self.soc, self.soh = False, 0.0, 0.2
                self.bms, self.faults = BmsState.SILENT, BmsFault.OVERHEATED | BmsFault.SHORTED
                return

    # What its BMS says

    def told(self) -> BmsData | None:
        """The BMS's answer at this moment; None: it does not answer."""
        if self.asleep or self.bms is BmsState.SILENT or self.celsius >= BMS_DIES_C:
            return None
        if self.bms is BmsState.FROZEN and self._told is not None:
            return self._told
        data = BmsData(
            serial=self.serial,
            model=self.model.name,
            soc_percent=round(self.soc * 100),
            soh_percent=round(self.soh * 100),
            voltage_mv=round(self.terminal_v * 1000),
            current_ma=round(self.current_a * 1000),
            temperature_decicelsius=round(self.celsius * 10),
            cycles=int(self.cycles),
            faults=int(self.faults),
        )
        self._told = data
        return BmsData(**{**data.__dict__, **IMPOSSIBLE}) if self.bms is BmsState.IMPOSSIBLE else data


Thing = Battery | Brick
"""What may lie in a slot."""


def _along(curve: tuple[tuple[float, float], ...], x: float) -> float:
    """A straight line between the two points around `x`."""
    x = min(curve[-1][0], max(curve[0][0], x))
    for (x0, y0), (x1, y1) in itertools.pairwise(curve):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return curve[-1][1]
