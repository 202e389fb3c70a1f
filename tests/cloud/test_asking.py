"""Who may act through the API: a page or program of ours that says who it is."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from cloud.projector.round import Rounds
from cloud.store.database import Database
from tests.cloud.operators import BASE, Api, ask, audited, connect
from tests.cloud.station_client import FakeJournal


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One database is enough: none of this gets that far."""
    path = tmp_path / "cloud.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def api(database: Database) -> Api:
    return Api(database)


@pytest.fixture
def rounds(database: Database) -> Rounds:
    return Rounds(database)


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
