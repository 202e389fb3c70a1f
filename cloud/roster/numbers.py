"""Numbers for keypads: drawn here, told once to whoever issues them, kept as verifiers only.

Two kinds, as `contract.pins` explains. A *PIN* goes with its member's card. A *code* is a credential by itself, so
there are a thousand possible codes of its length for each that is issued, duress codes among them (`policy.codes`).

Each comes with a duress number that opens the door as well and calls for help without a sign.
"""

import secrets
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from cloud.domain import acts
from cloud.roster import members
from cloud.store.tables import issued_code, setting
from contract.ids import MemberId, NodeId
from contract.messages import WireCode, WireKdf, WireMember, WirePin
from contract.pins import MAX_DIGITS, MIN_DIGITS, SALT_BYTES, Kdf, usual_duress
from contract.policy.codes import most_codes

PIN_DIGITS: Final = 6
CODE_DIGITS: Final = 8
CODES_PER_MEMBER: Final = 4
"""As many as a page carries, duress codes among them."""
TRIES: Final = 50
_CODE_KDF: Final = "code_kdf"


class NotIssued(ValueError):
    """A number that may not be issued; the message says why, and repeats no number."""


@dataclass(frozen=True)
class Issued:
    """What is told once. `nodes`: where the member is one."""

    digits: str
    duress: str
    nodes: tuple[NodeId, ...]


def issue_pin(connection: Connection, member_id: MemberId, by: str, digits: int = PIN_DIGITS) -> Issued:
    """Draw a number that goes with the member's card; the one before is void.

    Raises:
        UnknownMember: nobody has this id.
        NotIssued: so many digits no number has.
    """
    drawn = _draw(digits)
    duress = usual_duress(drawn)
    kdf = Kdf(secrets.token_bytes(SALT_BYTES))
    pin = WirePin(kdf=_wire(kdf), verifier=kdf.verifier(drawn).hex(), duress=kdf.verifier(duress).hex())
    nodes = members.change_everywhere(connection, member_id, lambda person: person.model_copy(update={"pin": pin}))
    acts.note(connection, by, "members.pin", member=member_id)
    return Issued(drawn, duress, tuple(nodes))


def issue_code(connection: Connection, member_id: MemberId, by: str, digits: int = CODE_DIGITS) -> Issued:
    """Draw a number that is a credential by itself, beside those that the member has.

    Raises:
        UnknownMember: nobody has this id.
        NotIssued: too many of this length are issued, or the member has enough.
    """
    kdf = _code_kdf(connection)
    # Held until the end: of two that issue at once the second counts the first's.
    issued = connection.scalar(select(func.count()).where(issued_code.c.digits == digits)) or 0
    if issued + 2 > most_codes(digits):
        raise NotIssued(
            f"{issued} codes of {digits} digits are issued (duress codes counted) and {most_codes(digits)} may be, "
            f"one in a thousand of the possible ones: issue longer codes"
        )
    drawn, duress = _draw_unused(connection, kdf, digits)
    codes = [
        WireCode(kdf=_wire(kdf), verifier=verifier, digits=digits, duress=is_duress)
        for verifier, is_duress in ((kdf.verifier(drawn).hex(), False), (kdf.verifier(duress).hex(), True))
    ]

    def add(person: WireMember) -> WireMember:
        held = [*person.codes, *codes]
        if len(held) > CODES_PER_MEMBER:
            raise NotIssued(f"member {member_id!r} has {len(person.codes) // 2} codes, and cannot have more")
        return person.model_copy(update={"codes": held})

    nodes = members.change_everywhere(connection, member_id, add)
    rows = [{"verifier": code.verifier, "digits": digits, "member": member_id} for code in codes]
    connection.execute(insert(issued_code), rows)
    acts.note(connection, by, "members.code", member=member_id, digits=digits)
    return Issued(drawn, duress, tuple(nodes))


def take_back(connection: Connection, member_id: MemberId, by: str) -> list[NodeId]:
    """Make all of a member's numbers void. Raises `UnknownMember`."""
    none: dict[str, list[WireCode] | None] = {"pin": None, "codes": []}
    nodes = members.change_everywhere(connection, member_id, lambda person: person.model_copy(update=none))
    connection.execute(delete(issued_code).where(issued_code.c.member == member_id))
    acts.note(connection, by, "members.numbers_taken_back", member=member_id)
    return nodes


def _draw(digits: int) -> str:
    """A number that nobody would try first. Raises `NotIssued`."""
    if not MIN_DIGITS <= digits <= MAX_DIGITS:
        raise NotIssued(f"a number has {MIN_DIGITS} to {MAX_DIGITS} digits, not {digits}")
    while True:
        drawn = "".join(secrets.choice("0123456789") for _ in range(digits))
        steps = {(int(later) - int(earlier)) % 10 for earlier, later in pairwise(drawn)}
        # 000000, 123456, 987654, 2468…
        if len(steps) > 1:
            return drawn


def _draw_unused(connection: Connection, kdf: Kdf, digits: int) -> tuple[str, str]:
    for _ in range(TRIES):
        drawn = _draw(digits)
        duress = usual_duress(drawn)
        verifiers = [kdf.verifier(drawn).hex(), kdf.verifier(duress).hex()]
        if (
            connection.execute(select(issued_code.c.digits).where(issued_code.c.verifier.in_(verifiers))).first()
            is None
        ):
            return drawn, duress
    raise NotIssued(f"no unused code of {digits} digits was found in {TRIES} draws")


def _code_kdf(connection: Connection) -> Kdf:
    """The salt that all codes of this installation share, made with the first one; its row is locked."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    fresh = _wire(Kdf(secrets.token_bytes(SALT_BYTES))).model_dump(mode="json")
    first = dialect.insert(setting).values(name=_CODE_KDF, value=fresh)
    connection.execute(first.on_conflict_do_nothing(index_elements=["name"]))
    held = connection.scalar(select(setting.c.value).where(setting.c.name == _CODE_KDF).with_for_update())
    kdf = WireKdf.model_validate(held)
    return Kdf(bytes.fromhex(kdf.salt), kdf.n, kdf.r, kdf.p)


def _wire(kdf: Kdf) -> WireKdf:
    return WireKdf(n=kdf.n, r=kdf.r, p=kdf.p, salt=kdf.salt.hex())
