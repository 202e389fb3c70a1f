"""A card reader: an OSDP peripheral (libosdp) on a pseudo terminal, in a thread of its own.

The thread sleeps until bytes arrive or something is asked of it, so the reader answers a poll at once and costs
nothing in between. The time from a card being shown to its reply leaving on the wire is therefore the controller's
polling alone: the *poll floor* under every card-to-lock time. It is logged with each card (`wait_ms`).

Cards shown while nobody polls wait in libosdp's own queue; when that is full, or the reader loses power, the card is
lost and the log says so. Keys are sent as they are pressed. Of the commands it receives the reader keeps the newest of
each kind (light, buzzer, text).
"""

import contextlib
import os
import random
import select
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NewType

import osdp_sys
from osdp import Capability, LibFlag, LogLevel, PDCapabilities, PDInfo, StatusReportType
from osdp import CardFormat as OsdpCardFormat
from osdp import Event as OsdpEvent

from firmware_sim.devices.osdp_line import REPLY_CARD_RAW, OsdpLine
from firmware_sim.devices.reader_feedback import describe_command
from firmware_sim.log import FactKind, Json, WorldLog, monotonic_ms
from firmware_sim.people import Card, CardFormat, PersonId

ReaderId = NewType("ReaderId", str)

IDLE_MS = 20.0
"""libosdp wants to be refreshed at least every 50 ms even when the line is quiet."""
MAX_WAITING_CARDS = 32
MAX_KEYS = 16
KEYPAD = {digit: ord(digit) for digit in "0123456789"} | {"*": 0x7F, "#": 0x0D}
"""As the reply osdp_KEYPAD codes its keys (IEC 60839-11-5)."""
POWER_GOOD = 0
STOP_TIMEOUT_S = 5.0


class ReaderMode(StrEnum):
    SECURE = "secure"
    KEYLESS = "keyless"
    WRONG_KEY = "wrong_key"


@dataclass(frozen=True)
class ShownCard:
    card: Card
    person: PersonId
    visit: str
    shown_ms: float


@dataclass
class ReaderState:
    """What the panel shows; written by the reader's thread, read by anyone (single fields, no torn reads)."""

    mode: ReaderMode
    online: bool = False
    secure: bool = False
    plugged: bool = True
    powered: bool = True
    tampered: bool = False
    feedback: dict[str, dict[str, Json]] = field(default_factory=dict)


class OsdpReader:
    def __init__(
        self,
        reader_id: ReaderId,
        device: Path,
        address: int,
        baud: int,
        key: bytes,
        mode: ReaderMode,
        seed: int,
        log: WorldLog,
    ) -> None:
        """`key` is the 16-byte base key of the secure channel."""
        self.id = reader_id
        self.configured_mode = mode
        self.state = ReaderState(mode)
        self.line = OsdpLine(device, baud, random.Random(f"{seed}/{reader_id}"))
        self._address, self._key, self._log = address, key, log
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._requests: deque[Callable[[], None]] = deque()
        self._on_wire: deque[ShownCard] = deque()
        self._resendable: tuple[int, ShownCard] | None = None
        self._stopping = False
        self._peripheral: Any = None
        self._thread = threading.Thread(target=self._run, name=f"reader-{reader_id}", daemon=True)

    def start(self) -> None:
        self.line.publish()
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._ask(self._request_stop)
            self._thread.join(STOP_TIMEOUT_S)
        self.line.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    # Asked from outside, done by the reader's thread

    def show(self, card: Card, person: PersonId, visit: str) -> float:
        """Hold a card to the reader; logged as shown before the reader can know of it. Returns the moment."""
        shown_ms = self._log.write(
            FactKind.CARD_SHOWN,
            reader=self.id,
            card=card.id,
            person=person,
            visit=visit,
            format=card.format.value,
            bits=card.bits,
        )
        self._ask(lambda: self._submit(ShownCard(card, person, visit, shown_ms)))
        return shown_ms

    def press(self, keys: str, person: PersonId | None, visit: str) -> None:
        """Type at the keypad: digits, `*`, `#`. The log is told how many keys, never which. Raises ValueError for a key
        that no keypad has."""
        if not 0 < len(keys) <= MAX_KEYS or set(keys) - KEYPAD.keys():
            raise ValueError(f"a keypad has 0 to 9, * and #, and at most {MAX_KEYS} are pressed in one go")
        self._log.write(FactKind.KEYS_PRESSED, reader=self.id, person=person, visit=visit, count=len(keys))
        self._ask(lambda: self._submit_keys(keys))

    def set_tampered(self, tampered: bool) -> None:
        """The reader was torn off the wall, or put back: it tells so itself, on its line."""
        self._ask(lambda: self._submit_tamper(tampered))

    def set_mode(self, mode: ReaderMode) -> None:
        self._ask(lambda: self._restart(mode))

    def set_powered(self, on: bool) -> None:
        self._ask(lambda: self._supply(powered=on, plugged=self.state.plugged))

    def set_plugged(self, on: bool) -> None:
        self._ask(lambda: self._supply(powered=self.state.powered, plugged=on))

    def inject_noise(self, count: int) -> None:
        self._ask(lambda: self.line.inject_noise(count))

    def _ask(self, request: Callable[[], None]) -> None:
        self._requests.append(request)
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well as a byte more
            os.write(self._wake_write, b"!")

    # The reader's thread

    def _run(self) -> None:
        osdp_sys.set_loglevel(LogLevel.Critical)
        self._restart(self.state.mode)
        next_due_ms: float | None = None
        while not self._stopping:
            wait_ms = IDLE_MS if next_due_ms is None else min(IDLE_MS, max(0.0, next_due_ms - monotonic_ms()))
            ready, _, _ = select.select([self.line.fileno(), self._wake_read], [], [], wait_ms / 1000.0)
            if self._wake_read in ready:
                os.read(self._wake_read, 512)
            while self._requests:
                self._requests.popleft()()
            if self._peripheral is None:
                self.line.discard_input()
                continue
            # Twice: the first call takes the request in, the second sends what the first left to do.
            self._peripheral.refresh()
            self._peripheral.refresh()
            self._follow_replies()
            self._follow_link(bool(self._peripheral.is_online()), bool(self._peripheral.is_sc_active()))
            next_due_ms = self.line.send_due(monotonic_ms())
        self._peripheral = None

    def _request_stop(self) -> None:
        self._stopping = True

    def _restart(self, mode: ReaderMode) -> None:
        """Build the peripheral anew, as after a power cycle: its queue and its secure session are gone."""
        self.state.mode = mode
        self._lose_waiting("reader restarted")
        self._follow_link(online=False, secure=False)
        if not (self.state.powered and self.state.plugged):
            self._peripheral = None
            return
        keys = {
            ReaderMode.SECURE: self._key,
            ReaderMode.KEYLESS: None,
            ReaderMode.WRONG_KEY: bytes(b ^ 0xA5 for b in self._key),
        }
        flags = [] if mode is ReaderMode.KEYLESS else [LibFlag.EnforceSecure]
        info = PDInfo(self._address, self.line, keys[mode], name=str(self.id), flags=flags)
        capabilities = PDCapabilities(
            [
                (Capability.LEDControl, 1, 1),
                (Capability.AudibleControl, 1, 1),
                (Capability.TextOutput, 1, 1),
                (Capability.CardDataFormat, 1, 1),
                (Capability.ContactStatusMonitoring, 1, 2),
                (Capability.CommunicationSecurity, 1, 1),
            ]
        )
        self._peripheral = osdp_sys.PeripheralDevice(info.get(), capabilities=capabilities.get())
        self._peripheral.set_command_callback(self._on_command)

    def _supply(self, powered: bool, plugged: bool) -> None:
        before = self.state.powered and self.state.plugged
        self.state.powered, self.state.plugged = powered, plugged
        if before != (powered and plugged):
            self._restart(self.state.mode)

    def _submit(self, shown: ShownCard) -> None:
        if self._peripheral is None:
            self._lose(shown, "reader without power or line")
            return
        formats = {CardFormat.WIEGAND: OsdpCardFormat.Wiegand, CardFormat.RAW: OsdpCardFormat.Unspecified}
        accepted = len(self._on_wire) < MAX_WAITING_CARDS and self._peripheral.submit_event(
            {
                "event": OsdpEvent.CardRead,
                "reader_no": 0,
                "direction": 0,
                "format": formats[shown.card.format],
                "length": shown.card.bits,
                "data": shown.card.data,
            }
        )
        if accepted:
            self._on_wire.append(shown)
        else:
            self._lose(shown, "reader queue full")

    def _submit_keys(self, keys: str) -> None:
        if self._peripheral is None:
            return
        for key in keys:
            self._peripheral.submit_event({"event": OsdpEvent.KeyPress, "reader_no": 0, "data": bytes([KEYPAD[key]])})

    def _submit_tamper(self, tampered: bool) -> None:
        self.state.tampered = tampered
        if self._peripheral is not None:
            report = bytes([tampered, POWER_GOOD])
            self._peripheral.submit_event({"event": OsdpEvent.Status, "type": StatusReportType.Local, "report": report})

    def _follow_replies(self) -> None:
        """Pair the card replies that left with the cards waiting for them, which libosdp sends in their order."""
        while self.line.sent:
            at_ms, head, on_wire = self.line.sent.popleft()
            if head is None or head.code != REPLY_CARD_RAW:
                if not on_wire:
                    self._log.write(FactKind.REPLY_LOST, at_ms, reader=self.id)
                continue
            if self._resendable is not None and self._resendable[0] == head.sequence:
                shown = self._resendable[1]
            elif self._on_wire:
                shown = self._on_wire.popleft()
            else:
                continue
            self._resendable = None if on_wire else (head.sequence, shown)
            kind = FactKind.CARD_ON_WIRE if on_wire else FactKind.REPLY_LOST
            self._log.write(
                kind,
                at_ms,
                reader=self.id,
                card=shown.card.id,
                person=shown.person,
                visit=shown.visit,
                shown_ms=round(shown.shown_ms, 3),
                wait_ms=round(at_ms - shown.shown_ms, 3),
            )

    def _follow_link(self, online: bool, secure: bool) -> None:
        if (online, secure) != (self.state.online, self.state.secure):
            self.state.online, self.state.secure = online, secure
            self._log.write(FactKind.READER_LINK, reader=self.id, online=online, secure=secure)

    def _on_command(self, command: dict[str, Any]) -> tuple[int, None]:
        """Called by libosdp inside refresh(); 0 acknowledges the command."""
        device, fields = describe_command(command)
        if self.state.feedback.get(device) != fields:
            self.state.feedback = {**self.state.feedback, device: fields}
        self._log.write(FactKind.READER_FEEDBACK, None, reader=self.id, device=device, **fields)
        return 0, None

    def _lose(self, shown: ShownCard, reason: str) -> None:
        self._log.write(
            FactKind.CARD_LOST,
            reader=self.id,
            card=shown.card.id,
            person=shown.person,
            visit=shown.visit,
            reason=reason,
        )

    def _lose_waiting(self, reason: str) -> None:
        self._resendable = None
        while self._on_wire:
            self._lose(self._on_wire.popleft(), reason)
