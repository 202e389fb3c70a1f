"""Who was let in, who was not, and what became of it."""

from typing import ClassVar

from contract.frozen import frozen
from contract.ids import CredentialHash, MemberId, ReaderId
from contract.records.codes import Direction, Reason, ReleaseCause


@frozen
class AccessGranted:
    KIND: ClassVar[str] = "access.granted"
    reader: ReaderId
    credential: CredentialHash
    member: MemberId
    rule: str
    presented_mono_ms: int
    trade: str = ""
    direction: Direction = Direction.IN
    passback: bool = False
    """The member came in before and was not seen leaving; let in all the same (soft anti-passback)."""
    once: bool = False
    """A pass for one entry, which this is, unless nobody opens or the release cannot be recorded."""
    factors: str = ""
    """How they have proven who they are, for example `card+pin`; empty in a record from before this was kept."""
    duress: bool = False
    """By a number that calls for help. Nothing at the station shows it."""


@frozen
class AccessDenied:
    """`member` is None for a credential that is on no roster. `credential` is empty for a number that is nobody's."""

    KIND: ClassVar[str] = "access.denied"
    reader: ReaderId
    credential: CredentialHash
    member: MemberId | None
    reason: Reason
    rule: str
    presented_mono_ms: int
    pass_returned: bool = False
    """A pass for one entry was granted, but not carried out: it can be used again."""
    factors: str = ""
    duress: bool = False
    """Not let in, but whoever typed the number called for help all the same."""


@frozen
class AccessNotTaken:
    """The lock was released and nobody opened the door."""

    KIND: ClassVar[str] = "access.not_taken"
    cause: ReleaseCause
    member: MemberId | None


@frozen
class AccessTaken:
    """A member let in or out went through the door. Written only where anti-passback is on, which lives on it."""

    KIND: ClassVar[str] = "access.taken"
    member: MemberId
    direction: Direction
