"""The room's air and its electricity.

*Air*: one heat capacity behind one wall (first order). The temperature runs exponentially towards what the outside,
the people and the loads together would hold it at; whenever one of these changes, the curve is begun anew from where
it stands, so it can be asked for at any moment. Smoke, carbon monoxide, humidity and water are as somebody set them.

*Electricity*: the loads that are on, a base load (the station's own devices), and a meter that counts both. Without
mains no load runs, whatever its pin says, and the meter stands still.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

MILLISECONDS_AN_HOUR = 3_600_000.0
WALL_W_PER_K = 60.0
"""What 20 m² in an old shop front lose."""
TIME_CONSTANT_MS = MILLISECONDS_AN_HOUR
PERSON_W = 80.0
COOLING_FACTOR = 2.5
"""Heat carried out for each watt of the compressor's."""
BASE_LOAD_W = 25.0
MAINS_V = 220.0
LIMITS: dict[str, tuple[float, float]] = {
    "temperature_celsius": (-40.0, 80.0),
    "outside_celsius": (-40.0, 50.0),
    "humidity_percent": (0.0, 100.0),
    "carbon_monoxide_ppm": (0.0, 1000.0),
}


class LoadKind(StrEnum):
    """What the world knows of a load: how it acts on the room."""

    LIGHT = "light"
    HEATING = "heating"
    COOLING = "cooling"
    SOCKETS = "sockets"
    SIGN = "sign"


@dataclass
class Load:
    """`wanted` is what its pin says; it runs when there are mains as well."""

    id: str
    kind: LoadKind
    power_w: float
    wanted: bool = False


class Room:
    def __init__(self, loads: list[Load], pace: float = 1.0, *, celsius: float = 20.0, outside: float = 5.0) -> None:
        """`pace`: how much faster than real the room warms and cools. The meter counts real time."""
        self.loads = {load.id: load for load in loads}
        self.outside_celsius = outside
        self.humidity_percent = 45.0
        self.carbon_monoxide_ppm = 0.0
        self.smoke = False
        self.water = False
        self.mains = True
        self._pace = pace
        self._celsius = celsius
        self._people = 0
        self._energy_wh = 0.0
        self._since_ms: float | None = None

    # What it is like

    def temperature_celsius(self, now_ms: float) -> float:
        aim = self._aim_celsius()
        passed_ms = 0.0 if self._since_ms is None else (now_ms - self._since_ms) * self._pace
        return aim + (self._celsius - aim) * math.exp(-max(0.0, passed_ms) / TIME_CONSTANT_MS)

    def is_on(self, load: Load) -> bool:
        return load.wanted and self.mains

    def power_w(self) -> float:
        return sum(load.power_w for load in self.loads.values() if self.is_on(load)) + (
            BASE_LOAD_W if self.mains else 0.0
        )

    def energy_wh(self, now_ms: float) -> float:
        """The meter's counter. It began with the world."""
        passed_ms = 0.0 if self._since_ms is None else max(0.0, now_ms - self._since_ms)
        return self._energy_wh + self.power_w() * passed_ms / MILLISECONDS_AN_HOUR

    # What changes it; `settle` first

    def settle(self, now_ms: float, people: int) -> None:
        """Bring curve and counter to this moment, before anything that they depend on changes."""
        self._celsius, self._energy_wh = self.temperature_celsius(now_ms), self.energy_wh(now_ms)
        self._since_ms, self._people = now_ms, people

    def set_air(self, name: str, value: float) -> None:
        """One of `LIMITS`. Raises ValueError outside of its limits."""
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise ValueError(f"{name} = {value:g}: must be {least:g} to {most:g}")
        if name == "temperature_celsius":
            self._celsius = value
        else:
            setattr(self, name, value)

    def _aim_celsius(self) -> float:
        heat_w = self._people * PERSON_W
        for load in self.loads.values():
            if self.is_on(load) and load.kind is LoadKind.HEATING:
                heat_w += load.power_w
            elif self.is_on(load) and load.kind is LoadKind.COOLING:
                heat_w -= load.power_w * COOLING_FACTOR
        return self.outside_celsius + heat_w / WALL_W_PER_K
