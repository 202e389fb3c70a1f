"""The presence radar HLK-LD2410, a 24 GHz radar that sees people moving and people lying still, on a serial line.

It reports by itself, ten times a second; what is passed on is each change at once and the newest report once a second.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

import serial

from contract.ids import SensorId
from edge.drivers.ld2410_frames import (
    ENABLE_CONFIGURATION,
    END_CONFIGURATION,
    END_ENGINEERING,
    READ_FIRMWARE,
    Answer,
    Parser,
    Report,
    State,
    command,
    firmware_version,
)

log = logging.getLogger(__name__)

BAUD: Final = 256_000
READ_BYTES: Final = 4_096
SILENT_S: Final = 3.0
"""Thirty reports of a radar that is well."""
TELL_S: Final = 1.0
ANSWER_S: Final = 0.5
REOPEN_S: Final = 1.0
IDLE_S: Final = 0.25

GREETING: Final = (
    (ENABLE_CONFIGURATION, b"\x01\x00"),
    (READ_FIRMWARE, b""),
    (END_ENGINEERING, b""),
    (END_CONFIGURATION, b""),
)
"""Asked once the line is open. While it is being configured a radar reports nothing, so the last one is always sent."""


class Ld2410:
    """One radar. All methods are called from one thread.

    `on_report(Report)` is called when somebody has begun or ceased to move or be still, and once a second;
    `on_status(online, detail)` when the radar comes or goes; both from within `service`.
    """

    def __init__(
        self,
        sensor: SensorId,
        device: str,
        baud: int = BAUD,
        *,
        on_report: Callable[[Report], None],
        on_status: Callable[[bool, str], None],
    ) -> None:
        self.sensor = sensor
        self._device, self._baud = device, baud
        self._on_report, self._on_status = on_report, on_status
        self._port: serial.Serial | None = None
        self._parser = Parser()
        self._why = "not opened yet"
        self._next_open_s = 0.0
        self._heard_s = time.monotonic()
        self._online: bool | None = None
        self._told: State | None = None
        self._tell_s = 0.0
        self._greeting: list[tuple[int, bytes]] = []
        self._answer_by_s = 0.0

    def fileno(self) -> int | None:
        """The line's file descriptor to wait on, None while it is closed."""
        return self._port.fileno() if self._port is not None else None

    def service(self) -> float:
        """Read what has come. Returns after how many seconds to call again if no byte has come before."""
        now = time.monotonic()
        if self._port is not None or self._open(now):
            self._read(now)
        self._greet(now)
        if now - self._heard_s >= SILENT_S:
            self._set_online(False)
        return IDLE_S

    def close(self) -> None:
        self._close("closed")

    def _open(self, now: float) -> bool:
        if now < self._next_open_s:
            return False
        self._next_open_s = now + REOPEN_S
        try:
            port = serial.Serial(self._device, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (OSError, ValueError) as error:
            self._why = f"{self._device} cannot be opened: {error}"
            return False
        self._port, self._parser = port, Parser()
        self._why = "no reports come"
        self._greeting, self._answer_by_s = list(GREETING), now
        return True

    def _close(self, why: str) -> None:
        port, self._port = self._port, None
        self._why = why
        if port is not None:
            port.close()

    def _read(self, now: float) -> None:
        assert self._port is not None
        try:
            data = bytes(self._port.read(READ_BYTES))
        except (OSError, TypeError) as error:
            self._close(f"{self._device}: {error}")
            return
        for frame in self._parser.feed(data):
            if isinstance(frame, Report):
                self._hear(frame, now)
            else:
                self._answered(frame, now)

    def _hear(self, report: Report, now: float) -> None:
        self._heard_s = now
        self._set_online(True)
        if report.state is not self._told or now >= self._tell_s:
            self._told, self._tell_s = report.state, now + TELL_S
            self._on_report(report)

    def _greet(self, now: float) -> None:
        """The next command, once the one before is answered or its time is over."""
        if self._port is None or not self._greeting or now < self._answer_by_s:
            return
        word, value = self._greeting.pop(0)
        self._answer_by_s = now + ANSWER_S
        try:
            self._port.write(command(word, value))
        except (OSError, TypeError) as error:
            self._close(f"{self._device}: {error}")

    def _answered(self, answer: Answer, now: float) -> None:
        self._answer_by_s = now
        if answer.word == READ_FIRMWARE and answer.ok:
            log.info("radar %s has firmware %s", self.sensor, firmware_version(answer))
        elif not answer.ok:
            log.warning("radar %s refuses command %#06x", self.sensor, answer.word)

    def _set_online(self, online: bool) -> None:
        if online is not self._online:
            self._online = online
            self._told = self._told if online else None
            self._on_status(online, "" if online else self._why)
