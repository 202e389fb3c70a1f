"""What the API says of a swap cabinet, and what operators can ask of one."""

from typing import Any

import pytest

from cloud.domain import commands
from cloud.projector.round import Rounds
from cloud.roster import desired, members
from cloud.store.database import Database
from contract.cabinet_parts import CabinetOrders
from contract.ids import MemberId, NodeId
from contract.records import ClaimGranted, SwapEnded, SwapKind, SwapOutcome
from tests.cloud.conftest import STATION
from tests.cloud.operators import BASE, Api, ask, audited, connect, detail, key
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms
from tests.cloud.test_roster import people
from tests.cloud.test_swap_books import B1, B2, RIDER, commit, swapped, write


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


def cabinet(**changes: Any) -> dict[str, Any]:
    slots = [
        {"slot": 1, "door_open": False, "present": True, "battery": B1, "booked": B1, "soc_percent": 40},
        {"slot": 2, "door_open": False, "present": False},
    ]
    swap = {"swap": 3, "member": RIDER, "kind": "swap", "stage": "put_in", "slot": 2}
    anomaly = {"anomaly": 1, "kind": "vanished", "cause": "swap", "member": RIDER, "since_ms": 5_000}
    return {"online": True, "ready": True, "slots": slots, "full": 4, "swap": swap, "anomalies": [anomaly], **changes}


def test_the_station_shows_its_cabinet_with_the_names_of_those_it_speaks_of(api: Api, database: Database) -> None:
    with database.write() as connection:
        members.import_members(connection, NodeId("bj"), people(1), replace=False)
    connect(Rounds(database), FakeJournal(), cabinet=cabinet())
    shown = detail(api)
    assert (shown["full_batteries"], shown["cabinet_names"]) == (4, {RIDER: "会员0"})
    assert [slot["battery"] for slot in shown["cabinet"]["slots"]] == [B1, None]
    assert shown["cabinet"]["swap"]["stage"] == "put_in"


def test_a_station_without_a_cabinet_shows_none(api: Api, database: Database) -> None:
    connect(Rounds(database), FakeJournal())
    shown = detail(api)
    assert (shown["cabinet"], shown["full_batteries"], shown["swaps_today"]) == (None, None, {})


def test_swaps_of_today_are_counted_by_how_they_ended(api: Api, database: Database) -> None:
    journal = FakeJournal()
    write(journal, *swapped(1), *swapped(2), at_ms=now_ms() - 10_000)
    write(journal, SwapEnded(3, RIDER, SwapKind.SWAP, SwapOutcome.CLAIM, B1, None, 9_000), at_ms=now_ms() - 10_000)
    # Two days ago.
    write(journal, *swapped(0), at_ms=now_ms() - 48 * 3_600_000)
    commit(database, journal)
    assert detail(api)["swaps_today"] == {"done": 2, "claim": 1}


def test_the_ledger_says_who_has_which_battery_and_who_is_owed_one(api: Api, database: Database) -> None:
    with database.write() as connection:
        members.import_members(connection, NodeId("bj"), people(1), replace=False)
    journal = FakeJournal()
    write(journal, *swapped(), ClaimGranted(1, MemberId("gone"), 7, SwapOutcome.NOT_TAKEN))
    commit(database, journal)
    page = api.get(f"{BASE}/cabinet").json()
    assert [(each["battery"], each["member_name"]) for each in page["out"]] == [(B2, "会员0")]
    assert page["out_count"] == 1
    assert [(each["member"], each["member_name"], each["why"]) for each in page["claims"]] == [
        ("gone", None, "not_taken")
    ]
    assert [(each["outcome"], each["battery_in"], each["battery_out"]) for each in page["swaps"]] == [("done", B1, B2)]
    assert api.get("/api/v1/stations/yz-zz-0000/cabinet").status_code == 404


def test_a_slot_is_opened_from_afar_with_a_reason_and_written_down(api: Api, database: Database) -> None:
    connect(Rounds(database), FakeJournal())
    asked = api.post(f"{BASE}/commands", json=ask(kind="open_slot", slot=7, reason="取出故障电池"))
    assert asked.status_code == 202
    assert (asked.json()["kind"], asked.json()["slot"]) == ("open_slot", 7)
    with database.read() as connection:
        message = commands.message(commands.due(connection)[0])
    assert (message.kind, message.args) == ("open_slot", {"slot": 7, "reason": "取出故障电池"})
    assert audited(database) == [("王芳", "command.open_slot")]


def test_a_trip_is_reset_of_one_slot_or_of_the_whole_cabinet(api: Api, database: Database) -> None:
    connect(Rounds(database), FakeJournal())
    answer = api.post(f"{BASE}/commands", json=ask(kind="reset_trip", trip="water"))
    assert (answer.status_code, answer.json()["slot"], answer.json()["trip"]) == (202, None, "water")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "open_slot"},
        {"kind": "open_slot", "slot": 0},
        {"kind": "release", "slot": 1},
        {"kind": "reset_trip", "slot": 1},
        {"kind": "reset_trip", "slot": 1, "trip": "unheard_of"},
        {"kind": "resume_charging", "trip": "smoke"},
    ],
)
def test_a_command_that_does_not_say_what_it_is_about_is_refused(
    api: Api, database: Database, wrong: dict[str, Any]
) -> None:
    connect(Rounds(database), FakeJournal())
    assert api.post(f"{BASE}/commands", json=ask(**wrong)).status_code == 422
    assert audited(database) == []


def test_a_cabinet_of_a_station_that_is_away_is_not_asked(api: Api, database: Database) -> None:
    answer = api.post(f"{BASE}/commands", json=ask(kind="resume_charging"))
    assert (answer.status_code, answer.json()["code"]) == (409, "station_offline")
    assert audited(database) == []


def order(api: Api, name: str, **cabinet: Any) -> Any:
    body = {"by": "王芳", "reason": "用电紧张", "cabinet": cabinet}
    return api.put(f"{BASE}/desired", json=body, headers=key(name))


def test_standing_orders_of_the_cabinet_stay_until_they_are_changed(api: Api, database: Database) -> None:
    assert order(api, "first", power_budget_w=2_000, slots_locked_out={"3": True, "4": True}).status_code == 200
    order(api, "second", keep_full=2, slots_locked_out={"4": False}, recalled={B1: True})
    with database.read() as connection:
        told = desired.read(connection, STATION)
    assert told is not None
    assert told.cabinet == CabinetOrders(recalled=[B1], slots_locked_out=[3], power_budget_w=2_000, keep_full=2)
    shown = detail(api)["orders"]
    assert (shown["cabinet"]["power_budget_w"], shown["cabinet_ordered"]["by"]) == (2_000, "王芳")
    assert audited(database) == [("王芳", "desired.cabinet")] * 2


def test_a_cabinet_without_orders_of_its_own_runs_as_it_is_configured(api: Api, database: Database) -> None:
    order(api, "first", power_budget_w=2_000)
    order(api, "second", power_budget_w=None)
    with database.read() as connection:
        told = desired.read(connection, STATION)
    assert told is not None
    assert told.cabinet is None


def test_an_order_that_no_cabinet_can_follow_is_refused(api: Api, database: Database) -> None:
    assert order(api, "first", power_budget_w=-1).status_code == 422
    assert order(api, "second", slots_locked_out={"0": True}).status_code == 422
    assert order(api, "third", unheard_of=1).status_code == 422
    for start in (0, 200):
        answer = order(api, f"many{start}", recalled={f"B{start + index}": True for index in range(200)})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert audited(database) == [("王芳", "desired.cabinet")]
