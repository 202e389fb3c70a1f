"""A life at a station with keypads, for the tests of numbers."""

from dataclasses import replace
from typing import Final

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.policy.model import Factor, Member
from contract.records import (
    AccessDenied,
    Posture,
    Reason,
)
from edge.core import events
from edge.core.effects import CheckPin, Feedback, ReaderFeedback
from edge.core.events import PinVerdict
from edge.core.pin_state import PinConfig
from tests.core.support import CARD, CONFIG, ENTRY, RIDER, Life, only

SIDE: Final = ReaderId("side")
OTHER_CARD: Final = CredentialHash("c0" * 16)
OTHER: Final = Member(MemberId("cleaner-1"), trade="cleaner")
PAIRING_MS: Final = 10_000
PINS: Final = PinConfig(pairing_ms=PAIRING_MS, keypads=frozenset({ENTRY, SIDE}))


class KeypadLife(Life):
    """A station with two readers that have keypads, in the posture that asks for two factors."""

    def __init__(self, *, alone: bool = False, posture: Posture = Posture.TWO_FACTOR) -> None:
        super().__init__(replace(CONFIG, readers=(ENTRY, SIDE), pins=replace(PINS, codes_alone=alone)))
        self.entry = 0
        if posture is not Posture.SECURE:
            self.do(events.DesiredReceived(1, posture))
        self.effects.clear()

    def show(self, member: Member | None = RIDER, reader: ReaderId = ENTRY, card: CredentialHash = CARD) -> None:
        self.do(events.CardPresented(reader, card, member, self.mono_ms))

    def type(self, reader: ReaderId = ENTRY, *, age_ms: int = 0) -> CheckPin | None:
        """Type a number; what the shell is asked to check."""
        self.entry += 1
        seen = len(self.effects)
        self.do(events.PinEntered(reader, self.entry, self.mono_ms - age_ms))
        asked = [effect for effect in self.effects[seen:] if isinstance(effect, CheckPin)]
        return asked[0] if asked else None

    def answer(self, verdict: PinVerdict, reader: ReaderId = ENTRY, entry: int | None = None) -> None:
        self.do(events.PinChecked(reader, self.entry if entry is None else entry, verdict))

    def look_up(
        self, member: Member | None, *, reader: ReaderId = ENTRY, issued: int = 1, duress: bool = False
    ) -> None:
        """The shell has found whose number it is."""
        self.do(
            events.CardPresented(
                reader,
                OTHER_CARD,
                member,
                self.mono_ms,
                factors=frozenset({Factor.PIN}),
                duress=duress,
                entry=self.entry,
                code_digits=6,
                codes_issued=issued,
            )
        )

    def guess(self, times: int = 1, member: Member = RIDER, reader: ReaderId = ENTRY) -> None:
        for _ in range(times):
            self.show(member, reader)
            self.type(reader)
            self.answer(PinVerdict.WRONG, reader)

    def told(self, reader: ReaderId = ENTRY) -> Feedback:
        """What the reader showed last."""
        shown = [effect for effect in self.effects if isinstance(effect, ReaderFeedback) and effect.reader == reader]
        return shown[-1].outcome

    def denied(self) -> Reason:
        return only(self.last, AccessDenied).reason
