"""The Pi's header: 54 GPIOs with mode, pull, output latch and glitch filter, without any protocol.

An input reads what it is wired to, else its pull, else low (a floating pin has no right answer; always the same one
is the least bad). The glitch filter is pigpio's: a level is *reported* to listeners only when it was stable for so
many microseconds, a read is never filtered. Time comes in with every call, as in the world.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import NewType, TypeAlias

PinNumber = NewType("PinNumber", int)

PIN_COUNT = 54
USER_PIN_COUNT = 32
"""Pins 0 to 31: bank 1, the only ones that can be reported and filtered."""
MAX_FILTER_US = 300_000


class PinMode(IntEnum):
    """pigpio's mode numbers; the six alternate functions are kept and read back, nothing more."""

    INPUT = 0
    OUTPUT = 1
    ALT5 = 2
    ALT4 = 3
    ALT0 = 4
    ALT1 = 5
    ALT2 = 6
    ALT3 = 7


class Pull(IntEnum):
    OFF = 0
    DOWN = 1
    UP = 2


EdgeListener: TypeAlias = Callable[[PinNumber, bool, float], None]
"""(pin, level, at_ms) for every change of a true level."""
ReportListener: TypeAlias = Callable[[int, int, float], None]
"""(levels of bank 1, bits that changed, at_ms) after the glitch filter."""


class PinBank:
    def __init__(self) -> None:
        self.on_edge: EdgeListener = lambda pin, level, at_ms: None
        self.on_report: ReportListener = lambda levels, changed, at_ms: None
        self._grounded: dict[PinNumber, bool] = {}
        self._modes = [PinMode.INPUT] * PIN_COUNT
        # After power-on a Pi pulls 0 to 8 up and the others down (BCM2835 peripherals, table 6-31).
        self._pulls = [Pull.UP if pin <= 8 else Pull.DOWN for pin in range(PIN_COUNT)]
        self._latches = [False] * PIN_COUNT
        self._filters_us = [0] * PIN_COUNT
        self._levels = [False] * PIN_COUNT
        self._pending: dict[PinNumber, float] = {}
        for pin in range(PIN_COUNT):
            self._levels[pin] = self._true_level(PinNumber(pin))
        self._reported = self.bank_1()

    def power_cycle(self, at_ms: float) -> None:
        """All registers back to their state after power-on; the wiring outside stays as it is."""
        fresh = PinBank()
        self._modes, self._pulls, self._latches = fresh._modes, fresh._pulls, fresh._latches
        self._filters_us = fresh._filters_us
        for pin in range(PIN_COUNT):
            self._update(PinNumber(pin), at_ms)

    # Wiring

    def wire(self, pin: PinNumber, grounded: bool, at_ms: float) -> None:
        """Connect the pin to ground, or leave it open."""
        self._grounded[pin] = grounded
        self._update(pin, at_ms)

    # Registers

    def mode(self, pin: PinNumber) -> PinMode:
        return self._modes[pin]

    def set_mode(self, pin: PinNumber, mode: PinMode, at_ms: float) -> None:
        self._modes[pin] = mode
        self._update(pin, at_ms)

    def set_pull(self, pin: PinNumber, pull: Pull, at_ms: float) -> None:
        self._pulls[pin] = pull
        self._update(pin, at_ms)

    def write(self, pin: PinNumber, level: bool, at_ms: float) -> None:
        """Drive the pin. As in pigpio, writing makes it an output."""
        self._modes[pin] = PinMode.OUTPUT
        self._latches[pin] = level
        self._update(pin, at_ms)

    def set_filter(self, pin: PinNumber, steady_us: int, at_ms: float) -> None:
        self._filters_us[pin] = steady_us
        self._update(pin, at_ms)

    def level(self, pin: PinNumber) -> bool:
        return self._levels[pin]

    def bank_1(self) -> int:
        return sum(1 << pin for pin in range(USER_PIN_COUNT) if self._levels[pin])

    # Filtered reports

    def deadline(self) -> float | None:
        return min(self._pending.values(), default=None)

    def advance(self, now_ms: float) -> None:
        """Report the filtered changes that have been stable for long enough."""
        for pin, due_ms in sorted(self._pending.items(), key=lambda item: item[1]):
            if due_ms <= now_ms:
                del self._pending[pin]
                self._report(pin, due_ms)

    def _true_level(self, pin: PinNumber) -> bool:
        if self._modes[pin] is PinMode.OUTPUT:
            return self._latches[pin]
        return self._pulls[pin] is Pull.UP and not self._grounded.get(pin, False)

    def _update(self, pin: PinNumber, at_ms: float) -> None:
        # What was due before this moment is reported first: a filtered level may have been stable for long enough.
        self.advance(at_ms)
        level = self._true_level(pin)
        if level != self._levels[pin]:
            self._levels[pin] = level
            self._schedule_report(pin, level, at_ms)
            self.on_edge(pin, level, at_ms)

    def _schedule_report(self, pin: PinNumber, level: bool, at_ms: float) -> None:
        if pin >= USER_PIN_COUNT:
            return
        self._pending.pop(pin, None)
        if level == bool(self._reported >> pin & 1):
            return
        if self._filters_us[pin]:
            self._pending[pin] = at_ms + self._filters_us[pin] / 1000.0
        else:
            self._report(pin, at_ms)

    def _report(self, pin: PinNumber, at_ms: float) -> None:
        self._reported ^= 1 << pin
        self.on_report(self._reported, 1 << pin, at_ms)

    def reported(self) -> int:
        return self._reported
