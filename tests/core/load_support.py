"""A station's loads lived by hand, with the outputs that are driven."""

from dataclasses import replace
from datetime import UTC, timedelta, timezone

from contract.ids import LoadId, SensorId
from contract.records import LoadSwitched, Record
from edge.core import events
from edge.core.config import StationConfig
from edge.core.effects import Effect, Feedback, ReaderFeedback, SetLoad
from edge.core.environment_state import EnvironmentConfig
from edge.core.load_state import Load, LoadCause, LoadKind, LoadsConfig
from edge.core.presence_state import PresenceConfig
from tests.core.support import CONFIG, RIDER, Life

BEIJING = timezone(timedelta(hours=8))
SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
# WALL_MS is 14:13:20 in UTC and 22:13:20 in Beijing, where it is night.
LIGHT = Load(LoadId("ceiling"), LoadKind.LIGHT, 40, priority=9)
SOCKETS = Load(LoadId("sockets"), LoadKind.SOCKETS, 1_500, priority=3)
COOLER = Load(LoadId("cooler"), LoadKind.COOLING, 1_200, priority=6, min_on_ms=180_000, min_off_ms=180_000)
HEATER = Load(LoadId("heater"), LoadKind.HEATING, 2_000, priority=5)
SIGN = Load(LoadId("sign"), LoadKind.SIGN, 60, priority=1)
ALL = (LIGHT, SOCKETS, COOLER, HEATER, SIGN)
AIR = SensorId("air")
RADAR = SensorId("radar")


def station(*loads: Load, budget_w: int | None = None, night: bool = False, radar: bool = False) -> StationConfig:
    return replace(
        CONFIG,
        timezone=BEIJING if night else UTC,
        loads=LoadsConfig(loads, budget_w),
        environment=EnvironmentConfig((AIR,)),
        presence=PresenceConfig((RADAR,) if radar else ()),
    )


class LoadLife(Life):
    """A life that knows which outputs are driven."""

    def __init__(self, config: StationConfig) -> None:
        self.driven: dict[LoadId, bool] = {}
        super().__init__(config)

    def do(self, event: events.Event) -> list[Record]:
        seen: list[Effect] = self.effects
        count = len(seen)
        records = super().do(event)
        if isinstance(event, events.LevelsRead):
            self.driven = {}
        self.driven |= {effect.load: effect.on for effect in seen[count:] if isinstance(effect, SetLoad)}
        assert set(self.state.durable.loads.on) == {load for load, on in self.driven.items() if on} or (
            not self.state.volatile.loads.driven
        )
        return records

    def on(self) -> set[LoadId]:
        return {load for load, on in self.driven.items() if on}

    def cause(self, load: Load) -> LoadCause:
        return self.state.volatile.loads.loads[load.id].cause

    def air(self, decicelsius: int | None = None, **readings: object) -> list[Record]:
        return self.do(events.EnvironmentMeasured(AIR, decicelsius, **readings))  # type: ignore[arg-type]

    def radar(self, *, sees: bool) -> list[Record]:
        return self.do(events.PresenceMeasured(RADAR, moving=sees, still=False))

    def visit(self, for_ms: int = 60_000) -> None:
        """Somebody comes in, stays for a while, and leaves."""
        self.card(RIDER)
        self.open()
        self.wait(2_000)
        self.close()
        self.wait(for_ms)
        self.press_exit()
        self.open()
        self.wait(2_000)
        self.close()


def switched(records: list[Record]) -> list[LoadSwitched]:
    return [record for record in records if isinstance(record, LoadSwitched)]


def signs(life: Life) -> list[Feedback]:
    return [effect.outcome for effect in life.effects if isinstance(effect, ReaderFeedback)]
