"""A station's air lived by hand."""

from dataclasses import replace

from contract.ids import SensorId
from contract.records import AlarmCode, Record
from edge.core import environment, events
from edge.core.environment_state import EnvironmentConfig
from edge.core.presence_state import PresenceConfig
from tests.core.support import CONFIG, Life

SECOND_MS, MINUTE_MS = 1_000, 60_000
AIR, CELLAR, METER, RADAR = SensorId("air"), SensorId("cellar"), SensorId("mains"), SensorId("radar")
STATION = replace(CONFIG, environment=EnvironmentConfig((AIR, CELLAR), (METER,)), presence=PresenceConfig((RADAR,)))


class Air(Life):
    def __init__(self) -> None:
        super().__init__(STATION)

    def tell(self, decicelsius: int | None = None, *, sensor: SensorId = AIR, **readings: object) -> list[Record]:
        return self.do(events.EnvironmentMeasured(sensor, decicelsius, **readings))  # type: ignore[arg-type]

    def meter(self, power_w: int, energy_wh: int) -> list[Record]:
        return self.do(events.PowerMeasured(METER, power_w, energy_wh))

    def stands(self, code: AlarmCode, source: SensorId = AIR) -> bool | None:
        """What the condition says now."""
        found = {(each.code, each.source): each.stands for each in environment.conditions(STATION, self.state)}
        return found[code, source]
