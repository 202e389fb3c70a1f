"""A run that was promised the system's parts fails when a test was skipped for want of one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


def run_with_skip(folder: Path, reason: str, promised: bool) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_it.py").write_text(
        f"import pytest\ndef test_skipped():\n    pytest.skip({reason!r})\ndef test_good():\n    pass\n",
        encoding="utf-8",
    )
    env = {**os.environ, "YIZHAN_REQUIRE_SYSTEM_PARTS": "1" if promised else ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("part", ["mosquitto", "PostgreSQL", "Chromium"])
def test_a_missing_part_fails_a_run_that_was_promised_it(tmp_path: Path, part: str) -> None:
    run = run_with_skip(tmp_path, f"needs {part}: not installed", promised=True)
    assert run.returncode == 1
    assert f"needs {part}" in run.stdout


def test_without_the_promise_it_is_a_skip(tmp_path: Path) -> None:
    assert run_with_skip(tmp_path, "needs mosquitto: not installed", promised=False).returncode == 0


def test_other_skips_do_not_fail_the_run(tmp_path: Path) -> None:
    assert run_with_skip(tmp_path, "this machine has no camera", promised=True).returncode == 0
