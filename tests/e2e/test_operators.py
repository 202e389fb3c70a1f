"""What an operator does in the browser happens at the station's door, and comes back with their name."""

from tests.e2e.chromium import Tab
from tests.e2e.conftest import Stack
from tests.e2e.hands import NAME, REASON, click, say_why
from tests.e2e.test_card_to_browser import new_event_with, open_station, shows
from tests.e2e.words import Language, words
from yizhan.stack.layout import STATION

ZH = Language.CHINESE


def test_a_door_is_released_from_the_browser_and_the_answer_is_shown_with_the_reason(stack: Stack, tab: Tab) -> None:
    open_station(tab, stack, ZH)
    tab.want(
        "released",
        new_event_with(tab, words(ZH, "event.door.released.anybody", cause=words(ZH, "cause.command")), REASON),
    )
    begun, change = stack.log_bytes(), stack.cloud.stations()["change"]
    click(tab, ".commands button", words(ZH, "command.release_ask"))
    say_why(tab, words(ZH, "command.release_confirm"))
    released_ms = tab.shown_at_ms("released")
    tab.until(shows(".commands li", words(ZH, "command.status.done")))
    assert released_ms >= stack.happened_at_ms(begun, "lock_edge", released=True)
    kinds = {row.kind: row.body for row in stack.cloud.rows(STATION, change)}
    assert kinds["command.begun"]["reason"] == REASON
    assert kinds["door.released"]["cause"] == "command"
    answered = kinds["command.answered"]
    assert (answered["outcome"], answered["issued_by"]) == ("done", NAME)


def test_a_posture_ordered_in_the_browser_is_followed_and_says_who_and_why(stack: Stack, tab: Tab) -> None:
    open_station(tab, stack, ZH)
    for posture in ("lockdown", "schedule"):
        click(tab, ".posture button", words(ZH, "posture.change"))
        click(tab, "dialog .choices button", words(ZH, f"posture.{posture}"))
        say_why(tab, words(ZH, "posture.confirm", posture=words(ZH, f"posture.{posture}")))
        if posture == "lockdown":
            tab.until(shows(".posture .now", words(ZH, "posture.lockdown")))
            tab.until(shows(".posture", words(ZH, "posture.ordered", by=NAME, reason=REASON)))
    tab.until(shows(".posture .now", words(ZH, "posture.secure")))
