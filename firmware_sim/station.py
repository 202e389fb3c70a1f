"""The simulated station: world and wires put together, and the one place that owns the time.

Everything runs on one asyncio loop except the readers, which have a thread each. Before every act and every request
on the GPIO wire the world catches up to the present; between them one timer waits for the next thing that happens by
itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from firmware_sim.cabinet_room import CabinetRoom
from firmware_sim.config import SimConfig, read_key
from firmware_sim.devices.gpio import GpioServer
from firmware_sim.devices.link import LinkRelay
from firmware_sim.devices.osdp_reader import OsdpReader, ReaderId
from firmware_sim.devices.pins import PinBank, PinNumber
from firmware_sim.log import FactKind, Json, LogFull, WorldLog, monotonic_ms
from firmware_sim.people import Person, PersonId
from firmware_sim.power import PowerError, switch_controller
from firmware_sim.room import Load, Room
from firmware_sim.sensors import Sensors
from firmware_sim.wires import Wire
from firmware_sim.world import World

logger = logging.getLogger(__name__)


class ActError(ValueError):
    """Somebody asked for something that is not there; the message says what."""


class WireBusy(Exception):
    """A port is taken; the message names it and its config key."""


class Station:
    def __init__(self, config: SimConfig, log: WorldLog) -> None:
        """Raises ConfigError when a reader's key cannot be read."""
        self.config = config
        self.log = log
        room = Room(
            [Load(load.id, load.kind, load.power_w) for load in config.loads],
            config.room.pace,
            celsius=config.room.temperature_celsius,
            outside=config.room.outside_celsius,
        )
        self.world = World(config.lock.kind, config.world.seed, self, config.world.pace, room)
        self.pins = {wire: PinNumber(pin) for wire, pin in config.wire_pins().items()}
        self._wire_of = {pin: wire for wire, pin in self.pins.items()}
        self._load_of = {PinNumber(load.pin): load for load in config.loads}
        self.sensors = Sensors(config, self.world.premises, log)
        self.cabinet: CabinetRoom | None = None
        if config.cabinet is not None:
            celsius = config.room.temperature_celsius
            self.cabinet = CabinetRoom(config.cabinet, self, self.catch_up, config.world.seed, celsius)
        self.bank = PinBank()
        self.bank.on_edge = self._on_pin_edge
        self.gpio = GpioServer(self.bank, config.gpio.port, self._on_gpio_clients, self._before_request)
        self.link = None
        if config.link is not None:
            link = config.link
            self.link = LinkRelay(link.listen_port, link.broker_host, link.broker_port, self._mark_changed)
        self.people: dict[str, Person] = {person.id: person.person() for person in config.people}
        self.pin_files = {person.id: person.pin_file for person in config.people if person.pin_file is not None}
        keys = [read_key(reader.key_file) for reader in config.readers]
        self.readers = {
            reader.id: OsdpReader(
                ReaderId(reader.id),
                reader.device,
                reader.address,
                reader.baud,
                key,
                reader.mode,
                config.world.seed,
                log,
            )
            for reader, key in zip(config.readers, keys, strict=True)
        }
        self.gpio_dead = False
        self.network_on = True
        self.on_change: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    # Life

    async def start(self) -> None:
        """Open every wire. Raises WireBusy when a port is taken."""
        self._loop = asyncio.get_running_loop()
        self.log.on_line = lambda: self._call_soon(self._mark_changed)
        now_ms = self.log.write(FactKind.START, seed=self.config.world.seed, lock=self.config.lock.kind.value)
        self.world.premises.room.settle(now_ms, 0)
        for wire in self.pins:
            if wire is not Wire.LOCK:
                self.on_wire(wire, self.world.is_grounded(wire), now_ms)
        for pin in self._load_of:
            self._follow_load(pin, self.bank.level(pin), now_ms)
        await self._listen(self.gpio.start, "gpio", "port", self.gpio.port)
        if self.link is not None:
            await self._listen(self.link.restore, "link", "listen_port", self.link.listen_port)
        for reader in self.readers.values():
            reader.start()
        self.sensors.start()
        if self.cabinet is not None:
            cabinet = self.cabinet
            await self._listen(lambda: cabinet.start(self.catch_up()), "cabinet", "port", cabinet.config.port or 0)

    async def _listen(self, start: Callable[[], Awaitable[None]], section: str, key: str, port: int) -> None:
        try:
            await start()
        except OSError as error:
            raise WireBusy(f"[{section}] {key}: port {port} cannot be opened: {error.strerror}") from None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.sensors.stop()
        if self.cabinet is not None:
            self.cabinet.stop()
        for reader in self.readers.values():
            reader.stop()
        self.gpio.stop()
        if self.link is not None:
            self.link.cut()
        with contextlib.suppress(LogFull):
            self.log.write(FactKind.STOP)
        self.log.on_line = None

    # Time

    def catch_up(self) -> float:
        """Let the world reach the present; returns it."""
        now_ms = monotonic_ms()
        self.world.advance(now_ms)
        self.bank.advance(now_ms)
        if self.cabinet is not None:
            self.cabinet.cabinet.advance(now_ms)
        self._call_soon(self._set_timer)
        return now_ms

    def _before_request(self, now_ms: float) -> None:
        self.world.advance(now_ms)
        self.bank.advance(now_ms)
        self._call_soon(self._set_timer)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        cabinet_ms = None if self.cabinet is None else self.cabinet.cabinet.deadline()
        moments = [each for each in (self.world.deadline(), self.bank.deadline(), cabinet_ms) if each is not None]
        if moments and self._loop is not None:
            self._timer = self._loop.call_at(min(moments) / 1000.0, self.catch_up)

    def _call_soon(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def _mark_changed(self) -> None:
        self.on_change()

    # Between world and wires

    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None:
        self.log.write(kind, at_ms, **fields)

    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None:
        if wire in self.pins:
            self.bank.wire(self.pins[wire], grounded, at_ms)

    def _on_pin_edge(self, pin: PinNumber, level: bool, at_ms: float) -> None:
        if pin in self._load_of:
            self._follow_load(pin, level, at_ms)
        wire = self._wire_of.get(pin)
        if wire is None:
            return
        self.log.write(FactKind.PIN_EDGE, at_ms, pin=int(pin), wire=wire.value, level=level)
        if wire is Wire.LOCK:
            self.world.set_release_pin(level, at_ms)

    def _follow_load(self, pin: PinNumber, level: bool, at_ms: float) -> None:
        load = self._load_of[pin]
        self.world.premises.set_load(load.id, level is load.active_high, at_ms)

    def _on_gpio_clients(self, count: int) -> None:
        self.log.write(FactKind.GPIO_CLIENT, count=count)

    # What people do

    def present_card(self, reader_id: str, person: Person, visit: str = "panel") -> float:
        reader = self.reader(reader_id)
        return reader.show(person.card, person.id, visit)

    def person_with_card(self, card_id: str) -> Person:
        for person in self.people.values():
            if person.card.id == card_id:
                return person
        raise ActError(f"card_id: nobody has the card {card_id!r}")

    def reader(self, reader_id: str | None) -> OsdpReader:
        """None picks the only reader."""
        if reader_id is None and len(self.readers) == 1:
            return next(iter(self.readers.values()))
        if reader_id is None or reader_id not in self.readers:
            raise ActError(f"reader: there is no reader {reader_id!r}; there are: {', '.join(self.readers) or 'none'}")
        return self.readers[reader_id]

    def push_door(self, force: bool = False, from_inside: bool = False) -> bool:
        return self.world.push_door(self.catch_up(), force, from_inside)

    def let_go(self) -> None:
        self.world.let_go(self.catch_up())

    def wedge_door(self, on: bool) -> None:
        self.world.wedge_door(on, self.catch_up())

    def press_exit(self, pressed: bool) -> None:
        self.world.press_exit(pressed, self.catch_up())

    def set_fire(self, active: bool) -> None:
        self.world.set_fire(active, self.catch_up())

    def set_tamper(self, of_reader: bool, opened: bool) -> None:
        """A housing is opened or closed. A reader's own contact is told on its line as well as on the wire."""
        wire = Wire.READER_TAMPER if of_reader else Wire.ENCLOSURE_TAMPER
        self.world.premises.set_tamper(wire, opened, self.catch_up())
        if of_reader:
            for reader in self.readers.values():
                reader.set_tampered(opened)

    def press_keys(self, reader_id: str, keys: str, person: PersonId | None = None, visit: str = "panel") -> None:
        try:
            self.reader(reader_id).press(keys, person, visit)
        except ValueError as error:
            raise ActError(f"keys: {error}") from None

    def show_code(self, scanner_id: str | None, text: str, what: str = "code", visit: str = "panel") -> None:
        """None picks the only scanner. `what` is how the log calls the code."""
        scanners = self.sensors.scanners
        if scanner_id is None and len(scanners) == 1:
            scanner_id = next(iter(scanners))
        if scanner_id is None or scanner_id not in scanners:
            raise ActError(f"scanner: there is no {scanner_id!r}; there are: {', '.join(scanners) or 'none'}")
        try:
            scanners[scanner_id].show(text, what, visit)
        except ValueError as error:
            raise ActError(f"text: {error}") from None

    def swap_cabinet(self) -> CabinetRoom:
        """Raises ActError when the station has none."""
        if self.cabinet is None:
            raise ActError("cabinet: no [cabinet] is configured")
        return self.cabinet

    # Supplies

    def set_mains(self, on: bool) -> None:
        now_ms = self.catch_up()
        self.world.premises.set_mains(on, now_ms)
        if self.cabinet is not None:
            self.cabinet.cabinet.set_mains(on, now_ms)

    async def set_network(self, on: bool) -> None:
        if self.link is None:
            raise ActError("network: no [link] is configured")
        if on == self.network_on:
            return
        if on:
            await self._listen(self.link.restore, "link", "listen_port", self.link.listen_port)
        else:
            self.link.cut()
        self.network_on = on
        self.log.write(FactKind.NETWORK, on=on)

    async def set_power(self, on: bool) -> str | None:
        """Switch the station's power; returns why the controller itself could not be switched, if so."""
        if on:
            await self._supply(on)
        trouble = None
        try:
            await switch_controller(self.config.power.control, on)
        except PowerError as error:
            trouble = str(error)
            logger.warning("power: %s", trouble)
        if not on:
            await self._supply(on)
        return trouble

    async def _supply(self, on: bool) -> None:
        now_ms = self.catch_up()
        self.world.set_power(on, now_ms)
        if not on:
            self.bank.power_cycle(now_ms)
        for reader in self.readers.values():
            reader.set_powered(on)
        self.sensors.set_powered(on)
        if self.cabinet is not None:
            self.cabinet.set_powered(on, now_ms)
        await self.sync_gpio()

    async def sync_gpio(self) -> None:
        """The GPIO server runs while there is power and nobody killed it."""
        if self.world.power_on and not self.gpio_dead:
            await self._listen(self.gpio.start, "gpio", "port", self.gpio.port)
        else:
            self.gpio.stop()
