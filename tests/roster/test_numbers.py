"""Numbers on the roster: with a card, and as credentials by themselves."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.ids import NodeId
from contract.pins import Kdf, Match
from edge.roster.credential import CredentialFormat, credential_hash, text_hash
from edge.roster.errors import RosterUnavailable
from edge.roster.numbers import MAX_KDFS, NumberReader
from edge.roster.writer import PageOutcome, RosterWriter
from tests.roster.support import CITY, DISTRICT, KEY, changes, head, member_id, remove, revoke, snapshot, upsert

SALT = bytes(range(16))


def kdf(salt: bytes = SALT, **changed: Any) -> dict[str, Any]:
    return {"n": 2**12, "r": 1, "p": 1, "salt": salt.hex(), **changed}


def verifier(digits: str, salt: bytes = SALT) -> str:
    return Kdf(salt, 2**12, 1, 1).verifier(digits).hex()


def pin(digits: str, duress: str | None = None, salt: bytes = SALT) -> dict[str, Any]:
    return {
        "kdf": kdf(salt),
        "verifier": verifier(digits, salt),
        "duress": None if duress is None else verifier(duress, salt),
    }


def code(digits: str, *, duress: bool = False, salt: bytes = SALT) -> dict[str, Any]:
    return {"kdf": kdf(salt), "verifier": verifier(digits, salt), "digits": len(digits), "duress": duress}


@pytest.fixture
def numbers(path: Path, writer: RosterWriter) -> Iterator[NumberReader]:
    opened = NumberReader(path, KEY)
    yield opened
    opened.close()


def test_a_members_number_is_right_calls_for_help_or_is_wrong(writer: RosterWriter, numbers: NumberReader) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin("2468", "2469")), upsert(2, 2, pin=pin("1357"))))

    assert numbers.check(member_id(1), "2468") is Match.RIGHT
    assert numbers.check(member_id(1), "2469") is Match.DURESS
    assert numbers.check(member_id(1), "1357") is Match.WRONG
    assert numbers.check(member_id(2), "1357") is Match.RIGHT
    assert numbers.check(member_id(2), "1358") is Match.WRONG
    assert numbers.check(member_id(3), "2468") is Match.WRONG


def test_a_new_number_takes_the_place_of_the_old_one_and_goes_with_its_member(
    writer: RosterWriter, numbers: NumberReader
) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin("2468"))))
    writer.apply_page(changes(CITY, 1, upsert(2, 1, pin=pin("1111"))))
    assert (numbers.check(member_id(1), "2468"), numbers.check(member_id(1), "1111")) == (Match.WRONG, Match.RIGHT)

    writer.apply_page(changes(CITY, 2, remove(3, 1)))
    assert numbers.check(member_id(1), "1111") is Match.WRONG


def test_a_member_of_two_nodes_may_use_the_number_of_either(writer: RosterWriter, numbers: NumberReader) -> None:
    writer.apply_head(head(1, city=1, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin("2468", "2469", bytes(16)))))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 1, pin=pin("1111"))))

    found = {digits: numbers.check(member_id(1), digits) for digits in ("2468", "2469", "1111", "2222")}
    assert found == {"2468": Match.RIGHT, "2469": Match.DURESS, "1111": Match.RIGHT, "2222": Match.WRONG}


def test_a_code_finds_its_holder_and_is_a_credential(writer: RosterWriter, numbers: NumberReader) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, codes=[code("246810"), code("246811", duress=True)]), upsert(2, 2)))
    right, duress = numbers.find_code("246810"), numbers.find_code("246811")

    assert right is not None
    assert duress is not None
    assert (right.member.id, right.duress) == (member_id(1), False)
    assert (duress.member.id, duress.duress) == (member_id(1), True)
    assert right.credential == credential_hash(KEY, "pin", 128, bytes.fromhex(verifier("246810")))
    assert numbers.find_code("246812") is None
    assert numbers.find_code("2468") is None


def test_codes_of_a_length_are_counted_over_all_nodes_and_once_each(
    writer: RosterWriter, numbers: NumberReader
) -> None:
    writer.apply_head(head(1, city=2, district=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, codes=[code("246810"), code("1234")]), upsert(2, 2)))
    writer.apply_page(changes(DISTRICT, 0, upsert(1, 3, codes=[code("246810"), code("777777", duress=True)])))

    assert [numbers.issued(digits) for digits in (4, 5, 6)] == [1, 0, 2]


def test_a_code_of_a_revoked_member_is_known_as_such_and_of_two_holders_the_other_has_it(
    writer: RosterWriter, numbers: NumberReader
) -> None:
    writer.apply_head(head(1, city=2))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, codes=[code("246810")]), revoke(2, 1)))
    found = numbers.find_code("246810")
    assert found is not None
    assert found.member.revoked

    writer.apply_page(changes(CITY, 2, upsert(3, 2, codes=[code("246810")])))
    found = numbers.find_code("246810")
    assert found is not None
    assert (found.member.id, found.member.revoked) == (member_id(2), False)


def test_a_look_up_takes_no_more_salts_than_it_has_time_for(writer: RosterWriter, numbers: NumberReader) -> None:
    rare = bytes([99]) * 16
    common = [bytes([number]) * 16 for number in range(MAX_KDFS)]
    entries = [
        upsert(number + 1, number, codes=[code("246810", salt=salt)]) for number, salt in enumerate([*common, *common])
    ]
    writer.apply_head(head(1, city=len(entries) + 1))
    writer.apply_page(changes(CITY, 0, *entries, upsert(len(entries) + 1, 50, codes=[code("135799", salt=rare)])))

    assert numbers.find_code("135799") is None
    assert numbers.find_code("246810") is not None


def test_a_number_with_parameters_that_are_not_taken_is_left_out_and_the_page_is_not(
    writer: RosterWriter, numbers: NumberReader
) -> None:
    weak, foreign = kdf(n=1_024), kdf(name="argon2id")
    writer.apply_head(head(1, city=2))
    result = writer.apply_page(
        changes(
            CITY,
            0,
            upsert(1, 1, pin={**pin("2468"), "kdf": weak}, codes=[{**code("246810"), "kdf": foreign}]),
            upsert(2, 2, pin=pin("1357")),
        )
    )

    assert (result.outcome, result.skipped_credentials) == (PageOutcome.APPLIED, 2)
    assert numbers.check(member_id(1), "2468") is Match.WRONG
    assert numbers.find_code("246810") is None
    assert numbers.check(member_id(2), "1357") is Match.RIGHT


def test_a_snapshot_that_replaces_a_holding_leaves_nothing_of_its_numbers(
    path: Path, writer: RosterWriter, numbers: NumberReader
) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin("2468"), codes=[code("246810")])))
    writer.apply_page(snapshot(CITY, 2, [2], more=False))

    assert numbers.check(member_id(1), "2468") is Match.WRONG
    assert numbers.find_code("246810") is None
    left = [sqlite3.connect(path).execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("pin", "code")]
    assert left == [0, 0]


def test_the_file_says_nothing_about_a_number_without_the_key(path: Path, writer: RosterWriter) -> None:
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin("2468", "2469"), codes=[code("246810")])))
    writer.close()

    everything = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for digits in ("2468", "2469", "246810"):
        assert bytes.fromhex(verifier(digits)) not in everything
    assert b"246810" not in everything


def test_a_file_from_before_numbers_has_none_until_it_is_upgraded(path: Path) -> None:
    writer = RosterWriter(path, KEY)
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1)))
    writer.close()
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE pin; DROP TABLE code; DROP TABLE battery; PRAGMA user_version=2;")
    connection.close()

    numbers = NumberReader(path, KEY)
    assert numbers.check(member_id(1), "2468") is Match.WRONG
    assert numbers.find_code("246810") is None
    assert numbers.issued(6) == 0

    writer = RosterWriter(path, KEY)
    assert [pull.node for pull in writer.wanted()] == [CITY]
    writer.apply_page(snapshot(CITY, 1, [1], more=False))
    assert writer.wanted() == ()
    writer.close()
    numbers.close()


def test_without_a_roster_nothing_can_be_checked(tmp_path: Path) -> None:
    with pytest.raises(RosterUnavailable):
        NumberReader(tmp_path / "none.db", KEY).check(member_id(1), "2468")


def test_the_station_belongs_to_the_nodes_of_the_newest_head(writer: RosterWriter, numbers: NumberReader) -> None:
    writer.apply_head(head(1, city=1, district=1))
    assert numbers.nodes() == {CITY, DISTRICT}
    writer.apply_head(head(2, district=1))
    assert numbers.nodes() == {NodeId("district")}


def test_text_is_a_credential_of_its_own_kind_and_a_long_one_counts_by_its_beginning() -> None:
    line = text_hash(KEY, CredentialFormat.TEXT, "0012345678")

    assert line == credential_hash(KEY, "text", 80, b"0012345678")
    assert line != credential_hash(KEY, "raw", 80, b"0012345678")
    assert line != text_hash(KEY, CredentialFormat.PASS, "0012345678")
    assert text_hash(KEY, CredentialFormat.TEXT, "x" * 64) == text_hash(KEY, CredentialFormat.TEXT, "x" * 500)
    assert text_hash(KEY, CredentialFormat.TEXT, "\ud800") == text_hash(KEY, CredentialFormat.TEXT, "?")
