"""Draws the state diagrams of the core's machines from their tables: `python docs/diagrams/generate.py` writes them.

`python docs/diagrams/generate.py --check` writes nothing and fails when a committed diagram is not what the tables say.
"""

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contract.records import DoorMode
from edge.core.door import DoorInput, Fact, transition

DOOR_FILE: Final = Path(__file__).with_name("door.md")


def door_document() -> str:
    """`door.md`: the diagram, and the whole table beneath it."""
    return "\n".join(
        [
            "# The door",
            "",
            "Drawn from the table in `edge/core/door.py` by `python docs/diagrams/generate.py`; do not edit.",
            "",
            "```mermaid",
            *_door_diagram(),
            "```",
            "",
            "Every mode × every input. A dash: cannot happen there, or means nothing. In brackets: what is recorded.",
            "",
            *_door_table(),
            "",
        ]
    )


def _door_diagram() -> list[str]:
    arrows: dict[tuple[DoorMode, DoorMode], list[str]] = {}
    for mode in DoorMode:
        for what in DoorInput:
            cell = transition(mode, what)
            if cell.next is not mode:
                arrows.setdefault((mode, cell.next), []).append(what.value.replace(":", ","))
    return [
        "stateDiagram-v2",
        f"    [*] --> {DoorMode.SECURED}",
        *(f"    {start} --> {end}: {' / '.join(inputs)}" for (start, end), inputs in arrows.items()),
    ]


def _door_table() -> list[str]:
    rows = [
        "| input | " + " | ".join(DoorMode) + " |",
        "|---" * (len(DoorMode) + 1) + "|",
    ]
    for what in DoorInput:
        rows.append(f"| {what.value} | " + " | ".join(_cell(mode, what) for mode in DoorMode) + " |")
    return rows


def _cell(mode: DoorMode, what: DoorInput) -> str:
    cell = transition(mode, what)
    if cell.next is mode and not cell.facts:
        return "–"
    return f"{cell.next} ({', '.join(_record_kind(fact) for fact in cell.facts)})"


def _record_kind(fact: Fact) -> str:
    return str(fact.value.KIND)


def main(arguments: list[str]) -> int:
    """0 when all is written, or is as it should be."""
    document = door_document()
    if arguments == ["--check"]:
        current = DOOR_FILE.read_text("utf-8") if DOOR_FILE.exists() else ""
        if current != document:
            sys.stderr.write(f"{DOOR_FILE.name} is not what the table says; run python docs/diagrams/generate.py\n")
            return 1
        return 0
    DOOR_FILE.write_text(document, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
