"""The station's pins through gpiozero: lock and load outputs; contact, exit button, fire loop and other points.

All inputs are dry contacts to ground under the Pi's pull-ups, wired so that a cut wire reads as the careful answer:
contact open = door open, fire loop open = fire, any other point open = beam broken, somebody moving, tampered with,
mains lost, battery low. Two are grounded while they are active instead: the exit button (a cut wire presses nothing)
and the lock's feedback (a cut wire says that the bolt is not home).

gpiozero never reconnects to a pin server by itself, and pigpio's notification thread spins at 100 % CPU once its
socket has died. So this driver is built to be thrown away: `abort` ends every blocked call from another thread, and the
caller (`edge.runtime.gpio_thread`) builds a new one and reads all levels again.
"""

import logging
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from gpiozero import DigitalInputDevice, GPIOZeroError, OutputDevice

from contract.ids import LoadId
from edge.core.events import Point
from edge.runtime.config import GpioSection, PinFactory

log = logging.getLogger(__name__)

PIN_CALL_TIMEOUT_S: Final = 0.4
"""A pin server on this host answers within a millisecond."""

PIGPIO_VERSION_COMMAND: Final = 26

GROUNDED_WHEN_ACTIVE: Final = frozenset({Point.LOCK_SECURED})
"""The points of which an open contact is the quiet, and so not the careful, answer."""


class PinsUnavailable(OSError):
    """The pins cannot be driven or read now. The message says what failed."""


class Input(StrEnum):
    """The door's inputs, by what a true level means."""

    CONTACT_OPEN = "contact_open"
    EXIT_PRESSED = "exit_pressed"
    FIRE_ACTIVE = "fire_active"


@dataclass(frozen=True)
class Levels:
    """What is true at the door's pins, read in one go."""

    contact_open: bool
    exit_pressed: bool
    fire_active: bool
    lock_released: bool


@dataclass(frozen=True)
class LoadPin:
    """The output that switches a load, by a relay or contactor."""

    load: LoadId
    pin: int
    active_high: bool = True


OnChange = Callable[[Input | Point, bool, int], None]
"""Called on any thread with input, its new value and the monotonic time in ns."""


class DoorPins(Protocol):
    """What the GPIO thread needs of a station's pins. Every method but `abort` may raise `PinsUnavailable`."""

    def open(self) -> None:
        """Take the pins, outputs to rest first, the lock's before all. Called once, before anything else."""

    def set_lock(self, released: bool) -> None:
        """Energise or rest the lock's release output."""

    def set_load(self, load: LoadId, on: bool) -> None:
        """Switch a load."""

    def read_levels(self) -> Levels:
        """The door's levels as the hardware has them now."""

    def read_point(self, point: Point) -> bool:
        """Whether a point is active."""

    def read_load(self, load: LoadId) -> bool:
        """What the output of a load says when it is read back."""

    def abort(self) -> None:
        """End blocked calls, `open` among them, from any thread. The object then does not touch a pin any more."""

    def close(self) -> None:
        """Outputs to rest, then let the pins go."""


class GpiozeroDoorPins:
    """The station's pins on either of gpiozero's factories."""

    def __init__(self, section: GpioSection, on_change: OnChange, loads: Sequence[LoadPin] = ()) -> None:
        self._section = section
        self._on_change = on_change
        self._load_pins = tuple(loads)
        self._loads: dict[LoadId, Any] = {}
        self._points: dict[Point, Any] = {}
        self._factory: Any = None
        self._aborted = False

    def open(self) -> None:
        section = self._section
        self._factory = _pin_factory(section)
        try:
            if self._aborted:
                # The server hung and answers again. By now others may drive these pins: rest or pulls set from here
                # would be set over theirs.
                raise PinsUnavailable("given up while it was being opened")
            with _pin_errors():
                self._lock = self._output(section.lock_pin, section.lock_active_high)
                for each in self._load_pins:
                    self._loads[each.load] = self._output(each.pin, each.active_high)
                # With the pull-up, gpiozero calls a grounded pin active: contact and fire loop are therefore inverted.
                self._contact = self._input(section.contact_pin, Input.CONTACT_OPEN, active_is=False)
                self._exit = self._input(section.exit_pin, Input.EXIT_PRESSED, active_is=True)
                self._fire = self._input(section.fire_pin, Input.FIRE_ACTIVE, active_is=False)
                for point, pin in section.wired_points.items():
                    grounded = point in GROUNDED_WHEN_ACTIVE
                    self._points[point] = self._input(pin, point, active_is=grounded)
        except PinsUnavailable:
            self.abort()
            raise

    def set_lock(self, released: bool) -> None:
        with _pin_errors():
            if released:
                self._lock.on()
            else:
                self._lock.off()

    def set_load(self, load: LoadId, on: bool) -> None:
        with _pin_errors():
            if on:
                self._loads[load].on()
            else:
                self._loads[load].off()

    def read_point(self, point: Point) -> bool:
        with _pin_errors():
            return bool(self._points[point].value) is (point in GROUNDED_WHEN_ACTIVE)

    def read_load(self, load: LoadId) -> bool:
        with _pin_errors():
            return bool(self._loads[load].value)

    def read_levels(self) -> Levels:
        with _pin_errors():
            return Levels(
                contact_open=not self._contact.value,
                exit_pressed=bool(self._exit.value),
                fire_active=not self._fire.value,
                lock_released=bool(self._lock.value),
            )

    def abort(self) -> None:
        self._aborted = True
        if self._factory is not None:
            _disconnect(self._factory)

    def close(self) -> None:
        try:
            with _pin_errors():
                self._lock.off()
                for load in self._loads.values():
                    load.off()
                for device in (self._contact, self._exit, self._fire, *self._points.values()):
                    device.close()
        finally:
            _disconnect(self._factory)

    def _output(self, pin: int, active_high: bool) -> Any:
        _rest(self._factory, self._section, pin, active_high)
        return OutputDevice(pin, active_high=active_high, initial_value=False, pin_factory=self._factory)

    def _input(self, pin: int, name: Input | Point, *, active_is: bool) -> Any:
        device = DigitalInputDevice(pin, pull_up=True, pin_factory=self._factory)
        device.when_activated = lambda: self._on_change(name, active_is, time.monotonic_ns())
        device.when_deactivated = lambda: self._on_change(name, not active_is, time.monotonic_ns())
        return device


class _pin_errors:
    """Turns what gpiozero and its factories raise when the pins are away into `PinsUnavailable`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # struct.error and AttributeError: pigpio's client on a closed socket; its own errors derive from Exception
        # alone, so they are told by their module.
        expected = isinstance(error, (OSError, GPIOZeroError, struct.error, AttributeError, ValueError))
        if error is not None and (expected or type(error).__module__ in ("pigpio", "lgpio")):
            raise PinsUnavailable(f"{type(error).__name__}: {error}") from error


def _pin_factory(section: GpioSection) -> Any:
    """The gpiozero factory that the configuration names. Raises `PinsUnavailable`."""
    if section.pin_factory is PinFactory.PIGPIO:
        return _pigpio_factory(section.host, section.port)
    with _pin_errors():
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()


def _pigpio_factory(host: str, port: int) -> Any:
    # pigpio prints to stdout and returns a dead object when nobody listens, and waits for ever when nobody answers:
    # ask once by hand, with a time limit, before it is let in.
    command = struct.pack("<4I", PIGPIO_VERSION_COMMAND, 0, 0, 0)
    try:
        with socket.create_connection((host, port), timeout=PIN_CALL_TIMEOUT_S) as probe:
            probe.sendall(command)
            if not probe.recv(16):
                raise PinsUnavailable(f"pin server {host}:{port} closed the connection")
    except OSError as error:
        raise PinsUnavailable(f"pin server {host}:{port}: {error}") from error
    with _pin_errors():
        from gpiozero.pins.pigpio import PiGPIOFactory

        factory = PiGPIOFactory(host, port)
        factory.connection.sl.s.settimeout(PIN_CALL_TIMEOUT_S)
        return factory


def _rest(factory: Any, section: GpioSection, pin: int, active_high: bool) -> None:
    """An output's level before the pin is claimed."""
    if section.pin_factory is PinFactory.PIGPIO:
        # The daemon keeps what a program that died has written, and gpiozero makes the pin an output before it writes
        # to it: the lock would be let go again for some milliseconds.
        factory.connection.write(pin, int(not active_high))


def _disconnect(factory: Any) -> None:
    """Let a factory go for good, also when its server is dead or hangs."""
    if not hasattr(factory, "connection"):
        # Pins of this machine: claimed until they are closed, so the next factory could not have them.
        try:
            with _pin_errors():
                factory.close()
        except PinsUnavailable as error:
            log.debug("pins not closed in order: %s", error)
        return
    connection = factory.connection
    if connection is None:
        return
    notify = getattr(connection, "_notify", None)
    if notify is not None:
        notify.go = False
        _shut(notify.sl.s)
    _shut(connection.sl.s)
    # gpiozero takes a connection without a socket for a closed one, and then leaves it alone at exit.
    connection.sl.s = None


def _shut(end: socket.socket | None) -> None:
    if end is None:
        return
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("pin server socket was already down")
