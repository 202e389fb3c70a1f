"""A cabinet's slaves on a serial line or a TCP port, built from nothing but the Modbus papers and the map's places.

Registers are a plain dictionary by (address, function, place), so that what a test puts there is what is on the wire.
A thread answers; as on a line, an answer takes as long as its bits, the silences and the stated delay. Everything that
is written is kept in `written`, in order, with its moment: how often a slot was told to open is counted here.
"""

import os
import select
import socket
import struct
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from pymodbus.framer.rtu import FramerRTU

from contract.ids import SlotNumber
from edge.drivers.cabinet_modbus_fields import Field, FieldName, FieldType
from edge.drivers.cabinet_modbus_map import Block, CabinetMap, Function, Scope

CODES = {Function.COILS: 1, Function.DISCRETE_INPUTS: 2, Function.HOLDING: 3, Function.INPUT: 4}
WRITE_COIL, WRITE_REGISTER = 5, 6
REQUEST_BYTES = 8
Reply = list[tuple[float, bytes]]
"""What is sent, and how many seconds after it was due."""


class Image:
    """What the slaves hold. `put` places a field of a slot (or, without one, of the cabinet) where the map has it."""

    def __init__(self, map_: CabinetMap, slots: int) -> None:
        self.map, self.slots = map_, slots
        self.words: dict[tuple[int, int, int], int] = {}
        self.silent: set[int] = set()
        """Addresses that do not answer."""
        for number in range(1, slots + 1):
            for block in map_.blocks:
                if FieldName.IDENTITY in block.names():
                    place = map_.slave(block.slave).place(number - 1)[0] - map_.slave(block.slave).address
                    self.put(number, FieldName.IDENTITY, number if block.scope is Scope.SLOT else place + 1, block)

    def put(self, slot: int | None, name: FieldName, value: int | bool | str | None, only: Block | None = None) -> None:
        for block in self.map.blocks:
            for field in block.fields:
                if field.field is name and only in (None, block):
                    self._put(block, field, slot or 1, value)

    def _put(self, block: Block, field: Field, slot: int, value: int | bool | str | None) -> None:
        kind = self.map.slave(block.slave)
        address, index = kind.place(slot - 1)
        code = CODES[block.function]
        first = block.at + (index * block.stride if block.scope is Scope.SLOT else 0)
        index = index if block.scope is Scope.BOARD else 0
        if field.bit is not None:
            offset, bit = divmod(field.bit + index * field.step, 16)
            key = (address, code, first + field.at + offset)
            self.words[key] = self.words.get(key, 0) & ~(1 << bit) | (int(bool(value)) << bit)
        elif field.type is FieldType.STRING:
            raw = str(value or "").encode().ljust(2 * field.count, b"\0")
            for n, (word,) in enumerate(struct.iter_unpack(">H", raw)):
                self.words[address, code, first + field.at + n] = word
        else:
            held = field.missing if value is None else int(value) * field.divide // field.multiply
            assert held is not None
            self.words[address, code, first + field.at + index * field.step] = held & 0xFFFF

    def battery(self, slot: int, serial: str, **values: int) -> None:
        """A sound battery in the slot, with what else is told of it."""
        self.put(slot, FieldName.PRESENT, True)
        self.put(slot, FieldName.BMS_ANSWERS, True)
        self.put(slot, FieldName.SERIAL, serial)
        self.put(slot, FieldName.MODEL, "LFP-48-20")
        told = {"soc_percent": 80, "soh_percent": 95, "voltage_mv": 50_000, "current_ma": 0, "cycles": 120}
        for name, value in {**told, "temperature_decicelsius": 250, "faults": 0, **values}.items():
            self.put(slot, FieldName(name), value)
        self.silent.discard(self.map.slave("bms").place(slot - 1)[0] if self.has_bms_bus else -1)

    def empty(self, slot: int) -> None:
        self.put(slot, FieldName.PRESENT, False)
        self.put(slot, FieldName.BMS_ANSWERS, False)
        self.put(slot, FieldName.SERIAL, "")
        if self.has_bms_bus:
            self.silent.add(self.map.slave("bms").place(slot - 1)[0])

    @property
    def has_bms_bus(self) -> bool:
        return any(kind.name == "bms" for kind in self.map.slaves)

    def coil_of(self, slot: int) -> tuple[int, int]:
        """Address and coil of the pulse that opens a slot."""
        write = self.map.writes.unlock
        address, index = self.map.slave(write.slave).place(slot - 1)
        return address, write.at + index * write.stride


def framed(message: bytes) -> bytes:
    return message + FramerRTU.compute_CRC(message).to_bytes(2, "big")


class CabinetSlave:
    """`spoil` may change what is sent for a request (its eight bytes and the right answer); it runs in the thread."""

    def __init__(self, image: Image, baud: int | None, device: Path | None) -> None:
        self.image, self._baud = image, baud
        self.spoil: Callable[[bytes, bytes], Reply] | None = None
        self.obeys: Callable[[int, int, int], bool] = lambda _address, _place, _value: True
        """Whether what was written to a register or coil takes hold."""
        self.written: list[tuple[float, int, int, int, int]] = []
        """(moment, address, function, place, value)"""
        self.requests: list[tuple[float, bytes]] = []
        self.powered = True
        self._stop = threading.Event()
        self._pending: list[tuple[float, bytes]] = []
        self.port = 0
        if device is not None:
            self._master, far = os.openpty()
            tty.setraw(far)
            self._far = far
            device.symlink_to(os.ttyname(far))
            target: Callable[[], None] = self._serve_line
        else:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.port = self._server.getsockname()[1]
            target = self._serve_network
        self._thread = threading.Thread(target=target, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5.0)
        assert not self._thread.is_alive()
        if self.port:
            self._server.close()
        else:
            os.close(self._master)
            os.close(self._far)

    def pulses(self, slot: int) -> int:
        """How often the slot was told to open."""
        address, coil = self.image.coil_of(slot)
        return sum((to, code, at) == (address, WRITE_COIL, coil) for _, to, code, at, _ in list(self.written))

    # ------------------------------------------------ serial

    def _serve_line(self) -> None:
        received = b""
        while not self._stop.is_set():
            wait_s = min((moment for moment, _ in self._pending), default=time.monotonic() + 0.01) - time.monotonic()
            if select.select([self._master], [], [], max(0.0, min(wait_s, 0.01)))[0]:
                received += os.read(self._master, 4096)
            while len(received) >= REQUEST_BYTES:
                request, received = received[:REQUEST_BYTES], received[REQUEST_BYTES:]
                if not self.powered or framed(request[:-2]) != request:
                    continue
                now = time.monotonic()
                self.requests.append((now, request))
                answer = self._answer(request[:-2])
                if answer is None:
                    continue
                reply = framed(answer)
                for late_s, data in self.spoil(request, reply) if self.spoil else [(0.0, reply)]:
                    self._pending.append((now + self._takes_s(request[0], len(reply)) + late_s, data))
            due = [item for item in self._pending if item[0] <= time.monotonic()]
            for item in due:
                self._pending.remove(item)
                os.write(self._master, item[1])

    def _takes_s(self, address: int, reply_bytes: int) -> float:
        """As on a wire: the request's bits, the silence after them, the slave's delay, the answer's bits."""
        if self._baud is None:
            return 0.0
        characters = REQUEST_BYTES + reply_bytes
        gap_s = 3.5 * 10 / self._baud if self._baud <= 19_200 else 0.001_75
        kinds = self.image.map.slaves
        kind = next(kind for kind in kinds if 0 <= address - kind.address < kind.boards(self.image.map.max_slots))
        return characters * 10 / self._baud + gap_s + kind.answer_ms / 1_000

    # ------------------------------------------------ TCP

    def _serve_network(self) -> None:
        self._server.settimeout(0.05)
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            with connection:
                self._serve_connection(connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        received = b""
        while not self._stop.is_set():
            try:
                data = connection.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            received += data
            while len(received) >= 12:
                request, received = received[:12], received[12:]
                answer = self._answer(request[6:]) if self.powered else None
                self.requests.append((time.monotonic(), request[6:]))
                if answer is None:
                    continue
                reply = request[:4] + len(answer).to_bytes(2, "big") + answer
                for late_s, each in self.spoil(request, reply) if self.spoil else [(0.0, reply)]:
                    time.sleep(late_s)
                    try:
                        connection.sendall(each)
                    except OSError:
                        return

    # ------------------------------------------------ what is answered

    def _answer(self, request: bytes) -> bytes | None:
        address, code, at, value = struct.unpack(">BBHH", request)
        if address in self.image.silent:
            return None
        if code in (WRITE_COIL, WRITE_REGISTER):
            raw = int(value == 0xFF00) if code == WRITE_COIL else value
            self.written.append((time.monotonic(), address, code, at, raw))
            if self.obeys(address, at, raw):
                self._take_hold(address, code, at, raw)
            return request
        words = [self.image.words.get((address, code, at + n), 0) for n in range(value)]
        if code in (1, 2):
            packed = sum((word & 1) << n for n, word in enumerate(words)).to_bytes((value + 7) // 8, "little")
        else:
            packed = struct.pack(f">{value}H", *words)
        return bytes([address, code, len(packed)]) + packed

    def _take_hold(self, address: int, code: int, at: int, raw: int) -> None:
        """What was written shows where it is read back."""
        writes, image = self.image.map.writes, self.image
        for number in range(1, image.slots + 1):
            charger = writes.charger
            if charger is not None and code == WRITE_REGISTER:
                to, index = image.map.slave(charger.slave).place(number - 1)
                if (address, at) == (to, charger.at + index * charger.stride):
                    image.put(number, FieldName.CHARGER_LIMIT_MA, raw * charger.unit_ma)
        contactor = writes.contactor
        if contactor is not None and (code, at) == (WRITE_COIL, contactor.at):
            image.put(None, FieldName.CONTACTOR_CLOSED, bool(raw))
        if writes.fan is not None and (code, at) == (WRITE_COIL, writes.fan.at):
            image.put(None, FieldName.FAN_ON, bool(raw))


def numbers(count: int) -> tuple[SlotNumber, ...]:
    return tuple(SlotNumber(number) for number in range(1, count + 1))
