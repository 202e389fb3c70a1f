"""Air, water, mains: what the sensors say, and when it is an alarm.

*Belief.* Smoke and water are believed after reports in a row, carbon monoxide by dose (see `carbon_monoxide`), heat and
cold beyond a limit until well inside it again. A sensor that falls silent takes nothing back: what it said last stands
until it says otherwise, because a detector that burns goes silent too. In a new run nothing is known of a sensor until
it has spoken; an alarm of the run before stands until then.

*Hazard.* Smoke and carbon monoxide switch off whatever may burn or feed the fire, light the way and tell people to
leave (`loads`, and the readers' lasting sign), but do not let go of the door: in a room with nobody on duty a
cigarette would be a key. Nobody needs the door let go from here to get out, the exit button does that in wiring; it is
the fire panel that releases it.

*Telemetry.* One sample a minute and sensor, and one more when something has changed by much.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contract.ids import SensorId
from contract.records import AlarmCode, EnvironmentSampled, PowerSampled
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.environment_state import EnvironmentConfig, EnvironmentNow, Findings, Meter, Sensor
from edge.core.events import EnvironmentMeasured, PowerMeasured, SensorChanged
from edge.core.state import StationState
from edge.core.turn import Turn

SAMPLE_EVERY_MS: Final = 60_000
SAMPLE_SOONER_AFTER_MS: Final = 10_000
"""A sample out of turn for a big change, but no more often than this."""
BIG_DECICELSIUS: Final = 20
BIG_HUMIDITY_PERCENT: Final = 15
BIG_PPM: Final = 20
BIG_W: Final = 500
MAX_DETAIL_CHARACTERS: Final = 200

HAZARDS: Final = (AlarmCode.SMOKE, AlarmCode.CARBON_MONOXIDE)


# ---------------------------------------------------------------- what is told


def begin(turn: Turn) -> None:
    """The run is under way: whoever has not spoken yet is listened for from now on."""
    config, known = turn.config.environment, turn.volatile.environment
    sensors = {sensor: known.sensors.get(sensor) or Sensor(turn.mono_ms) for sensor in config.sensors}
    meters = {meter: known.meters.get(meter) or Meter(turn.mono_ms) for meter in config.meters}
    if sensors or meters:
        _set(turn, changed(known, sensors=sensors, meters=meters))


def measured(turn: Turn, event: EnvironmentMeasured) -> None:
    """A sensor reports."""
    config, known = turn.config.environment, turn.volatile.environment
    if event.sensor not in config.sensors:
        return
    sensor = known.sensors.get(event.sensor) or Sensor(turn.mono_ms)
    ppm, dose = event.carbon_monoxide_ppm, sensor.dose
    if ppm is not None:
        # What was breathed while the sensor was silent is not known, and not made up for longer than it may be silent.
        dose = dose.breathed(min(turn.mono_ms - sensor.heard_ms, config.silent_ms), ppm)
    sensor = changed(
        sensor,
        heard_ms=turn.mono_ms,
        reading=event,
        smoke=sensor.smoke.again(event.smoke, config.reports),
        water=sensor.water.again(event.water, config.reports),
        dose=dose,
    )
    sensor = _sampled(turn, sensor, event)
    _set(turn, changed(known, sensors={**known.sensors, event.sensor: sensor}))
    _find(turn, event.sensor, _findings(config, _found(turn.state, event.sensor), sensor))


def power_measured(turn: Turn, event: PowerMeasured) -> None:
    """The meter reports."""
    known = turn.volatile.environment
    if event.meter not in turn.config.environment.meters:
        return
    meter = changed(known.meters.get(event.meter) or Meter(turn.mono_ms), heard_ms=turn.mono_ms, reading=event)
    big = meter.sampled is not None and abs(meter.sampled.power_w - event.power_w) >= BIG_W
    if _is_due(turn, meter.sampled_ms if meter.sampled else None, big):
        sampled = PowerSampled(event.meter, event.power_w, event.energy_wh)
        turn.record(sampled)
        meter = changed(meter, sampled=sampled, sampled_ms=turn.mono_ms)
    _set(turn, changed(known, meters={**known.meters, event.meter: meter}))
    _find(turn, event.meter, _answers(_found(turn.state, event.meter)))


def sensor_changed(turn: Turn, event: SensorChanged) -> None:
    """A sensor answers, or does not. One that answers is still to say what it measures."""
    config, found = turn.config, _found(turn.state, event.sensor)
    if event.sensor not in config.environment.sensors + config.environment.meters + config.presence.radars:
        return
    if event.online:
        _listen(turn, event.sensor)
        _find(turn, event.sensor, _answers(found))
    else:
        _find(turn, event.sensor, changed(found, offline=True, detail=event.detail[:MAX_DETAIL_CHARACTERS]))


# ---------------------------------------------------------------- time


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`: somebody's silence has lasted too long."""
    silence_ms = turn.volatile.environment.silence_ms
    if silence_ms is None or silence_ms > turn.mono_ms:
        return
    for sensor, silent_at_ms in list(_silences(turn.config.environment, turn.volatile.environment)):
        if silent_at_ms <= turn.mono_ms:
            detail = f"silent for {turn.config.environment.silent_ms // 1_000} s"
            _find(turn, sensor, changed(_found(turn.state, sensor), offline=True, detail=detail))


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    if state.volatile.environment.silence_ms is not None:
        yield state.volatile.environment.silence_ms


def _silences(config: EnvironmentConfig, known: EnvironmentNow) -> Iterator[tuple[SensorId, int]]:
    """When each sensor that is not known to be offline will be."""
    everybody: Mapping[SensorId, Sensor | Meter] = {**known.sensors, **known.meters}
    for sensor, heard in everybody.items():
        found = known.findings.get(sensor)
        if found is None or not found.offline:
            yield sensor, heard.heard_ms + config.silent_ms


# ---------------------------------------------------------------- what it means


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """What may be an alarm here."""
    environment = config.environment
    for sensor in environment.sensors:
        found = _found(state, sensor)
        yield Condition(AlarmCode.SMOKE, sensor, found.smoke)
        yield Condition(AlarmCode.CARBON_MONOXIDE, sensor, found.carbon_monoxide)
        yield Condition(AlarmCode.WATER_LEAK, sensor, found.water)
        yield Condition(AlarmCode.TOO_HOT, sensor, found.hot)
        yield Condition(AlarmCode.TOO_COLD, sensor, found.cold)
    for sensor in environment.sensors + environment.meters + config.presence.radars:
        found = _found(state, sensor)
        yield Condition(AlarmCode.SENSOR_OFFLINE, sensor, found.offline, found.detail)


def hazard(state: StationState) -> bool:
    """Whether there is smoke or carbon monoxide, or was when its sensor was last heard, or a battery that can burn."""
    if state.durable.cabinet.is_hazard:
        return True
    findings = state.volatile.environment.findings
    if not findings and not state.durable.alarms:
        return False
    if any(found.smoke or found.carbon_monoxide for found in findings.values()):
        return True
    return any(
        alarm.active and alarm.code in HAZARDS and _not_denied(findings.get(SensorId(alarm.source)), alarm.code)
        for alarm in state.durable.alarms
    )


def water(state: StationState) -> bool:
    """Whether a sensor stands in water."""
    return any(found.water for found in state.volatile.environment.findings.values())


def temperature_decicelsius(state: StationState) -> int | None:
    """The room's temperature: the mean of all sensors that answer. None: nobody knows."""
    known = state.volatile.environment
    readings = [
        sensor.reading.temperature_decicelsius
        for name, sensor in known.sensors.items()
        if sensor.reading is not None
        and sensor.reading.temperature_decicelsius is not None
        and not known.findings[name].offline
    ]
    return sum(readings) // len(readings) if readings else None


def _not_denied(found: Findings | None, code: AlarmCode) -> bool:
    """Whether the run's own readings say nothing of an alarm that the run before has left."""
    if found is None:
        return True
    return (found.smoke if code is AlarmCode.SMOKE else found.carbon_monoxide) is None


def _findings(config: EnvironmentConfig, before: Findings, sensor: Sensor) -> Findings:
    """What a report means, after the one before."""
    reading, gap = sensor.reading, config.hysteresis_decicelsius
    celsius = None if reading is None else reading.temperature_decicelsius
    hot, cold = before.hot, before.cold
    if celsius is not None:
        hot = celsius >= config.too_hot_decicelsius - (gap if hot else 0)
        cold = celsius <= config.too_cold_decicelsius + (gap if cold else 0)
    ppm = None if reading is None else reading.carbon_monoxide_ppm
    return Findings(
        smoke=sensor.smoke.believed,
        carbon_monoxide=before.carbon_monoxide if ppm is None else sensor.dose.stands,
        water=sensor.water.believed,
        hot=hot,
        cold=cold,
        offline=False,
    )


def _answers(found: Findings) -> Findings:
    return changed(found, offline=False, detail="")


def _found(state: StationState, sensor: SensorId) -> Findings:
    return state.volatile.environment.findings.get(sensor) or Findings()


def _find(turn: Turn, sensor: SensorId, found: Findings) -> None:
    known = turn.volatile.environment
    if known.findings.get(sensor) != found:
        _set(turn, changed(known, findings={**known.findings, sensor: found}))


def _listen(turn: Turn, sensor: SensorId) -> None:
    """Its silence counts from now on."""
    known = turn.volatile.environment
    if sensor in known.sensors:
        heard = changed(known.sensors[sensor], heard_ms=turn.mono_ms)
        _set(turn, changed(known, sensors={**known.sensors, sensor: heard}))
    elif sensor in known.meters:
        answering = changed(known.meters[sensor], heard_ms=turn.mono_ms)
        _set(turn, changed(known, meters={**known.meters, sensor: answering}))


def _set(turn: Turn, known: EnvironmentNow) -> None:
    silence_ms = min((at_ms for _, at_ms in _silences(turn.config.environment, known)), default=None)
    turn.set_volatile(environment=known if silence_ms == known.silence_ms else changed(known, silence_ms=silence_ms))


# ---------------------------------------------------------------- telemetry


def _sampled(turn: Turn, sensor: Sensor, event: EnvironmentMeasured) -> Sensor:
    """Write a sample down if one is due."""
    sample = EnvironmentSampled(
        event.sensor, event.temperature_decicelsius, event.humidity_percent, event.carbon_monoxide_ppm
    )
    if sample == EnvironmentSampled(event.sensor):
        return sensor
    big = sensor.sampled is not None and _is_big(sensor.sampled, sample)
    if not _is_due(turn, sensor.sampled_ms if sensor.sampled else None, big):
        return sensor
    turn.record(sample)
    return changed(sensor, sampled=sample, sampled_ms=turn.mono_ms)


def _is_due(turn: Turn, sampled_ms: int | None, big: bool) -> bool:
    return sampled_ms is None or turn.mono_ms - sampled_ms >= (SAMPLE_SOONER_AFTER_MS if big else SAMPLE_EVERY_MS)


def _is_big(before: EnvironmentSampled, now: EnvironmentSampled) -> bool:
    """Whether a reading has changed by much, or has come or gone."""
    pairs = (
        (before.temperature_decicelsius, now.temperature_decicelsius, BIG_DECICELSIUS),
        (before.humidity_percent, now.humidity_percent, BIG_HUMIDITY_PERCENT),
        (before.carbon_monoxide_ppm, now.carbon_monoxide_ppm, BIG_PPM),
    )
    return any(
        (old is None) is not (new is None) or (old is not None and new is not None and abs(old - new) >= big)
        for old, new, big in pairs
    )
