"""Who did what, when and why, and what became of it: the audit log as the API shows it."""

from typing import Any

import pytest

from cloud.domain import acts, audit
from cloud.domain.scope import Scope
from cloud.ingest.commit import Committer
from cloud.projector.round import Rounds
from cloud.roster import visit_passes
from cloud.store.database import Database
from tests.cloud.conftest import OTHER_STATION, STATION
from tests.cloud.operators import BASE, Api, ask, connect
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import publish
from tests.cloud.test_projector import run


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@pytest.fixture
def rounds(database: Database) -> Rounds:
    return Rounds(database)


def note(database: Database, count: int, *, station: str | None = STATION) -> None:
    with database.write() as connection:
        for number in range(count):
            acts.note(
                connection, "李静", "desired.posture", station=station, posture="secure", reason=f"第 {number} 次"
            )


def shown(api: Api, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/api/v1/acts{query}").json()["acts"]
    return found


def test_an_act_is_shown_with_who_when_why_and_where(api: Api) -> None:
    asked = {"posture": "lockdown", "by": "王芳", "reason": "现场有纠纷"}
    assert api.put(f"{BASE}/desired", json=asked).status_code == 200
    (act,) = shown(api)

    assert (act["by"], act["act"], act["reason"]) == ("王芳", "desired.posture", "现场有纠纷")
    assert (act["station"], act["station_name"], act["timezone"]) == (STATION, "驿站1", "Asia/Shanghai")
    assert act["detail"] == {"posture": "lockdown"}
    assert (act["command_status"], act["command_answer"]) == (None, None)


def test_what_became_of_a_command_is_shown_beside_it(api: Api, rounds: Rounds, database: Database) -> None:
    journal = FakeJournal()
    connect(rounds, journal)
    asked = api.post(f"{BASE}/commands", json=ask()).json()
    assert shown(api)[0]["command_status"] == "waiting"

    answer = {"id": asked["id"], "issued_by": "王芳", "command": "release", "outcome": "refused", "reason": "lockdown"}
    journal.add("command.answered", answer)
    Committer(database).commit([publish(journal.batch(1, 1))])
    run(rounds)
    (act,) = shown(api)
    assert (act["act"], act["command_status"], act["command_answer"]) == ("command.release", "refused", "lockdown")


def test_the_newest_comes_first_and_pages_follow_each_other_without_gap_or_repeat(api: Api, database: Database) -> None:
    note(database, 7)
    seen: list[str] = []
    query = "?limit=3"
    for size in (3, 3, 1):
        answer = api.get(f"/api/v1/acts{query}").json()
        assert len(answer["acts"]) == size
        seen += [act["reason"] for act in answer["acts"]]
        # What is done meanwhile does not shift the older pages.
        note(database, 1, station=OTHER_STATION)
        query = f"?limit=3&before={answer['next_before']}"
    assert seen == [f"第 {number} 次" for number in reversed(range(7))]
    assert answer["next_before"] is None


def test_one_stations_acts_are_shown_alone(api: Api, database: Database) -> None:
    note(database, 2)
    note(database, 3, station=OTHER_STATION)
    note(database, 1, station=None)

    assert [act["station"] for act in shown(api, f"?station={STATION}")] == [STATION] * 2
    assert len(shown(api)) == 6
    assert shown(api, "?station=yz-sh-0009") == []


def test_a_visitors_pass_is_its_stations_act(api: Api, database: Database) -> None:
    with database.write() as connection:
        visit_passes.make(connection, (STATION,), minutes=30, once=True, by="王芳", reason="来访")
    (act,) = shown(api, f"?station={STATION}")
    assert (act["act"], act["reason"], act["detail"]["once"]) == ("passes.issue", "来访", True)


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?before=0", "?before=x", "?limit=9999999999999999999"])
def test_a_page_is_bounded(api: Api, query: str) -> None:
    assert api.get(f"/api/v1/acts{query}").status_code == 422


def test_a_name_that_no_station_has_is_not_found(api: Api) -> None:
    assert api.get("/api/v1/acts?station=%00").status_code == 404


def test_whoever_sees_a_part_of_the_tree_sees_what_was_done_there(database: Database) -> None:
    note(database, 2)
    note(database, 1, station=None)
    with database.read() as connection:
        inside = audit.page(connection, Scope("/cn/bj/"), station_id=None, before=None, limit=10)
        elsewhere = audit.page(connection, Scope("/cn/sh/"), station_id=None, before=None, limit=10)
    assert [act.station for act in inside.acts] == [STATION] * 2
    assert elsewhere.acts == []


def test_acts_of_a_station_that_is_gone_stay(api: Api, database: Database) -> None:
    note(database, 1, station="yz-bj-0099")
    (act,) = shown(api)
    assert (act["station"], act["station_name"]) == ("yz-bj-0099", None)
