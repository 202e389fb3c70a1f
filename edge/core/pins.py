"""Numbers at a keypad: which card they belong to, whether they are taken at all, and what their answer means.

*Card and number.* A card that lacks nothing but a second factor waits at its reader (`pairing_ms`); the number typed
there is then checked for its member, and the policy decides on both. A card whose time is over, or that another one
takes the place of, is denied `second_factor_required`. *A number alone* is looked up as a credential, where the
configuration takes such. What else is typed is nobody's.

One number a reader is checked at a time, and one that the shell has not answered within `CHECK_MS` could not be
checked. The core never has the digits: an `entry` names them to the shell. During a lock-out (see `pin_state`) a number
is denied without being checked, so that its answer tells nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from contract.ids import CredentialHash, ReaderId
from contract.policy.model import Factor
from contract.records import AlarmCode, Reason
from edge.core import access
from edge.core.alarm_state import Condition
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.effects import CheckPin, Feedback, ReaderFeedback
from edge.core.events import CardPresented, PinChecked, PinEntered, PinVerdict
from edge.core.pin_state import Checking, Waiting
from edge.core.state import StationState
from edge.core.turn import Turn

CHECK_MS: Final = 3_000
"""The shell needs a thirtieth of it, and whoever stands there would not wait longer."""
NOBODYS: Final = CredentialHash("")
"""The credential of a number that is nobody's: not even its hash is kept."""
MEMBERS: Final = "members"
"""The source of the alarm about members whose numbers are locked out: one for all of them."""
CARD_AND_NUMBER: Final = frozenset({Factor.CARD, Factor.PIN})
NUMBER_ALONE: Final = frozenset({Factor.PIN})
T = TypeVar("T")


def presented(turn: Turn, event: CardPresented) -> None:
    """A credential was shown: it is judged, unless it lacks nothing but its number."""
    reader = event.reader
    if Factor.PIN in event.factors:
        # A number is a credential only as the answer to the question that waits for it.
        if _answered(turn, reader, event.entry) is not None:
            access.judge(turn, event)
        return
    _end_wait(turn, reader)
    if _lacks_only_its_number(turn, event):
        until_ms = turn.mono_ms + turn.config.pins.pairing_ms
        _set(turn, waiting={**turn.volatile.pins.waiting, reader: Waiting(event, until_ms)})
        turn.act(ReaderFeedback(reader, Feedback.SECOND_FACTOR))
    else:
        access.judge(turn, event)


def entered(turn: Turn, event: PinEntered) -> None:
    """A number was typed."""
    reader, now, config = event.reader, turn.volatile.pins, turn.config.pins
    if reader not in config.keypads:
        return
    waiting = now.waiting.get(reader)
    if reader in now.checking or (waiting is None and not config.codes_alone):
        turn.act(ReaderFeedback(reader, Feedback.DENIED))
        return
    card = None if waiting is None else waiting.card
    _set(turn, waiting=_without(now.waiting, reader))
    member = None if card is None or card.member is None else card.member.id
    typed = _with_number(reader, card, event.entered_mono_ms)
    if turn.durable.pins.is_locked(reader, member, turn.mono_ms):
        access.judge(turn, typed)
        return
    checking = Checking(event.entry, typed, turn.mono_ms + CHECK_MS)
    _set(turn, checking={**now.checking, reader: checking})
    turn.act(CheckPin(reader, event.entry, member))


def checked(turn: Turn, event: PinChecked) -> None:
    """The shell has checked a number."""
    checking = _answered(turn, event.reader, event.entry)
    if checking is not None:
        _judge_number(turn, checking, event.verdict)


def time_passed(turn: Turn) -> None:
    """Live through what ends at `turn.mono_ms`."""
    now = turn.volatile.pins
    for reader in [reader for reader, waiting in now.waiting.items() if waiting.until_ms <= turn.mono_ms]:
        _end_wait(turn, reader)
        turn.act(ReaderFeedback(reader, Feedback.DENIED))
    for checking in [checking for checking in now.checking.values() if checking.until_ms <= turn.mono_ms]:
        _set(turn, checking=_without(turn.volatile.pins.checking, checking.typed.reader))
        _judge_number(turn, checking, PinVerdict.UNAVAILABLE)
    follow(turn)


def follow(turn: Turn) -> None:
    """What is locked out follows what is remembered, and time."""
    memory, locked = turn.durable.pins, dict[str, int]()
    if not (memory.readers or memory.members or turn.volatile.pins.locked):
        return
    for row in memory.readers:
        if row.is_locked(turn.mono_ms):
            locked[row.who] = row.locked_until_ms
    members = [row.locked_until_ms for row in memory.members if row.is_locked(turn.mono_ms)]
    if members:
        # The next end of one of them is when to look again.
        locked[MEMBERS] = min(members)
    if locked != turn.volatile.pins.locked:
        _set(turn, locked=locked)


def deadlines(state: StationState) -> Iterator[int]:
    """The moments, on the monotonic clock, at which `time_passed` has something to do."""
    now = state.volatile.pins
    for waiting in now.waiting.values():
        yield waiting.until_ms
    for checking in now.checking.values():
        yield checking.until_ms
    yield from now.locked.values()


def conditions(config: StationConfig, state: StationState) -> Iterator[Condition]:
    """Somebody guesses; somebody was made to open the door."""
    locked, calls = state.volatile.pins.locked, state.durable.pins.duress
    for reader in sorted(config.pins.keypads):
        yield Condition(AlarmCode.PIN_GUESSING, reader, reader in locked, "numbers are locked out at this reader")
    yield Condition(AlarmCode.PIN_GUESSING, MEMBERS, MEMBERS in locked, "a member's number is locked out")
    for reader in config.readers:
        call = next((call for call in calls if call.reader == reader), None)
        detail = "" if call is None else f"member {call.member}"
        yield Condition(AlarmCode.DURESS, reader, call is not None, detail)


def _lacks_only_its_number(turn: Turn, card: CardPresented) -> bool:
    keypad_waits = card.reader in turn.config.pins.keypads and card.factors == {Factor.CARD}
    return keypad_waits and access.decided(turn, card).reason is Reason.SECOND_FACTOR_REQUIRED


def _end_wait(turn: Turn, reader: ReaderId) -> None:
    """The card that waits there, if one does, gets no number any more."""
    now = turn.volatile.pins
    waiting = now.waiting.get(reader)
    if waiting is not None:
        _set(turn, waiting=_without(now.waiting, reader))
        access.deny_without_number(turn, waiting.card)


def _answered(turn: Turn, reader: ReaderId, entry: int) -> Checking | None:
    """The question that this is the answer to, which waits no longer; None: it was given up."""
    now = turn.volatile.pins
    checking = now.checking.get(reader)
    if checking is None or checking.entry != entry:
        return None
    _set(turn, checking=_without(now.checking, reader))
    return checking


def _with_number(reader: ReaderId, card: CardPresented | None, entered_mono_ms: int) -> CardPresented:
    """What is to be judged once the number is known; it is as old as the number."""
    if card is None:
        return CardPresented(reader, NOBODYS, None, entered_mono_ms, factors=NUMBER_ALONE)
    return changed(card, factors=CARD_AND_NUMBER, presented_mono_ms=entered_mono_ms)


def _judge_number(turn: Turn, checking: Checking, verdict: PinVerdict) -> None:
    typed = changed(
        checking.typed,
        number_wrong=verdict is PinVerdict.WRONG,
        duress=verdict is PinVerdict.DURESS,
        roster_available=verdict is not PinVerdict.UNAVAILABLE,
    )
    access.judge(turn, typed)


def _set(turn: Turn, **changes: object) -> None:
    turn.set_volatile(pins=changed(turn.volatile.pins, **changes))


def _without(held: Mapping[ReaderId, T], reader: ReaderId) -> dict[ReaderId, T]:
    return {each: value for each, value in held.items() if each != reader}
