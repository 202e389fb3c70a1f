"""What a station's day uses, lived by hand."""

from dataclasses import replace

from contract.ids import LoadId, SensorId
from contract.records import EnergyUsed, Record
from edge.core import events
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import Load, LoadKind, LoadsConfig
from tests.core.support import CONFIG, Life

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 24 * 3_600_000
METER = SensorId("mains")
SIGN = Load(LoadId("sign"), LoadKind.SIGN, 60)
LIGHT = Load(LoadId("ceiling"), LoadKind.LIGHT, 40)
STATION = replace(CONFIG, loads=LoadsConfig((SIGN, LIGHT)), environment=EnvironmentConfig((), (METER,)))
NO_METER = replace(STATION, environment=EnvironmentConfig())
# WALL_MS is 14:13:20 of 2026-09-21 in UTC, and a life begins a second later.
TODAY, TOMORROW = "2026-09-21", "2026-09-22"
UNTIL_MIDNIGHT_MS = (9 * 3_600 + 46 * 60 + 40) * SECOND_MS


def read(life: Life, energy_wh: int, power_w: int = 100) -> list[Record]:
    return life.do(events.PowerMeasured(METER, power_w, energy_wh))


def used(records: list[Record]) -> dict[str, int]:
    return {record.source: record.energy_wh for record in records if isinstance(record, EnergyUsed)}


def counted(life: Life) -> dict[str, int]:
    """Milliwatt-hours of the day, once they are written down."""
    life.do(events.StopRequested("looked at"))
    return life.state.durable.loads.energy_mwh


def to_midnight(life: Life) -> list[Record]:
    return life.wait(UNTIL_MIDNIGHT_MS - life.mono_ms)
