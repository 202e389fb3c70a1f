"""Numbers typed at keypads, whose they are, and the shell's thread that checks them: slow at times, and at times hung.

The core never has the digits; here they are not even made up: an entry knows whose number it is, and whether it was
typed as it should be.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.policy.model import Factor, Member
from edge.core import events
from edge.core.effects import CheckPin
from edge.core.events import PinVerdict
from proof.acts import Typed

if TYPE_CHECKING:
    from proof.life import Life

SLOW_MS: Final = 5_000
"""Longer than the core waits for an answer."""
CODE_DIGITS: Final = 6
CODES_ISSUED: Final = 40
VERDICTS: Final = {Typed.RIGHT: PinVerdict.RIGHT, Typed.WRONG: PinVerdict.WRONG, Typed.DURESS: PinVerdict.DURESS}


@dataclass(frozen=True)
class Entry:
    """A number that was typed. `card` is whose number it is, or is meant to be."""

    reader: ReaderId
    card: int
    typed: Typed
    at_ms: int


@dataclass(frozen=True)
class Shown:
    """A card that somebody held to a reader."""

    card: int
    member: Member | None
    at_ms: int


class Keypads:
    """`shown` is the latest card at each reader, `entries` all numbers of a life by their names."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self.shown: dict[ReaderId, Shown] = {}
        self.entries: dict[int, Entry] = {}

    def type(self, reader: ReaderId, typed: Typed) -> None:
        """Somebody types the number that belongs to the card shown last, or another one."""
        life, shown = self._life, self.shown.get(reader)
        shell = life.shell
        if reader not in life.config.pins.keypads or reader in life.dead_readers or not shell.up or shown is None:
            return
        name = len(self.entries) + 1
        self.entries[name] = Entry(reader, shown.card, typed, life.timeline.now_ms)
        shell.tell(events.PinEntered(reader, name, shell.mono_ms))

    def check(self, effect: CheckPin) -> None:
        """As the thread does: an answer in a while, or none."""
        life = self._life
        chance = life.luck.random()
        wait_ms = SLOW_MS if chance < 0.02 else 60 + life.draw(200)
        if chance > 0.01:
            life.timeline.after(wait_ms, self._answer, effect, life.shell.run, life.shell.mono_ms)

    def _answer(self, effect: CheckPin, run: int, entered_mono_ms: int) -> None:
        life, entry = self._life, self.entries[effect.entry]
        shell = life.shell
        if run != shell.run:
            return
        if life.roster_away:
            shell.tell(events.PinChecked(effect.reader, effect.entry, PinVerdict.UNAVAILABLE))
        elif effect.member is not None:
            shell.tell(events.PinChecked(effect.reader, effect.entry, self.verdict(entry, effect.member)))
        else:
            shell.tell(self._looked_up(effect, entry, entered_mono_ms))

    def verdict(self, entry: Entry, member: MemberId) -> PinVerdict:
        """The truth about a number typed for a member's card."""
        holder = self._life.roster.cards.get(entry.card)
        if holder is None or holder.id != member:
            return PinVerdict.WRONG
        return VERDICTS[entry.typed]

    def _looked_up(self, effect: CheckPin, entry: Entry, entered_mono_ms: int) -> events.CardPresented:
        """A number that is a credential by itself: each card's holder has one."""
        known = entry.typed is not Typed.WRONG
        return events.CardPresented(
            effect.reader,
            CredentialHash(f"c{entry.card:063x}" if known else ""),
            self._life.roster.cards.get(entry.card) if known else None,
            entered_mono_ms,
            factors=frozenset({Factor.PIN}),
            duress=entry.typed is Typed.DURESS,
            entry=effect.entry,
            code_digits=CODE_DIGITS,
            codes_issued=CODES_ISSUED,
        )
