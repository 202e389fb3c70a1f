"""The simulator's configuration: one TOML file, read once, every unknown key refused with file, section and key.

Paths are relative to the directory the simulator is started in. `config/sim.example.toml` shows every section.
"""

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from contract.plain import PlainError, build, plain
from firmware_sim.config_cabinet import CabinetConfig
from firmware_sim.config_sensors import (
    MAX_LINES,
    MAX_LOADS,
    LoadConfig,
    ModbusConfig,
    RadarConfig,
    RoomConfig,
    ScannerConfig,
)
from firmware_sim.devices.osdp_reader import ReaderMode
from firmware_sim.faults import NEEDS_LINK, FaultName
from firmware_sim.lock import LockKind
from firmware_sim.people import Card, CardFormat, CardId, Person, PersonId
from firmware_sim.wires import POINT_WIRES, Wire

KEY_BYTES = 16
BAUD_RATES = (9600, 19200, 38400, 57600, 115200, 230400)
MAX_READERS = 8
MAX_OSDP_ADDRESS = 0x7E


class ConfigError(Exception):
    """The file cannot be used; the message names file, section and key."""


class StoryName(StrEnum):
    RIDER_AT_TWO = "rider_at_two"
    UNKNOWN_CARD = "unknown_card"
    PUSH_WITHOUT_GRANT = "push_without_grant"
    FORCED_DOOR = "forced_door"
    DOOR_LEFT_OPEN = "door_left_open"
    EXIT_BY_BUTTON = "exit_by_button"
    TAILGATER = "tailgater"
    TURNS_ROUND = "turns_round"
    RIDER_NAPS = "rider_naps"
    LIES_STILL = "lies_still"
    LOITERER = "loiterer"
    SMOKE_IN_ROOM = "smoke_in_room"
    TAMPER_AT_NIGHT = "tamper_at_night"
    CARD_AND_PIN = "card_and_pin"
    QR_VISITOR = "qr_visitor"
    SWAP_WELL = "swap_well"
    SWAP_FOREIGN = "swap_foreign"
    SWAP_BRICK = "swap_brick"
    SWAP_NOTHING = "swap_nothing"
    SWAP_TAKES_NOTHING = "swap_takes_nothing"
    SWAP_TAKES_TWO = "swap_takes_two"
    SWAP_LEFT_OPEN = "swap_left_open"
    SWAP_WALKS_AWAY = "swap_walks_away"
    SWAP_CARELESS = "swap_careless"
    SWAP_STUCK_LOCK = "swap_stuck_lock"
    SWAP_POWER_CUT = "swap_power_cut"
    SLOT_FORCED = "slot_forced"
    BATTERY_OVERHEATS = "battery_overheats"


@dataclass(frozen=True)
class WorldConfig:
    log: Path
    seed: int = 1
    pace: float = 1.0
    """How much faster than real the door swings; the controller's own timers stay real."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.pace <= 100:
            raise ValueError("pace must be between 0.1 and 100")


@dataclass(frozen=True)
class GpioConfig:
    port: int = 8888


@dataclass(frozen=True)
class PinsConfig:
    """BCM numbers, as in the station's own configuration."""

    lock: int = 17
    contact: int = 27
    exit: int = 22
    fire: int = 23


@dataclass(frozen=True)
class LockConfig:
    kind: LockKind = LockKind.FAIL_SAFE


@dataclass(frozen=True)
class ReaderConfig:
    id: str
    device: Path
    key_file: Path
    address: int = 1
    baud: int = 115200
    mode: ReaderMode = ReaderMode.SECURE

    def __post_init__(self) -> None:
        if not 0 <= self.address <= MAX_OSDP_ADDRESS:
            raise ValueError(f"address must be 0 to {MAX_OSDP_ADDRESS}")
        if self.baud not in BAUD_RATES:
            raise ValueError(f"baud must be one of {', '.join(map(str, BAUD_RATES))}")


@dataclass(frozen=True)
class LinkConfig:
    listen_port: int
    broker_port: int = 1883
    broker_host: str = "127.0.0.1"


@dataclass(frozen=True)
class PanelConfig:
    port: int = 8090
    pages_dir: Path = Path("web/dist/panel")
    operations_url: str | None = None
    """Where the cloud's page is, for a link to it."""


@dataclass(frozen=True)
class PowerConfig:
    control: Path | None = None


@dataclass(frozen=True)
class StoriesConfig:
    """What people do by themselves; with nothing in `run` only the panel moves the world."""

    run: tuple[StoryName, ...] = ()
    seconds: float = 0.0
    """0 runs until the simulator is stopped."""
    seed: int = 1
    pace: float = 1.0
    pause_ms: float = 3000.0
    held_ms: float = 35_000.0
    """How long `door_left_open` holds the door: more than the station's own limit, which is not compressed."""
    still_ms: float = 60_000.0
    """How long `rider_naps` and `lies_still` last, likewise; and so on."""
    loiter_ms: float = 20_000.0
    smoke_ms: float = 10_000.0
    tamper_ms: float = 3_000.0
    ajar_ms: float = 20_000.0
    """How long `swap_left_open` leaves a slot's door open, and …"""
    dark_ms: float = 4_000.0
    """… how long the power is gone in `swap_power_cut`."""
    served_ms: float = 30_000.0
    """How long a rider waits at the cabinet for the next door."""
    pass_file: Path | None = None
    """The text of the visit pass that `qr_visitor` shows, read each time."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.pace <= 100:
            raise ValueError("pace must be between 0.1 and 100")


@dataclass(frozen=True)
class FaultsConfig:
    """A schedule of faults drawn by seed; none when `names` is empty."""

    names: tuple[FaultName, ...] = ()
    seed: int = 1
    every_ms: float = 10_000.0
    last_ms: float = 1_000.0

    def __post_init__(self) -> None:
        if self.every_ms < 100 or self.last_ms < 10:
            raise ValueError("every_ms must be at least 100 and last_ms at least 10")


@dataclass(frozen=True)
class CardConfig:
    bits: int
    data: str
    format: CardFormat = CardFormat.WIEGAND
    id: str | None = None


@dataclass(frozen=True)
class PersonConfig:
    id: str
    name: str
    card: CardConfig
    known: bool = True
    pin_file: Path | None = None
    """Holds what they type after the card in `card_and_pin`; read when they do."""

    def __post_init__(self) -> None:
        self.person()

    def person(self) -> Person:
        """Raises ValueError when the card's data does not fit its number of bits."""
        card = self.card
        card_id = CardId(card.id or f"card-{self.id}")
        return Person(
            PersonId(self.id), self.name, Card(card_id, card.format, card.bits, bytes.fromhex(card.data)), self.known
        )


@dataclass(frozen=True)
class SimConfig:
    world: WorldConfig
    link: LinkConfig | None = None
    gpio: GpioConfig = field(default_factory=GpioConfig)
    pins: PinsConfig = field(default_factory=PinsConfig)
    lock: LockConfig = field(default_factory=LockConfig)
    readers: tuple[ReaderConfig, ...] = ()
    points: dict[str, int] = field(default_factory=dict)
    """BCM numbers of the wired inputs beside the door's own."""
    loads: tuple[LoadConfig, ...] = ()
    room: RoomConfig = field(default_factory=RoomConfig)
    radars: tuple[RadarConfig, ...] = ()
    modbus: tuple[ModbusConfig, ...] = ()
    scanners: tuple[ScannerConfig, ...] = ()
    cabinet: CabinetConfig | None = None
    panel: PanelConfig = field(default_factory=PanelConfig)
    power: PowerConfig = field(default_factory=PowerConfig)
    stories: StoriesConfig = field(default_factory=StoriesConfig)
    faults: FaultsConfig = field(default_factory=FaultsConfig)
    people: tuple[PersonConfig, ...] = ()

    def __post_init__(self) -> None:
        if len(self.readers) > MAX_READERS:
            raise ValueError(f"readers: at most {MAX_READERS}")
        if len(self.loads) > MAX_LOADS:
            raise ValueError(f"loads: at most {MAX_LOADS}")
        if max(len(self.modbus), len(self.radars), len(self.scanners)) > MAX_LINES:
            raise ValueError(f"radars, modbus, scanners: at most {MAX_LINES} of each")
        if self.stories.run and not self.readers:
            raise ValueError("stories: run needs at least one reader")
        if self.cabinet is not None and self.cabinet.reader not in (None, *(reader.id for reader in self.readers)):
            raise PlainError("cabinet.reader", f"{self.cabinet.reader!r} is none of the readers")
        kinds = (
            ("reader", self.readers),
            ("radar", self.radars),
            ("slave", self.modbus),
            ("cabinet", self.cabinet),
        )
        for fault in self.faults.names:
            if fault in NEEDS_LINK and self.link is None:
                raise ValueError(f"faults: names: {fault} needs a [link]")
            for kind, there in kinds:
                if fault.startswith(f"{kind}_") and not there:
                    raise ValueError(f"faults: names: {fault} needs a {kind}")
        self._check_pins()
        self._check_names()

    def wire_pins(self) -> dict[Wire, int]:
        """The pin of every wire that this station has."""
        pins = self.pins
        door = {Wire.LOCK: pins.lock, Wire.CONTACT: pins.contact, Wire.EXIT: pins.exit, Wire.FIRE: pins.fire}
        return door | {Wire(name): pin for name, pin in self.points.items()}

    def _check_pins(self) -> None:
        for name in self.points:
            if name not in POINT_WIRES:
                raise PlainError(f"points.{name}", f"unknown key; known are {', '.join(POINT_WIRES)}")
        points = {f"points.{name}": pin for name, pin in self.points.items()}
        used = {f"pins.{name}": pin for name, pin in plain(self.pins).items()} | points
        used |= {f"loads.{load.id}": load.pin for load in self.loads}
        taken: dict[int, str] = {}
        for name, pin in used.items():
            if not 2 <= pin <= 27:
                raise PlainError(name, f"{pin} is no pin of the 40-pin header, GPIO 2 to 27")
            if pin in taken:
                raise PlainError(name, f"two wires cannot be on one pin, and {pin} is that of {taken[pin]}")
            taken[pin] = name

    def _check_names(self) -> None:
        sensors = [radar.id for radar in self.radars] + [slave.id for line in self.modbus for slave in line.slaves]
        devices = [reader.device for reader in self.readers] + [radar.device for radar in self.radars]
        devices += [line.device for line in self.modbus] + [scanner.device for scanner in self.scanners]
        if self.cabinet is not None and self.cabinet.device is not None:
            devices.append(self.cabinet.device)
        unique: dict[str, list[str]] = {
            "readers: id": [reader.id for reader in self.readers],
            "loads: id": [load.id for load in self.loads],
            "radars, modbus: id": sensors,
            "scanners: id": [scanner.id for scanner in self.scanners],
            "device": [str(device) for device in devices],
            "people: id": [person.id for person in self.people],
            "people: card.id": [person.person().card.id for person in self.people],
        }
        for name, ids in unique.items():
            if len(set(ids)) != len(ids):
                raise ValueError(f"{name} must be different in each entry")


def load(path: Path) -> SimConfig:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    try:
        return build(SimConfig, table, unknown_ok=False)
    except PlainError as error:
        section, _, key = error.where.rpartition(".")
        place = f"[{section}] {key}" if section else f"[{key}]" if key else "whole file"
        raise ConfigError(f"{path}: {place}: {error.why}") from None


def read_key(path: Path) -> bytes:
    """The 16-byte base key of a reader's secure channel, written as 32 hexadecimal digits."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(f"[readers] key_file: {path}: {error}") from None
    if len(key) != KEY_BYTES:
        raise ConfigError(f"[readers] key_file: {path}: holds {len(key)} bytes, a key has {KEY_BYTES}")
    return key
