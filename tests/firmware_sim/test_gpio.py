"""The GPIO wire, through gpiozero's own pigpio factory and through raw sockets."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator

import pigpio
import pytest
from gpiozero import Button, OutputDevice

from firmware_sim.devices.gpio import MAX_CLIENTS
from firmware_sim.devices.pigpio_wire import Command, PigpioError
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.log import monotonic_ms
from firmware_sim.wires import Wire
from tests.firmware_sim.support import RunningStation, pin_factory, wait_until

LOCK, CONTACT, EXIT = 17, 27, 22


@contextlib.contextmanager
def raw_client(running: RunningStation) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", running.station.gpio.port), timeout=5.0) as connection:
        yield connection


def ask(connection: socket.socket, command: int, p1: int = 0, p2: int = 0, extension: bytes = b"") -> int:
    connection.sendall(struct.pack("<IIII", command, p1, p2, len(extension)) + extension)
    return receive(connection)


def receive(connection: socket.socket) -> int:
    data = b""
    while len(data) < 16:
        chunk = connection.recv(16 - len(data))
        assert chunk, "the server closed the connection"
        data += chunk
    result: int = struct.unpack("<IIIi", data)[3]
    return result


def test_an_output_device_releases_and_secures_the_lock(running: RunningStation) -> None:
    with pin_factory(running) as factory, OutputDevice(LOCK, pin_factory=factory) as lock:
        lock.on()
        assert running.station.world.lock.released
        lock.off()
        assert not running.station.world.lock.released
    assert [line["level"] for line in running.facts("pin_edge", wire="lock")] == [True, False]
    assert [line["cause"] for line in running.facts("lock_edge")] == ["pin", "pin"]


def test_a_button_sees_the_first_press_and_every_release(running: RunningStation) -> None:
    seen: list[str] = []
    with pin_factory(running) as factory, Button(EXIT, bounce_time=0.02, pin_factory=factory) as button:
        button.when_pressed = lambda: seen.append("pressed")
        button.when_released = lambda: seen.append("released")
        for _ in range(3):
            running.do(lambda: running.station.press_exit(True))
            wait_until(lambda: seen[-1:] == ["pressed"], "pressed")
            running.do(lambda: running.station.press_exit(False))
            wait_until(lambda: seen[-1:] == ["released"], "released")
    assert seen == ["pressed", "released"] * 3


def test_an_unfiltered_pin_shows_the_bounce_of_the_door_contact(running: RunningStation) -> None:
    levels: list[int] = []
    with pin_factory(running) as factory, Button(CONTACT, pin_factory=factory) as contact:
        factory.connection.callback(CONTACT, pigpio.EITHER_EDGE, lambda pin, level, tick: levels.append(level))
        running.do(lambda: running.station.push_door(force=True))
        running.wait_for("door", open=True)
        wait_until(lambda: levels[-1:] == [1] and len(levels) >= 3, "bounce")
        wait_until(lambda: not contact.is_pressed, "open contact")


def test_a_filter_of_fifty_milliseconds_hides_the_bounce_of_the_door_contact(running: RunningStation) -> None:
    seen: list[str] = []
    with pin_factory(running) as factory, Button(CONTACT, bounce_time=0.05, pin_factory=factory) as contact:
        contact.when_released = lambda: seen.append("open")
        contact.when_pressed = lambda: seen.append("closed")
        running.do(lambda: running.station.push_door(force=True))
        wait_until(lambda: seen == ["open"], "open")
        running.do(running.station.let_go)
        wait_until(lambda: seen == ["open", "closed"], "closed")
    assert len(running.facts("pin_edge", wire="contact")) > 4


def test_pins_keep_their_state_when_the_client_goes_away(running: RunningStation) -> None:
    with raw_client(running) as connection:
        assert ask(connection, Command.WRITE, LOCK, 1) == 0
    running.wait_for("gpio_client", count=2)
    assert running.station.world.lock.released


def test_requests_arriving_a_byte_at_a_time_are_answered(running: RunningStation) -> None:
    with raw_client(running) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in struct.pack("<IIII", Command.WRITE, LOCK, 1, 0):
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
        assert receive(connection) == 0
    assert running.station.world.lock.released


@pytest.mark.parametrize(
    ("command", "p1", "p2", "error"),
    [
        (Command.READ, 54, 0, PigpioError.BAD_GPIO),
        (Command.WRITE, 2**32 - 1, 0, PigpioError.BAD_GPIO),
        (Command.WRITE, 17, 2, PigpioError.BAD_LEVEL),
        (Command.MODES, 17, 8, PigpioError.BAD_MODE),
        (Command.PUD, 17, 3, PigpioError.BAD_PUD),
        (Command.FG, 32, 0, PigpioError.BAD_USER_GPIO),
        (Command.FG, 17, 300_001, PigpioError.BAD_FILTER),
        (Command.NB, 7, 1, PigpioError.BAD_HANDLE),
        (Command.NC, 7, 0, PigpioError.BAD_HANDLE),
        (5, 17, 128, PigpioError.UNKNOWN_COMMAND),
        (9999, 0, 0, PigpioError.UNKNOWN_COMMAND),
    ],
)
def test_a_wrong_request_is_answered_with_pigpios_own_error(
    running: RunningStation, command: int, p1: int, p2: int, error: PigpioError
) -> None:
    with raw_client(running) as connection:
        assert ask(connection, command, p1, p2) == error
        assert ask(connection, Command.PIGPV) > 0
    assert pigpio.error_text(int(error)) != f"unknown error ({int(error)})"


def test_an_unknown_command_with_an_extension_does_not_shift_the_stream(running: RunningStation) -> None:
    with raw_client(running) as connection:
        assert ask(connection, 28, 0, 0, extension=b"x" * 100) == PigpioError.UNKNOWN_COMMAND
        assert ask(connection, Command.READ, CONTACT) == 0


def test_hostile_bytes_end_their_own_connection_only(running: RunningStation) -> None:
    with raw_client(running) as honest:
        with raw_client(running) as hostile:
            hostile.sendall(b"\xff" * 64)
            assert hostile.recv(16) == b""
        with raw_client(running) as partial:
            partial.sendall(b"\x00\x01\x02")
        assert ask(honest, Command.PIGPV) > 0


def test_more_connections_than_the_daemon_has_room_for_are_refused(running: RunningStation) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(raw_client(running)) for _ in range(MAX_CLIENTS)]
        assert ask(clients[-1], Command.PIGPV) > 0
        with raw_client(running) as refused, pytest.raises((ConnectionError, AssertionError)):
            ask(refused, Command.PIGPV)
        assert ask(clients[0], Command.PIGPV) > 0


def test_a_dead_server_resets_its_clients_keeps_the_pins_and_listens_again(running: RunningStation) -> None:
    with raw_client(running) as connection:
        assert ask(connection, Command.WRITE, LOCK, 1) == 0
        running.fault(FaultName.GPIO_DEAD)
        with pytest.raises((ConnectionError, AssertionError)):
            ask(connection, Command.PIGPV)
    with pytest.raises(ConnectionRefusedError), raw_client(running):
        pass
    assert running.station.world.lock.released
    running.fault(FaultName.GPIO_DEAD, on=False)
    with raw_client(running) as connection:
        assert ask(connection, Command.READ, LOCK) == 1


def test_a_hung_server_accepts_and_answers_only_when_it_wakes(running: RunningStation) -> None:
    running.fault(FaultName.GPIO_HUNG)
    with raw_client(running) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            ask(connection, Command.PIGPV)
        connection.settimeout(5.0)
        running.fault(FaultName.GPIO_HUNG, on=False)
        assert receive(connection) > 0


def test_a_slow_server_answers_late(running: RunningStation) -> None:
    running.fault(FaultName.GPIO_DELAY, args=FaultArgs(ms=100.0))
    with raw_client(running) as connection:
        begun_ms = monotonic_ms()
        assert ask(connection, Command.PIGPV) > 0
        assert monotonic_ms() - begun_ms >= 100.0


@pytest.mark.alone
def test_exit_and_fire_release_within_a_tenth_of_a_second_with_nobody_connected(running: RunningStation) -> None:
    begun_ms = monotonic_ms()
    running.do(lambda: running.station.press_exit(True))
    assert running.station.world.lock.released
    running.do(lambda: running.station.press_exit(False))
    running.do(lambda: running.station.set_fire(True))
    assert running.station.world.lock.released
    edges = running.facts("lock_edge")
    assert [edge["cause"] for edge in edges] == ["exit", "exit", "fire"]
    at_ms = [edge["mono_ms"] for edge in edges]
    assert all(isinstance(moment, float) and moment - begun_ms < 100.0 for moment in at_ms)


def test_a_cut_contact_wire_reads_as_an_open_door(running: RunningStation) -> None:
    with pin_factory(running) as factory, Button(CONTACT, pin_factory=factory) as contact:
        assert contact.is_pressed
        running.fault(FaultName.CUT_WIRE, args=FaultArgs(wire=Wire.CONTACT))
        assert not contact.is_pressed
        running.fault(FaultName.CUT_WIRE, on=False, args=FaultArgs(wire=Wire.CONTACT))
        assert contact.is_pressed


def test_a_power_cut_rests_the_pins_and_refuses_clients_until_power_returns(running: RunningStation) -> None:
    with raw_client(running) as connection:
        assert ask(connection, Command.WRITE, LOCK, 1) == 0
    trouble = running.wait(running.station.set_power(False))
    assert trouble is not None
    assert "control" in trouble
    assert not running.station.bank.level(running.station.pins[Wire.LOCK])
    assert running.station.world.lock.released, "a fail-safe lock without mains is open"
    with pytest.raises(ConnectionRefusedError), raw_client(running):
        pass
    running.wait(running.station.set_power(True))
    assert not running.station.world.lock.released
    with raw_client(running) as connection:
        assert ask(connection, Command.MODEG, LOCK) == 0
