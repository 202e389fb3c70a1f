"""The door's pins through gpiozero: one lock output; contact, exit button and fire loop as inputs.

All inputs are dry contacts to ground under the Pi's pull-ups, wired so that a cut wire reads as the careful answer:
contact open = door open, fire loop open = fire; the exit button alone closes when pressed.

gpiozero never reconnects to a pin server by itself, and pigpio's notification thread spins at 100 % CPU once its
socket has died. So this driver is built to be thrown away: `abort` ends every blocked call from another thread, and the
caller (`edge.runtime.gpio_thread`) builds a new one and reads all levels again.
"""

import logging
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from gpiozero import DigitalInputDevice, GPIOZeroError, OutputDevice

from edge.runtime.config import GpioSection, PinFactory

log = logging.getLogger(__name__)

PIN_CALL_TIMEOUT_S: Final = 0.4
"""A pin server on this host answers within a millisecond."""

PIGPIO_VERSION_COMMAND: Final = 26


class PinsUnavailable(OSError):
    """The pins cannot be driven or read now. The message says what failed."""


class Input(StrEnum):
    """The door's inputs, by what a true level means."""

    CONTACT_OPEN = "contact_open"
    EXIT_PRESSED = "exit_pressed"
    FIRE_ACTIVE = "fire_active"


@dataclass(frozen=True)
class Levels:
    """What is true at the pins, read in one go."""

    contact_open: bool
    exit_pressed: bool
    fire_active: bool
    lock_released: bool


OnChange = Callable[[Input, bool, int], None]
"""Called on any thread with input, its new value and the monotonic time in ns."""


class DoorPins(Protocol):
    """What the GPIO thread needs of a door's pins. Every method but `abort` may raise `PinsUnavailable`."""

    def open(self) -> None:
        """Take the pins, lock output to rest first. Called once, before anything else."""

    def set_lock(self, released: bool) -> None:
        """Energise or rest the lock's release output."""

    def read_levels(self) -> Levels:
        """All levels as the hardware has them now."""

    def abort(self) -> None:
        """End blocked calls, `open` among them, from any thread. The object then does not touch a pin any more."""

    def close(self) -> None:
        """Lock output to rest, then let the pins go."""


class GpiozeroDoorPins:
    """The door's pins on either of gpiozero's factories."""

    def __init__(self, section: GpioSection, on_change: OnChange) -> None:
        self._section = section
        self._on_change = on_change
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
                _rest(self._factory, section)
                self._lock = OutputDevice(
                    section.lock_pin,
                    active_high=section.lock_active_high,
                    initial_value=False,
                    pin_factory=self._factory,
                )
                # With the pull-up, gpiozero calls a grounded pin active: contact and fire loop are therefore inverted.
                self._contact = self._input(section.contact_pin, Input.CONTACT_OPEN, active_is=False)
                self._exit = self._input(section.exit_pin, Input.EXIT_PRESSED, active_is=True)
                self._fire = self._input(section.fire_pin, Input.FIRE_ACTIVE, active_is=False)
        except PinsUnavailable:
            self.abort()
            raise

    def set_lock(self, released: bool) -> None:
        with _pin_errors():
            if released:
                self._lock.on()
            else:
                self._lock.off()

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
                for device in (self._contact, self._exit, self._fire):
                    device.close()
        finally:
            _disconnect(self._factory)

    def _input(self, pin: int, name: Input, *, active_is: bool) -> Any:
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


def _rest(factory: Any, section: GpioSection) -> None:
    """The lock output's level before the pin is claimed."""
    if section.pin_factory is PinFactory.PIGPIO:
        # The daemon keeps what a program that died has written, and gpiozero makes the pin an output before it writes
        # to it: the lock would be let go again for some milliseconds.
        factory.connection.write(section.lock_pin, int(not section.lock_active_high))


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
