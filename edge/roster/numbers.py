"""Numbers on the roster: those that go with a card, and those that are credentials by themselves.

At rest are keyed hashes of scrypt's outputs: without the station's key file the roster's file says nothing, and with it
each guess costs one scrypt (docs/adr/0007). A number whose parameters this program does not take is left out, like a
card that cannot be read.

This file imports nothing of pydantic at run time: `put` is the writer's, `NumberReader` the controller's.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contract.ids import CredentialHash, MemberId
from contract.pins import Kdf, Match, matched
from contract.policy.model import Member
from edge.roster.credential import CredentialFormat, credential_hash, number_hash
from edge.roster.reader import RosterReader, member_of
from edge.roster.schema import NUMBERS_SINCE

if TYPE_CHECKING:
    from contract.messages import WireKdf, WireMember

MAX_KDFS: Final = 4
"""So many scrypts a look-up costs at most: of more salts the rarest are left out."""

PINS: Final = f"""
    SELECT pin.n, pin.r, pin.p, pin.salt, pin.verifier, pin.duress
    FROM holding CROSS JOIN pin ON pin.holding = holding.id AND pin.member_id = ?
    WHERE holding.state = 'active' ORDER BY holding.node LIMIT {MAX_KDFS}"""

ISSUED: Final = """
    SELECT count(DISTINCT code.hash) FROM holding CROSS JOIN code ON code.holding = holding.id AND code.digits = ?
    WHERE holding.state = 'active'"""

KDFS: Final = f"""
    SELECT code.n, code.r, code.p, code.salt
    FROM holding CROSS JOIN code ON code.holding = holding.id AND code.digits = ? WHERE holding.state = 'active'
    GROUP BY code.n, code.r, code.p, code.salt ORDER BY count(*) DESC, code.salt LIMIT {MAX_KDFS}"""

HOLDERS: Final = """
    SELECT code.member_id, max(code.duress) FROM code CROSS JOIN holding ON holding.id = code.holding
    WHERE code.hash = ? AND holding.state = 'active' GROUP BY code.member_id"""


@dataclass(frozen=True)
class FoundCode:
    """Whose number it is. `duress`: it is the one that calls for help."""

    credential: CredentialHash
    member: Member
    duress: bool


class NumberReader(RosterReader):
    """The roster for whoever checks numbers: slow on purpose, on a thread of its own. Raises `RosterUnavailable`."""

    def __init__(self, path: Path, hash_key: bytes) -> None:
        super().__init__(path)
        self._key = hash_key

    def check(self, member: MemberId, digits: str) -> Match:
        """What a number is to a member; a member without one has none that is right.

        A member on several nodes may have a number on each; any of them will do.
        """
        with self._reading() as connection:
            rows = connection.execute(PINS, (member,)).fetchall() if _knows_numbers(connection) else []
        found = Match.WRONG
        for n, r, p, salt, verifier, duress in rows:
            of_this = matched(number_hash(self._key, Kdf(salt, n, r, p).verifier(digits)), verifier, duress)
            found = of_this if found is Match.WRONG else found
        return found

    def issued(self, digits: int) -> int:
        """How many codes of this length are on the roster, duress codes included."""
        with self._reading() as connection:
            known = _knows_numbers(connection)
            return int(connection.execute(ISSUED, (digits,)).fetchone()[0]) if known else 0

    def find_code(self, digits: str) -> FoundCode | None:
        """Whose credential a number is, or None.

        Of two holders the one who is not revoked has it, as with cards; one who calls for help goes before.
        """
        with self._reading() as connection:
            kdfs = connection.execute(KDFS, (len(digits),)).fetchall() if _knows_numbers(connection) else []
        # Outside the transaction: the writer must not wait for scrypt.
        hashes = [_code_hash(self._key, Kdf(salt, n, r, p).verifier(digits)) for n, r, p, salt in kdfs]
        found: list[FoundCode] = []
        with self._reading() as connection:
            for each in hashes:
                holders = connection.execute(HOLDERS, (bytes.fromhex(each),)).fetchall()
                found += [
                    FoundCode(each, member_of(connection, MemberId(who)), bool(duress)) for who, duress in holders
                ]
        return min(found, key=lambda code: (code.member.revoked, not code.duress, code.member.id), default=None)


def put(connection: sqlite3.Connection, key: bytes, holding: int, member: "WireMember") -> int:
    """Writes a member's numbers into a holding that has none of theirs; how many could not be read."""
    skipped = 0
    if member.pin is not None:
        kdf = _kdf(member.pin.kdf)
        if kdf is None:
            skipped += 1
        else:
            verifier = number_hash(key, bytes.fromhex(member.pin.verifier))
            duress = None if member.pin.duress is None else number_hash(key, bytes.fromhex(member.pin.duress))
            values = (holding, member.id, kdf.n, kdf.r, kdf.p, kdf.salt, verifier, duress)
            connection.execute("INSERT INTO pin VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    for code in member.codes:
        kdf = _kdf(code.kdf)
        if kdf is None:
            skipped += 1
            continue
        each = bytes.fromhex(_code_hash(key, bytes.fromhex(code.verifier)))
        place = (each, holding, member.id, code.digits, int(code.duress), kdf.n, kdf.r, kdf.p, kdf.salt)
        connection.execute("INSERT OR IGNORE INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", place)
    return skipped


def _kdf(wire: "WireKdf") -> Kdf | None:
    try:
        return Kdf(bytes.fromhex(wire.salt), wire.n, wire.r, wire.p) if wire.name == "scrypt" else None
    except ValueError:
        return None


def _code_hash(key: bytes, verifier: bytes) -> CredentialHash:
    return credential_hash(key, CredentialFormat.PIN, 8 * len(verifier), verifier)


def _knows_numbers(connection: sqlite3.Connection) -> bool:
    """Not in a file that the writer has not upgraded yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) >= NUMBERS_SINCE
