"""Slots out of use: taken out by people, and given back by them.

What is in quarantine is not given back before its day is over, by a clock that can be trusted: without one nobody knows
that it is over. Nor is anything given back while a trip of its slot is latched, or, on site, what an operator has
locked out by a standing order.
"""

from enum import StrEnum
from typing import Final

from contract.ids import SlotNumber
from contract.records import SlotAside, SlotGivenBack, SlotSetAside
from edge.core.turn import Turn

QUARANTINE_MS: Final = 24 * 3_600_000
UNKNOWN_MS: Final = 253_370_000_000_000
"""The end of a quarantine that began when nobody knew the time: dated anew once somebody does."""


class Trouble(StrEnum):
    """Why a slot is not opened, locked out or given back, or a trip not reset."""

    SLOT_UNKNOWN = "slot_unknown"
    SLOT_OPEN = "slot_open"
    SLOT_TRIPPED = "slot_tripped"
    SWAP_UNDER_WAY = "swap_under_way"
    SERVICE = "service"
    CABINET_OFFLINE = "cabinet_offline"
    LOCKED_OUT_ALREADY = "locked_out_already"
    LOCKED_OUT_BY_ORDER = "locked_out_by_order"
    IN_USE_ALREADY = "in_use_already"
    IN_QUARANTINE = "in_quarantine"
    TIME_UNKNOWN = "time_unknown"
    NOT_TRIPPED = "not_tripped"
    CAUSE_NOT_OVER = "cause_not_over"


def quarantine(turn: Turn, slot: SlotNumber) -> None:
    """For a day at least, from now on."""
    until_ms = turn.now.wall_ms + QUARANTINE_MS if turn.now.clock_trusted else UNKNOWN_MS
    turn.record(SlotSetAside(slot, SlotAside.QUARANTINE, until_ms=until_ms))


def keep_up(turn: Turn) -> None:
    """Date the quarantines that began when nobody knew the time."""
    if turn.now.clock_trusted:
        for aside in turn.durable.cabinet.asides:
            if aside.until_ms == UNKNOWN_MS:
                quarantine(turn, aside.slot)


def lock_out(turn: Turn, slot: SlotNumber, by: str) -> Trouble | None:
    """Take a slot out of use. Otherwise nothing happens, and the answer says why not."""
    if slot not in turn.config.cabinet.slots:
        return Trouble.SLOT_UNKNOWN
    if is_locked_out(turn, slot):
        return Trouble.LOCKED_OUT_ALREADY
    turn.record(SlotSetAside(slot, SlotAside.LOCKED_OUT, by))
    return None


def give_back(turn: Turn, slot: SlotNumber, by: str) -> Trouble | None:
    """Give a slot back, from whatever it was set aside for. Otherwise nothing happens, and the answer says why not."""
    memory = turn.durable.cabinet
    asides = [aside for aside in memory.asides if aside.slot == slot]
    if not asides:
        return Trouble.IN_USE_ALREADY
    if slot in memory.locked_out:
        return Trouble.LOCKED_OUT_BY_ORDER
    if any(tripped.slot == slot for tripped in memory.tripped):
        return Trouble.SLOT_TRIPPED
    for aside in asides:
        if aside.until_ms is not None and not turn.now.clock_trusted:
            return Trouble.TIME_UNKNOWN
        if aside.until_ms is not None and turn.now.wall_ms < aside.until_ms:
            return Trouble.IN_QUARANTINE
    for aside in asides:
        turn.record(SlotGivenBack(slot, aside.why, by))
    return None


def is_locked_out(turn: Turn, slot: SlotNumber) -> bool:
    return any((aside.slot, aside.why) == (slot, SlotAside.LOCKED_OUT) for aside in turn.durable.cabinet.asides)
