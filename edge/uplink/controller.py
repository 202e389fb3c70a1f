"""The uplink's end of the channel to the controller, in an asyncio loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from edge.runtime.ipc import BadMessage, Channel, ChannelClosed, ChannelFull, Heartbeat, Message

log = logging.getLogger(__name__)

MAX_WAITING: Final = 256
MAX_AT_ONCE: Final = 64


class Controller:
    """Says and hears messages without ever blocking.

    What the controller does not take at once waits in a bounded queue, in order; beyond its bound the newest is
    dropped and logged once: an acknowledgement or a roster version is told again later, a command is answered for by
    the cloud's own time-out. A heartbeat never waits: it would claim life at another time.
    """

    def __init__(self, channel: Channel, heard: Callable[[Message], None], gone: Callable[[], None]) -> None:
        self._channel = channel
        self._heard = heard
        self._gone = gone
        self._waiting: deque[Message] = deque()
        self._dropping = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(channel.fileno(), self._listen)

    def say(self, message: Message) -> None:
        """Sends now or soon."""
        if isinstance(message, Heartbeat) and self._waiting:
            return
        if len(self._waiting) >= MAX_WAITING:
            if not self._dropping:
                log.warning("the controller does not read; dropping %s and what follows", type(message).__name__)
            self._dropping = True
            return
        if self._waiting or not self._sent(message):
            self._waiting.append(message)
            self._loop.add_writer(self._channel.fileno(), self._flush)

    def _flush(self) -> None:
        while self._waiting and self._sent(self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting:
            self._dropping = False
            self._loop.remove_writer(self._channel.fileno())

    def _sent(self, message: Message) -> bool:
        try:
            self._channel.send(message)
        except ChannelFull:
            return False
        except ChannelClosed:
            self._gone()
        return True

    def _listen(self) -> None:
        for _ in range(MAX_AT_ONCE):
            try:
                message = self._channel.receive()
            except ChannelClosed:
                self._loop.remove_reader(self._channel.fileno())
                self._gone()
                return
            except BadMessage as error:
                log.warning("the controller said something that is no message: %s", error)
                continue
            if message is None:
                return
            self._heard(message)
