"""The controller over real pins, a real journal and real children: it ends by its own mistakes, and by nothing else."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.ids import ReaderId
from contract.records import StationStopped
from edge.core import events
from edge.core.effects import Feedback
from edge.journal.journal import Journal
from edge.runtime import controller as controller_module
from edge.runtime import ipc, start, wiring
from edge.runtime.config import load
from edge.runtime.controller import Controller
from edge.runtime.start import ControllerFailed
from tests.firmware_sim.support import RunningStation, make_config
from tests.runtime.waiting import PATIENCE_S

CONFIG = """
[station]
id = "station-1"
data_dir = "{root}/data"
run_dir = "{root}/run"
[gpio]
pin_factory = "pigpio"
port = {port}
lock_pin = {pins.lock}
contact_pin = {pins.contact}
exit_pin = {pins.exit}
fire_pin = {pins.fire}
[door]
[[readers]]
id = "reader-1"
device = "{reader.device}"
key_file = "{reader.key_file}"
[uplink]
host = "127.0.0.1"
port = 1
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    with RunningStation(make_config(tmp_path)) as station:
        yield station


@pytest.fixture
def config_file(running: RunningStation, tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    pins, reader = running.config.pins, running.config.readers[0]
    path.write_text(CONFIG.format(root=tmp_path, port=running.station.gpio.port, pins=pins, reader=reader))
    return path


@pytest.fixture
def station(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    # The claim on the directory is this process's until it ends, and there are many tests in it.
    monkeypatch.setattr(wiring, "_claim", lambda config: None)
    return wiring.build_controller(load(config_file))


def live(station: Controller, act: Callable[[], object]) -> None:
    """Run the station; `act` happens when the door is ready."""

    def ready() -> None:
        act()

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await station.run(ready)

    asyncio.run(bounded())


def stopped_in_order(config_file: Path) -> bool:
    journal = Journal.open(load(config_file).config.station.data_dir / "journal.db")
    try:
        return any(isinstance(stored.record, StationStopped) for stored in journal.load().records)
    finally:
        journal.close()


def test_a_stop_is_in_order_and_written_down(station: Controller, config_file: Path) -> None:
    live(station, lambda: station.stop("test"))
    assert stopped_in_order(config_file)


def test_a_mistake_in_a_callback_ends_the_station(station: Controller, config_file: Path) -> None:
    def mistake() -> None:
        raise ZeroDivisionError("a mistake of ours")

    with pytest.raises(ControllerFailed, match="a mistake of ours"):
        live(station, mistake)
    assert not stopped_in_order(config_file), "the next run is to know that this one ended otherwise"
    assert not [thread for thread in threading.enumerate() if thread.name in ("gpio", "journal")]


def test_a_mistake_in_the_rounds_ends_the_station(station: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("in the rounds")

    with pytest.raises(ControllerFailed, match="in the rounds"):
        live(station, lambda: monkeypatch.setattr(station, "_watch_clock", broken))


def test_a_mistake_of_the_journals_thread_ends_the_station(
    station: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Journal, batch: object) -> None:
        raise ZeroDivisionError("in the journal")

    def act() -> None:
        monkeypatch.setattr(Journal, "append", broken)
        station.happen(events.ReaderChanged(ReaderId("reader-1"), online=False))
        station.happen(events.MessageRefused("topic", "why"))

    with pytest.raises(ControllerFailed, match="in the journal"):
        live(station, act)


def test_a_client_of_the_socket_cannot_end_the_station(station: Controller, config_file: Path, tmp_path: Path) -> None:
    def clients() -> None:
        for number in range(20):
            with socket.socket(socket.AF_UNIX) as end:
                end.connect(str(tmp_path / "run" / "station.sock"))
                end.sendall(b"[" * 4_000 + b"\n" + b'{"ask":"tail"}\n' + b"x" * 10_000 * (number % 2))
        asyncio.get_running_loop().call_later(0.5, station.stop, "test")

    # Its socket serves from the first turn of the loop after the door is ready.
    live(station, lambda: asyncio.get_running_loop().call_later(0.2, clients))
    assert stopped_in_order(config_file)


def test_a_run_dir_that_cannot_be_used_for_a_socket_does_not_keep_the_door(
    station: Controller, config_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "run" / "station.sock").mkdir()
    live(station, lambda: station.stop("test"))
    assert stopped_in_order(config_file)


def test_a_station_that_began_without_its_journal_begins_anew_when_storage_holds(
    config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "_claim", lambda config: None)
    monkeypatch.setattr(wiring, "OPEN_PATIENCE_S", 0.05)
    monkeypatch.setattr(start, "LATE_RESTART_S", 0.3)
    blocked = load(config_file).config.station.data_dir / "journal.db"
    blocked.mkdir(parents=True)
    late = wiring.build_controller(load(config_file))
    live(late, blocked.rmdir)
    assert stopped_in_order(config_file), "nobody asked for it but the station itself"


def test_lasting_signs_are_told_to_a_reader_process_that_comes_back(
    station: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[ipc.Message] = []

    def act() -> None:
        monkeypatch.setattr(station._children[ipc.Child.READER], "send", shown.append)
        station.happen(events.FireChanged(True))
        shown.clear()
        station.child_changed(ipc.Child.READER, False, "killed")
        station.child_changed(ipc.Child.READER, True, "")
        asyncio.get_running_loop().call_soon(station.stop, "test")

    live(station, act)
    assert ipc.ShowOutcome(ReaderId("reader-1"), Feedback.EVACUATE) in shown


def test_the_service_manager_hears_of_a_station_whose_pins_are_away(
    station: Controller, running: RunningStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(controller_module, "notify", lambda *words: told.append(words))
    running.do(running.station.gpio.stop)

    async def story() -> None:
        asyncio.get_running_loop().call_later(1.0, station.stop, "test")
        await station.run(lambda: None)

    asyncio.run(story())
    assert ("READY=1", "STATUS=the pins are away") in told
    assert ("WATCHDOG=1",) in told


def test_the_command_ends_with_a_code_when_the_station_has_failed(config_file: Path) -> None:
    code = (
        "import sys; from edge.runtime.controller import Controller; from edge.cli import main\n"
        "def broken(self): raise ZeroDivisionError('a mistake of ours')\n"
        "Controller._become_ready = broken\n"
        "sys.exit(main(['run', '--config', sys.argv[1]]))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(config_file)], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1, ended.stderr
    assert "ended by a mistake: a mistake of ours" in ended.stderr
    assert "Traceback" in ended.stderr


def test_the_command_runs_says_that_it_is_ready_and_ends_at_sigterm(config_file: Path) -> None:
    argv = [sys.executable, "-m", "yizhan", "edge", "run", "--config", str(config_file)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running_edge:
        try:
            assert running_edge.stdout is not None
            assert json.loads(running_edge.stdout.readline()) == {"ready": True, "station": "station-1"}
            running_edge.send_signal(signal.SIGTERM)
            assert running_edge.wait(10.0) == 0
        finally:
            running_edge.kill()
