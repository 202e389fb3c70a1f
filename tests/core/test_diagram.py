"""The committed diagrams are what the tables say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_diagrams_are_current() -> None:
    check = subprocess.run(
        [sys.executable, "docs/diagrams/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )

    assert check.returncode == 0, check.stderr
