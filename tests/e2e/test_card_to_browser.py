"""What happens at the station's door is seen in the browser within a second: the whole way, on its real wires.

The clock starts with the simulated world's own log and stops in the page, at the moment in which its contents change.
"""

import json

import pytest

from tests.e2e.chromium import Tab
from tests.e2e.conftest import Stack
from tests.e2e.hands import NAME, acknowledge
from tests.e2e.words import Language, words
from yizhan.stack.layout import STATION, STATION_NAME
from yizhan.stack.people import PEOPLE
from yizhan.stack.prepare import administer

pytestmark = pytest.mark.alone

WITHIN_MS = 1_000
PICTURE_WITHIN_MS = 2 * WITHIN_MS
"""Records go up at once; the live picture of door and posture at most once a second, so it may have to wait."""
RIDER, COURIER, STRANGER = PEOPLE[0], PEOPLE[1], PEOPLE[-1]

both_languages = pytest.mark.parametrize("language", Language)


def open_station(tab: Tab, stack: Stack, language: Language) -> None:
    """The station's view, live, with its timeline loaded and the station at rest."""
    stack.await_rest()
    tab.goto(stack.page(f"stations/{STATION}?lang={language}"))
    tab.until("document.querySelector('.link.live') && document.querySelector('.timeline .event')")


def assert_prompt(shown_ms: float, happened_ms: float, within_ms: float = WITHIN_MS) -> None:
    """Not before it happened (give or take the clocks' millisecond), and soon."""
    assert -1 <= shown_ms - happened_ms <= within_ms


def new_event_with(tab: Tab, *texts: str) -> str:
    """An expression: the timeline shows an event newer than all that it shows now, with these words in it."""
    newest = tab.evaluate(
        "Math.max(...[...document.querySelectorAll('[data-change].event')].map((e) => e.dataset.change))"
    )
    holds = " && ".join(f"event.textContent.includes({json.dumps(text)})" for text in texts)
    return (
        "[...document.querySelectorAll('[data-change].event')]"
        f".some((event) => Number(event.dataset.change) > {newest} && {holds})"
    )


def shows(selector: str, text: str) -> str:
    """An expression: an element says this."""
    return (
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        f".some((element) => element.textContent.includes({json.dumps(text)}))"
    )


@both_languages
def test_a_member_is_in_the_timeline_within_a_second_of_showing_the_card(
    stack: Stack, tab: Tab, language: Language
) -> None:
    open_station(tab, stack, language)
    assert tab.text("h1") == STATION_NAME
    tab.want("granted", new_event_with(tab, words(language, "event.access.granted", member=RIDER.name)))
    tab.want("released", shows(".door dd", words(language, "lock.released")))
    begun = stack.log_bytes()
    stack.show_card(RIDER)
    granted_ms, released_ms = tab.shown_at_ms("granted"), tab.shown_at_ms("released")
    card_ms = stack.happened_at_ms(begun, "card_shown")
    assert_prompt(granted_ms, card_ms)
    assert_prompt(released_ms, stack.happened_at_ms(begun, "lock_edge", released=True), PICTURE_WITHIN_MS)


@both_languages
def test_a_stranger_is_in_the_timeline_with_the_reason_within_a_second(
    stack: Stack, tab: Tab, language: Language
) -> None:
    open_station(tab, stack, language)
    denied = words(language, "event.access.denied.stranger")
    tab.want("denied", new_event_with(tab, denied, words(language, "reason.unknown_credential")))
    begun = stack.log_bytes()
    stack.show_card(STRANGER)
    shown_ms = tab.shown_at_ms("denied")
    assert_prompt(shown_ms, stack.happened_at_ms(begun, "card_shown"))


@both_languages
def test_a_forced_door_is_an_alarm_on_the_page_within_a_second_and_gone_once_it_is_shut_and_seen(
    stack: Stack, tab: Tab, language: Language
) -> None:
    open_station(tab, stack, language)
    alarm = words(language, "alarm.door_forced")
    tab.want("alarm", shows(".alarms li", alarm))
    tab.want("record", new_event_with(tab, words(language, "event.alarm.raised", code=alarm)))
    stack.await_unexcused()
    begun = stack.log_bytes()
    stack.sim.act("push_door", force=True)
    try:
        alarm_ms, record_ms = tab.shown_at_ms("alarm"), tab.shown_at_ms("record")
    finally:
        stack.sim.act("let_go")
    opened_ms = stack.happened_at_ms(begun, "door", open=True)
    assert_prompt(alarm_ms, opened_ms)
    assert_prompt(record_ms, opened_ms)
    tab.until(shows(".alarms li.over", alarm))
    tab.until(shows(".timeline .event", words(language, "event.alarm.cleared", code=alarm)))
    acknowledge(tab, words(language, "alarm.acknowledge"))
    tab.until("document.querySelector('.alarms') === null")
    tab.until(shows(".timeline .event", words(language, "event.alarm.acknowledged", by=NAME, code=alarm)))


@both_languages
def test_a_posture_that_the_station_has_taken_up_is_on_the_page_within_a_second(
    stack: Stack, tab: Tab, language: Language
) -> None:
    open_station(tab, stack, language)
    lockdown = words(language, "posture.lockdown")
    tab.want("lockdown", shows(".door dd", lockdown))
    tab.want("record", new_event_with(tab, lockdown))
    change = stack.cloud.stations()["change"]
    administer(stack.layout, ("stations", "desired", STATION, "--posture", "lockdown"))
    try:
        shown_ms, record_ms = tab.shown_at_ms("lockdown"), tab.shown_at_ms("record")
        tab.want("denied", new_event_with(tab, words(language, "reason.lockdown")))
        stack.show_card(RIDER)
        tab.shown_at_ms("denied")
    finally:
        administer(stack.layout, ("stations", "desired", STATION, "--posture", "secure"))
    tab.until(shows(".door dd", words(language, "posture.secure")))
    (taken_up_ms,) = [
        row.recorded_at_ms
        for row in stack.cloud.rows(STATION, change)
        if row.kind == "posture.changed" and row.body["posture"] == "lockdown"
    ]
    assert_prompt(shown_ms, taken_up_ms, PICTURE_WITHIN_MS)
    assert_prompt(record_ms, taken_up_ms)


def test_a_cloud_that_was_away_is_said_to_be_away_and_comes_back_by_itself_with_what_was_missed(
    stack: Stack, tab: Tab
) -> None:
    language = Language.CHINESE
    open_station(tab, stack, language)
    granted = new_event_with(tab, words(language, "event.access.granted", member=RIDER.name))
    stack.services.cut("cloud")
    try:
        tab.until(shows(".banner", words(language, "link.lost_title")))
        stack.show_card(RIDER)
    finally:
        stack.services.restore("cloud")
        stack.services.wait_ready("cloud")
    tab.until("document.querySelector('.link.live') && !document.querySelector('.banner')")
    tab.until(granted)
    stack.await_open()
    tab.want("next", new_event_with(tab, words(language, "event.access.granted", member=COURIER.name)))
    begun = stack.log_bytes()
    stack.show_card(COURIER)
    assert_prompt(tab.shown_at_ms("next"), stack.happened_at_ms(begun, "card_shown"))
