"""The only place that constructs drivers, and where a station is put together from its configuration.

Drivers and libraries are imported where they are built: the reader process has no use for pins, nor the controller for
OSDP, and every import costs memory and start time on a Pi.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contract.ids import ReaderId, SensorId
from edge.journal.errors import JournalError, SchemaTooNew
from edge.journal.journal import Journal
from edge.journal.model import MIB, Budget
from edge.roster.credential import load_or_create_key
from edge.roster.numbers import NumberReader
from edge.roster.reader import RosterReader
from edge.runtime.config import Config, ConfigError, LoadedConfig, ReaderDriver, ReaderSection
from edge.runtime.core_config import core_config
from edge.runtime.sensor_config import SensorDriver, SensorSection

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edge.drivers.cabinet_modbus import Cabinet
    from edge.drivers.keypad import TypedNumber
    from edge.drivers.ld2410_frames import Report
    from edge.drivers.radar_ld2410 import Ld2410
    from edge.drivers.reader_osdp import CardBits, OsdpReader
    from edge.drivers.reader_wedge import TypedLine, WedgeReader
    from edge.drivers.register_map import RegisterMap
    from edge.drivers.sensors_modbus import Readings, SensorLine
    from edge.runtime.controller import Controller

log = logging.getLogger(__name__)

JOURNAL_NAME: Final = "journal.db"
ROSTER_NAME: Final = "roster.db"
HASH_KEY_NAME: Final = "credential.key"
OPEN_PATIENCE_S: Final = 1.0
"""How long a locked or full journal may hold up the start. After that the door opens for people without it."""
CLAIM_PATIENCE_S: Final = 1.0
"""A run before that was killed may take a moment to be gone."""


class AlreadyRunning(OSError):
    """Another process runs this station."""


def journal_path(config: Config) -> Path:
    return config.station.data_dir / JOURNAL_NAME


def roster_path(config: Config) -> Path:
    return config.station.data_dir / ROSTER_NAME


def hash_key(config: Config) -> bytes:
    """The key of this station's credential hashes, made at its first start. Raises `KeyUnusable`."""
    return load_or_create_key(config.station.data_dir / HASH_KEY_NAME)


# ---------------------------------------------------------------- the reader process


def build_readers(
    config: Config,
    on_card: Callable[[ReaderId, "CardBits"], None],
    on_number: Callable[[ReaderId, "TypedNumber"], None],
    on_status: Callable[[ReaderId, bool, str, int], None],
    on_tamper: Callable[[ReaderId, bool], None],
) -> list["OsdpReader"]:
    """The station's readers. Raises `ConfigError` for a key file that holds no key."""
    from edge.drivers.reader_osdp import OsdpReader

    def built(section: ReaderSection) -> OsdpReader:
        return OsdpReader(
            section.id,
            str(section.device),
            section.baud,
            section.address,
            _channel_key(section),
            on_card=lambda card: on_card(section.id, card),
            on_number=lambda number: on_number(section.id, number),
            on_status=lambda online, detail, resets: on_status(section.id, online, detail, resets),
            on_tamper=lambda tampered: on_tamper(section.id, tampered),
        )

    return [built(section) for section in config.readers if section.driver is ReaderDriver.OSDP]


def build_wedges(
    config: Config,
    on_line: Callable[[ReaderId, "TypedLine"], None],
    on_status: Callable[[ReaderId, bool, str, int], None],
) -> list["WedgeReader"]:
    sections = [section for section in config.readers if section.driver is ReaderDriver.WEDGE]
    if not sections:
        return []
    from edge.drivers.reader_wedge import WedgeReader

    def built(section: ReaderSection) -> WedgeReader:
        return WedgeReader(
            section.id,
            str(section.device),
            on_line=lambda line: on_line(section.id, line),
            on_status=lambda online, detail: on_status(section.id, online, detail, 0),
        )

    return [built(section) for section in sections]


def pass_keys(config: Config) -> "Mapping[str, Ed25519PublicKey]":
    """The keys by which visit passes are known; none where nothing can scan one: the library takes memory."""
    if not any(section.driver is ReaderDriver.WEDGE for section in config.readers):
        return {}
    from edge.runtime.cloud_keys import cloud_keys

    return cloud_keys(config.uplink.cloud_keys)


def _channel_key(section: ReaderSection) -> bytes:
    assert section.key_file is not None
    try:
        key = bytes.fromhex(section.key_file.read_text().strip())
    except (OSError, ValueError) as error:
        raise ConfigError(f"readers {section.id!r}, key_file {section.key_file}: {error}") from None
    if len(key) != 16:
        raise ConfigError(f"readers {section.id!r}, key_file {section.key_file}: {len(key)} bytes, not 16")
    return key


# ---------------------------------------------------------------- the sensors process


def build_radars(
    config: Config,
    on_report: Callable[[SensorId, "Report"], None],
    on_status: Callable[[SensorId, bool, str], None],
) -> list["Ld2410"]:
    sections = [section for section in config.sensors if not section.is_modbus]
    if not sections:
        return []
    from edge.drivers.radar_ld2410 import Ld2410

    return [
        Ld2410(
            section.id,
            str(section.device),
            section.line_baud,
            on_report=partial(on_report, section.id),
            on_status=partial(on_status, section.id),
        )
        for section in sections
    ]


def build_sensor_lines(
    config: Config,
    on_readings: Callable[[SensorId, "Readings"], None],
    on_status: Callable[[SensorId, bool, str], None],
) -> list["SensorLine"]:
    """One for each device. Raises `ConfigError` for a register map that cannot be used."""
    slaves: dict[Path, list[SensorSection]] = {}
    for section in config.sensors:
        if section.is_modbus:
            slaves.setdefault(section.device, []).append(section)
    if not slaves:
        return []
    from edge.drivers.sensors_modbus import SensorLine, Slave

    return [
        SensorLine(
            str(device),
            sections[0].line_baud,
            [Slave(section.id, section.address or 0, register_map(section)) for section in sections],
            on_readings=on_readings,
            on_status=on_status,
        )
        for device, sections in slaves.items()
    ]


def register_map(section: SensorSection) -> "RegisterMap":
    """Where a Modbus sensor keeps its readings. Raises `ConfigError`."""
    from edge.drivers.register_map import MapError, load_map

    assert section.map is not None
    try:
        mapped = load_map(section.map)
    except MapError as error:
        raise ConfigError(f"section [sensors {section.id!r}], key 'map': {error}") from None
    if mapped.is_meter is not (section.driver is SensorDriver.METER_MODBUS):
        what = ", ".join(sorted(mapped.measures))
        raise ConfigError(
            f"section [sensors {section.id!r}], key 'map': {section.map} measures {what}: not for a {section.driver}"
        )
    return mapped


# ---------------------------------------------------------------- the cabinet process


def build_cabinet(config: Config) -> "Cabinet":
    """Raises `ConfigError` for a register map that cannot be used with these slots at this speed."""
    from edge.drivers.cabinet_modbus import Cabinet, MapError, SerialPlace, TcpPlace

    section = config.cabinet
    assert section.map is not None
    place = SerialPlace(section.device, section.baud) if section.device else TcpPlace(str(section.host), section.port)
    try:
        return Cabinet(section.map, core_config(config).cabinet.slots, place)
    except MapError as error:
        raise ConfigError(f"section [cabinet], key 'map': {error}") from None


# ---------------------------------------------------------------- the controller


def build_controller(loaded: LoadedConfig, refused: str | None = None) -> "Controller":
    """A station from its configuration; `refused` says why a newer configuration was not taken.

    Raises:
        ConfigError, KeyUnusable, SchemaTooNew: nothing that trying again would mend.
    """
    from edge.drivers.door_gpio import GpiozeroDoorPins, LoadPin
    from edge.runtime.children import SupervisedChild
    from edge.runtime.clock_watch import ClockWatch
    from edge.runtime.controller import Controller
    from edge.runtime.explaining import Explainer
    from edge.runtime.gpio_thread import GpioThread
    from edge.runtime.health import HealthMeter
    from edge.runtime.ipc import Child
    from edge.runtime.journal_thread import JournalThread
    from edge.runtime.pin_checking import PinChecking
    from edge.runtime.resuming import resume
    from edge.runtime.station_socket import SOCKET_NAME, StationSocket

    config = loaded.config
    config.station.data_dir.mkdir(parents=True, exist_ok=True)
    config.station.run_dir.mkdir(parents=True, exist_ok=True)
    key = hash_key(config)
    decisions = core_config(config)
    roster = RosterReader(roster_path(config))
    _claim(config)
    journal, trouble = _open_journal(config)
    try:
        start = resume(decisions, loaded, journal, trouble, refused)
    except (JournalError, sqlite3.Error, OSError, ValueError) as error:
        log.error("starting without the journal: %s", error)
        journal, trouble = None, str(error)
        start = resume(decisions, loaded, journal, trouble, refused)
    controller = Controller(
        decisions,
        start,
        roster,
        StationSocket(config.station.run_dir / SOCKET_NAME, lambda question: controller.answer(question)),
        HealthMeter(config.station.data_dir),
        ClockWatch(),
        Explainer(decisions, roster, key),
    )

    def child(which: Child) -> SupervisedChild:
        return SupervisedChild(
            which,
            loaded.path,
            controller.child_said,
            lambda running, detail: controller.child_changed(which, running, detail),
        )

    load_pins = [LoadPin(load.id, load.pin, load.active_high) for load in config.loads]
    optional = {Child.SENSORS: config.sensors, Child.CABINET: config.cabinet.is_on, Child.CONSOLE: config.console.is_on}
    children = [Child.READER, Child.UPLINK, *(each for each, wanted in optional.items() if wanted)]
    controller.attach(
        GpioThread(
            lambda on_change: GpiozeroDoorPins(config.gpio, on_change, load_pins),
            controller.pins_reported,
            tuple(config.gpio.wired_points),
            tuple(pin.load for pin in load_pins),
        ),
        JournalThread(
            journal, lambda: Journal.open(journal_path(config), _budget(config)), controller.journal_reported
        ),
        {which: child(which) for which in children},
        PinChecking(NumberReader(roster_path(config), key), len(config.readers), controller.number_checked),
    )
    return controller


def run_controller(controller: "Controller", on_ready: Callable[[], None]) -> None:
    """Run until SIGTERM or Ctrl-C."""
    import signal
    import sys

    # A thread that comes back from a commit or a pin call waits for the interpreter at most this long.
    sys.setswitchinterval(0.0005)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, controller.stop, signal.Signals(number).name)
        await controller.run(on_ready)

    asyncio.run(run())


def _budget(config: Config) -> Budget:
    # The hard limit leaves room for what must be kept while the soft one is already making room.
    hard = config.journal.budget_mib * MIB
    return Budget(soft_bytes=hard * 2 // 3, hard_bytes=hard, reserve_bytes=config.journal.reserve_mib * MIB)


def _claim(config: Config) -> None:
    """Make this process the one that runs this station, until it ends. Two would drive one lock and write one journal.

    The directory itself is locked: that needs no room on a full disk. Raises `AlreadyRunning`.
    """
    claim = os.open(config.station.data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    give_up = time.monotonic() + CLAIM_PATIENCE_S
    while True:
        try:
            # The descriptor is kept on purpose: the kernel gives the claim back when the process ends, however it does.
            return fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                os.close(claim)
                raise AlreadyRunning(f"another process runs this station in {config.station.data_dir}") from None
            time.sleep(0.05)


def _open_journal(config: Config) -> tuple[Journal | None, str]:
    """The journal, or why it cannot be opened now."""
    give_up = time.monotonic() + OPEN_PATIENCE_S
    while True:
        try:
            return Journal.open(journal_path(config), _budget(config)), ""
        except SchemaTooNew:
            raise
        except (JournalError, OSError) as error:
            if time.monotonic() >= give_up:
                log.error("starting without the journal: %s", error)
                return None, str(error)
            time.sleep(0.05)
