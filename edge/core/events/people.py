"""Somebody wants in: a credential at a reader, a number at a keypad."""

from enum import StrEnum

from contract.frozen import frozen
from contract.ids import CredentialHash, ReaderId
from contract.policy.model import Factor, Member


class PinVerdict(StrEnum):
    """What became of a number typed at a keypad, checked by the shell: the core never sees the digits."""

    RIGHT = "right"
    DURESS = "duress"
    """Right, and typed in the way that says: I am being made to."""
    WRONG = "wrong"
    UNAVAILABLE = "unavailable"
    """It could not be checked."""


@frozen
class CardPresented:
    """A credential at a reader, looked up by the shell. `member` None: on no roster, or there is no roster to read."""

    reader: ReaderId
    credential: CredentialHash
    member: Member | None
    presented_mono_ms: int
    roster_available: bool = True
    factors: frozenset[Factor] = frozenset({Factor.CARD})
    duress: bool = False
    """A code that opens the door and calls for help without a sign."""
    number_wrong: bool = False
    """The number typed to the card is not its member's."""
    entry: int = 0
    """Of a number that was looked up as a credential: the answer to `effects.CheckPin`."""
    code_digits: int = 0
    codes_issued: int = 0
    """How long that number is, and how many of that length this station's roster holds."""
    pass_problem: str = ""
    """Why what was shown as a visit pass is none; `member` is None then."""


@frozen
class PinEntered:
    """A number was typed at a keypad and ended. `entry` names it to the shell, which alone has its digits."""

    reader: ReaderId
    entry: int
    entered_mono_ms: int


@frozen
class PinChecked:
    """The answer to `effects.CheckPin`; of a number that was looked up by itself only when that failed."""

    reader: ReaderId
    entry: int
    verdict: PinVerdict
