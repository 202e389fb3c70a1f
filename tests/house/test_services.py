"""The service manager at work on real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.house.programs import GOOD, NOTIFY, PARENT, lives, pid_of, service, wait_restarted, wait_until
from yizhan.services import Condition, RestartPolicy, ServiceError, Services
from yizhan.services.control import ask
from yizhan.services.log_file import LogFile
from yizhan.services.probe import is_free
from yizhan.services.runner import back_off_ms


def test_services_start_in_order_each_when_the_one_before_is_ready(tmp_path: Path) -> None:
    note = tmp_path / "order"
    slow = NOTIFY + f"time.sleep(0.2); open({str(note)!r}, 'a').write('first '); say('READY=1'); time.sleep(600)"
    next_one = NOTIFY + f"open({str(note)!r}, 'a').write('second'); say('READY=1'); time.sleep(600)"
    with Services([service("first", slow, tmp_path), service("second", next_one, tmp_path)]) as services:
        services.start()
        assert note.read_text() == "first second"
        assert {status.condition for status in services.status().values()} == {Condition.READY}


def test_a_service_tells_its_status_and_its_output_is_in_the_log(tmp_path: Path) -> None:
    with Services([service("good", GOOD, tmp_path)]) as services:
        services.start()
        assert services.status()["good"].text == "at work"
        wait_until(lambda: "hello from" in services.tail("good"), "output in the log")


def test_a_service_that_ends_before_it_is_ready_is_named_with_its_last_words(tmp_path: Path) -> None:
    broken = service("broken", "import sys; sys.exit('port 8080 is taken')", tmp_path)
    with (
        Services([broken]) as services,
        pytest.raises(ServiceError, match=r"'broken' ended with 1.*\n(.*\n)*port 8080"),
    ):
        services.start()


def test_a_service_that_never_says_ready_is_named_after_its_time(tmp_path: Path) -> None:
    silent = service("silent", "import time; time.sleep(600)", tmp_path, ready_timeout_ms=300)
    with Services([silent]) as services, pytest.raises(ServiceError, match="'silent'"):
        services.start()


def test_a_killed_service_is_started_again(tmp_path: Path) -> None:
    with Services([service("good", GOOD, tmp_path)]) as services:
        services.start()
        pid = pid_of(services, "good")
        services.kill("good")
        wait_restarted(services, "good", 2)
        assert pid_of(services, "good") != pid
        assert services.status()["good"].last_exit == -signal.SIGKILL


@pytest.mark.alone
def test_the_gap_between_end_and_start_is_under_100_ms(tmp_path: Path) -> None:
    times = tmp_path / "times"
    program = NOTIFY + f"open({str(times)!r}, 'a').write(f'{{time.monotonic()}}\\n'); say('READY=1'); time.sleep(600)"
    with Services([service("good", program, tmp_path)]) as services:
        services.start()
        gaps = []
        for starts in (2, 3, 4):
            killed = time.monotonic()
            services.kill("good")
            wait_restarted(services, "good", starts)
            gaps.append(float(times.read_text().split()[-1]) - killed)
        assert min(gaps) < 0.1


def test_a_stopped_process_is_killed_by_the_watchdog_and_started_again(tmp_path: Path) -> None:
    with Services([service("good", GOOD, tmp_path, watchdog_ms=400)]) as services:
        services.start()
        services.kill("good", signal.SIGSTOP)
        wait_restarted(services, "good", 2)
        assert services.status()["good"].watchdog_kills == 1


def test_a_service_without_watchdog_may_be_stopped_and_continued(tmp_path: Path) -> None:
    with Services([service("good", GOOD, tmp_path)]) as services:
        services.start()
        services.kill("good", signal.SIGSTOP)
        time.sleep(0.3)
        services.kill("good", signal.SIGCONT)
        assert services.status()["good"].starts == 1


def test_what_is_cut_stays_down_until_restored(tmp_path: Path) -> None:
    with Services([service("good", GOOD, tmp_path)]) as services:
        services.start()
        pid = pid_of(services, "good")
        services.cut("good")
        assert not lives(pid)
        assert services.status()["good"].condition is Condition.DOWN
        with pytest.raises(ServiceError, match="does not run"):
            services.kill("good")
        services.restore("good")
        services.wait_ready("good")
        assert services.status()["good"].starts == 2


def test_the_end_of_a_service_is_the_end_of_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    with Services([service("parent", PARENT, tmp_path, str(note))]) as services:
        services.start()
        child = int(note.read_text())
        services.kill("parent")
        wait_until(lambda: not lives(child), "the child ended with its parent")


def test_restart_policies_say_who_comes_back(tmp_path: Path) -> None:
    end_well = NOTIFY + "say('READY=1'); time.sleep(0.3)"
    end_badly = end_well + "; sys.exit(7)"
    table = [
        service("failed", end_badly, tmp_path, restart=RestartPolicy.ON_FAILURE),
        service("done", end_well, tmp_path, restart=RestartPolicy.ON_FAILURE),
        service("once", end_badly, tmp_path, restart=RestartPolicy.NO),
    ]
    with Services(table) as services:
        services.start()
        wait_until(lambda: services.status()["failed"].starts >= 2, "started after its failure")
        wait_until(lambda: services.status()["done"].condition is Condition.ENDED, "ended for good")
        wait_until(lambda: services.status()["once"].condition is Condition.ENDED, "ended for good")
        assert services.status()["once"].last_exit == 7
        assert services.status()["done"].starts == 1


def test_dying_young_again_and_again_backs_off_to_a_bound() -> None:
    assert [back_off_ms(n) for n in (0, 1, 3, 4, 5, 6, 30)] == [0, 0, 0, 100, 200, 400, 5_000]


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_nothing_outlives_the_manager(tmp_path: Path, how: str) -> None:
    note = tmp_path / "child"
    program = f"""
import os, pathlib, signal, sys
from tests.house.programs import PARENT, pid_of, service
from yizhan.services import Services
services = Services([service("parent", PARENT, pathlib.Path({str(tmp_path)!r}), {str(note)!r})])
services.start()
print(pid_of(services, "parent"), flush=True)
os.kill(os.getpid(), signal.SIGKILL) if {how!r} == "kill" else os._exit(0)
"""
    manager = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=30, check=False, text=True
    )
    parent, child = int(manager.stdout), int(note.read_text())
    wait_until(lambda: not lives(parent) and not lives(child), "service and its child ended")


def test_commands_come_through_the_control_socket(tmp_path: Path) -> None:
    path = tmp_path / "services.sock"
    with Services([service("good", GOOD, tmp_path)], control_socket=path) as services:
        services.start()
        assert path.stat().st_mode & 0o077 == 0
        assert ask(path, {"status": True})["services"]["good"]["condition"] == "ready"
        assert ask(path, {"cut": "good"}) == {"ok": True}
        assert services.status()["good"].condition is Condition.DOWN
        assert ask(path, {"restore": "good"}) == {"ok": True}
        services.wait_ready("good")
        assert ask(path, {"kill": "good", "signal": 9}) == {"ok": True}
        assert "no service 'nobody'" in ask(path, {"cut": "nobody"})["error"]
        assert ask(path, {"dance": True})["ok"] is False
    assert not path.exists()


def test_a_program_that_does_not_notify_is_ready_when_its_port_listens(tmp_path: Path, free_port: int) -> None:
    program = (
        "import socket, time; time.sleep(0.2); s = socket.socket(); "
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
        f"s.bind(('127.0.0.1', {free_port})); s.listen(); time.sleep(600)"
    )
    with Services([service("server", program, tmp_path, notifies=False, ready_port=free_port)]) as services:
        services.start()
        assert not is_free(free_port)


def test_a_stubborn_service_is_killed_when_its_time_to_stop_is_over(tmp_path: Path) -> None:
    program = NOTIFY + "signal.signal(signal.SIGTERM, signal.SIG_IGN); say('READY=1'); time.sleep(600)"
    with Services([service("stubborn", program, tmp_path, stop_timeout_ms=200)]) as services:
        services.start()
        pid = pid_of(services, "stubborn")
        services.stop("stubborn")
        assert not lives(pid)


def test_a_log_file_is_bounded(tmp_path: Path) -> None:
    log_file = LogFile(tmp_path / "x.log", max_bytes=1_000)
    for number in range(100):
        log_file.write(f"line {number:>04} {'x' * 40}\n".encode())
    log_file.close()
    assert sum(os.stat(path).st_size for path in tmp_path.iterdir()) <= 2_000
    assert "line 0099" in (tmp_path / "x.log").read_text()
