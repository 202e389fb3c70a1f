"""Children: real processes that are silent, that exit, that say what they may not, that cannot be started at all."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract.ids import ReaderId
from edge.core.effects import Feedback
from edge.runtime import children
from edge.runtime.children import SupervisedChild
from edge.runtime.ipc import Child, Message, ReaderStatus, ShowOutcome
from tests.runtime.waiting import PATIENCE_S, open_descriptors

SAYS = """
import os, signal, socket, sys, time
end = socket.socket(fileno=int(sys.argv[sys.argv.index("--channel") + 1]))
HEARTBEAT = b'{"m":"Heartbeat"}'
def lives(while_true=lambda: True):
    while while_true():
        end.send(HEARTBEAT)
        end.settimeout(0.05)
        try:
            if not (said := end.recv(65536)) or b"StopChild" in said:
                sys.exit(0)
        except TimeoutError:
            pass
"""


class Watch:
    """A supervised child made of a script, checked as often as the controller would, and more."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
        (directory / "childscript.py").write_text(SAYS + script)
        monkeypatch.setenv("PYTHONPATH", str(directory))
        monkeypatch.setitem(children.MODULES, Child.READER, "childscript")
        monkeypatch.setattr(children, "BACK_OFF_S", (0.01, 0.02, 0.3))
        self.said: list[Message] = []
        self.changes: list[tuple[bool, str]] = []
        self.child = SupervisedChild(
            Child.READER, directory / "edge.toml", self.said.append, lambda *change: self.changes.append(change)
        )

    async def until(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, f"{what}: said {self.said}, changes {self.changes}"
            self.child.check()
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        self.child.ask_to_stop()
        await asyncio.to_thread(self.child.wait_for_end, 2.0)


Made = Callable[[str], Watch]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return lambda script: Watch(tmp_path, monkeypatch, script)


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_a_child_is_heard_and_stops_when_asked(made: Made) -> None:
    watch = made("""end.send(b'{"m":"ReaderStatus","reader":"r","online":true,"detail":"","resets":1}'); lives()""")

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: len(watch.said) == 1, "a status")
        assert watch.said == [ReaderStatus(ReaderId("r"), online=True, detail="", resets=1)]
        assert watch.changes == [(True, "")]
        pid = watch.child.pid
        assert pid is not None
        await watch.end()
        assert watch.child.pid is None
        assert watch.changes == [(True, "")], "an end that was asked for is no failure"
        assert not is_there(pid)

    run(story())


def test_a_child_that_exits_is_started_again_with_a_back_off(made: Made) -> None:
    watch = made("end.send(HEARTBEAT); sys.exit(3)")

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: watch.child._failures >= 3, "three failures")
        failed = time.monotonic()
        await watch.until(lambda: watch.child.pid is not None, "another start")
        assert time.monotonic() - failed > 0.2
        # Told once for each trouble and its end.
        assert [running for running, _ in watch.changes[:4]] == [True, False, True, False]
        await watch.end()

    run(story())


def test_a_child_that_stays_up_is_forgiven(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STABLE_S", 0.1)
    watch = made("lives()")

    async def story() -> None:
        watch.child._failures = 2
        watch.child.start()
        await watch.until(lambda: watch.child._failures == 0, "forgiven")
        await watch.end()

    run(story())


def test_a_child_that_falls_silent_is_replaced(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "SILENT_S", 0.4)
    watch = made("lives()")

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: bool(watch.changes), "the first word")
        first = watch.child.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        await watch.until(lambda: watch.child.pid not in (None, first), "another process")
        assert "silent" in watch.changes[1][1]
        assert not is_there(first)
        await watch.end()

    run(story())


def test_a_child_may_be_slow_to_start(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "SILENT_S", 0.1)
    watch = made("time.sleep(0.6); end.send(HEARTBEAT); time.sleep(60)")

    async def story() -> None:
        watch.child.start()
        first = watch.child.pid
        await watch.until(lambda: watch.changes == [(True, "")], "the first word")
        assert watch.child.pid == first
        await watch.until(lambda: len(watch.changes) == 2, "silence after it")
        await watch.end()

    run(story())


def test_a_child_that_never_speaks_is_given_up_in_the_end(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "START_S", 0.3)
    watch = made("time.sleep(60)")

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: bool(watch.changes), "given up")
        assert watch.changes[0][0] is False
        assert "silent" in watch.changes[0][1]
        await watch.end()

    run(story())


@pytest.mark.parametrize(
    "word", ['b\'{"m":"UplinkStatus","connected":true,"session":null,"detail":""}\'', "b'noise'", "b'[' * 50000"]
)
def test_a_child_that_says_what_it_may_not_is_killed(made: Made, word: str) -> None:
    watch = made(f"end.send(HEARTBEAT); end.send({word}); lives()")

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: len(watch.changes) == 2, "killed")
        assert "may not say" in watch.changes[1][1]
        assert watch.said == []
        await watch.end()

    run(story())


def test_a_child_that_cannot_be_started_is_tried_again_and_leaks_nothing(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = made("lives()")
    python = sys.executable

    async def story() -> None:
        # Not the interpreter's own name: only this module's is another one for a while.
        monkeypatch.setattr(children, "sys", SimpleNamespace(executable="/nowhere/python"))
        before = open_descriptors()
        watch.child.start()
        await watch.until(lambda: watch.child._failures >= 3, "three tries")
        assert open_descriptors() == before
        assert watch.changes == [(False, watch.changes[0][1])]
        assert "cannot be started" in watch.changes[0][1]
        monkeypatch.setattr(children, "sys", SimpleNamespace(executable=python))
        await watch.until(lambda: len(watch.changes) == 2, "it runs")
        await watch.end()

    run(story())


def test_many_restarts_leak_no_descriptor_and_no_process(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = made("")
    monkeypatch.setattr(children, "BACK_OFF_S", (0.0,))
    # Not Python: two hundred of those would take a minute.
    monkeypatch.setattr(children, "sys", SimpleNamespace(executable="/bin/true"))

    async def story() -> None:
        watch.child.start()
        await watch.until(lambda: watch.child._failures >= 5, "five ends")
        before = open_descriptors()
        await watch.until(lambda: watch.child._failures >= 205, "two hundred more")
        await watch.until(lambda: watch.child.pid is None or watch.child._failures > 206, "between two")
        assert open_descriptors() <= before + 2
        await watch.end()

    run(story())


def test_a_message_to_a_child_that_is_away_or_does_not_read_is_dropped(made: Made) -> None:
    watch = made("end.send(HEARTBEAT); time.sleep(60)")

    async def story() -> None:
        message = ShowOutcome(reader=ReaderId("r" * 1_000), outcome=Feedback.GRANTED)
        assert not watch.child.send(message)
        watch.child.start()
        await watch.until(lambda: bool(watch.changes), "it runs")
        sent = 0
        while watch.child.send(message):
            sent += 1
            assert sent < 100_000
        assert sent > 1
        began = time.monotonic()
        watch.child.ask_to_stop()
        await asyncio.to_thread(watch.child.wait_for_end, 0.2)
        assert time.monotonic() - began < 2.0

    run(story())


def test_a_child_whose_controller_is_gone_ends_itself(tmp_path: Path) -> None:
    """`start_child` compares its parent with the process that made the channel, whoever adopts orphans here."""
    import socket
    import subprocess

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    code = "from edge.runtime.child_process import start_child; start_child('reader')"
    config = tmp_path / "none.toml"
    argv = [sys.executable, "-c", code, "--config", str(config), "--channel", str(theirs.fileno())]
    child = subprocess.run(argv, pass_fds=[theirs.fileno()], capture_output=True, text=True, timeout=20)
    assert child.returncode == 2, "its parent made the channel: it goes on, up to the missing configuration"
    assert "cannot be read" in child.stderr
    # A shell in between: the parent is not the controller.
    orphan = subprocess.run(
        ["/bin/sh", "-c", '"$@"; echo $?', "sh", *argv],
        pass_fds=[theirs.fileno()],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert orphan.stdout.strip() == "1"
    ours.close()
    theirs.close()
