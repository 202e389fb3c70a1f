"""Draws the state diagrams of the core's machines from their tables: `python docs/diagrams/generate.py` writes them.

`python docs/diagrams/generate.py --check` writes nothing and fails when a committed diagram is not what the tables say.
"""

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contract.records import LIFE_SAFETY, AlarmCode, DoorMode, Priority, SwapStage
from edge.core.alarm_codes import CONSEQUENCES, LATCHING, OFF_DELAY_MS, ON_DELAY_MS, PRIORITY
from edge.core.alarm_group import FLOOD
from edge.core.alarm_state import AlarmInput, AlarmState
from edge.core.alarm_state import transition as alarm_transition
from edge.core.beams import BEAM_STEPS, BeamInput, BeamStep, Place, beam_step
from edge.core.cabinet.swap_table import ANYWHERE, TRANSITIONS, Decided, SwapInput
from edge.core.cabinet.swap_table import transition as swap_transition
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


# ---------------------------------------------------------------- the alarms


def alarm_document() -> str:
    """`alarm.md`: an alarm's life, and what is known of each code."""
    arrows: dict[tuple[AlarmState, AlarmState], list[str]] = {}
    for state in AlarmState:
        for what in AlarmInput:
            cell = alarm_transition(state, what)
            if cell.next is not state:
                arrows.setdefault((state, cell.next), []).append(what.value)
    rows = ["| input | " + " | ".join(AlarmState) + " |", "|---" * (len(AlarmState) + 1) + "|"]
    for what in AlarmInput:
        cells = (alarm_transition(state, what) for state in AlarmState)
        shown = (f"{cell.next} ({cell.record.KIND})" if cell.record else "–" for cell in cells)
        rows.append(f"| {what.value} | " + " | ".join(shown) + " |")
    return "\n".join(
        [
            "# An alarm",
            "",
            "Drawn from the tables in `edge/core/alarm_state.py` and `edge/core/alarm_codes.py` by",
            "`python docs/diagrams/generate.py`; do not edit. What it is all for: [ALARMS.md](../ALARMS.md).",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {AlarmState.NORMAL}",
            *(f"    {start} --> {end}: {' / '.join(inputs)}" for (start, end), inputs in arrows.items()),
            "```",
            "",
            "Every state × every input. A dash: cannot happen there, or means nothing. In brackets: what is recorded.",
            "",
            *rows,
            "",
            "## The codes",
            "",
            "An alarm begins when its condition has stood for the first delay without a break, and ends when it has",
            "been away for the second one. One that latches stays listed until somebody has acknowledged it.",
            "",
            *_alarm_codes(),
            "",
            "## Causes",
            "",
            "While the first stands, the others are listed beneath it and call nobody.",
            "",
            *_alarm_causes(),
            "",
        ]
    )


def _alarm_codes() -> list[str]:
    rows = ["| code | priority | begins after | ends after | latches because | shelved |", "|---|---|---|---|---|---|"]
    rank = list(Priority)
    for code in sorted(AlarmCode, key=lambda code: (rank.index(PRIORITY[code]), code)):
        delays = (_delay(ON_DELAY_MS.get(code, 0)), _delay(OFF_DELAY_MS.get(code, 0)))
        shelved = "never" if code in LIFE_SAFETY else "yes"
        rows.append(f"| {code} | {PRIORITY[code]} | {' | '.join(delays)} | {LATCHING.get(code, '–')} | {shelved} |")
    return rows


def _alarm_causes() -> list[str]:
    rows = ["| while this stands | these follow from it |", "|---|---|"]
    for rule in CONSEQUENCES:
        cause = f"{rule.cause} of {rule.source}" if rule.source else str(rule.cause)
        rows.append(f"| {cause} | {', '.join(sorted(rule.codes))} |")
    rows.append(f"| {FLOOD[0]} | whatever is of low priority and begins meanwhile |")
    return rows


def _delay(ms: int) -> str:
    if ms == 0:
        return "at once"
    return f"{ms // 1_000} s" if ms % 1_000 == 0 else f"{ms} ms"


# ---------------------------------------------------------------- the swap


def swap_document() -> str:
    """`swap.md`, in the door's shape. What comes from everywhere (hazard, silence, restart) is said and not drawn."""
    rows = ["| input | " + " | ".join(SwapStage) + " |", "|---" * (len(SwapStage) + 1) + "|"]
    for what in SwapInput:
        rows.append(f"| {what.value} | " + " | ".join(_swap_cell(stage, what) for stage in SwapStage) + " |")
    return "\n".join(
        [
            "# The swap",
            "",
            "Drawn from `edge/core/cabinet/swap_table.py` by `python docs/diagrams/generate.py`; do not edit.",
            "What the rider sees of it is in [SWAP.md](../SWAP.md).",
            "",
            "From every stage but the last a hazard or a cabinet that stays silent ends the swap, and a restart leads",
            "to `reconciling` (not drawn). In brackets: how the swap ends, or how it is going to end.",
            "",
            "```mermaid",
            *_swap_diagram(),
            "```",
            "",
            "Every stage × every input. A dash: cannot happen there, or means nothing.",
            "",
            *rows,
            "",
        ]
    )


def _swap_diagram() -> list[str]:
    arrows: dict[tuple[SwapStage, SwapStage | None], list[str]] = {}
    for stage in SwapStage:
        for what in SwapInput:
            cell = swap_transition(stage, what)
            if what not in ANYWHERE and cell.next is not stage:
                said = f"{what.value} ({cell.outcome.value})" if cell.next is None else what.value
                arrows.setdefault((stage, cell.next), []).append(said.replace(":", ","))
    return [
        "stateDiagram-v2",
        f"    [*] --> {SwapStage.OPENING_IN}",
        f"    [*] --> {SwapStage.OPENING_OUT}: take only",
        *(f"    {start} --> {end or '[*]'}: {' / '.join(inputs)}" for (start, end), inputs in arrows.items()),
    ]


def _swap_cell(stage: SwapStage, what: SwapInput) -> str:
    cell = swap_transition(stage, what)
    if what not in TRANSITIONS[stage]:
        return "–"
    if cell.next is None:
        return f"ends ({cell.outcome.value})"
    return f"{cell.next} ({cell.outcome.value})" if cell.outcome is not Decided.AS_BEFORE else str(cell.next)


# ---------------------------------------------------------------- all of them

DOCUMENTS: Final = {
    "door.md": door_document,
    "beams.md": beams_document,
    "alarm.md": alarm_document,
    "swap.md": swap_document,
}


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
