"""The part of a station's configuration that its decisions depend on, one function for each part of the core."""

from zoneinfo import ZoneInfo

from contract.records import Direction
from edge.core import config as core
from edge.core.cabinet.config import CabinetConfig
from edge.core.pin_state import PinConfig
from edge.runtime.alarm_config import alarm_config, supervision_config
from edge.runtime.cabinet_config import cabinet_config
from edge.runtime.config import AccessSection, Config, ConfigError, DoorSection
from edge.runtime.load_config import environment_config, loads_config
from edge.runtime.presence_config import presence_config
from edge.runtime.schedule_config import plan_of
from edge.runtime.sensor_config import SensorDriver, named


def core_config(config: Config) -> core.StationConfig:
    """Raises `ConfigError`."""
    try:
        door = _door(config.door)
    except ValueError as error:
        raise ConfigError(f"section [door]: {error}") from None
    try:
        return core.StationConfig(
            station_id=config.station_id,
            readers=tuple(reader.id for reader in config.readers),
            readers_out=frozenset(reader.id for reader in config.readers if reader.direction is Direction.OUT),
            timezone=ZoneInfo(config.station.timezone),
            plan=plan_of(config.schedule),
            door=door,
            access=_access(config.access),
            pins=_pins(config),
            presence=presence_config(config.presence, named(config.sensors, SensorDriver.RADAR_LD2410)),
            environment=environment_config(
                config.environment,
                named(config.sensors, SensorDriver.ENVIRONMENT_MODBUS),
                named(config.sensors, SensorDriver.METER_MODBUS),
            ),
            loads=loads_config(config.loads, config.comfort),
            supervision=supervision_config(config.alarms, frozenset(config.gpio.wired_points)),
            alarms=alarm_config(config.alarms),
            cabinet=_cabinet(config),
        )
    except ValueError as error:
        raise ConfigError(f"the station: {error}") from None


def _cabinet(config: Config) -> CabinetConfig:
    """What the make cannot do by itself is known from its map. Raises `ConfigError`."""
    section = config.cabinet
    if section.map is None:
        return CabinetConfig()
    from edge.drivers.cabinet_modbus_load import load_map
    from edge.drivers.cabinet_modbus_map import MapError

    try:
        return cabinet_config(section, chargeable=load_map(section.map).chargeable)
    except MapError as error:
        raise ConfigError(f"section [cabinet], key 'map': {error}") from None


def _door(section: DoorSection) -> core.DoorConfig:
    return core.DoorConfig(
        release_ms=section.release_ms,
        extended_release_ms=section.extended_release_ms,
        held_pre_alarm_ms=section.held_pre_alarm_ms,
        held_ms=section.held_ms,
        held_long_after_ms=section.held_long_after_ms,
        release_grace_ms=section.release_grace_ms,
        relock_on=section.relock_on,
        lock_kind=section.lock_kind,
        exit_action=section.exit_action,
        bounce_ms=section.debounce_ms,
    )


def _pins(config: Config) -> PinConfig:
    return PinConfig(
        pairing_ms=config.access.number_wait_s * 1_000,
        keypads=frozenset(reader.id for reader in config.readers if reader.keypad),
        codes_alone=config.access.codes_alone,
    )


def _access(section: AccessSection) -> core.AccessConfig:
    return core.AccessConfig(
        capacity=section.capacity,
        strict_clock=section.strict_clock,
        antipassback=section.antipassback,
        antipassback_forget_ms=section.antipassback_forget_s * 1_000,
    )
