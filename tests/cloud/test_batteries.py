"""Batteries reach stations on the roster: import, holders, recalls."""

from pathlib import Path

import pytest
from sqlalchemy import select

from cloud.roster import batteries, csv_import, members
from cloud.store.database import Database
from cloud.store.tables import member
from contract.ids import BatteryId, MemberId, NodeId
from contract.messages import WireBattery
from tests.cloud.test_roster import people, pull

BJ = NodeId("bj")
B1, B2 = BatteryId("YZB1"), BatteryId("YZB2")
RIDER = MemberId("m00001")


def put(database: Database, *serials: BatteryId, model: str = "YZ60-24") -> batteries.Imported:
    with database.write() as connection:
        wanted = [WireBattery(serial=serial, model=model) for serial in serials]
        return batteries.import_batteries(connection, BJ, wanted)


def move(database: Database, serial: BatteryId, holder: MemberId | None, as_of_ms: int) -> list[NodeId]:
    with database.write() as connection:
        return batteries.moved(connection, serial, holder, as_of_ms)


def told(database: Database, after: int) -> list[WireBattery]:
    """What a station hears of batteries behind a version."""
    heard = [change.member.battery for change in pull(database, after).changes if change.member is not None]
    return [battery for battery in heard if battery is not None]


def test_stations_hear_of_each_battery_and_of_who_has_it(database: Database) -> None:
    done = put(database, B1, B2)
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    assert [battery.serial for battery in told(database, 0)] == [B1, B2]

    assert move(database, B1, RIDER, 1_000) == [BJ]
    heard = told(database, done.version)
    assert heard == [WireBattery(serial=B1, model="YZ60-24", member_id=RIDER, as_of_ms=1_000)]


def test_what_is_told_late_of_an_earlier_moment_changes_nothing(database: Database) -> None:
    version = put(database, B1).version
    move(database, B1, RIDER, 2_000)
    move(database, B1, None, 1_000)

    assert [battery.member_id for battery in told(database, version)] == [RIDER]


def test_a_battery_that_is_nobodys_changes_nothing(database: Database) -> None:
    assert move(database, BatteryId("X9"), RIDER, 1_000) == []


def test_importing_again_changes_what_is_new_and_keeps_the_holder(database: Database) -> None:
    put(database, B1)
    move(database, B1, RIDER, 1_000)

    assert (again := put(database, B1)).unchanged == 1
    assert put(database, B1, model="YZ48-20").changed == 1
    assert told(database, again.version) == [WireBattery(serial=B1, model="YZ48-20", member_id=RIDER, as_of_ms=1_000)]


def test_a_recall_reaches_stations_and_can_be_taken_back(database: Database) -> None:
    version = put(database, B1).version
    with database.write() as connection:
        assert batteries.recall(connection, B1) == [BJ]
        batteries.recall(connection, B1, recalled=False)
        with pytest.raises(batteries.UnknownBattery, match="X9"):
            batteries.recall(connection, BatteryId("X9"))
    assert [battery.recalled for battery in told(database, version)] == [True, False]


def test_members_and_batteries_do_not_replace_each_other(database: Database) -> None:
    put(database, B1)
    with database.write() as connection:
        members.import_members(connection, BJ, people(3), replace=True)
        members.import_members(connection, BJ, people(2), replace=True)
        held = connection.scalars(select(member.c.id).where(member.c.organisation == BJ).order_by(member.c.id)).all()
    assert held == [f"battery/{B1}", "m00000", "m00001"]


def test_a_file_of_batteries_is_read(tmp_path: Path) -> None:
    file = tmp_path / "batteries.csv"
    file.write_text("serial,model\nYZB1,YZ60-24\nYZB2,YZ48-20\n", encoding="utf-8")
    assert [(battery.serial, battery.model) for battery in batteries.read(file)] == [(B1, "YZ60-24"), (B2, "YZ48-20")]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("serial\nYZB1\n", "line 1: the columns"),
        ("serial,model\nYZB1,\n", "line 2, column model"),
        ("serial,model\nYZB1,a\nYZB1,a\n", "line 3, column serial: 'YZB1' is there twice"),
        ("serial,model\n" + "x" * 60 + ",a\n", "line 2, column serial"),
        ("serial,model\nYZB1,a,b\n", "line 2: has another number of columns"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_line_and_column(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "batteries.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(csv_import.CsvError, match=wrong):
        batteries.read(file)


def test_no_member_is_called_like_a_battery(tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("id,name,trade,format,bits,data\nbattery/YZB1,a,,,,\n", encoding="utf-8")
    with pytest.raises(csv_import.CsvError, match="is how a battery is called"):
        csv_import.read(file)
