"""The demo, as a stranger runs it: real programs on real wires, in a directory of its own."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.programs import lives, wait_until
from yizhan.demo import cli
from yizhan.services.probe import is_free
from yizhan.stack.layout import Layout, Ports, PortTaken


def free_base() -> int:
    """A port that is free with the four behind it."""
    for _ in range(50):
        base = Ports.free().api
        try:
            Ports.from_base(base).check()
        except (PortTaken, OverflowError):
            continue
        return base
    raise AssertionError("no five free ports in a row")


def demo(folder: Path, base: int, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "yizhan", "demo", "--dir", str(folder), "--ports", str(base), *arguments]


def test_scripted_visits_are_all_recorded_committed_and_acknowledged_once(tmp_path: Path) -> None:
    run = subprocess.run(
        demo(tmp_path, free_base(), "--seconds", "6", "--json"),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stderr + run.stdout
    result: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    assert (result["lost"], result["duplicated"], result["stations"]) == (0, 0, 1)
    assert result["recorded"] == result["committed"] == result["acknowledged"] > 0
    assert result["entries"] >= 1
    assert result["cards_shown"] == result["entries"] + result["denials"]
    assert 0 < result["card_to_lock_ms"]["p50"] <= result["card_to_lock_ms"]["max"]


def test_an_interrupted_demo_leaves_nothing_running_and_starts_again_on_its_data(tmp_path: Path) -> None:
    base = free_base()
    for attempt in (1, 2):
        running = subprocess.Popen(demo(tmp_path, base), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert running.stdout is not None
        lines: list[str] = []
        while "Ctrl-C" not in (lines[-1] if lines else ""):
            line = running.stdout.readline()
            assert line, running.communicate()[1]
            lines.append(line)
        text = "".join(lines)
        assert f"http://127.0.0.1:{base}/" in text
        assert f"http://127.0.0.1:{base + 1}/" in text
        children = [int(pid) for pid in Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()]
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 0, f"attempt {attempt}"
        wait_until(lambda pids=children: not any(map(lives, pids)), "every process ended")  # type: ignore[misc]
        assert all(is_free(base + offset) for offset in range(5))


@pytest.mark.parametrize("synchronised", [True, False])
def test_why_a_visitors_pass_is_refused_is_said_where_the_clock_is_not_synchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], synchronised: bool
) -> None:
    layout = Layout(tmp_path, Ports.from_base(8700))
    layout.member_number.write_text("123456", encoding="utf-8")
    monkeypatch.setattr(cli, "kernel_synchronised", lambda: synchronised)
    cli.announce(layout)
    said = capsys.readouterr().out
    assert ("clock_untrusted" in said) is not synchronised
    assert "http://127.0.0.1:8700/" in said


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    base = free_base()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        run = subprocess.run(demo(tmp_path, base), capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert f"port {base + 1} (for panel)" in run.stderr
    assert "--ports" in run.stderr


def test_secrets_of_the_demo_are_for_their_owner_alone(tmp_path: Path) -> None:
    from yizhan.stack.files import write_files
    from yizhan.stack.layout import Layout

    layout = Layout(tmp_path / "demo", Ports.from_base(8700))
    write_files(layout)
    key = layout.reader_key.read_text()
    assert layout.reader_key.stat().st_mode & 0o077 == 0
    write_files(layout)
    assert layout.reader_key.read_text() == key, "a key is made once"


@pytest.mark.parametrize("program", ["sim", "edge"])
def test_the_written_configurations_are_accepted(tmp_path: Path, program: str) -> None:
    from yizhan.stack.files import write_files
    from yizhan.stack.layout import Layout

    layout = Layout(tmp_path, Ports.from_base(8700))
    write_files(layout)
    config = {"sim": layout.sim_config, "edge": layout.edge_config}[program]
    subprocess.run([sys.executable, "-m", "yizhan", program, "check-config", str(config)], check=True, timeout=60)
