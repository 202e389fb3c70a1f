"""Drives the system's Chromium through `web/dev/browse.mjs`, and serves the built pages with example data.

A job is a list of steps (their kinds are at the top of `browse.mjs`); what `evaluate` steps gave comes back in order.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "web"
JOB_TIMEOUT_S = 60


@dataclass(frozen=True)
class Browsed:
    results: list[Any]
    errors: list[str]
    """What the page itself complained about."""
    failure: str | None
    """The step that could not be done, in Playwright's words."""


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    return found


def node() -> str:
    """Node from the system, or the one that `make` put into the virtual environment."""
    beside_python = Path(sys.executable).parent / "node"
    found = str(beside_python) if beside_python.exists() else shutil.which("node")
    assert found is not None, "Node is missing: run `make`"
    return found


def browse(
    url: str, steps: list[dict[str, Any]], *, width: int = 1280, height: int = 800, dark: bool = False
) -> Browsed:
    """Open `url` in a fresh browser and go through the steps."""
    job = {"url": url, "width": width, "height": height, "dark": dark, "steps": steps}
    environment = {**os.environ, "CHROMIUM": chromium()}
    done = subprocess.run(
        [node(), "dev/browse.mjs"],
        cwd=WEB,
        env=environment,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=JOB_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    return Browsed(answer["results"], answer["errors"], answer.get("failure"))


@contextmanager
def served(page: str, *options: str) -> Iterator[str]:
    """The built page with example data on a free port; gives its address."""
    assert (WEB / "dist" / page / "index.html").exists(), f"web/dist/{page} is not built: run `make pages`"
    server = subprocess.Popen(
        [node(), "dev/serve.mjs", "--page", page, *options], cwd=WEB, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
