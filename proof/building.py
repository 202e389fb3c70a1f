"""Air, water, mains and the wired points of the building, as they really are, and the sensors that measure them.

Real sensors are polled every second or two; here they report every four minutes (meters every five, or seven and a
half), and at once, twice, when something changes. The configuration calls them silent later in the same measure, so
that a year stays affordable.
"""

import random
from collections.abc import Callable
from math import cos, pi
from typing import Final

from contract.ids import LoadId, SensorId
from edge.core import events
from edge.core.events import Point
from proof.timeline import Timeline

AIR: Final = SensorId("air-1")
METER: Final = SensorId("meter-1")
REPORT_MS: Final = 240_000
METER_REPORT_MS, METER_SELDOM_MS = 300_000, 450_000
AGAIN_MS: Final = 2_000
DAY_MS: Final = 86_400_000
SUPERVISED: Final = (Point.READER_TAMPER, Point.ENCLOSURE_TAMPER, Point.MAINS_LOST, Point.BATTERY_LOW)
BASE_POWER_W: Final = 40


class Building:
    """`tell` takes the sensors' events, `tell_point` a wired point's level when it changes."""

    def __init__(
        self,
        wired: frozenset[Point],
        luck: random.Random,
        timeline: Timeline,
        tell: Callable[[events.Event], None],
        tell_point: Callable[[Point, bool], None],
    ) -> None:
        self._wired = wired
        self._luck = luck
        self._timeline = timeline
        self._tell = tell
        self._tell_point = tell_point
        self.smoke = self.water = False
        self.smoke_ms = self.water_ms = -(10**9)
        self.carbon_monoxide_ppm = 0
        self.gas_ms = self.air_wrong_ms = -(10**9)
        self.told_decicelsius = 180
        self.outside_offset_decicelsius = 0
        self.dead: set[SensorId] = set()
        self.points = dict.fromkeys((*SUPERVISED, Point.LOCK_SECURED), False)
        self.point_ms = dict.fromkeys(self.points, -(10**9))
        self.loads: dict[LoadId, bool] = {}
        self.power_of: dict[LoadId, int] = {}
        self.warms: dict[LoadId, int] = {}
        """By load: the tenths of a degree by which it warms the room in the long run; cooling takes away."""
        self._temperature = 180.0
        self._energy_mwh = 0.0
        self._used_wms: dict[LoadId, int] = {}
        self._lived_ms = 0

    # ------------------------------------------------ points

    def levels(self) -> dict[Point, bool]:
        return {point: level for point, level in self.points.items() if point in self._wired}

    def set_point(self, point: Point, level: bool) -> None:
        if level is not self.points[point]:
            self.points[point] = level
            self.point_ms[point] = self._timeline.now_ms
            if point in self._wired:
                self._tell_point(point, level)

    def flap(self, point: Point, times: int) -> None:
        """A loose wire: back and forth, and as it was in the end."""
        if times:
            self.set_point(point, not self.points[point])
            self._timeline.after(20 + int(self._luck.random() * 400), self.flap, point, times - 1)

    # ------------------------------------------------ loads

    def switch(self, load: LoadId, on: bool) -> None:
        self._live()
        self.loads[load] = on

    def loads_to_rest(self) -> None:
        """Their outputs fall to rest."""
        self._live()
        self.loads = dict.fromkeys(self.loads, False)

    @property
    def power_w(self) -> int:
        """Of the switched loads alone."""
        return sum(self.power_of.get(load, 0) for load, on in self.loads.items() if on)

    def used_wms(self) -> dict[LoadId, int]:
        """What has gone through each output since the beginning, in watt-milliseconds."""
        self._live()
        return self._used_wms

    # ------------------------------------------------ air and water

    def set_smoke(self, there: bool) -> None:
        self.smoke, self.smoke_ms = there, self._timeline.now_ms
        self.changed()

    def set_water(self, there: bool) -> None:
        self.water, self.water_ms = there, self._timeline.now_ms
        self.changed()

    def set_carbon_monoxide(self, ppm: int) -> None:
        self.carbon_monoxide_ppm, self.gas_ms = ppm, self._timeline.now_ms
        self.changed()

    def changed(self) -> None:
        """A poll finds something new, and the one after it the same."""
        self.air_reports()
        self._timeline.after(AGAIN_MS, self.air_reports)

    def spark(self) -> None:
        """One report that is not true."""
        self.air_wrong_ms = self._timeline.now_ms
        self._report(smoke=not self.smoke)
        self._timeline.after(AGAIN_MS, self.air_reports)

    @property
    def temperature_decicelsius(self) -> int:
        self._live()
        return round(self._temperature)

    def _live(self) -> None:
        """Let the time since the last look pass: the room follows the weather and what warms it, within an hour."""
        now_ms = self._timeline.now_ms
        passed_ms, self._lived_ms = now_ms - self._lived_ms, now_ms
        if not passed_ms:
            return
        for load, on in self.loads.items():
            if on:
                self._used_wms[load] = self._used_wms.get(load, 0) + self.power_of.get(load, 0) * passed_ms
        self._energy_mwh += (BASE_POWER_W + self.power_w) * passed_ms / 3_600
        outside = 100 - 100 * cos(2 * pi * (now_ms % DAY_MS) / DAY_MS) + self.outside_offset_decicelsius
        warmed = outside + sum(self.warms.get(load, 0) for load, on in self.loads.items() if on)
        self._temperature += (warmed - self._temperature) * min(1.0, passed_ms / 3_600_000)

    # ------------------------------------------------ reports

    def fails(self, sensor: SensorId, dead: bool) -> None:
        if dead:
            self.dead.add(sensor)
        else:
            self.dead.discard(sensor)
        if sensor == AIR:
            self.air_wrong_ms = self._timeline.now_ms

    def air_reports(self) -> None:
        self._report(self.smoke)

    def _report(self, smoke: bool) -> None:
        if AIR not in self.dead:
            self.told_decicelsius = self.temperature_decicelsius
            self._tell(
                events.EnvironmentMeasured(AIR, self.told_decicelsius, 50, self.carbon_monoxide_ppm, smoke, self.water)
            )

    def meter_reports(self) -> None:
        if METER not in self.dead:
            self._live()
            self._tell(events.PowerMeasured(METER, BASE_POWER_W + self.power_w, int(self._energy_mwh / 1_000)))

    def exchange_meter(self) -> None:
        """A new meter begins at nothing."""
        self._energy_mwh = 0.0
