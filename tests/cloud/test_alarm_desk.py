"""Alarms that people acknowledge and put aside: down with the orders, and back as the station's records."""

import pytest

from cloud.ingest.commit import Committer
from cloud.projector.round import Rounds
from cloud.roster import desired
from cloud.roster.desired import Author
from cloud.store.database import Database
from contract.records import AlarmCode
from tests.cloud.conftest import STATION
from tests.cloud.operators import BASE, Api, audited, connect, detail, key, seen, standing
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms, publish
from tests.cloud.test_projector import run


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@pytest.fixture
def rounds(database: Database) -> Rounds:
    return Rounds(database)


def test_an_acknowledgement_goes_down_with_the_orders_until_the_stations_record_is_back(
    api: Api, rounds: Rounds, database: Database
) -> None:
    journal = FakeJournal()
    connect(rounds, journal, alarms=[standing()], at_ms=now_ms() - 1_000)
    orders = api.post(f"{BASE}/alarms/acknowledge", json=seen()).json()["orders"]
    assert orders["acknowledged"] == [{"code": "door_held", "source": "door", "since_ms": 5_000, "by": "王芳"}]
    journal.add("alarm.acknowledged", {"code": "door_held", "source": "door", "by": "王芳", "raised_at_ms": 5_000})
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    shown = detail(api)["alarms"][0]
    assert (shown["acknowledged"], shown["acknowledged_by"]) == (True, "王芳")
    asked = {"posture": "lockdown", "by": "王芳", "reason": "闹事"}
    assert api.put(f"{BASE}/desired", json=asked, headers=key("next")).json()["orders"]["acknowledged"] == []


def test_an_acknowledgement_of_an_earlier_alarm_is_refused(api: Api, rounds: Rounds) -> None:
    connect(rounds, FakeJournal(), alarms=[standing(since_ms=9_000)])
    answer = api.post(f"{BASE}/alarms/acknowledge", json=seen(since_ms=5_000))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_such_alarm")


def test_an_alarm_of_the_cloud_about_what_is_over_ends_when_somebody_has_seen_it(
    api: Api, rounds: Rounds, database: Database
) -> None:
    journal = FakeJournal()
    journal.add("journal.forked", {"previous_epoch": "0" * 32, "reason": "another history"})
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    alarm = detail(api)["alarms"][0]
    assert (alarm["code"], alarm["origin"]) == ("journal_forked", "cloud")
    asked = {name: alarm[name] for name in ("code", "source", "since_ms")} | {"by": "王芳"}
    assert api.post(f"{BASE}/alarms/acknowledge", json=asked).status_code == 200
    run(rounds)
    assert detail(api)["alarms"] == []
    assert audited(database) == [("王芳", "alarm.acknowledge")]


def test_an_alarm_is_put_aside_for_some_minutes_and_taken_back(api: Api, rounds: Rounds, database: Database) -> None:
    journal = FakeJournal()
    connect(rounds, journal, alarms=[standing()])
    asked = {"code": "door_held", "source": "door", "by": "王芳", "minutes": 60, "reason": "等待维修"}
    aside = api.post(f"{BASE}/alarms/shelve", json=asked).json()["orders"]["shelved"][0]
    assert 0 <= now_ms() + 3_600_000 - aside["until_ms"] < 30_000
    taken = {name: asked[name] for name in ("code", "source", "by")}
    orders = api.post(f"{BASE}/alarms/unshelve", json=taken, headers=key("back")).json()["orders"]
    assert [item["until_ms"] for item in orders["shelved"]] == [0]
    connect(rounds, journal, 2, alarms=[standing()], desired_revision=orders["revision"])
    with database.write() as connection:
        assert desired.set_posture(connection, STATION, None, Author("王芳")).shelved == []


def test_an_alarm_about_peoples_lives_is_never_put_aside(api: Api, rounds: Rounds) -> None:
    lives = ("fire", "smoke", "carbon_monoxide", "duress", "welfare")
    connect(rounds, FakeJournal(), alarms=[standing(code) for code in lives])
    for code in lives:
        asked = {"code": code, "source": "door", "by": "王芳", "minutes": 60, "reason": "太吵"}
        assert api.post(f"{BASE}/alarms/shelve", json=asked).json()["code"] == "never_shelved"


def test_nothing_is_put_aside_for_moments_or_for_days(api: Api, rounds: Rounds) -> None:
    connect(rounds, FakeJournal(), alarms=[standing()])
    for minutes in (0, 4, 24 * 60 + 1):
        asked = {"code": "door_held", "source": "door", "by": "王芳", "minutes": minutes, "reason": "维修"}
        assert api.post(f"{BASE}/alarms/shelve", json=asked).status_code == 422


def test_a_latched_alarm_stands_until_somebody_has_seen_it(api: Api, rounds: Rounds, database: Database) -> None:
    journal = FakeJournal()
    about = {"code": AlarmCode.DURESS, "source": "door"}
    journal.add("alarm.raised", {**about, "priority": "urgent", "detail": ""})
    journal.add("alarm.cleared", {**about, "latched": True})
    Committer(database).commit([publish(journal.batch(1, 2))])
    run(rounds)
    shown = detail(api)["alarms"][0]
    assert (shown["active"], shown["acknowledged"]) == (False, False)
    journal.add("alarm.acknowledged", {**about, "by": "王芳", "raised_at_ms": shown["since_ms"]})
    Committer(database).commit([publish(journal.batch(3, 3))])
    run(rounds)
    assert detail(api)["alarms"] == []


def test_whoever_acknowledged_is_named_even_when_the_state_was_quicker_than_the_record(
    api: Api, rounds: Rounds, database: Database
) -> None:
    journal = FakeJournal()
    journal.add("alarm.acknowledged", {"code": "door_held", "source": "door", "by": "赵磊", "raised_at_ms": 5_000})
    connect(rounds, journal, alarms=[standing(acknowledged=True)], at_ms=now_ms() + 1_000)
    assert detail(api)["alarms"][0]["acknowledged_by"] is None
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    assert detail(api)["alarms"][0]["acknowledged_by"] == "赵磊"


def test_an_alarm_that_begins_anew_is_nobodys_yet(api: Api, rounds: Rounds) -> None:
    journal = FakeJournal()
    connect(rounds, journal, alarms=[standing(acknowledged=True, since_ms=5_000)])
    connect(rounds, journal, 2, alarms=[standing(since_ms=9_000)])
    shown = detail(api)["alarms"][0]
    assert (shown["acknowledged"], shown["acknowledged_by"], shown["since_ms"]) == (False, None, 9_000)
