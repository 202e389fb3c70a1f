"""What is done before the first start, with the same commands that an administrator uses."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from yizhan.stack.layout import STATION, STATION_NAME, TIMEZONE, Layout

ORGANISATIONS: Final = (
    # (id, name, kind, parent)
    ("bj", "北京市总工会", "province", None),
    ("bj-cy", "朝阳区总工会", "district", "bj"),
    ("bj-cy-cwj", "朝阳门外街道工会", "street", "bj-cy"),
)
COMMAND_TIMEOUT_S: Final = 60
# One process for all of them: the libraries take longer to load than the commands to run.
RUN_ALL: Final = """
import json, sys
from cloud.cli import main
for line in json.loads(sys.argv[1]):
    code = main(line)
    if code:
        sys.exit(f"yizhan cloud {' '.join(line)}: exit code {code}")
"""


class PreparationFailed(RuntimeError):
    """A command of the preparation failed; the message shows it and what it said."""


def prepare(layout: Layout) -> None:
    """Signing key, database, organisations, the station, its members and batteries. Done once for a directory."""
    done = layout.root / "prepared"
    if done.exists():
        return
    commands: list[tuple[str, ...]] = [] if layout.signing_key.exists() else [("keys", "create")]
    commands.append(("migrate",))
    for node, name, kind, parent in ORGANISATIONS:
        above = ("--parent", parent) if parent else ()
        commands.append(("organisations", "add", node, "--name", name, "--kind", kind, *above))
    street = ORGANISATIONS[-1][0]
    commands += [
        ("stations", "add", STATION, "--name", STATION_NAME, "--organisation", street, "--timezone", TIMEZONE),
        ("members", "import", str(layout.members_file), "--organisation", street),
        ("batteries", "import", str(layout.batteries_file), "--organisation", street),
    ]
    administer(layout, *commands)
    done.touch()


def administer(layout: Layout, *commands: Sequence[str]) -> str:
    """Run `yizhan cloud …` commands on a stack's configuration, one after the other; gives what they printed.

    Raises:
        PreparationFailed: the first that failed ended the rest.
    """
    lines = [[*command, "--config", str(layout.cloud_config)] for command in commands]
    finished = subprocess.run(
        [sys.executable, "-c", RUN_ALL, json.dumps(lines)],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    if finished.returncode != 0:
        said = finished.stderr.strip() or finished.stdout.strip()
        raise PreparationFailed(f"preparing {layout.root} with `yizhan cloud` failed:\n{said}")
    return finished.stdout
