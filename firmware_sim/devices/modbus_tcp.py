"""Modbus TCP in front of the same slaves as a serial line has: one port, the unit identifier chooses the slave.

A gateway or a controller with a network socket answers as fast as its slave does; there is no line speed to keep.
Source: "MODBUS Messaging on TCP/IP Implementation Guide" V1.0b. At most four connections, one request after the other
on each. The faults are those of `modbus_line`: on TCP *foreign* is another unit's identifier, *long* and *garbage* are
bytes that are no message, and a *cut* line accepts nobody and says nothing.
"""

import asyncio
import contextlib
import random
import struct
from typing import Final

from firmware_sim.devices.modbus_answers import answer_to
from firmware_sim.devices.modbus_line import MAX_GARBAGE_BYTES, Fault, Slave

HEADER: Final = struct.Struct(">HHHB")
"""Transaction, protocol (0), length of what follows, unit."""
MAX_LENGTH: Final = 254
GATEWAY_WAITS_S: Final = 0.05
GATEWAY_NO_ANSWER: Final = 11
"""Behind a gateway a slave that does not answer is told so ("gateway target device failed to respond")."""
MAX_CONNECTIONS: Final = 4


class ModbusTcp:
    def __init__(self, port: int, slaves: list[Slave], seed: int) -> None:
        """`port` 0 takes a free one, which `port` tells once it has started."""
        self.port = port
        self.slaves = {slave.address: slave for slave in slaves}
        self._random = random.Random(f"{seed}/modbus-tcp")
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.powered = True
        self._cut = False
        self.noise_every = 0

    async def start(self) -> None:
        """Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._hang_up()

    def set_powered(self, on: bool) -> None:
        self.powered = on
        self._hang_up()

    @property
    def cut(self) -> bool:
        return self._cut

    @cut.setter
    def cut(self, cut: bool) -> None:
        self._cut = cut
        self._hang_up()

    def _hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut or not self.powered or len(self._writers) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._converse(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            transaction, protocol, length, unit = HEADER.unpack(await reader.readexactly(HEADER.size))
            if protocol != 0 or not 2 <= length <= MAX_LENGTH:
                return
            asked = await reader.readexactly(length - 1)
            slave = self.slaves.get(unit)
            if slave is None or slave.fault is Fault.SILENT:
                continue
            await asyncio.sleep(slave.delay_ms / 1000.0)
            registers = slave.read()
            if not self.powered:
                continue
            if registers is None:
                await asyncio.sleep(GATEWAY_WAITS_S)
                reply = bytes([asked[0] | 0x80, GATEWAY_NO_ANSWER])
            else:
                reply = answer_to(asked, registers, slave.write)
            slave.answered += 1
            fault = slave.drawn_fault(self._random)
            if fault is Fault.LATE:
                await asyncio.sleep(slave.late_ms / 1000.0)
            writer.write(self._message(transaction, unit, reply, fault))
            await writer.drain()

    def _message(self, transaction: int, unit: int, reply: bytes, fault: Fault | None) -> bytes:
        if fault is Fault.GARBAGE or (self.noise_every and self._random.randrange(self.noise_every) == 0):
            return self._random.randbytes(self._random.randint(1, MAX_GARBAGE_BYTES))
        if fault is Fault.FOREIGN:
            unit = unit % 247 + 1
        message = HEADER.pack(transaction, 0, len(reply) + 1, unit) + reply
        return message + self._random.randbytes(3) if fault is Fault.LONG else message
