"""The service manager's socket, and the watch over the clock."""

import os
import socket
from pathlib import Path

import pytest

from edge.core.events import ClockChanged
from edge.runtime import clock_watch
from edge.runtime.clock_watch import LOOK_EVERY_MS, ClockWatch
from edge.runtime.notify import ALIVE, READY, notify


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"@yizhan-test-{os.getpid()}" if abstract else str(tmp_path / "notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5.0)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify(READY, "STATUS=门")
        assert manager.recv(1024) == "READY=1\nSTATUS=门".encode()


def test_a_service_manager_that_is_missing_or_does_not_read_hinders_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(ALIVE)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody.sock"))
    notify(ALIVE)
    monkeypatch.setenv("NOTIFY_SOCKET", "/" + "x" * 200)
    notify(ALIVE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "deaf.sock"))
        for _ in range(2_000):
            notify(ALIVE)


class Kernel:
    """The clocks and the word of a kernel."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, synchronised: bool) -> None:
        self.synchronised, self.mono, self.wall = synchronised, 1_000, 5_000_000
        monkeypatch.setattr(clock_watch, "kernel_synchronised", lambda: self.synchronised)
        monkeypatch.setattr(clock_watch, "monotonic_ms", lambda: self.mono)
        monkeypatch.setattr(clock_watch, "wall_ms", lambda: self.wall)

    def pass_by(self, ms: int, jump_ms: int = 0) -> None:
        self.mono += ms
        self.wall += ms + jump_ms


def test_a_clock_that_is_synchronised_at_the_start_is_believed_from_the_first_record_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Kernel(monkeypatch, True)
    watch = ClockWatch()
    assert watch.trusted
    assert watch.look() == ClockChanged(True, 0)


def test_when_trust_comes_the_offset_is_what_the_clock_jumped_by(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, False)
    watch = ClockWatch()
    assert watch.look() == ClockChanged(False, 0)
    kernel.pass_by(LOOK_EVERY_MS)
    assert watch.look() is None
    kernel.pass_by(LOOK_EVERY_MS, jump_ms=86_400_000)
    kernel.synchronised = True
    assert watch.look() == ClockChanged(True, 86_400_000)
    assert watch.trusted


def test_trust_that_is_lost_is_told_without_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, True)
    watch = ClockWatch()
    watch.look()
    kernel.synchronised = False
    kernel.pass_by(LOOK_EVERY_MS)
    assert watch.look() == ClockChanged(False, 0)
    assert not watch.trusted


def test_the_kernel_is_asked_now_and_then_only(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, False)
    watch = ClockWatch()
    watch.look()
    kernel.synchronised = True
    kernel.pass_by(LOOK_EVERY_MS - 1)
    assert watch.look() is None
    kernel.pass_by(1)
    assert watch.look() is not None
