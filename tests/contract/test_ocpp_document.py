"""docs/OCPP.md speaks of records that exist, and leaves out no way in which a swap ends."""

import re
from dataclasses import fields
from pathlib import Path

from contract.records import RECORD_TYPES, SwapOutcome

TEXT = (Path(__file__).parents[2] / "docs" / "OCPP.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([a-z_]+\.[a-z_]+)(?::([a-z_]+))?`", TEXT)
OF_THE_SWAP = ("swap.", "battery.", "anomaly.", "claim.", "slot.", "cabinet.", "charge.", "service.")


def test_every_record_named_exists_with_the_fields_named() -> None:
    assert len(NAMED) > 30
    unknown = [kind for kind, _ in NAMED if kind not in RECORD_TYPES]
    assert unknown == []
    named = [(kind, field) for kind, field in NAMED if field]
    assert [each for each in named if each[1] not in {item.name for item in fields(RECORD_TYPES[each[0]])}] == []


def test_every_record_of_the_swap_is_named() -> None:
    kinds = {kind for kind in RECORD_TYPES if kind.startswith(OF_THE_SWAP)}
    assert kinds - {kind for kind, _ in NAMED} == set()


def test_every_outcome_has_its_line_once() -> None:
    table = TEXT.partition("### How a swap ends")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")][1:]
    told = [outcome.strip() for cell in cells for outcome in cell.split(",")]
    assert sorted(told) == sorted(SwapOutcome)
