"""The built pages in a real browser, with example data behind them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.browser import WEB, browse, served

FONT = "Noto Sans SC Variable"


@pytest.fixture(scope="module")
def ops() -> Iterator[str]:
    with served("ops", "--play") as url:
        yield url


@pytest.fixture(scope="module")
def panel() -> Iterator[str]:
    with served("panel") as url:
        yield url


@pytest.mark.parametrize("page", ["ops", "panel"])
def test_the_chinese_font_is_part_of_the_build(page: str) -> None:
    assets = WEB / "dist" / page / "assets"
    styles = "".join(path.read_text(encoding="utf-8") for path in assets.glob("*.css"))
    named = {Path(name).name for name in re.findall(r"url\(([^)]+\.woff2)\)", styles)}
    assert len(named) > 50
    assert [name for name in named if not (assets / name).is_file()] == []
    assert "http:" not in styles
    assert "https:" not in styles


def test_the_fleet_is_shown_in_the_bundled_font_and_stays_live(ops: str) -> None:
    done = browse(
        ops,
        [
            {"text": [".name", "朝阳门外街道驿站"]},
            {"evaluate": f"document.fonts.check('16px \"{FONT}\"', '驿站')"},
            {"evaluate": "[...document.fonts].filter((face) => face.status === 'loaded').length > 0"},
            {"evaluate": "document.documentElement.lang"},
            # The example plays a visit: the page must show a door that was closed in the snapshot open.
            {"text": [".row .words", "门开着"]},
        ],
    )
    assert done.failure is None
    assert done.errors == []
    assert done.results == [True, True, "zh-CN"]


def test_tabs_share_one_live_connection_and_a_missing_station_is_said_to_be_missing(ops: str) -> None:
    done = browse(
        ops,
        [
            {"wait": ".fact"},
            {"tab": f"{ops}stations/nowhere"},
            {"text": ["h1", "没有这个站点"]},
            {"tab": f"{ops}stations/yz-bj-0002"},
            {"wait": ".mode"},
            {"tab": ops},
            {"wait": ".fact"},
            {"evaluate": "fetch('/dev/live-connections').then((answer) => answer.text())"},
        ],
    )
    assert done.failure is None
    assert done.results == ["1"]


def test_a_lost_connection_is_shown_until_it_is_back(ops: str) -> None:
    done = browse(
        f"{ops}?lang=en",
        [
            {"text": [".link.live", "Live"]},
            {"evaluate": "fetch('/dev/cut').then(() => 'cut')"},
            {"text": [".banner", "Connection lost"]},
            {"text": [".link.live", "Live"]},
            {"evaluate": "document.querySelector('.banner') === null"},
            {"text": [".row .words", "Open"]},
        ],
    )
    assert done.failure is None
    assert done.results == ["cut", True]


def test_what_is_not_done_is_said_with_the_reason_kept_and_the_name_remembered(ops: str) -> None:
    typed = "document.querySelector('dialog input[name={0}]')"
    fill = typed + ".value = '{1}', " + typed + ".dispatchEvent(new Event('input'))"
    done = browse(
        f"{ops}stations/yz-bj-0001?lang=zh",
        [
            {"click": ".commands .button:first-child"},
            {"evaluate": "document.querySelector('dialog [type=submit]').disabled"},
            {"evaluate": fill.format("reason", "忘带卡")},
            {"evaluate": fill.format("operator", "王芳")},
            {"click": "dialog [type=submit]"},
            {"text": ["dialog .failure", "站点离线"]},
            {"evaluate": f"{typed.format('reason')}.value"},
            {"click": "dialog .buttons .button:first-child"},
            {"click": ".posture .button"},
            {"evaluate": f"{typed.format('operator')}.value"},
        ],
    )
    assert done.failure is None
    # The browser itself reports the refusal too.
    assert [error for error in done.errors if "409" not in error] == []
    assert (done.results[0], done.results[-2:]) == (True, ["忘带卡", "王芳"])


def test_a_visitors_pass_is_drawn_once_it_is_issued(ops: str) -> None:
    typed = "document.querySelector('dialog input[name={0}]')"
    fill = typed + ".value = '{1}', " + typed + ".dispatchEvent(new Event('input'))"
    done = browse(
        f"{ops}stations/yz-bj-0001?lang=en",
        [
            {"click": ".commands .button:nth-child(3)"},
            {"evaluate": fill.format("reason", "repair")},
            {"evaluate": fill.format("operator", "Wang")},
            {"click": "dialog [type=submit]"},
            {"wait": "dialog.pass img"},
            {"evaluate": "document.querySelector('dialog.pass img').decode().then(() => 'drawn')"},
            {"click": "dialog.pass button"},
            {"wait": "body:not(:has(dialog))"},
        ],
    )
    assert done.failure is None
    assert done.errors == []
    assert done.results[-1] == "drawn"


def test_what_people_have_done_is_a_page_of_its_own_with_older_pages_behind(ops: str) -> None:
    refused = "document.querySelector('.act .outcome:not(.soft)').textContent.trim()"
    lines = "document.querySelectorAll('.act').length"
    done = browse(
        ops,
        [
            {"click": ".acts-link"},
            {"text": ["h1", "操作记录"]},
            {"wait": ".act"},
            {"evaluate": refused},
            {"evaluate": lines},
            {"click": ".older"},
            {"wait": "section:not(:has(.older))"},
            {"evaluate": lines},
            {"goto": f"{ops}stations/yz-bj-0004"},
            {"click": ".commands .all"},
            {"text": ["h1", "操作记录"]},
            {"wait": ".act"},
            {"evaluate": "document.querySelectorAll('.where').length"},
        ],
    )
    assert done.failure is None
    assert done.errors == []
    assert done.results == ["站点拒绝：站点封闭中", 50, 63, 0]


def test_the_energy_of_past_days_is_on_the_stations_page_each_day_once(ops: str) -> None:
    bars = "[...document.querySelectorAll('.energy .bar > span')].map((bar) => parseFloat(bar.style.width))"
    done = browse(
        ops,
        [
            {"goto": f"{ops}stations/yz-bj-0004"},
            {"wait": ".energy .bar"},
            {"evaluate": f"{bars}.length"},
            {"evaluate": f"Math.max(...{bars})"},
            {"evaluate": "document.querySelector('.energy .value').textContent"},
        ],
    )
    assert done.failure is None
    assert done.errors == []
    assert done.results == [14, 100, "5.2 度"]


def test_a_slot_of_the_cabinet_can_be_looked_at_and_opened_with_a_reason(ops: str) -> None:
    typed = "document.querySelector('dialog input[name={0}]')"
    fill = typed + ".value = '{1}', " + typed + ".dispatchEvent(new Event('input'))"
    done = browse(
        f"{ops}stations/yz-bj-0001?lang=en",
        [
            {"text": [".cabinet .swap", "waiting for a battery in slot 6"]},
            {"text": [".cabinet .outcomes", "41done"]},
            {"click": ".cabinet .place:nth-child(4)"},
            {"text": [".chosen", "YZB00104"]},
            {"click": ".chosen .button:first-child"},
            {"text": ["dialog h2", "Open slot 4?"]},
            {"evaluate": fill.format("reason", "stuck")},
            {"evaluate": fill.format("operator", "Wang")},
            {"click": "dialog [type=submit]"},
            {"text": ["dialog .failure", "away"]},
        ],
    )
    assert done.failure is None
    assert [error for error in done.errors if "409" not in error] == []


def test_a_burning_slot_is_one_group_that_says_what_to_do_and_opens_for_nobody_from_afar(ops: str) -> None:
    done = browse(
        f"{ops}stations/yz-bj-0003?lang=en",
        [
            {"text": [".alarms", "Slot 5, smoke, temperature rises fast, battery too hot"]},
            {"evaluate": "document.querySelectorAll('.alarms li.urgent').length"},
            {"text": [".cabinet .trouble", "people are told to leave"]},
            {"evaluate": "document.querySelectorAll('.cabinet .trips > li').length"},
            {"text": [".cabinet .trips > li:nth-child(2)", "Do not open it"]},
            {"click": ".cabinet .place:nth-child(5)"},
            {"text": [".chosen", "only a technician on site"]},
            {"evaluate": "document.querySelector('.chosen .button').disabled"},
            {"text": [".cabinet .lines", "A battery vanished"]},
            {"text": [".cabinet", "李秀英"]},
        ],
    )
    assert done.failure is None
    assert done.errors == []
    # Duress, the whole cabinet's water, and the slot's three trips in one; of the cabinet's two groups the last two.
    assert done.results == [3, 2, True]


def test_a_station_without_a_cabinet_does_not_speak_of_one(ops: str) -> None:
    done = browse(
        f"{ops}stations/yz-bj-0004",
        [{"wait": ".timeline .event"}, {"evaluate": "document.querySelectorAll('.cabinet').length"}],
    )
    assert done.failure is None
    assert done.results == [0]


def test_nothing_is_wider_than_a_phone(ops: str, panel: str) -> None:
    steps: list[dict[str, Any]] = []
    for language in ("zh", "en"):
        for url, ready in (
            (f"{ops}", ".fact"),
            (f"{ops}stations/yz-bj-0004", ".timeline .event"),
            (f"{ops}stations/yz-bj-0003", ".cabinet .place"),
            (f"{ops}acts", ".act"),
            (f"{ops}stations/yz-bj-0004/acts", ".act"),
            (f"{panel}", ".stage"),
        ):
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            steps += [{"goto": f"{url}?lang={language}"}, {"wait": ready}, {"evaluate": overflow}]
    done = browse(ops, steps, width=360, height=740)
    assert done.failure is None
    assert done.results == [0] * 12
    assert done.errors == []


def test_somebody_in_the_panels_plan_can_be_chosen_and_told_what_to_do(panel: str) -> None:
    chosen = "document.querySelector('.acts .who').textContent.replace(/\\s+/g, ' ').trim()"
    done = browse(
        panel,
        [
            {"wait": ".plan .figure"},
            {"evaluate": "document.querySelectorAll('.plan .figure').length"},
            {"click": ".figure.lying"},
            {"text": [".acts", "起来走动"]},
            {"evaluate": chosen},
        ],
    )
    assert done.failure is None
    assert done.results == [6, "刘洋站内躺着"]
