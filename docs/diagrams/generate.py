"""Draws the state diagrams of the core's machines from their tables: `python docs/diagrams/generate.py` writes them.

`python docs/diagrams/generate.py --check` writes nothing and fails when a committed diagram is not what the tables say.
"""

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contract.records import DoorMode
from edge.core.beams import BEAM_STEPS, BeamInput, BeamStep, Place, beam_step
from edge.core.door import DoorInput, Fact, transition

HERE: Final = Path(__file__).parent


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


# ---------------------------------------------------------------- the beams


def beams_document() -> str:
    """`beams.md`, in the same shape. That trust can be lost at every place is said, not drawn."""
    arrows = [
        f"    {place} --> {step.next}: {_beam_words(what, step)}"
        for place, cells in BEAM_STEPS.items()
        for what, step in cells.items()
    ]
    rows = ["| input | " + " | ".join(Place) + " |", "|---" * (len(Place) + 1) + "|"]
    for what in BeamInput:
        cells = (_beam_cell(place, beam_step(place, what)) for place in Place)
        rows.append(f"| {what.value} | " + " | ".join(cells) + " |")
    return "\n".join(
        [
            "# The pair of beams",
            "",
            "Drawn from the table in `edge/core/beams.py` by `python docs/diagrams/generate.py`; do not edit.",
            "",
            "Seen from the side that somebody comes from: the beam that is broken first is near, the other one far.",
            "From every place the pair may become blind (not drawn).",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {Place.BLIND}",
            *arrows,
            "```",
            "",
            "Every place × every input. A dash: cannot happen there, or means nothing. In brackets: what is counted.",
            "",
            *rows,
            "",
        ]
    )


def _beam_words(what: BeamInput, step: BeamStep) -> str:
    facts = " + ".join(fact.value for fact in step.facts)
    return f"{what.value} ({facts})" if facts else what.value


def _beam_cell(place: Place, step: BeamStep) -> str:
    if step.next is place:
        return "–"
    facts = ", ".join(fact.value for fact in step.facts)
    return f"{step.next} ({facts})" if facts else str(step.next)


# ---------------------------------------------------------------- all of them

DOCUMENTS: Final = {"door.md": door_document, "beams.md": beams_document}


def main(arguments: list[str]) -> int:
    """0 when all is written, or is as it should be."""
    outdated = 0
    for name, document in DOCUMENTS.items():
        path, text = HERE / name, document()
        if arguments != ["--check"]:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            sys.stderr.write(f"{name} is not what the table says; run python docs/diagrams/generate.py\n")
            outdated = 1
    return outdated


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
