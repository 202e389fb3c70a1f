"""A run that was promised the system's parts fails when a test was skipped for want of one; whoever measures time is
alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


NOTES_ITS_TIME = """
import pathlib, pytest, time
@pytest.mark.parametrize("number", range({count}))
{mark}
def test_{name}(number):
    began = time.monotonic()
    time.sleep({seconds})
    pathlib.Path("{name}", str(number)).write_text(f"{{began}} {{time.monotonic()}}")
"""


def run_with_skip(folder: Path, reason: str, promised: bool, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_it.py").write_text(
        f"import pytest\ndef test_skipped():\n    pytest.skip({reason!r})\ndef test_good():\n    pass\n",
        encoding="utf-8",
    )
    env = {**os.environ, "YIZHAN_REQUIRE_SYSTEM_PARTS": "1" if promised else ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    command += options
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("part", ["mosquitto", "PostgreSQL", "Chromium"])
def test_a_missing_part_fails_a_run_that_was_promised_it(tmp_path: Path, part: str) -> None:
    run = run_with_skip(tmp_path, f"needs {part}: not installed", promised=True)
    assert run.returncode == 1
    assert f"needs {part}" in run.stdout


def test_it_fails_with_two_workers_as_well(tmp_path: Path) -> None:
    run = run_with_skip(tmp_path, "needs mosquitto: not installed", True, "-n", "2")
    assert run.returncode == 1
    assert "needs mosquitto" in run.stdout


def test_a_test_that_measures_time_has_no_other_beside_it(tmp_path: Path) -> None:
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    for name, count, seconds, mark in (("many", 40, 0.02, ""), ("alone", 5, 0.05, "@pytest.mark.alone")):
        (tmp_path / name).mkdir()
        text = NOTES_ITS_TIME.format(name=name, count=count, seconds=seconds, mark=mark)
        (tmp_path / f"test_{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
    run = subprocess.run(
        [*command, "--rootdir", str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout

    def times(name: str) -> list[tuple[float, float]]:
        texts = [path.read_text(encoding="utf-8").split() for path in (tmp_path / name).iterdir()]
        return sorted((float(began), float(ended)) for began, ended in texts)

    many, alone = times("many"), times("alone")
    assert (len(many), len(alone)) == (40, 5)
    # Both workers were at it at the same time, and yet no two tests were when one of them was alone.
    assert many[0][0] < alone[-1][0]
    assert alone[0][0] < many[-1][0]
    for began, ended in alone:
        assert [one for one in many if one[0] < ended and began < one[1]] == []


def test_without_the_promise_it_is_a_skip(tmp_path: Path) -> None:
    assert run_with_skip(tmp_path, "needs mosquitto: not installed", promised=False).returncode == 0


def test_other_skips_do_not_fail_the_run(tmp_path: Path) -> None:
    assert run_with_skip(tmp_path, "this machine has no camera", promised=True).returncode == 0
