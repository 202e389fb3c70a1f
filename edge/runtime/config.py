"""The one model of a station's configuration, read once at start from a TOML file.

Every key is known or refused, by file, section and key. Defaults are those of a real station; one on a desk differs in
addresses, credentials and `gpio.pin_factory` alone.
"""

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract.ids import ReaderId, StationId
from contract.plain import PlainError, build
from contract.policy.model import ANTIPASSBACK_FORGET_MS, Antipassback
from contract.policy.plan import MAX_PLANNED
from contract.records import Direction
from contract.topics import TopicError, station_id
from edge.core.config import ExitAction, LockKind, RelockOn
from edge.core.events import Point
from edge.runtime.alarm_config import AlarmSection
from edge.runtime.cabinet_config import CabinetSection
from edge.runtime.console_config import ConsoleSection
from edge.runtime.load_config import ComfortSection, EnvironmentSection, LoadSection, check_loads
from edge.runtime.presence_config import PresenceSection
from edge.runtime.schedule_config import ScheduleSection
from edge.runtime.sensor_config import SensorSection, check_sensors

MAX_SOCKET_PATH_BYTES: Final = 107
"""What the kernel takes as a Unix socket's path."""
SOCKET_NAME: Final = "station.sock"


class ConfigError(ValueError):
    """The configuration cannot be used. The message names file, section and key."""


class PinFactory(StrEnum):
    """Which gpiozero pin factory drives the pins: lgpio on a Raspberry Pi, pigpio over its socket protocol."""

    LGPIO = "lgpio"
    PIGPIO = "pigpio"


class ReaderDriver(StrEnum):
    OSDP = "osdp"
    WEDGE = "wedge"
    """A reader or code scanner that types like a keyboard."""


@dataclass(frozen=True)
class StationSection:
    id: str
    data_dir: Path
    run_dir: Path
    timezone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        try:
            station_id(self.id)
        except TopicError as error:
            raise PlainError("station.id", str(error)) from None
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PlainError("station.timezone", f"{self.timezone!r} is no time zone of this system") from None
        length = len(os.fsencode(self.run_dir.absolute() / SOCKET_NAME))
        if length > MAX_SOCKET_PATH_BYTES:
            raise PlainError(
                "station.run_dir",
                f"the path of its {SOCKET_NAME} has {length} bytes; a socket's has at most {MAX_SOCKET_PATH_BYTES}",
            )


@dataclass(frozen=True)
class GpioSection:
    """Pins are BCM numbers. Inputs are dry contacts to ground under the Pi's own pull-ups: a cut wire reads as open,
    as alarm, as not pressed (`edge.drivers.door_gpio` has the sense of each). `points` are the wired ones of
    `edge.core.events.Point`."""

    lock_pin: int
    contact_pin: int
    exit_pin: int
    fire_pin: int
    pin_factory: PinFactory = PinFactory.LGPIO
    host: str = "127.0.0.1"
    port: int = 8888
    lock_active_high: bool = True
    points: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.points:
            if name not in frozenset(Point):
                raise PlainError(f"gpio.points.{name}", f"unknown key; known are {', '.join(Point)}")
        if not 1 <= self.port <= 65_535:
            raise PlainError("gpio.port", f"{self.port} is outside 1–65535")
        check_pins(self.pins)

    @property
    def pins(self) -> dict[str, int]:
        """Every pin of this section by its key."""
        names = ("lock_pin", "contact_pin", "exit_pin", "fire_pin")
        points = {f"gpio.points.{name}": pin for name, pin in self.points.items()}
        return {f"gpio.{name}": getattr(self, name) for name in names} | points

    @property
    def wired_points(self) -> dict[Point, int]:
        return {Point(name): pin for name, pin in self.points.items()}


def check_pins(pins: dict[str, int]) -> None:
    """That every pin, named by its key, is one of the header and has one use. Raises `PlainError`."""
    used: dict[int, str] = {}
    for key, pin in pins.items():
        if not 0 <= pin <= 27:
            raise PlainError(key, f"{pin} is no BCM pin of the header (0–27)")
        if pin in used:
            raise PlainError(key, f"pin {pin} is used twice, by {used[pin]} too")
        used[pin] = key


@dataclass(frozen=True)
class DoorSection:
    lock_kind: LockKind = LockKind.FAIL_SAFE
    mechanical_egress: bool = False
    release_ms: int = 5_000
    extended_release_ms: int = 15_000
    held_pre_alarm_ms: int = 20_000
    held_ms: int = 30_000
    held_long_after_ms: int = 60_000
    release_grace_ms: int = 1_000
    relock_on: RelockOn = RelockOn.OPEN
    exit_action: ExitAction = ExitAction.RELEASE
    debounce_ms: int = 30

    def __post_init__(self) -> None:
        bounds = {"release_ms": (500, 60_000), "extended_release_ms": (500, 120_000), "debounce_ms": (10, 50)}
        bounds |= {"held_pre_alarm_ms": (1_000, 3_600_000), "held_ms": (1_000, 3_600_000)}
        bounds |= {"held_long_after_ms": (1_000, 3_600_000), "release_grace_ms": (0, 10_000)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise PlainError(f"door.{name}", f"{getattr(self, name)} is outside {low}–{high}")
        if self.held_pre_alarm_ms >= self.held_ms:
            raise PlainError("door.held_pre_alarm_ms", "must be less than held_ms")
        if self.lock_kind is LockKind.FAIL_SECURE and not self.mechanical_egress:
            raise PlainError(
                "door.mechanical_egress", "must be true for a fail_secure lock: people must get out without power"
            )


@dataclass(frozen=True)
class ReaderSection:
    """An OSDP reader on a serial line, `key_file` holding its secure channel base key as 32 hex digits, or a keyboard
    wedge at its event device, which has neither key nor speed nor address."""

    id: ReaderId
    device: Path
    key_file: Path | None = None
    driver: ReaderDriver = ReaderDriver.OSDP
    baud: int = 115_200
    address: int = 1
    direction: Direction = Direction.IN
    """`out`: at the inner side, for whoever leaves."""
    keypad: bool = False
    """It has keys: with two factors wanted, a card waits here for its number."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.id):
            raise PlainError("readers.id", f"{self.id!r} must be 1–64 letters, digits, '-' or '_'")
        if self.driver is ReaderDriver.OSDP and self.key_file is None:
            raise PlainError(f"readers {self.id!r}.key_file", "is missing")
        if self.driver is ReaderDriver.WEDGE and self.key_file is not None:
            raise PlainError(f"readers {self.id!r}.key_file", "a wedge has none")
        if self.driver is ReaderDriver.WEDGE and self.keypad:
            raise PlainError(f"readers {self.id!r}.keypad", "numbers typed at a wedge are not taken")
        if not 0 <= self.address <= 126:
            raise PlainError(f"readers {self.id!r}.address", f"{self.address} is no OSDP address (0–126)")
        if self.baud not in (9_600, 19_200, 38_400, 57_600, 115_200, 230_400):
            raise PlainError(f"readers {self.id!r}.baud", f"{self.baud} is no OSDP line speed")


@dataclass(frozen=True)
class AccessSection:
    """Who is let in besides what the roster says of them.

    `capacity`: at most so many, as long as the count is sure; no limit if not given. `strict_clock`: without a trusted
    clock nobody whose membership is limited in time. `antipassback`: what happens to a member who comes in again
    without having been seen leaving within `antipassback_forget_s`. `codes_alone`: a number is a credential by itself,
    at the readers with a keypad. `number_wait_s`: how long a card waits for its number.
    """

    capacity: int | None = None
    strict_clock: bool = False
    antipassback: Antipassback = Antipassback.OFF
    antipassback_forget_s: int = ANTIPASSBACK_FORGET_MS // 1_000
    codes_alone: bool = False
    number_wait_s: int = 10

    def __post_init__(self) -> None:
        if self.capacity is not None and not 1 <= self.capacity <= 10_000:
            raise PlainError("access.capacity", f"{self.capacity} is outside 1–10000")
        if not 60 <= self.antipassback_forget_s <= 7 * 86_400:
            raise PlainError("access.antipassback_forget_s", f"{self.antipassback_forget_s} is outside 60–604800")
        if not 3 <= self.number_wait_s <= 60:
            raise PlainError("access.number_wait_s", f"{self.number_wait_s} is outside 3–60")


@dataclass(frozen=True)
class JournalSection:
    budget_mib: int = 512
    reserve_mib: int = 8

    def __post_init__(self) -> None:
        if not 16 <= self.budget_mib <= 65_536:
            raise PlainError("journal.budget_mib", f"{self.budget_mib} is outside 16–65536")
        if not 1 <= self.reserve_mib <= self.budget_mib // 2:
            raise PlainError("journal.reserve_mib", f"{self.reserve_mib} must be 1 to half the budget")


@dataclass(frozen=True)
class TlsSection:
    """The station's certificate carries its id as common name; the broker's access list builds on that."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class UplinkSection:
    """`cloud_keys` maps key id to a file with the cloud's Ed25519 public key (PEM)."""

    host: str
    port: int = 8883
    cloud_keys: dict[str, Path] = field(default_factory=dict)
    tls: TlsSection | None = None
    window_batches: int = 8
    batch_records: int = 200
    ack_timeout_ms: int = 5_000
    longest_retry_ms: int = 60_000
    """The back-off between attempts to connect grows up to here."""

    def __post_init__(self) -> None:
        bounds = {"port": (1, 65_535), "window_batches": (1, 64), "batch_records": (1, 1_000)}
        bounds |= {"ack_timeout_ms": (500, 120_000), "longest_retry_ms": (500, 600_000)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise PlainError(f"uplink.{name}", f"{getattr(self, name)} is outside {low}–{high}")


@dataclass(frozen=True)
class Config:
    station: StationSection
    gpio: GpioSection
    door: DoorSection
    readers: tuple[ReaderSection, ...]
    uplink: UplinkSection
    journal: JournalSection = field(default_factory=JournalSection)
    schedule: tuple[ScheduleSection, ...] = ()
    """Postures by the week; the first that is open decides."""
    access: AccessSection = field(default_factory=AccessSection)
    presence: PresenceSection = field(default_factory=PresenceSection)
    console: ConsoleSection = field(default_factory=ConsoleSection)
    sensors: tuple[SensorSection, ...] = ()
    loads: tuple[LoadSection, ...] = ()
    comfort: ComfortSection = field(default_factory=ComfortSection)
    environment: EnvironmentSection = field(default_factory=EnvironmentSection)
    alarms: AlarmSection = field(default_factory=AlarmSection)
    cabinet: CabinetSection = field(default_factory=CabinetSection)

    def __post_init__(self) -> None:
        if len(self.schedule) > MAX_PLANNED:
            raise PlainError("schedule", f"{len(self.schedule)} schedules; at most {MAX_PLANNED} are kept")
        hard = self.access.antipassback is Antipassback.HARD
        if hard and not any(reader.direction is Direction.OUT for reader in self.readers):
            raise PlainError(
                "access.antipassback", 'hard needs a reader with direction = "out": nobody is seen leaving'
            )
        if self.access.codes_alone and not any(reader.keypad for reader in self.readers):
            raise PlainError("access.codes_alone", "needs a reader with keypad = true")
        names = [reader.id for reader in self.readers]
        for index, name in enumerate(names):
            if names.count(name) > 1:
                raise PlainError(f"readers[{index}].id", f"{name!r} is used twice")
        if len(names) > 4:
            raise PlainError("readers", f"{len(names)} readers; a station has at most 4")
        if self.cabinet.is_on and self.cabinet.reader not in names:
            raise PlainError("cabinet.reader", f"{self.cabinet.reader!r} is none of [[readers]]")
        check_sensors(self.sensors)
        check_loads(self.loads, self.comfort)
        check_pins(self.gpio.pins | {f"loads {load.id!r}.pin": load.pin for load in self.loads})

    @property
    def station_id(self) -> StationId:
        return StationId(self.station.id)


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration, its file, and a digest of its bytes by which the journal names it."""

    config: Config
    path: Path
    digest: str


def load(path: Path) -> LoadedConfig:
    """Read and check a configuration. Raises `ConfigError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    try:
        config = build(Config, table, unknown_ok=False)
    except PlainError as error:
        section, _, key = error.where.rpartition(".")
        place = f"section [{section}], key {key!r}" if section else f"section or key {key!r}"
        raise ConfigError(f"{path}: {place}: {error.why}") from None
    return LoadedConfig(config, path, hashlib.sha256(data).hexdigest()[:16])
