"""One service's life: a thread that starts it, listens to it, watches it, ends it and starts it again.

The thread that starts a program must outlive it, because Linux sends `PR_SET_PDEATHSIG` when the *thread* that made the
child ends; so each service has its own, and all of its state changes happen there. Others only say what they want.

A service's end is the end of its whole process group, as with systemd's control groups. Restarts are immediate, unless
a service keeps dying young: then they back off to five seconds.
"""

import logging
import os
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yizhan.services.guard import Guard, kill_group
from yizhan.services.log_file import LogFile
from yizhan.services.notify import NotifySocket
from yizhan.services.probe import listens
from yizhan.services.table import Condition, RestartPolicy, Service, ServiceError, ServiceStatus

YOUNG_MS: Final = 2_000
FREE_RESTARTS: Final = 3
BACK_OFF_MS: Final = 100
MAX_BACK_OFF_MS: Final = 5_000
PROBE_MS: Final = 20
MAX_READ_BYTES: Final = 64 * 1024

log = logging.getLogger(__name__)


def back_off_ms(young_deaths: int) -> int:
    """How long to wait before the next start after so many deaths in a row of lives shorter than `YOUNG_MS`."""
    if young_deaths <= FREE_RESTARTS:
        return 0
    return int(min(MAX_BACK_OFF_MS, BACK_OFF_MS << min(young_deaths - FREE_RESTARTS - 1, 10)))


@dataclass
class Life:
    """One run of the program."""

    process: subprocess.Popen[bytes]
    started_ms: float
    alive_ms: float
    killed_by_watchdog: bool = False
    asked_to_end: bool = False
    kill_at_ms: float | None = None
    """SIGKILL is due then; set once it was asked to end in a gentler way."""


class Runner:
    """Runs one service. All public methods may be called from any thread."""

    def __init__(self, service: Service, sockets: Path, guard: Guard) -> None:
        self.service = service
        self._guard = guard
        self._notify = NotifySocket(sockets / f"{service.name}.notify")
        self._log = LogFile(service.log_file)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._changed = threading.Condition()
        self._wanted = False
        self._gently = True
        self._closing = False
        self._condition = Condition.DOWN
        self._pid: int | None = None
        self._starts = 0
        self._watchdog_kills = 0
        self._last_exit: int | None = None
        self._text = ""
        self._young_deaths = 0
        self._thread = threading.Thread(target=self._run, name=f"service-{service.name}", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------ what others want

    def start(self) -> None:
        """Let it run. Does nothing when it runs."""
        with self._changed:
            if self._condition is Condition.ENDED:
                self._condition = Condition.DOWN
            self._wanted = True
            self._young_deaths = 0
        self._nudge()

    def end(self, *, gently: bool) -> None:
        """Let it not run: with SIGTERM first, or cut at once. Returns when nothing of it is left."""
        with self._changed:
            self._wanted = False
            self._gently = gently
        self._nudge()
        with self._changed:
            limit_s = self.service.stop_timeout_ms / 1000 + 10
            down = (Condition.DOWN, Condition.ENDED)
            if not self._changed.wait_for(lambda: self._condition in down, timeout=limit_s):
                raise ServiceError(f"service {self.service.name!r} does not end")

    def wait_ready(self, timeout_ms: int | None = None) -> None:
        """Wait until it is ready. Raises `ServiceError` with its last words when it ends first, or takes too long."""
        limit_ms = self.service.ready_timeout_ms if timeout_ms is None else timeout_ms
        with self._changed:
            lives_before = self._starts - (self._pid is not None)
            self._changed.wait_for(
                lambda: (
                    self._condition in (Condition.READY, Condition.ENDED)
                    or (self._starts > lives_before and self._pid is None)
                ),
                timeout=limit_ms / 1000,
            )
            if self._condition is Condition.READY:
                return
            ended = self._pid is None and self._starts > lives_before
            what = f"ended with {self._last_exit}" if ended else f"was not ready after {limit_ms} ms"
        raise ServiceError(f"service {self.service.name!r} {what}; its last lines:\n{self._log.tail()}")

    def signal(self, number: signal.Signals, *, whole_group: bool = False) -> None:
        """Signal the program, or all of its process group. Raises `ServiceError` when it does not run."""
        with self._changed:
            if self._pid is None:
                raise ServiceError(f"service {self.service.name!r} does not run")
            if whole_group:
                kill_group(self._pid, number)
            else:
                os.kill(self._pid, number)

    def status(self) -> ServiceStatus:
        with self._changed:
            return ServiceStatus(
                self.service.name, self._condition, self._pid, self._starts, self._watchdog_kills, self._last_exit,
                self._text,
            )  # fmt: skip

    def tail(self) -> str:
        return self._log.tail()

    def close(self) -> None:
        """End it for good."""
        self.end(gently=True)
        with self._changed:
            self._closing = True
        self._nudge()
        self._thread.join(timeout=10)
        self._notify.close()
        self._log.close()
        os.close(self._wake)

    # ------------------------------------------------------------ its thread

    def _nudge(self) -> None:
        with self._changed:
            self._changed.notify_all()
        os.eventfd_write(self._wake, 1)

    def _set(self, condition: Condition, pid: int | None = None) -> None:
        with self._changed:
            self._condition = condition
            self._pid = pid
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closing)
                if self._closing:
                    return
            try:
                self._live_and_die()
            except Exception:
                log.exception("service %s: its runner failed", self.service.name)
                self._set(Condition.ENDED)
                with self._changed:
                    self._wanted = False

    def _live_and_die(self) -> None:
        """One life and, where the policy gives another, the wait for it."""
        life = self._spawn()
        exit_code = self._attend(life)
        self._tell(f"ended with {exit_code}")
        young = _now_ms() - life.started_ms < YOUNG_MS
        with self._changed:
            self._last_exit = exit_code
            self._young_deaths = self._young_deaths + 1 if young else 0
            self._watchdog_kills += life.killed_by_watchdog
            policy = self.service.restart
            again = policy is RestartPolicy.ALWAYS or (policy is RestartPolicy.ON_FAILURE and exit_code != 0)
            if self._wanted and not again:
                self._wanted = False
                self._condition, self._pid = Condition.ENDED, None
            else:
                self._condition, self._pid = (Condition.WAITING if self._wanted else Condition.DOWN), None
            self._changed.notify_all()
            if self._wanted:
                self._changed.wait_for(lambda: not self._wanted, timeout=back_off_ms(self._young_deaths) / 1000)
            if not self._wanted and self._condition is Condition.WAITING:
                self._condition = Condition.DOWN
                self._changed.notify_all()

    def _spawn(self) -> Life:
        self._notify.drain()
        env = {**os.environ, "PYTHONUNBUFFERED": "1", **self.service.env}
        env["NOTIFY_SOCKET"] = os.fspath(self._notify.path)
        env.pop("WATCHDOG_USEC", None)
        if self.service.watchdog_ms is not None:
            env["WATCHDOG_USEC"] = str(self.service.watchdog_ms * 1000)
        # setpriv (util-linux) sets the signal that the kernel sends when we die, then becomes the program.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.service.argv],
            env=env,
            cwd=self.service.working_directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._guard.watch(process.pid)
        with self._changed:
            self._starts += 1
            self._text = ""
        self._set(Condition.STARTING, process.pid)
        self._tell(f"started as {process.pid}")
        now = _now_ms()
        return Life(process, started_ms=now, alive_ms=now)

    def _attend(self, life: Life) -> int:
        """Follow a life to its end; gives its exit code, with nothing of its process group left."""
        assert life.process.stdout is not None
        output = life.process.stdout.fileno()
        pidfd = os.pidfd_open(life.process.pid)
        with selectors.DefaultSelector() as selector, life.process.stdout:
            for descriptor in (pidfd, output, self._notify.fileno(), self._wake):
                selector.register(descriptor, selectors.EVENT_READ)
            try:
                while True:
                    ready = {key.fd for key, _ in selector.select(self._wait_s(life))}
                    if self._wake in ready:
                        os.eventfd_read(self._wake)
                    if output in ready and not self._copy_output(output):
                        selector.unregister(output)
                    self._hear(life)
                    if pidfd in ready:
                        break
                    self._act(life)
                # While it is not yet reaped, its number names this group and no other.
                kill_group(life.process.pid, signal.SIGKILL)
                exit_code = life.process.wait()
                self._copy_output(output)
            finally:
                os.close(pidfd)
                self._guard.forget(life.process.pid)
        return exit_code

    def _wait_s(self, life: Life) -> float | None:
        due_ms = self._due_ms(life)
        if due_ms is None:
            return None
        wait_ms = max(0.0, due_ms - _now_ms())
        probing = self._condition is Condition.STARTING and self.service.ready_port is not None
        return (min(wait_ms, PROBE_MS) if probing else wait_ms) / 1000

    def _due_ms(self, life: Life) -> float | None:
        """When this life is to be ended unless something happens before."""
        if life.kill_at_ms is not None:
            return life.kill_at_ms
        if self._condition is Condition.STARTING:
            return life.started_ms + self.service.ready_timeout_ms
        if self.service.watchdog_ms is not None:
            return life.alive_ms + self.service.watchdog_ms
        return None

    def _hear(self, life: Life) -> None:
        """Take in what it says of itself, or what can be seen of it."""
        ready = False
        while (notice := self._notify.receive()) is not None:
            ready = ready or notice.ready
            if notice.alive or notice.ready:
                life.alive_ms = _now_ms()
            if notice.text is not None:
                with self._changed:
                    self._text = notice.text[:500]
        if self._condition is Condition.STARTING:
            if self.service.ready_port is not None:
                ready = ready or listens(self.service.ready_port)
            elif not self.service.notifies:
                ready = True
            if ready:
                self._set(Condition.READY, life.process.pid)

    def _act(self, life: Life) -> None:
        """End it when that is wanted or due."""
        pid = life.process.pid
        if not self._wanted and not self._gently:
            kill_group(pid, signal.SIGKILL)
        elif not self._wanted and not life.asked_to_end:
            life.asked_to_end = True
            life.kill_at_ms = _now_ms() + self.service.stop_timeout_ms
            os.kill(pid, signal.SIGTERM)
        due_ms = self._due_ms(life)
        if due_ms is None or _now_ms() < due_ms:
            return
        if life.kill_at_ms is not None:
            kill_group(pid, signal.SIGKILL)
            life.kill_at_ms = _now_ms() + 1_000
        else:
            starting = self._condition is Condition.STARTING
            life.killed_by_watchdog = not starting
            self._tell("not ready in time: ended" if starting else "silent for too long: ended by the watchdog")
            life.kill_at_ms = _now_ms() + self.service.abort_timeout_ms
            os.kill(pid, signal.SIGABRT)

    def _copy_output(self, descriptor: int) -> bool:
        """Move output to the log file; False at its end. Output that the disk does not take is dropped."""
        try:
            data = os.read(descriptor, MAX_READ_BYTES)
        except BlockingIOError:
            return True
        try:
            self._log.write(data)
        except OSError as error:
            log.warning("service %s: %d bytes of output dropped: %s", self.service.name, len(data), error)
        return bool(data)

    def _tell(self, text: str) -> None:
        self._log.write(f"-- {time.strftime('%H:%M:%S')} {self.service.name} {text}\n".encode())


def _now_ms() -> float:
    return time.monotonic() * 1000
