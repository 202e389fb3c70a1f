"""Numbers and passes: drawn, told once, and kept so that nobody can enter with what is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select

from cloud import cli
from cloud.roster import members, numbers, pages
from cloud.roster.keys import Signer
from cloud.roster.numbers import Issued, NotIssued
from cloud.store.database import Database
from cloud.store.tables import audit, issued_code, member, request, roster_change, setting
from contract import passes
from contract.ids import MemberId, NodeId
from contract.messages import RosterPull, WireMember
from contract.pins import Kdf, Match, matched, usual_duress
from tests.cloud.conftest import STATION, Setup
from tests.cloud.operators import BASE, Api, key

BJ = NodeId("bj")
RIDER = MemberId("rider-1")
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def people(database: Database) -> list[WireMember]:
    found = [WireMember(id=MemberId(f"rider-{number}"), name="王磊", trade="courier") for number in range(1, 4)]
    do_import(database, found)
    return found


def do_import(database: Database, people: list[WireMember], *, replace: bool = False) -> None:
    with database.write() as connection:
        members.import_members(connection, BJ, people, replace=replace)


def issue(database: Database, what: str = "pin", who: MemberId = RIDER, digits: int = 6) -> Issued:
    with database.write() as connection:
        draw = numbers.issue_pin if what == "pin" else numbers.issue_code
        return draw(connection, who, "王芳", digits)


def wire(database: Database, who: MemberId = RIDER) -> WireMember:
    with database.read() as connection:
        return WireMember.model_validate(connection.scalar(select(member.c.wire).where(member.c.id == who)))


def kdf_of(wire_kdf: Any) -> Kdf:
    return Kdf(bytes.fromhex(wire_kdf.salt), wire_kdf.n, wire_kdf.r, wire_kdf.p)


def everything_kept(database: Database) -> str:
    with database.read() as connection:
        tables = (member, roster_change, audit, setting, issued_code, request)
        return json.dumps(
            [[str(value) for value in row] for table in tables for row in connection.execute(select(table))],
            ensure_ascii=False,
        )


def test_a_pin_reaches_the_stations_as_a_verifier_and_its_duress_number_as_another(
    database: Database, people: list[WireMember]
) -> None:
    issued = issue(database)
    assert issued.duress == usual_duress(issued.digits)
    pin = wire(database).pin
    assert pin is not None
    assert pin.duress is not None
    right, duress = bytes.fromhex(pin.verifier), bytes.fromhex(pin.duress)
    kdf = kdf_of(pin.kdf)
    assert matched(kdf.verifier(issued.digits), right, duress) is Match.RIGHT
    assert matched(kdf.verifier(issued.duress), right, duress) is Match.DURESS
    with database.read() as connection:
        pull = RosterPull.model_validate({"session": "ab" * 8, "node": BJ, "after_version": 3})
        page = pages.page(connection, STATION, pull)
    assert page is not None
    assert page.changes[-1].member is not None
    assert page.changes[-1].member.pin == pin


@pytest.mark.parametrize("what", ["pin", "code"])
def test_no_number_is_kept_anywhere(database: Database, people: list[WireMember], what: str) -> None:
    issued = issue(database, what, digits=10)
    kept = everything_kept(database)
    assert issued.digits not in kept
    assert issued.duress not in kept
    assert "王芳" in kept


def test_a_new_pin_makes_the_one_before_void(database: Database, people: list[WireMember]) -> None:
    first, _ = issue(database), issue(database)
    pin = wire(database).pin
    assert pin is not None
    assert kdf_of(pin.kdf).verifier(first.digits).hex() != pin.verifier


def test_importing_members_again_leaves_them_their_numbers(database: Database, people: list[WireMember]) -> None:
    issue(database)
    issue(database, "code", digits=8)
    before = wire(database)
    do_import(database, [person.model_copy(update={"name": "王小磊"}) for person in people])
    assert wire(database) == before.model_copy(update={"name": "王小磊"})


def test_codes_share_one_salt_so_that_a_station_looks_one_up_with_one_scrypt(
    database: Database, people: list[WireMember]
) -> None:
    for person in people:
        issue(database, "code", person.id, 8)
    codes = [code for person in people for code in wire(database, person.id).codes]
    assert len({code.kdf for code in codes}) == 1
    assert len({code.verifier for code in codes}) == 6
    assert [code.duress for code in codes] == [False, True] * 3


def test_of_a_length_one_code_in_a_thousand_is_issued_and_no_more(database: Database, people: list[WireMember]) -> None:
    with database.write() as connection:
        taken = [{"verifier": f"{number:032x}", "digits": 4, "member": "other"} for number in range(9)]
        connection.execute(insert(issued_code), taken)
    with pytest.raises(NotIssued, match=r"9 codes of 4 digits are issued .* and 10 may be"):
        issue(database, "code", digits=4)
    assert wire(database).codes == []
    issue(database, "code", digits=5)


def test_a_member_has_two_codes_at_most(database: Database, people: list[WireMember]) -> None:
    issue(database, "code", digits=8)
    issue(database, "code", digits=8)
    with pytest.raises(NotIssued, match="cannot have more"):
        issue(database, "code", digits=8)


@pytest.mark.parametrize("digits", [0, 3, 13])
def test_a_number_that_no_keypad_takes_is_not_issued(database: Database, people: list[WireMember], digits: int) -> None:
    for what in ("pin", "code"):
        with pytest.raises(NotIssued):
            issue(database, what, digits=digits)


def test_numbers_are_taken_back_and_their_place_is_free_again(database: Database, people: list[WireMember]) -> None:
    issue(database)
    issue(database, "code", digits=8)
    with database.write() as connection:
        numbers.take_back(connection, RIDER, "王芳")
    assert (wire(database).pin, wire(database).codes) == (None, [])
    with database.read() as connection:
        assert connection.execute(select(issued_code)).all() == []


def test_codes_of_whoever_is_nobodys_member_any_more_count_no_longer(
    database: Database, people: list[WireMember]
) -> None:
    issue(database, "code", digits=8)
    do_import(database, people[1:], replace=True)
    with database.read() as connection:
        assert connection.execute(select(issued_code)).all() == []


def test_whoever_is_nobodys_member_gets_no_number(database: Database) -> None:
    with pytest.raises(members.UnknownMember):
        issue(database, who=MemberId("nobody"))


# ---------------------------------------------------------------- passes


def asked(**changes: Any) -> dict[str, Any]:
    return {"minutes": 60, "by": "王芳", "reason": "空调维修", **changes}


def test_a_pass_is_signed_for_the_station_and_the_next_minutes(database: Database) -> None:
    api = Api(database, Signer("cloud-1", KEY))
    told = api.post(f"{BASE}/passes", json=asked()).json()
    found = passes.read(told["text"], keys={"cloud-1": KEY.public_key()})
    assert (found.stations, found.once, found.valid_until_ms) == ((STATION,), True, told["valid_until_ms"])
    assert 60 * 60_000 <= found.valid_until_ms - found.valid_from_ms <= 62 * 60_000
    assert told["svg"].startswith("<svg")


def test_a_repeated_request_gets_the_same_pass_though_nobody_kept_it(database: Database) -> None:
    api = Api(database, Signer("cloud-1", KEY))
    first, again = (api.post(f"{BASE}/passes", json=asked()).json() for _ in range(2))
    assert first == again
    assert first["text"][:80] not in everything_kept(database)
    other = api.post(f"{BASE}/passes", json=asked(), headers=key("other")).json()
    assert other["id"] != first["id"]


def test_the_longest_pass_can_be_issued(database: Database) -> None:
    api = Api(database, Signer("cloud-1", KEY))
    assert api.post(f"{BASE}/passes", json=asked(minutes=24 * 60, once=False)).status_code == 200


def test_without_the_key_no_pass_is_issued(database: Database) -> None:
    answer = Api(database).post(f"{BASE}/passes", json=asked())
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")


def test_numbers_and_passes_are_issued_from_the_command_line(
    setup: Setup, database: Database, people: list[WireMember], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(setup.config)]
    assert cli.main(["members", "pin", RIDER, *config]) == 0
    said = capsys.readouterr().out
    pin = wire(database).pin
    assert pin is not None
    assert kdf_of(pin.kdf).verifier(said.split()[3]).hex() == pin.verifier
    assert cli.main(["members", "code", RIDER, *config]) == 0
    assert cli.main(["members", "code", RIDER, "--digits", "3", *config]) == 1
    assert cli.main(["members", "forget-numbers", RIDER, *config]) == 0
    capsys.readouterr()
    drawn = tmp_path / "pass.svg"
    assert cli.main(["passes", "issue", "--station", STATION, "--minutes", "30", "--svg", str(drawn), *config]) == 0
    assert passes.is_pass(capsys.readouterr().out)
    assert drawn.read_text().startswith("<svg")
    assert cli.main(["passes", "issue", "--station", "nowhere", "--minutes", "30", *config]) == 1
