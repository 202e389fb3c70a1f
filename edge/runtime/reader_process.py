"""The reader child: OSDP lines and keyboard wedges on one side, the controller's channel on the other.

Card numbers end here: what goes to the controller is the credential's keyed hash. A number typed at a keypad goes on as
it is, in memory, because the controller alone knows whose it is to be.
Started by the controller as `python -m edge.runtime.reader_process --config F --channel FD`.
"""

import logging
import select
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from contract.ids import ReaderId
from edge.core.effects import Feedback
from edge.drivers.keypad import TypedNumber
from edge.drivers.reader_osdp import CardBits
from edge.roster.credential import credential_hash
from edge.runtime import wiring
from edge.runtime.child_process import EXIT_CONFIG, HEARTBEAT_S, start_child
from edge.runtime.config import ConfigError
from edge.runtime.ipc import (
    BadMessage,
    CardRead,
    Channel,
    ChannelClosed,
    ChannelFull,
    Heartbeat,
    Message,
    PinTyped,
    ReaderLid,
    ReaderStatus,
    ShowOutcome,
    StopChild,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from edge.drivers.reader_wedge import TypedLine

log = logging.getLogger(__name__)

MAX_WAIT_S: Final = 0.25


class Reader(Protocol):
    """What this process needs of a reader, whatever its wire."""

    reader: ReaderId

    def fileno(self) -> int | None: ...

    def service(self) -> float: ...

    def show(self, outcome: Feedback) -> None: ...

    def close(self) -> None: ...


class ReaderProcess:
    """Serves the readers of one station until the controller goes."""

    def __init__(self, channel: Channel, hash_key: bytes, cloud_keys: "Mapping[str, Ed25519PublicKey]") -> None:
        self._channel = channel
        self._hash_key = hash_key
        self._cloud_keys = cloud_keys
        self._readers: dict[ReaderId, Reader] = {}
        self._next_heartbeat = 0.0
        self._stopping = False

    def add(self, reader: Reader) -> None:
        self._readers[reader.reader] = reader

    def card(self, reader: ReaderId, card: CardBits) -> None:
        try:
            credential = credential_hash(self._hash_key, card.format, card.bits, card.data)
        except ValueError as error:
            log.error("reader %s: a card that is none: %s", reader, error)
            return
        self._say(CardRead(reader, credential, card.not_before_mono_ns // 1_000_000, card.received_mono_ns))

    def line(self, reader: ReaderId, line: "TypedLine") -> None:
        from edge.runtime.scanned import card_of

        if line.text:
            self._say(card_of(reader, line, self._hash_key, self._cloud_keys))

    def number(self, reader: ReaderId, number: TypedNumber) -> None:
        self._say(PinTyped(reader, number.digits, number.not_before_mono_ns // 1_000_000, number.received_mono_ns))

    def status(self, reader: ReaderId, online: bool, detail: str, resets: int) -> None:
        log.info("reader %s is %s%s", reader, "online" if online else "offline", f": {detail}" if detail else "")
        self._say(ReaderStatus(reader, online, detail, resets))

    def lid(self, reader: ReaderId, tampered: bool) -> None:
        log.warning("reader %s says that its lid is %s", reader, "off" if tampered else "on")
        self._say(ReaderLid(reader, tampered))

    def run(self) -> None:
        """Until the controller says stop or has gone."""
        poller, watched = select.poll(), [-1]
        while not self._stopping:
            wait_s = min([reader.service() for reader in self._readers.values()], default=MAX_WAIT_S)
            lines = [descriptor for reader in self._readers.values() if (descriptor := reader.fileno()) is not None]
            if watched != [self._channel.fileno(), *lines]:
                # Anew as a whole: a line that was opened may have the number of one that was closed.
                poller, watched = select.poll(), [self._channel.fileno(), *lines]
                for descriptor in watched:
                    poller.register(descriptor, select.POLLIN)
            self._heartbeat()
            poller.poll(min(wait_s, MAX_WAIT_S) * 1_000)
            self._listen()
        for reader in self._readers.values():
            reader.close()

    def _heartbeat(self) -> None:
        if time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_S
            self._say(Heartbeat())

    def _listen(self) -> None:
        try:
            while (message := self._channel.receive()) is not None:
                self._obey(message)
        except ChannelClosed:
            self._stopping = True
        except BadMessage as error:
            log.error("the controller said something unknown: %s", error)

    def _obey(self, message: Message) -> None:
        if isinstance(message, StopChild):
            self._stopping = True
        elif isinstance(message, ShowOutcome) and (reader := self._readers.get(message.reader)) is not None:
            reader.show(message.outcome)

    def _say(self, message: Message) -> None:
        try:
            self._channel.send(message)
        except ChannelFull:
            log.error("the controller does not read; a %s is dropped", type(message).__name__)
        except ChannelClosed:
            self._stopping = True


def main() -> None:
    start = start_child("reader")
    process = ReaderProcess(start.channel, wiring.hash_key(start.config), wiring.pass_keys(start.config))
    try:
        readers: list[Reader] = [
            *wiring.build_readers(start.config, process.card, process.number, process.status, process.lid)
        ]
        readers += wiring.build_wedges(start.config, process.line, process.status)
    except ConfigError as error:
        log.error("%s", error)
        sys.exit(EXIT_CONFIG)
    for reader in readers:
        process.add(reader)
    process.run()


if __name__ == "__main__":
    main()
