"""The relay in front of the broker, with a plain echo server in the broker's place."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.log import monotonic_ms
from tests.firmware_sim.support import RunningStation, make_config, wait_until


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[RunningStation]:
    with EchoServer(("127.0.0.1", 0), Echo) as broker:
        threading.Thread(target=broker.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        with RunningStation(make_config(tmp_path, broker_port=broker.server_address[1])) as running:
            yield running
        broker.shutdown()


def connect(running: RunningStation) -> socket.socket:
    assert running.station.link is not None
    return socket.create_connection(("127.0.0.1", running.station.link.listen_port), timeout=5.0)


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (chunk := connection.recv(65536)):
        data += chunk
    return data


def test_bytes_pass_in_both_directions_whole(linked: RunningStation) -> None:
    sent = bytes(range(256)) * 4096
    with connect(linked) as connection:
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        assert receive(connection, len(sent)) == sent


def test_a_cut_network_ends_connections_refuses_new_ones_and_comes_back(
    linked: RunningStation, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(linked) as connection:
        connection.sendall(b"hello")
        assert receive(connection, 5) == b"hello"
        linked.wait(linked.station.set_network(False))
        try:
            assert connection.recv(10) == b""
        except ConnectionResetError:
            pass
    with pytest.raises(ConnectionRefusedError):
        connect(linked)
    linked.wait(linked.station.set_network(True))
    with connect(linked) as connection:
        connection.sendall(b"again")
        assert receive(connection, 5) == b"again"
    assert [line["on"] for line in linked.facts("network")] == [False, True]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_black_hole_accepts_connections_and_passes_nothing_until_it_ends(linked: RunningStation) -> None:
    with connect(linked) as before:
        before.sendall(b"one")
        assert receive(before, 3) == b"one"
        linked.fault(FaultName.LINK_BLACK_HOLE)
        with connect(linked) as during:
            for connection in (before, during):
                connection.sendall(b"two")
                connection.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    connection.recv(10)
                connection.settimeout(5.0)
            linked.fault(FaultName.LINK_BLACK_HOLE, on=False)
            assert receive(before, 3) == b"two"
            assert receive(during, 3) == b"two"


def test_a_slow_network_delays_each_direction(linked: RunningStation) -> None:
    linked.fault(FaultName.LINK_DELAY, args=FaultArgs(ms=60.0))
    with connect(linked) as connection:
        begun_ms = monotonic_ms()
        connection.sendall(b"slow")
        assert receive(connection, 4) == b"slow"
        assert monotonic_ms() - begun_ms >= 120.0


def test_without_a_broker_the_connection_is_closed(tmp_path: Path, free_port: int) -> None:
    with RunningStation(make_config(tmp_path, broker_port=free_port)) as running, connect(running) as connection:
        try:
            assert connection.recv(10) == b""
        except ConnectionResetError:
            pass
        wait_until(lambda: running.station.link is not None and running.station.link.connections == 0, "closed")
