"""The Pi's pins on the network: a server of pigpio's socket protocol, for gpiozero's own `PiGPIOFactory`.

As with the real daemon, pins belong to nobody: they keep their state when a client goes away. One deliberate
difference: NB (begin reports) is followed by one report of the present levels, because the client compares reports
with the levels at its *connection* and would otherwise lose the first edge of a pin whose pull was set after it.

Bounds: 32 connections and 32 report handles (PI_NOTIFY_SLOTS), 64 KiB of unread reports a client, then it is dropped.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.devices.pigpio_wire import (
    HARDWARE_REVISION,
    MAX_EXTENSION_BYTES,
    PIGPIO_VERSION,
    REQUEST,
    Command,
    PigpioError,
    Request,
    report,
    tick_us,
)
from firmware_sim.devices.pins import MAX_FILTER_US, PIN_COUNT, USER_PIN_COUNT, PinBank, PinMode, PinNumber, Pull
from firmware_sim.log import monotonic_ms

logger = logging.getLogger(__name__)

MAX_CLIENTS = 32
MAX_UNREAD_BYTES = 64 * 1024


@dataclass
class Client:
    writer: asyncio.StreamWriter
    task: "asyncio.Task[None] | None" = None


@dataclass
class ReportHandle:
    """One report stream: the connection it goes to, and which pins it wants."""

    client: Client
    monitored: int = 0
    sequence: int = 0


class GpioServer:
    def __init__(
        self, bank: PinBank, port: int, on_clients: Callable[[int], None], before_request: Callable[[float], None]
    ) -> None:
        """`before_request` lets the world catch up, so that no answer is older than its question."""
        self._bank = bank
        self.port = port
        self._on_clients = on_clients
        self._before_request = before_request
        self._server: asyncio.Server | None = None
        self._clients: list[Client] = []
        self._handles: dict[int, ReportHandle] = {}
        self._answering = asyncio.Event()
        self._answering.set()
        self.delay_ms = 0.0
        bank.on_report = self._send_reports

    @property
    def listening(self) -> bool:
        return self._server is not None

    @property
    def client_count(self) -> int:
        return len(self._clients)

    async def start(self) -> None:
        """Listen; port 0 picks a free one, and keeps it over stop and start. Raises OSError when the port is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """The daemon dies: nothing listens, every connection is reset. The pins stay as they are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in self._clients:
            client.writer.transport.abort()

    def set_hung(self, hung: bool) -> None:
        """A hung daemon accepts connections and requests, and answers nothing."""
        (self._answering.clear if hung else self._answering.set)()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            logger.warning("gpio: a connection was refused, %d are open", MAX_CLIENTS)
            writer.transport.abort()
            return
        client = Client(writer)
        self._clients.append(client)
        self._on_clients(len(self._clients))
        try:
            while True:
                request = Request.parse(await reader.readexactly(REQUEST.size))
                if request.extension_bytes > MAX_EXTENSION_BYTES:
                    logger.warning(
                        "gpio: a client announced %d bytes of extension and was dropped", request.extension_bytes
                    )
                    break
                await reader.readexactly(request.extension_bytes)
                await self._answering.wait()
                if self.delay_ms:
                    await asyncio.sleep(self.delay_ms / 1000.0)
                now_ms = monotonic_ms()
                self._before_request(now_ms)
                result = self._execute(client, request, now_ms)
                writer.write(request.answer(result))
                if request.command == Command.NB and result == 0:
                    self._send_present_levels(request.p1, now_ms)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client is gone, in the middle of a request or between two
        finally:
            self._clients.remove(client)
            self._handles = {number: handle for number, handle in self._handles.items() if handle.client is not client}
            writer.transport.abort() if self._server is None else writer.close()
            self._on_clients(len(self._clients))

    def _execute(self, client: Client, request: Request, now_ms: float) -> int:
        match request.command:
            case Command.MODES | Command.MODEG | Command.PUD | Command.READ | Command.WRITE | Command.FG:
                return self._execute_on_pin(request, now_ms)
            case Command.BR1:
                return self._bank.bank_1()
            case Command.BR2:
                return 0
            case Command.TICK:
                return tick_us(now_ms)
            case Command.HWVER:
                return HARDWARE_REVISION
            case Command.PIGPV:
                return PIGPIO_VERSION
            case Command.NOIB:
                return self._open_handle(client)
            case Command.NB:
                if request.p1 not in self._handles:
                    return PigpioError.BAD_HANDLE
                self._handles[request.p1].monitored = request.p2
                return 0
            case Command.NC:
                return 0 if self._handles.pop(request.p1, None) else PigpioError.BAD_HANDLE
            case _:
                return PigpioError.UNKNOWN_COMMAND

    def _execute_on_pin(self, request: Request, now_ms: float) -> int:
        if request.command == Command.FG and request.p1 >= USER_PIN_COUNT:
            return PigpioError.BAD_USER_GPIO
        if request.p1 >= PIN_COUNT:
            return PigpioError.BAD_GPIO
        pin, value = PinNumber(request.p1), request.p2
        match request.command:
            case Command.MODEG:
                return self._bank.mode(pin)
            case Command.READ:
                return self._bank.level(pin)
            case Command.MODES:
                if value > max(PinMode):
                    return PigpioError.BAD_MODE
                self._bank.set_mode(pin, PinMode(value), now_ms)
            case Command.PUD:
                if value > max(Pull):
                    return PigpioError.BAD_PUD
                self._bank.set_pull(pin, Pull(value), now_ms)
            case Command.WRITE:
                if value > 1:
                    return PigpioError.BAD_LEVEL
                self._bank.write(pin, bool(value), now_ms)
            case Command.FG:
                if value > MAX_FILTER_US:
                    return PigpioError.BAD_FILTER
                self._bank.set_filter(pin, value, now_ms)
        return 0

    def _open_handle(self, client: Client) -> int:
        free = next((number for number in range(MAX_CLIENTS) if number not in self._handles), None)
        if free is None:
            return PigpioError.NO_HANDLE
        self._handles[free] = ReportHandle(client)
        return free

    def _send_reports(self, levels: int, changed: int, at_ms: float) -> None:
        if not self._answering.is_set():
            return  # a hung daemon reports nothing either, and does not make up for it
        for handle in self._handles.values():
            if handle.monitored & changed:
                self._send_report(handle, levels, at_ms)

    def _send_present_levels(self, number: int, now_ms: float) -> None:
        handle = self._handles[number]
        if handle.monitored:
            self._send_report(handle, self._bank.reported(), now_ms)

    def _send_report(self, handle: ReportHandle, levels: int, at_ms: float) -> None:
        message = report(handle.sequence, at_ms, levels)
        handle.sequence += 1
        if self.delay_ms:
            asyncio.get_running_loop().call_later(self.delay_ms / 1000.0, self._write, handle.client, message)
        else:
            self._write(handle.client, message)

    def _write(self, client: Client, message: bytes) -> None:
        transport = client.writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            logger.warning("gpio: a client does not read its reports and was dropped")
            transport.abort()
            return
        client.writer.write(message)
