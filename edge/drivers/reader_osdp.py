"""A card reader on an OSDP line (IEC 60839-11-5) with secure channel, through libosdp's control panel.

Four things are done here that the library leaves to its user:

- **Pace.** The library polls a reader every 50 ms from `refresh`, and its own Python loop sleeps 20 ms between calls.
  `service` is called when bytes have come or when its answer's time has passed, so a reply is seen at once and an idle
  line costs next to nothing.
- **One lost reply.** The library takes a reader offline for 300 s after it. `service` watches the line itself: a
  command unanswered beyond OSDP's 200 ms starts the control panel anew, which takes about 50 ms.
- **The age of a card.** A reader keeps a card until it is polled, so that after a pause of this process a card may be
  as old as the pause. A poll answered with ACK proves that the reader held nothing: `_quiet_since_ns` is the
  time of the last such poll, and no card that comes later can be older than that.

- **Lasting signs.** A held or forced door is shown for as long as it lasts: again after a reset, after the light of a
  card, and before the reader's own timer ends it.

The secure channel is enforced: without `EnforceSecure` the library accepts a reader that has no key.
"""

import logging
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import osdp_sys
import serial
from osdp import CardFormat, Channel, Event, EventNotification, LibFlag, LogLevel, PDInfo, StatusReportType

from contract.ids import ReaderId
from edge.core.effects import Feedback
from edge.drivers import reader_signs
from edge.drivers.keypad import Keypad, TypedNumber
from edge.runtime.ipc import LASTING_SIGNS

log = logging.getLogger(__name__)

REPLY_TIME_LIMIT_NS: Final = 205_000_000
"""OSDP allows a reader 200 ms to begin its reply."""
POLL: Final = 0x60
ACK: Final = 0x40
START_OF_MESSAGE: Final = 0x53
SECURITY_BLOCK: Final = 0x08
"""OSDP's own: osdp_POLL, osdp_ACK, SOM, and the bit of the control byte that announces a security block."""
MAX_FRAME_BYTES: Final = 1_440
SECURE_TIME_LIMIT_NS: Final = 800_000_000
"""A handshake that is not over by then is started again, and the next one is given twice the time."""
MAX_PATIENCE_NS: Final = 3_200_000_000
OFFLINE_TOLD_NS: Final = 1_000_000_000
"""An outage shorter than this is a reset, counted but not told as an outage."""
REOPEN_NS: Final = 1_000_000_000
POLL_NS: Final = 50_000_000
REPLY_BIT: Final = 0x80
MARK: Final = 0xFF
"""OSDP's: the address bit of a reply, and the byte that may stand before a frame."""
SIGN_AGAIN_NS: Final = 20_000_000_000
AFTER_TRANSIENT_NS: Final = 4_000_000_000
"""When a lasting sign is shown again: before its timer ends, and when the light of a card has gone out."""

FORMATS: Final = {CardFormat.Unspecified: "raw", CardFormat.Wiegand: "wiegand"}


@dataclass(frozen=True)
class CardBits:
    """What a reader read: `data` holds `bits` bits, left-aligned. Never logged."""

    format: str
    bits: int
    data: bytes
    not_before_mono_ns: int
    received_mono_ns: int


@dataclass
class _Exchange:
    """One command on the line and the bytes that came after it."""

    asked_ns: int
    command: int | None
    reply: bytearray = field(default_factory=bytearray)

    @property
    def held_nothing(self) -> bool:
        """The reader was polled and said that it had nothing to tell."""
        return self.command == POLL and is_reply(self.reply) and code_of(self.reply) == ACK


class _Line(Channel):  # type: ignore[misc]
    """The serial line as libosdp wants it, noting what was asked and answered."""

    def __init__(self, port: serial.Serial) -> None:
        self.id = port.fileno()
        self.port = port
        self.now = _Exchange(0, None, bytearray(b"\0"))
        self.before = self.now
        self.failed: str | None = None

    def read(self, max_bytes: int) -> bytes:
        try:
            data = bytes(self.port.read(max_bytes))
        except (OSError, TypeError) as error:
            self.failed = str(error)
            return b""
        if len(self.now.reply) < MAX_FRAME_BYTES:
            self.now.reply += data
        return data

    def write(self, buf: bytes) -> int:
        try:
            self.port.write(buf)
        except (OSError, TypeError) as error:
            self.failed = str(error)
            return -1
        self.before, self.now = self.now, _Exchange(time.monotonic_ns(), code_of(buf))
        return len(buf)

    def flush(self) -> None:
        try:
            self.port.reset_input_buffer()
        except (OSError, TypeError, termios.error) as error:
            self.failed = str(error)


class OsdpReader:
    """One reader. All methods are called from one thread.

    `on_card(CardBits)`, `on_number(TypedNumber)`, `on_status(online, detail, resets)` and `on_tamper(tampered)` are
    called from within `service`.
    """

    def __init__(
        self,
        reader: ReaderId,
        device: str,
        baud: int,
        address: int,
        key: bytes,
        *,
        on_card: Callable[[CardBits], None],
        on_number: Callable[[TypedNumber], None],
        on_status: Callable[[bool, str, int], None],
        on_tamper: Callable[[bool], None],
    ) -> None:
        self.reader = reader
        self.resets = 0
        self._device, self._baud, self._address, self._key = device, baud, address, key
        self._on_card, self._on_status, self._on_number = on_card, on_status, on_number
        self._on_tamper = on_tamper
        self._told_tampered: bool | None = None
        self._keypad = Keypad()
        self._no_number = False
        self._line: _Line | None = None
        self._panel: Any = None
        self._began_ns = 0
        self._patience_ns = SECURE_TIME_LIMIT_NS
        self._secure = False
        self._insecure_since_ns = time.monotonic_ns()
        self._told_online: bool | None = None
        self._quiet_since_ns = 0
        self._next_open_ns = 0
        self._why = "not opened yet"
        self._sign = Feedback.IDLE
        self._sign_due_ns = 0

    def fileno(self) -> int | None:
        """The line's file descriptor to wait on, None while it is closed."""
        return self._line.port.fileno() if self._line is not None else None

    def show(self, outcome: Feedback) -> None:
        """Light and sound for the person at the reader. While it is offline a lasting sign is kept for its return, and
        any other is of no use."""
        now = time.monotonic_ns()
        if outcome in LASTING_SIGNS:
            self._sign = outcome
        if self._panel is None or not self._secure:
            return
        self._sign_due_ns = now + (SIGN_AGAIN_NS if outcome in LASTING_SIGNS else AFTER_TRANSIENT_NS)
        for command in reader_signs.commands(outcome):
            self._panel.submit_command(0, command)

    def service(self) -> float:
        """Do what is due now. Returns after how many seconds to call again if no byte has come before."""
        now = time.monotonic_ns()
        if self._line is None and not self._open(now):
            self._tell(now)
            return 0.2
        assert self._line is not None
        exchange = self._line.now
        self._panel.refresh()
        if self._line.now is not exchange:
            self._note_quiet(exchange)
        if self._line.failed is not None:
            self._close(f"{self._device}: {self._line.failed}")
            return 0.2
        self._cure(time.monotonic_ns())
        self._keypad.forget(now)
        if self._no_number:
            # Nothing that the station could ask about: the person is told here.
            self._no_number = False
            self.show(Feedback.DENIED)
        self._tell(now)
        if self._secure and now >= self._sign_due_ns:
            self._sign_due_ns = now + SIGN_AGAIN_NS
            if self._sign is not Feedback.IDLE:
                self.show(self._sign)
        return self._wait_s(time.monotonic_ns())

    def close(self) -> None:
        self._close("closed")

    # ------------------------------------------------ the line

    def _open(self, now: int) -> bool:
        if now < self._next_open_ns:
            return False
        self._next_open_ns = now + REOPEN_NS
        try:
            port = serial.Serial(self._device, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (OSError, ValueError) as error:
            self._why = f"{self._device} cannot be opened: {error}"
            return False
        self._line = _Line(port)
        osdp_sys.set_loglevel(LogLevel.Emergency)
        self._begin(now)
        self._why = "no reply with the right key"
        return True

    def _close(self, why: str) -> None:
        line, self._line, self._panel = self._line, None, None
        self._why = why
        self._set_secure(False)
        if line is not None:
            line.port.close()

    def _wait_s(self, now: int) -> float:
        assert self._line is not None
        if not self._secure:
            return 0.005
        if not self._line.now.reply:
            return 0.010
        return max(0.001, (POLL_NS - (now - self._line.now.asked_ns)) / 1e9)

    # ------------------------------------------------ the 300-second cure

    def _cure(self, now: int) -> None:
        """Start over when a command stays unanswered, when the library has given up, or when nothing comes of it."""
        assert self._line is not None
        if self._secure:
            over = not self._line.now.reply and now - self._line.now.asked_ns > REPLY_TIME_LIMIT_NS
        else:
            over = self._insecure_since_ns > self._began_ns or now - self._began_ns > self._patience_ns
        if over:
            self.resets += 1
            self._patience_ns = SECURE_TIME_LIMIT_NS if self._secure else min(2 * self._patience_ns, MAX_PATIENCE_NS)
            self._begin(now)

    def _begin(self, now: int) -> None:
        """A new control panel on the open line. Turning the reader off and on in the old one takes a second when the
        library is waiting for a reply; a new one starts its handshake at once."""
        assert self._line is not None
        self._line.flush()
        flags = [LibFlag.EnforceSecure, LibFlag.EnableNotification]
        info = PDInfo(self._address, self._line, scbk=self._key, name=str(self.reader)[:15], flags=flags)
        self._panel = osdp_sys.ControlPanel([info.get()])
        self._panel.set_event_callback(self._event)
        self._set_secure(False)
        self._began_ns = time.monotonic_ns()

    # ------------------------------------------------ what the reader says

    def _event(self, _index: int, event: dict[str, Any]) -> int:
        kind = event.get("event")
        if kind == Event.Notification and event.get("type") == EventNotification.SecureChannelStatus:
            self._set_secure(bool(event.get("arg0")))
        elif kind == Event.CardRead:
            self._card(event)
        elif kind == Event.KeyPress:
            self._keys(bytes(event.get("data", b"")))
        elif kind == Event.Status and event.get("type") == StatusReportType.Local:
            self._local_status(bytes(event.get("report", b"")))
        return 0

    def _local_status(self, report: bytes) -> None:
        """osdp_LSTATR: tamper, then power. A reader says it when it changes; what it says first is told in any case,
        because a process before this one may have told otherwise."""
        if report and (tampered := report[0] != 0) is not self._told_tampered:
            self._told_tampered = tampered
            self._on_tamper(tampered)

    def _keys(self, keys: bytes) -> None:
        for end in self._keypad.press(keys, self._quiet_since_ns, time.monotonic_ns()):
            if isinstance(end, TypedNumber):
                self._on_number(end)
            else:
                self._no_number = True

    def _card(self, event: dict[str, Any]) -> None:
        form = FORMATS.get(event.get("format", -1))
        if form is None:
            log.warning("reader %s: a card in a format that is not read", self.reader)
            return
        now = time.monotonic_ns()
        self._on_card(CardBits(form, int(event["length"]), bytes(event["data"]), self._quiet_since_ns, now))

    def _note_quiet(self, finished: _Exchange) -> None:
        """A new command has gone out: what did the one before it show?"""
        if self._secure and finished.held_nothing:
            self._quiet_since_ns = finished.asked_ns

    def _set_secure(self, secure: bool) -> None:
        if self._secure and not secure:
            self._insecure_since_ns = time.monotonic_ns()
        if secure and not self._secure:
            self._sign_due_ns = 0
        self._secure = secure

    def _tell(self, now: int) -> None:
        """Say that the reader has come or gone; a reset of a moment is not an outage. It has come when it has said once
        that it holds no card: until then nobody knows how old a card is."""
        if self._secure and self._quiet_since_ns:
            online = True
        elif not self._secure and now - self._insecure_since_ns >= OFFLINE_TOLD_NS:
            online = False
        else:
            return
        if online is not self._told_online:
            self._told_online = online
            self._on_status(online, "" if online else self._why, self.resets)


def code_of(frame: bytes | bytearray) -> int | None:
    """The command or reply code of an OSDP frame; it is in the clear even in a secure channel. None: no frame."""
    start = frame.find(START_OF_MESSAGE)
    if start < 0 or len(frame) < start + 7:
        return None
    at = start + 5
    if frame[start + 4] & SECURITY_BLOCK:
        at += frame[start + 5]
    return frame[at] if at < len(frame) else None


def is_reply(data: bytes | bytearray) -> bool:
    """Whether this is one whole reply and nothing else. Noise around it may hide another one, a card's, say."""
    frame = data[1:] if data[:1] == bytes([MARK]) else data
    if len(frame) < 8 or frame[0] != START_OF_MESSAGE or not frame[1] & REPLY_BIT:
        return False
    return int.from_bytes(frame[2:4], "little") == len(frame)
