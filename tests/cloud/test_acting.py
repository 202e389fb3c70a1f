"""What operators ask of a station: once, with a name; and how far it has come."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from cloud.domain import commands
from cloud.domain.commands import LIFETIME_MS
from cloud.ingest.commit import Committer
from cloud.projector.round import Rounds
from cloud.store.database import Database
from cloud.store.tables import audit, command, request
from contract.messages import Online
from contract.records import Posture
from tests.cloud.operators import BASE, SESSION, Api, ask, audited, connect, detail, key
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms, publish
from tests.cloud.test_projector import run, say, state_of


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@pytest.fixture
def rounds(database: Database) -> Rounds:
    return Rounds(database)


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
