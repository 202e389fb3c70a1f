"""What is done before the first start, with the same commands that an administrator uses."""

import subprocess
import sys
from typing import Final

from yizhan.stack.layout import STATION, STATION_NAME, TIMEZONE, Layout

ORGANISATIONS: Final = (
    # (id, name, kind, parent)
    ("bj", "北京市总工会", "province", None),
    ("bj-cy", "朝阳区总工会", "district", "bj"),
    ("bj-cy-cwj", "朝阳门外街道工会", "street", "bj-cy"),
)
COMMAND_TIMEOUT_S: Final = 60


class PreparationFailed(RuntimeError):
    """A command of the preparation failed; the message shows it and what it said."""


def prepare(layout: Layout) -> None:
    """Signing key, database, organisations, the station, its members. Done once for a directory."""
    done = layout.root / "prepared"
    if done.exists():
        return
    if not layout.signing_key.exists():
        administer(layout, "keys", "create")
    administer(layout, "migrate")
    for node, name, kind, parent in ORGANISATIONS:
        above = ("--parent", parent) if parent else ()
        administer(layout, "organisations", "add", node, "--name", name, "--kind", kind, *above)
    street = ORGANISATIONS[-1][0]
    administer(
        layout, "stations", "add", STATION, "--name", STATION_NAME, "--organisation", street, "--timezone", TIMEZONE
    )
    administer(layout, "members", "import", str(layout.members_file), "--organisation", street)
    done.touch()


def administer(layout: Layout, *arguments: str) -> str:
    """Run `yizhan cloud ARGUMENTS --config …`; gives what it printed. Raises `PreparationFailed`."""
    command = ("cloud", *arguments, "--config", str(layout.cloud_config))
    finished = subprocess.run(
        [sys.executable, "-m", "yizhan", *command],
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    if finished.returncode != 0:
        raise PreparationFailed(f"yizhan {' '.join(command)}:\n{finished.stderr.strip() or finished.stdout.strip()}")
    return finished.stdout
