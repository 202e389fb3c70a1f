"""On a bare system the set-up names what is missing, with the line that installs it, and touches nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "cat", "cut", "dirname", "flock", "mkdir", "rm", "sha256sum")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A copy of the repository's top with a PATH, `bin`, that has only the tools of a minimal system."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "tools/bootstrap.sh", tmp_path / "tools")
    for name in ("requirements.lock", "requirements-node.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def set_up(bare: Path) -> subprocess.CompletedProcess[str]:
    bash = str(bare / "bin/bash")
    env = {"PATH": str(bare / "bin"), "HOME": str(bare)}
    return subprocess.run(
        [bash, str(bare / "tools/bootstrap.sh")], env=env, capture_output=True, text=True, timeout=30, check=False
    )


def stand_in(bare: Path, name: str, script: str) -> None:
    program = bare / "bin" / name
    program.write_text(f"#!{bare / 'bin/bash'}\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def test_a_missing_python_is_named_with_the_line_that_installs_it(bare: Path) -> None:
    run = set_up(bare)
    assert run.returncode == 3
    assert "Python 3.11 or newer" in run.stderr
    assert "sudo apt-get install python3 python3-venv" in run.stderr
    assert not (bare / ".venv").exists()


def test_a_python_that_is_too_old_counts_as_missing(bare: Path) -> None:
    stand_in(bare, "python3", "exit 1")
    run = set_up(bare)
    assert run.returncode == 3
    assert "Python 3.11 or newer" in run.stderr


def test_a_missing_venv_module_is_named_with_the_line_that_installs_it(bare: Path) -> None:
    stand_in(bare, "python3", '[[ $2 != *"import venv"* ]]')
    run = set_up(bare)
    assert run.returncode == 3
    assert "sudo apt-get install python3-venv" in run.stderr
