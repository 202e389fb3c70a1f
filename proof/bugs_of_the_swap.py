"""Bugs of the swap cabinet: in its books, in what it opens, in what it charges, in how a swap ends."""

from typing import Final

from proof.bugs_of_the_door import Mutant

LIVES: Final = "swaps/mutants"
"""As `cabinet_city.BUSY` has it, which is not imported here: nothing of the core may be, before the bug is in it."""

OF_THE_SWAP: Final[tuple[Mutant, ...]] = (
    Mutant(
        "two-slots-open", "edge.core.cabinet.slots",
        "        for each in maybe_open(state)\n        if each != slot",
        "        for each in ()\n        if each != slot",
        "a slot opens while another one stands open",
        LIVES,
    ),
    Mutant(
        "pulse-without-record", "edge.core.cabinet.slots",
        "    turn.record(SlotUnlocked(slot, pulse, cause, swap, by))\n", "",
        "a slot opens, and the journal does not say so",
        LIVES,
    ),
    Mutant(
        "pulse-before-commit", "edge.core.effects",
        "    pulse: int\n    cause: SlotCause\n    command_id: str | None = None\n\n    @property\n"
        "    def urgency(self) -> Urgency:\n        return Urgency.AFTER_COMMIT",
        "    pulse: int\n    cause: SlotCause\n    command_id: str | None = None\n\n    @property\n"
        "    def urgency(self) -> Urgency:\n        return Urgency.AT_ONCE",
        "a slot opens before its record is committed",
        LIVES,
    ),
    Mutant(
        "anybodys-battery", "edge.core.cabinet.verify",
        "whose in (None, member)", "whose is not member or True",
        "whoever brings a battery has it, and the member who had it is forgotten",
        LIVES,
    ),
    Mutant(
        "no-claim", "edge.core.cabinet.swap_end",
        "if owed and swap.claim is None:", "if owed and swap.claim is not None:",
        "who gave a battery and got none is owed nothing",
        LIVES,
    ),
    Mutant(
        "door-is-enough", "edge.core.cabinet.swap_inputs",
        "    if not now.present:\n        return Found(SwapInput.TAKEN, gives_out=True)\n    serial",
        "    if True:\n        return Found(SwapInput.TAKEN, gives_out=True)\n    serial",
        "a closed door alone says that the full one was taken",
        LIVES,
    ),
    Mutant(
        "given-twice", "edge.core.cabinet.fold",
        "    out = tuple(one for one in memory.out if one.battery != record.battery)",
        "    out = memory.out",
        "a battery that came back is still with the member who had it",
        LIVES,
    ),
    Mutant(
        "charges-after-trip", "edge.core.cabinet.charge_rules",
        'Rule("no_trip_latched", ChargeEnd.TRIPPED, lambda case: case.memory.is_tripped(case.slot)),',
        'Rule("no_trip_latched", ChargeEnd.TRIPPED, lambda case: False),',
        "what has tripped is charged again as soon as it has cooled",
        LIVES,
    ),
    Mutant(
        "charges-behind-open-door", "edge.core.cabinet.charge_rules",
        "lambda case: case.now.may_be_open", "lambda case: False",
        "the charger runs while somebody has a hand in the slot",
        LIVES,
    ),
    Mutant(
        "too-many-chargers", "edge.core.cabinet.charge_rules",
        "if len(taken) < config.charge_at_once and", "if",
        "more chargers run at once than may",
        LIVES,
    ),
    Mutant(
        "vanished-is-fine", "edge.core.cabinet.books",
        "    for slot in settled:\n        _judge_gone(turn, slot)\n", "",
        "a battery is gone, and the books still have it in its slot",
        LIVES,
    ),
    Mutant(
        "silent-is-fine", "edge.core.cabinet.books",
        "turn.mono_ms >= since_ms + SILENT_MS:", "turn.mono_ms >= since_ms + 100 * SILENT_MS:",
        "nobody is told that something unreadable lies in a slot",
        LIVES,
    ),
    Mutant(
        "left-is-nobodys", "edge.core.cabinet.ledger",
        "    if own and (left.owed or put_back):", "    if own and put_back:",
        "who left a battery behind an open door gets nothing for it",
        LIVES,
    ),
)  # fmt: skip
