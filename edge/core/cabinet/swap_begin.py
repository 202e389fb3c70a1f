"""Whether a swap begins: every reason against it is said before anybody's battery is taken.

The same decision as at the door says who the rider is and whether the membership holds; it opens no door here and
writes no entry. What it does not ask, because the rider is inside already, is whether there is room, and for how many
proofs.

*Room in the journal* is there when storage says that it is well: then a swap's few records fit, and the pulse of every
slot waits for its own to be committed anyway.
"""

from typing import Final

from contract.ids import MemberId
from contract.records import Posture, Reason, SwapBegun, SwapKind, SwapRefusal, SwapRefused
from edge.core import access, events
from edge.core.cabinet import choose
from edge.core.cabinet.slots import in_the_way, set_now
from edge.core.cabinet.state import Said, Swap
from edge.core.cabinet.swap_inputs import is_hazard
from edge.core.effects import Feedback, ReaderFeedback
from edge.core.events import StorageStatus
from edge.core.turn import Turn

REFUSED_MS: Final = 10_000
MAX_WAITING: Final = 8
SHUT: Final = frozenset({Posture.LOCKDOWN, Posture.OUT_OF_SERVICE})


def presented(turn: Turn, card: events.CardPresented) -> Swap | None:
    """A card at the cabinet's reader; the swap that has begun."""
    decision, swap = access.decided_inside(turn, card), turn.durable.cabinet.swap
    member = None if card.member is None else card.member.id
    if decision.granted and swap is not None and swap.member == member:
        # The rider's own card once more: nothing is wrong, and nothing begins.
        turn.act(ReaderFeedback(card.reader, Feedback.GRANTED))
        return None
    kind = _kind(turn, member)
    reason, detail = _shut(turn), ""
    if reason is None and (member is None or not decision.granted):
        reason, detail = SwapRefusal.DENIED, decision.reason.value
    if reason is None and card.member is not None and card.member.by_pass:
        reason, detail = SwapRefusal.DENIED, Reason.PASS_INVALID.value
    if reason is None and member is not None:
        reason = _not_now(turn) or _not_this(turn, kind, member)
    if reason is not None or member is None:
        silent = decision.reason is Reason.LOCKED_OUT
        _refuse(turn, card, kind, reason or SwapRefusal.DENIED, detail, silent=silent)
        return None
    _begin(turn, kind, member)
    turn.act(ReaderFeedback(card.reader, Feedback.GRANTED))
    return turn.durable.cabinet.swap


def _kind(turn: Turn, member: MemberId | None) -> SwapKind:
    """What the card is for: as chosen; else a swap, but for somebody who is owed a battery and has none."""
    now, memory = turn.volatile.cabinet, turn.durable.cabinet
    if now.chosen is not None:
        return now.chosen
    if member is None or memory.claim_of(member) is None or any(out.member == member for out in memory.out):
        return SwapKind.SWAP
    return SwapKind.TAKE_ONLY


def _shut(turn: Turn) -> SwapRefusal | None:
    if is_hazard(turn.state):
        return SwapRefusal.HAZARD
    return SwapRefusal.OUT_OF_SERVICE if turn.durable.posture in SHUT else None


def _not_now(turn: Turn) -> SwapRefusal | None:
    """What stands in the way of everybody."""
    now, memory = turn.volatile.cabinet, turn.durable.cabinet
    if memory.swap is not None:
        return SwapRefusal.BUSY
    if memory.service_by:
        return SwapRefusal.SERVICE
    if now.online is not True or not now.all_read:
        return SwapRefusal.OFFLINE
    if turn.parts.storage not in (None, StorageStatus.OK):
        return SwapRefusal.STORAGE_UNAVAILABLE
    return SwapRefusal.SLOT_OPEN if in_the_way(turn.state) else None


def _not_this(turn: Turn, kind: SwapKind, member: MemberId) -> SwapRefusal | None:
    """What stands in the way of this kind, for this member."""
    config, memory = turn.config.cabinet, turn.durable.cabinet
    has_one = any(out.member == member for out in memory.out)
    if kind is SwapKind.TAKE_ONLY and has_one and memory.claim_of(member) is None:
        return SwapRefusal.NOTHING_OWED
    empty = len(choose.empty_slots(config, turn.state))
    kept = {SwapKind.TAKE_ONLY: 0, SwapKind.SWAP: 1, SwapKind.RETURN_ONLY: config.keep_empty + 1}
    if empty < kept[kind]:
        return SwapRefusal.NO_EMPTY
    full = kind is SwapKind.RETURN_ONLY or choose.full_slots(config, turn.state, turn.mono_ms)
    return None if full else SwapRefusal.NO_FULL


def _refuse(
    turn: Turn, card: events.CardPresented, kind: SwapKind, reason: SwapRefusal, detail: str, *, silent: bool
) -> None:
    member = None if card.member is None else card.member.id
    turn.record(SwapRefused(member, kind, reason, detail))
    waiting = turn.volatile.cabinet.waiting
    if reason is SwapRefusal.BUSY and member is not None and member not in waiting:
        waiting = (*waiting, member)[-MAX_WAITING:]
    said = Said(turn.mono_ms + REFUSED_MS, refusal=reason, detail=detail)
    set_now(turn, chosen=None, chosen_until_ms=None, said=said, waiting=waiting)
    if not silent:
        turn.act(ReaderFeedback(card.reader, Feedback.DENIED))


def _begin(turn: Turn, kind: SwapKind, member: MemberId) -> None:
    config, slot_in, slot_out = turn.config.cabinet, None, None
    if kind is not SwapKind.TAKE_ONLY:
        slot_in = choose.empty_slots(config, turn.state)[0]
    if kind is not SwapKind.RETURN_ONLY:
        slot_out = choose.full_slots(config, turn.state, turn.mono_ms)[0]
    waiting = tuple(each for each in turn.volatile.cabinet.waiting if each != member)
    set_now(turn, chosen=None, chosen_until_ms=None, said=None, waiting=waiting)
    turn.record(SwapBegun(turn.durable.cabinet.swaps + 1, member, kind, slot_in, slot_out))
