"""The console's process: what the channel tells is on the stream, the button is on the channel, and nobody else's."""

import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.records import Reason
from edge.runtime.ipc import AllRight, DoorNotice, NoticeKind, StateChanged, StopChild
from tests.console.console_child import PATIENCE_S, ROOT, ConsoleChild, console_child, picture
from tests.web.browser import browse


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleChild]:
    with console_child(tmp_path_factory.mktemp("console"), pages=ROOT / "web/dist/kiosk") as child:
        child.wait(lambda: child.heartbeats > 0, "a sign of life")
        yield child


@pytest.fixture
def console(shared: ConsoleChild) -> ConsoleChild:
    shared.tell(StateChanged(picture()))
    shared.listen()
    shared.said.clear()
    return shared


def test_what_the_controller_tells_is_shown_at_once_and_as_it_changes(console: ConsoleChild) -> None:
    with console.pictures() as pictures:
        assert next(view for view in pictures if view["known"])["people"] == 3
        console.tell(StateChanged(picture(people=4, welfare_asked=True)))
        view = next(pictures)
        assert (view["people"], view["welfare_asked"]) == (4, True)
        console.tell(DoorNotice(NoticeKind.DENIED, Reason.STATION_FULL))
        assert next(pictures)["notice"] == {"kind": "denied", "reason": "station_full"}


def test_the_button_is_passed_on_once_however_often_it_is_pressed_at_once(console: ConsoleChild) -> None:
    assert [console.press() for _ in range(3)] == [200, 200, 200]

    console.wait(lambda: bool(console.said), "the button on the channel")
    console.listen()
    assert console.said == [AllRight()]


def test_a_page_from_elsewhere_cannot_press_the_button(console: ConsoleChild) -> None:
    with pytest.raises(urllib.error.HTTPError) as no_header:
        console.press(Origin="http://evil.example")
    assert no_header.value.code == 422
    with pytest.raises(urllib.error.HTTPError) as other_name:
        console.press(**{"X-Yizhan-Screen": "1", "Host": "evil.example"})
    assert other_name.value.code == 400
    console.listen()

    assert console.said == []


def test_more_screens_than_a_station_has_are_refused(console: ConsoleChild) -> None:
    streams = [urllib.request.urlopen(f"{console.url}/api/screen", timeout=PATIENCE_S) for _ in range(4)]
    try:
        for stream in streams:
            stream.readline()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{console.url}/api/screen", timeout=PATIENCE_S)
        assert refused.value.code == 503
    finally:
        for stream in streams:
            stream.close()


def test_the_page_asks_whether_all_is_well_and_a_finger_answers(console: ConsoleChild) -> None:
    console.tell(StateChanged(picture(welfare_asked=True)))
    done = browse(
        f"{console.url}/?lang=zh",
        [
            {"text": ["h1", "您还好吗"]},
            {"evaluate": "document.querySelector('main > button').getBoundingClientRect().height"},
            {"click": "main > button"},
            {"text": ["main > button", "收到"]},
        ],
        width=1024,
        height=600,
    )

    assert done.failure is None
    assert done.errors == []
    assert done.results[0] > 200, "for a wet glove"
    console.wait(lambda: AllRight() in console.said, "the button on the channel")


@pytest.mark.parametrize(("width", "height"), [(1024, 600), (480, 800)])
def test_in_a_fire_the_screen_says_nothing_but_leave(console: ConsoleChild, width: int, height: int) -> None:
    console.tell(StateChanged(picture(door={"fire": True, "lock_released": True}, welfare_asked=True)))
    fits = "document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth"
    done = browse(
        f"{console.url}/?lang=en",
        [{"text": ["h1", "火警"]}, {"evaluate": "document.body.innerText"}, {"evaluate": fits}],
        width=width,
        height=height,
    )

    assert done.failure is None
    text, fits_on_it = done.results
    assert "请从门口离开，门已打开" in text
    assert "Leave through the door" in text
    assert "all right" not in text
    assert fits_on_it


def test_without_its_page_the_console_says_what_is_missing_and_ends_when_it_is_told(tmp_path: Path) -> None:
    with console_child(tmp_path) as child:
        child.wait(lambda: child.heartbeats > 0, "a sign of life")
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(f"{child.url}/", timeout=PATIENCE_S)
        assert b"make pages" in missing.value.read()
        with child.pictures() as pictures:
            next(pictures)
            child.channel.send(StopChild())
            assert child.process.wait(PATIENCE_S) == 0


def test_a_console_whose_controller_has_gone_ends(tmp_path: Path) -> None:
    with console_child(tmp_path) as child:
        child.wait(lambda: child.heartbeats > 0, "a sign of life")
        child.channel.close()

        assert child.process.wait(PATIENCE_S) in (0, -signal.SIGKILL)


def test_a_port_that_is_taken_ends_the_console_which_is_then_tried_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, console_child(tmp_path, port=taken.getsockname()[1]) as child:
        assert child.process.wait(PATIENCE_S) == 1
