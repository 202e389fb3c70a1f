"""The one command: it hands on, and says what it does not know."""

import subprocess
import sys

import pytest

from yizhan.cli import PROGRAMS, main


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("yizhan 0.")


def test_help_names_every_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in PROGRAMS)


def test_an_unknown_program_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    error = capsys.readouterr().err
    assert "'fly'" in error
    assert ", ".join(PROGRAMS) in error


def test_nothing_at_all_is_answered_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: yizhan" in capsys.readouterr().out


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_is_there_and_explains_itself(program: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "yizhan", program, "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    assert f"usage: yizhan {program}" in run.stdout


def test_starting_one_program_loads_no_other() -> None:
    """A station has only its own packages."""
    program = (
        "import sys, yizhan.cli\n"
        "try: yizhan.cli.main(['edge', '--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('cloud', 'firmware_sim', 'fastapi', 'sqlalchemy', 'pydantic') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
