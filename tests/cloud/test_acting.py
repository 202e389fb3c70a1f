"""What operators do: once, with a name, from a page of ours; and how far it has come."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from cloud.api.app import create_app
from cloud.domain import commands
from cloud.domain.commands import LIFETIME_MS
from cloud.ingest.commit import Committer
from cloud.projector.round import Rounds
from cloud.roster import desired
from cloud.roster.desired import Author
from cloud.roster.keys import Signer
from cloud.store.database import Database
from cloud.store.tables import audit, command, request
from contract.messages import Online, StandingAlarm
from contract.records import AlarmCode, Posture, Priority
from tests.cloud.conftest import STATION
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms, publish
from tests.cloud.test_projector import run, say, state_of

SESSION = "ab" * 8
BASE = f"/api/v1/stations/{STATION}"


class Api:
    """The API, asked from within the process. Each request has the same key unless it says another."""

    def __init__(self, database: Database, signer: Signer | None = None) -> None:
        self._app = create_app(database, Path("/nonexistent"), signer=signer)

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("POST", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("PUT", path, **more)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            headers = {"Idempotency-Key": "key-of-this-test"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8080", headers=headers
            ) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@pytest.fixture
def rounds(database: Database) -> Rounds:
    return Rounds(database)


def connect(rounds: Rounds, journal: FakeJournal, n: int = 1, **state: Any) -> None:
    """The station is there, connected for a minute."""
    online = Online.model_validate({"session": SESSION, "online": True})
    run(rounds, say(online, state_of(journal, n, session_age_ms=60_000, **state)))


def standing(code: str = "door_held", since_ms: int = 5_000, **changes: Any) -> StandingAlarm:
    values = {"code": code, "source": "door", "priority": Priority.HIGH, "detail": "", "since_ms": since_ms}
    return StandingAlarm.model_validate(values | changes)


def ask(**changes: Any) -> dict[str, Any]:
    return {"kind": "release", "by": "王芳", "reason": "会员忘带卡", **changes}


def seen(code: str = "door_held", since_ms: int = 5_000) -> dict[str, Any]:
    return {"code": code, "source": "door", "since_ms": since_ms, "by": "王芳"}


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"key-{name:_>8}"}


def detail(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get(BASE).json()
    return found


def audited(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(row.by, row.act) for row in connection.execute(select(audit).order_by(audit.c.id))]


# ---------------------------------------------------------------- commands


def test_a_command_to_a_station_that_is_away_is_refused_at_once(api: Api, database: Database) -> None:
    answer = api.post(f"{BASE}/commands", json=ask())
    assert answer.status_code == 409
    assert answer.json()["code"] == "station_offline"
    assert audited(database) == []


def test_a_command_waits_until_it_is_known_how_long_the_session_lasts(api: Api, rounds: Rounds) -> None:
    online = Online.model_validate({"session": SESSION, "online": True})
    run(rounds, say(online, retained=True))
    assert api.post(f"{BASE}/commands", json=ask()).json()["code"] == "session_unknown"
    run(rounds, say(state_of(FakeJournal(), 1, session_age_ms=60_000)))
    assert api.post(f"{BASE}/commands", json=ask()).status_code == 202


def test_a_command_is_for_one_connection_and_a_few_seconds_of_it(api: Api, rounds: Rounds, database: Database) -> None:
    connect(rounds, FakeJournal())
    asked = api.post(f"{BASE}/commands", json=ask()).json()
    assert (asked["status"], asked["by"], asked["reason"]) == ("waiting", "王芳", "会员忘带卡")
    with database.read() as connection:
        message = commands.message(commands.due(connection)[0])
    assert message.session == SESSION
    assert message.args == {"reason": "会员忘带卡"}
    lasted_ms = message.expires_in_session_ms - LIFETIME_MS
    assert 60_000 <= lasted_ms < 70_000
    assert audited(database) == [("王芳", "command.release")]


def test_a_command_that_could_not_be_sent_in_time_is_never_sent(api: Api, rounds: Rounds, database: Database) -> None:
    connect(rounds, FakeJournal())
    api.post(f"{BASE}/commands", json=ask())
    with database.write() as connection:
        connection.execute(update(command).values(expires_at_ms=now_ms() - 60_000))
    with database.read() as connection:
        assert list(commands.due(connection)) == []
    assert detail(api)["commands"][0]["status"] == "unanswered"


def test_the_stations_records_say_how_far_a_command_has_come(api: Api, rounds: Rounds, database: Database) -> None:
    journal = FakeJournal()
    connect(rounds, journal)
    asked = api.post(f"{BASE}/commands", json=ask()).json()
    with database.write() as connection:
        commands.mark_sent(connection, [asked["id"]])
    assert detail(api)["commands"][0]["status"] == "sent"
    about = {"id": asked["id"], "command": "release", "issued_by": "王芳"}
    journal.add("command.begun", about)
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    assert detail(api)["commands"][0]["status"] == "begun"
    journal.add("command.answered", {**about, "outcome": "refused", "reason": "lockdown"})
    Committer(database).commit([publish(journal.batch(2, 2))])
    run(rounds)
    shown = api.get(f"{BASE}/commands").json()["commands"][0]
    assert (shown["status"], shown["answer"]) == ("refused", "lockdown")


def test_another_stations_record_answers_no_command(api: Api, rounds: Rounds, database: Database) -> None:
    connect(rounds, FakeJournal())
    asked = api.post(f"{BASE}/commands", json=ask()).json()
    with database.write() as connection:
        commands.mark_answered(connection, "yz-bj-0002", asked["id"], outcome="done", answer="", at_ms=1)
    assert detail(api)["commands"][0]["status"] == "waiting"


def test_a_double_click_is_one_command(api: Api, rounds: Rounds, database: Database) -> None:
    connect(rounds, FakeJournal())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.post(f"{BASE}/commands", json=ask()), range(4)))
    assert [answer.status_code for answer in answers] == [202] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(command)) == 1
    assert audited(database) == [("王芳", "command.release")]


def test_a_key_names_one_request_only(api: Api, rounds: Rounds) -> None:
    connect(rounds, FakeJournal())
    assert api.post(f"{BASE}/commands", json=ask()).status_code == 202
    other = api.post(f"{BASE}/commands", json=ask(reason="另一件事"))
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


def test_what_was_refused_may_be_tried_again_with_its_key(api: Api, rounds: Rounds) -> None:
    assert api.post(f"{BASE}/commands", json=ask()).status_code == 409
    connect(rounds, FakeJournal())
    assert api.post(f"{BASE}/commands", json=ask()).status_code == 202


def test_keys_are_forgotten_after_a_day(api: Api, rounds: Rounds, database: Database) -> None:
    connect(rounds, FakeJournal())
    api.post(f"{BASE}/commands", json=ask())
    with database.write() as connection:
        connection.execute(update(request).values(at_ms=now_ms() - 25 * 3_600_000))
    api.post(f"{BASE}/commands", json=ask(), headers=key("next"))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(request)) == 1


def test_a_station_is_not_drowned_in_commands(api: Api, rounds: Rounds) -> None:
    connect(rounds, FakeJournal())
    for number in range(commands.WAITING_MAX):
        assert api.post(f"{BASE}/commands", json=ask(), headers=key(str(number))).status_code == 202
    assert api.post(f"{BASE}/commands", json=ask()).json()["code"] == "too_many_waiting"


# ---------------------------------------------------------------- who may ask


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "led-here.example"}, 403),
        ({"Idempotency-Key": "short"}, 400),
    ],
)
def test_what_another_sites_page_could_send_is_refused(
    api: Api, database: Database, headers: dict[str, str], status: int
) -> None:
    answer = api.put(f"{BASE}/desired", json={"posture": "lockdown", "by": "x", "reason": "y"}, headers=headers)
    assert answer.status_code == status
    assert audited(database) == []


def test_a_page_of_ours_may_ask(api: Api) -> None:
    headers = {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
    asked = {"posture": "lockdown", "by": "王芳", "reason": "门前有人闹事"}
    assert api.put(f"{BASE}/desired", json=asked, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ""},
        {"by": "  "},
        {"by": "x" * 65},
        {"by": "a\x00b"},
        {"reason": ""},
        {"reason": "x" * 201},
        {"kind": "explode"},
        {"extra": 1},
    ],
)
def test_who_and_why_must_be_said(api: Api, rounds: Rounds, wrong: dict[str, Any]) -> None:
    connect(rounds, FakeJournal())
    assert api.post(f"{BASE}/commands", json=ask(**wrong)).status_code == 422


def test_a_long_body_is_refused_unread(api: Api) -> None:
    assert api.post(f"{BASE}/commands", json=ask(reason="x" * 20_000)).status_code == 413


def test_a_station_that_is_not_there_is_404(api: Api) -> None:
    assert api.post("/api/v1/stations/nowhere/commands", json=ask()).status_code == 404


def test_the_database_itself_keeps_what_was_written_down(api: Api, database: Database) -> None:
    api.put(f"{BASE}/desired", json={"posture": "lockdown", "by": "王芳", "reason": "检修"})
    for change in (update(audit).values(by="nobody"), delete(audit)):
        with pytest.raises(DBAPIError, match="append-only"), database.write() as connection:
            connection.execute(change)
    assert audited(database) == [("王芳", "desired.posture")]


# ---------------------------------------------------------------- standing orders


def test_a_posture_is_ordered_with_who_and_why_and_waits_for_the_station(api: Api, rounds: Rounds) -> None:
    asked = {"posture": "lockdown", "by": "王芳", "reason": "门前有人闹事"}
    orders = api.put(f"{BASE}/desired", json=asked).json()["orders"]
    assert (orders["posture"], orders["followed"]) == ("lockdown", False)
    assert (orders["posture_ordered"]["by"], orders["posture_ordered"]["reason"]) == ("王芳", "门前有人闹事")
    followed = {"posture": Posture.LOCKDOWN, "posture_cause": "desired", "desired_revision": orders["revision"]}
    connect(rounds, FakeJournal(), **followed)
    shown = detail(api)
    assert shown["orders"]["followed"]
    assert (shown["posture"], shown["posture_cause"]) == ("lockdown", "desired")


def test_cutting_a_load_leaves_the_posture_and_its_reason_alone(api: Api) -> None:
    api.put(f"{BASE}/desired", json={"posture": "lockdown", "by": "王芳", "reason": "闹事"})
    asked = {"loads_cut": {"heater": True}, "by": "李强", "reason": "线路过热"}
    orders = api.put(f"{BASE}/desired", json=asked, headers=key("second")).json()["orders"]
    assert (orders["posture"], orders["posture_ordered"]["by"]) == ("lockdown", "王芳")
    assert (orders["loads_cut"], orders["loads_ordered"]["by"]) == (["heater"], "李强")


def test_of_two_operators_who_cut_different_loads_neither_undoes_the_others(api: Api) -> None:
    def cut(name: str, **loads: bool) -> list[str]:
        asked = {"loads_cut": loads, "by": "李强", "reason": "线路过热"}
        found: list[str] = api.put(f"{BASE}/desired", json=asked, headers=key(name)).json()["orders"]["loads_cut"]
        return found

    assert cut("one", heater=True) == ["heater"]
    assert cut("two", sockets=True) == ["heater", "sockets"]
    assert cut("three", heater=False, light=False) == ["sockets"]


def test_every_page_hears_of_new_orders(api: Api, rounds: Rounds) -> None:
    assert run(rounds).changes == 0
    api.put(f"{BASE}/desired", json={"posture": None, "by": "王芳", "reason": "恢复"})
    assert rounds.has_work(now_ms())
    assert run(rounds).changes == 1
    assert not rounds.has_work(now_ms())


# ---------------------------------------------------------------- alarms


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


@pytest.mark.parametrize("code", ["fire", "smoke", "carbon_monoxide", "duress", "welfare"])
def test_an_alarm_about_peoples_lives_is_never_put_aside(api: Api, rounds: Rounds, code: str) -> None:
    connect(rounds, FakeJournal(), alarms=[standing(code)])
    asked = {"code": code, "source": "door", "by": "王芳", "minutes": 60, "reason": "太吵"}
    assert api.post(f"{BASE}/alarms/shelve", json=asked).json()["code"] == "never_shelved"


@pytest.mark.parametrize("minutes", [0, 4, 24 * 60 + 1])
def test_nothing_is_put_aside_for_moments_or_for_days(api: Api, rounds: Rounds, minutes: int) -> None:
    connect(rounds, FakeJournal(), alarms=[standing()])
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


def test_a_day_that_ended_twice_used_both_together(api: Api, database: Database, rounds: Rounds) -> None:
    journal = FakeJournal()
    for day, used in (("2026-11-21", 400), ("2026-11-22", 500), ("2026-11-22", 30)):
        journal.add("energy.used", {"source": "mains", "day": day, "energy_wh": used})
    Committer(database).commit([publish(journal.batch(1, 3))])
    run(rounds)
    assert api.get(f"{BASE}/energy").json()["days"] == [
        {"day": "2026-11-22", "source": "mains", "energy_wh": 530},
        {"day": "2026-11-21", "source": "mains", "energy_wh": 400},
    ]


def test_what_the_station_senses_and_switches_is_shown(api: Api, rounds: Rounds) -> None:
    air = {"id": "air-1", "online": True, "temperature_decicelsius": 215, "humidity_percent": 40}
    told: dict[str, Any] = {
        "loads": [{"id": "light", "on": True, "cause": "occupied"}],
        "environment": [air],
        "power_w": 640,
    }
    connect(rounds, FakeJournal(), **told, energy_day="2026-11-22", energy_today_wh={"mains": 5_210})
    shown = detail(api)
    assert shown["loads"] == told["loads"]
    assert shown["environment"][0]["temperature_decicelsius"] == 215
    assert (shown["power_w"], shown["energy_today_wh"], shown["hazard"]) == (640, {"mains": 5_210}, False)
