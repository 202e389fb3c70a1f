"""The generated documents: writes them anew, or with `--check` fails when one no longer says what the code says."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from contract import asyncapi
from edge.console.app import openapi_document as kiosk_api

ROOT: Final = Path(__file__).resolve().parents[1]


def asyncapi_text() -> str:
    head = "# Generated from contract/ by `make documents`; do not edit.\n"
    return head + yaml.safe_dump(asyncapi.document(), sort_keys=False, allow_unicode=True, width=120)


def printed_by(*command: str) -> str:
    """What a `yizhan` command prints."""
    run = [sys.executable, "-m", "yizhan", *command]
    return subprocess.run(run, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


@dataclass(frozen=True)
class Document:
    """One generated file. Two texts are the same document when they parse to the same value."""

    path: Path
    text: Callable[[], str]
    parse: Callable[[str], Any]

    def is_current(self) -> bool:
        if not self.path.exists():
            return False
        return bool(self.parse(self.path.read_text(encoding="utf-8")) == self.parse(self.text()))


DOCUMENTS: Final = (
    Document(ROOT / "docs/asyncapi.yaml", asyncapi_text, yaml.safe_load),
    Document(ROOT / "web/openapi/ops.json", lambda: printed_by("cloud", "openapi"), json.loads),
    Document(ROOT / "web/openapi/panel.json", lambda: printed_by("sim", "openapi"), json.loads),
    Document(ROOT / "web/openapi/kiosk.json", kiosk_api, json.loads),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when one is out of date")
    check = parser.parse_args().check
    stale = [document for document in DOCUMENTS if not document.is_current()]
    for document in stale:
        name = document.path.relative_to(ROOT)
        if check:
            print(f"{name} is out of date; run `make documents`")
        else:
            document.path.parent.mkdir(parents=True, exist_ok=True)
            document.path.write_text(document.text(), encoding="utf-8")
            print(f"{name} written")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
