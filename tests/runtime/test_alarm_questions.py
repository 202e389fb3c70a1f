"""A technician at the station: questions about alarms, the commands that ask them, and what is not said."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.records import AlarmCode, Priority, WelfareAnswered, WelfareAsked
from edge import asking
from edge.cli import main
from edge.core import events
from edge.core.alarm_state import Alarm
from edge.core.changed import changed
from edge.core.state import RecordedAt, StationState
from edge.core.station import apply
from edge.runtime.alarm_questions import AlarmQuestions
from edge.runtime.silence import for_people_here, line_for_people_here
from edge.runtime.station_socket import StationSocket
from tests.core.support import Life

DURESS = Alarm(AlarmCode.DURESS, "entry", Priority.URGENT, "member rider-1", 1)
STATION = """
[station]
id = "s-1"
data_dir = "{root}/data"
run_dir = "{root}/run"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
[[readers]]
id = "entry"
device = "/dev/null"
key_file = "/dev/null"
[uplink]
host = "127.0.0.1"
"""


def asked(life: Life) -> Callable[..., dict[str, Any]]:
    """Ask a question by name and values."""
    answers = AlarmQuestions(lambda event: (life.do(event), None)[1], lambda: life.state).answers

    def question(name: str, **values: Any) -> dict[str, Any]:
        return answers[name]({"ask": name, **values})

    return question


def with_duress(state: StationState) -> StationState:
    return changed(state, durable=changed(state.durable, alarms=(*state.durable.alarms, DURESS)))


# ------------------------------------------------ the questions


def test_alarms_are_told_with_what_became_of_them() -> None:
    life = Life()
    ask = asked(life)
    assert ask("alarms") == {"alarms": []}
    life.open()
    (alarm,) = ask("alarms")["alarms"]

    assert (alarm["code"], alarm["active"], alarm["acknowledged"]) == ("door_forced", True, False)
    assert json.loads(json.dumps(alarm)) == alarm
    life.close()
    (alarm,) = ask("alarms")["alarms"]
    assert (alarm["active"], alarm["acknowledged"]) == (False, False)


def test_an_alarm_is_acknowledged_by_name_and_a_quicker_one_counts() -> None:
    life = Life()
    ask = asked(life)
    life.open()
    assert ask("acknowledge", code="door_forced", source="door", by=" Li ") == {
        "acknowledged": True,
        "by": "Li",
        "listed": True,
    }
    assert ask("acknowledge", code="door_forced", source="door", by="Wang")["by"] == "Li"
    life.close()
    with pytest.raises(ValueError, match="no alarm door_forced/door is listed"):
        ask("acknowledge", code="door_forced", source="door", by="Wang")


def test_a_shelf_is_put_up_and_taken_back() -> None:
    life = Life()
    ask = asked(life)
    life.do(events.ChildRestarting("uplink"))
    said = ask("shelve", code="child_restarting", source="uplink", minutes=30, by="Li", reason="new modem on Monday")
    assert said == {"shelved": True, "until_ms": life.now().wall_ms + 1_800_000}
    with pytest.raises(ValueError, match="is shelved"):
        ask("acknowledge", code="child_restarting", source="uplink", by="Li")

    assert ask("shelve", code="child_restarting", source="uplink", minutes=0, by="Li")["shelved"] is False
    assert AlarmCode.CHILD_RESTARTING in life.alarms()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"code": "door_ajar"}, "'door_ajar' is no alarm's"),
        ({"code": None}, "is no alarm's"),
        ({"code": ["fire"]}, "is no alarm's"),
        ({"code": "duress", "source": "entry"}, "'duress' is no alarm's"),
        ({"source": ""}, "source is missing"),
        ({"source": 7}, "source is missing"),
        ({"source": "x" * 201}, "source is longer"),
        ({"by": "  "}, "by is missing"),
        ({"by": "x" * 65}, "by is longer"),
        ({"reason": ""}, "reason is missing"),
        ({"minutes": 1_441}, "minutes 1441"),
        ({"minutes": -1}, "minutes -1"),
        ({"minutes": True}, "minutes True"),
        ({"minutes": "30"}, "minutes '30'"),
        ({"minutes": None}, "minutes None"),
        ({"code": "fire", "source": "fire"}, "fire/fire cannot be shelved"),
        ({"source": "nobody"}, "child_restarting/nobody cannot be shelved"),
    ],
)
def test_a_question_that_cannot_be_understood_or_done_says_why(values: dict[str, Any], complaint: str) -> None:
    life = Life()
    life.do(events.ChildRestarting("uplink"))
    question = {"code": "child_restarting", "source": "uplink", "by": "Li", "minutes": 30, "reason": "known"} | values

    with pytest.raises(ValueError) as refused:
        asked(life)("shelve", **question)
    assert complaint in str(refused.value)


def test_somebody_who_has_looked_ends_the_question_whether_all_is_well() -> None:
    life = Life()
    ask = asked(life)
    assert ask("attend") == {"attended": False}
    life.state = apply(life.state, WelfareAsked(2_700_000), RecordedAt(1, 2, 1))
    assert ask("attend") == {"attended": True}

    assert WelfareAnswered("attended") in life.last
    assert ask("attend") == {"attended": False}


# ------------------------------------------------ what is not said


def test_a_call_for_help_is_not_spoken_of_at_the_station() -> None:
    life = Life()
    life.state = with_duress(life.state)
    ask = asked(life)

    assert ask("alarms") == {"alarms": []}
    for name in ("acknowledge", "shelve"):
        with pytest.raises(ValueError, match="is no alarm's"):
            ask(name, code="duress", source="entry", by="Li", minutes=5, reason="x")


def test_lines_and_pictures_are_said_without_it_and_all_else_as_it_is() -> None:
    raised = {"record": "alarm.raised", "body": {"code": "duress", "source": "entry"}}
    granted = {"record": "access.granted", "body": {"member": "rider-1", "duress": True}}
    forced = {"code": "door_forced"}
    picture = {"posture": "secure", "alarms": [{"code": "duress"}, forced]}

    assert line_for_people_here(raised) is None
    assert line_for_people_here(granted) == {**granted, "body": {"member": "rider-1", "duress": False}}
    assert line_for_people_here({"state": picture}) == {"state": {"posture": "secure", "alarms": [forced]}}
    assert picture["alarms"] == [{"code": "duress"}, forced], "what goes to the cloud is untouched"
    for line in ({"committed": 7}, {"body": {"code": "door_forced"}}, {"state": "odd"}, {"state": {"alarms": 7}}):
        assert line_for_people_here(line) == line
    assert for_people_here({"alarms": [forced]}) == {"alarms": [forced]}


def test_the_socket_says_it_neither_to_who_tails_nor_to_who_asks(tmp_path: Path) -> None:
    async def story() -> None:
        picture = {"alarms": [{"code": "duress"}]}
        server = StationSocket(tmp_path / "s.sock", lambda question: {"state": picture})
        await server.start()
        try:
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s.sock")
            writer.write(b'{"ask":"status"}\n{"ask":"tail"}\n')
            assert json.loads(await asyncio.wait_for(reader.readline(), 5.0)) == {"state": {"alarms": []}}
            await asyncio.wait_for(reader.readline(), 5.0)
            server.tell({"record": "alarm.raised", "body": {"code": "duress"}})
            server.tell({"record": "alarm.raised", "body": {"code": "fire"}})
            heard = json.loads(await asyncio.wait_for(reader.readline(), 5.0))
            assert heard["body"]["code"] == "fire"
        finally:
            writer.close()
            await server.stop()

    asyncio.run(story())


# ------------------------------------------------ the commands


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(STATION.format(root=tmp_path), encoding="utf-8")
    (tmp_path / "run").mkdir()
    return path


@contextmanager
def served(config: Path, life: Life) -> Iterator[None]:
    """The station's real socket in a thread of its own, before a life that is lived by hand."""
    answers = AlarmQuestions(lambda event: (life.do(event), None)[1], lambda: life.state).answers
    server = StationSocket(config.parent / "run" / "station.sock", lambda asked: answers[asked["ask"]](asked))
    up = threading.Event()
    over = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await server.start()
        up.set()
        await over.wait()
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert up.wait(5.0)
        yield
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join(5.0)


def test_a_technician_sees_an_alarm_acknowledges_it_and_shelves_another(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    life = Life()
    life.open()
    life.do(events.ChildRestarting("uplink", "killed"))
    with served(config, life):
        assert main(["alarms", "--config", str(config)]) == 0
        urgent, low = capsys.readouterr().out.splitlines()
        assert "urgent  door_forced door (not seen yet, first)" in urgent
        assert "low     child_restarting uplink (not seen yet): killed" in low
        assert main(["acknowledge", "door_forced", "door", "--by", "Li", "--config", str(config)]) == 0
        assert "seen by Li; it stands" in capsys.readouterr().out
        shelve = ["shelve", "child_restarting", "uplink", "--by", "Li", "--config", str(config)]
        assert main([*shelve, "--minutes", "60", "--reason", "new modem on Monday"]) == 0
        assert "shelved until 20" in capsys.readouterr().out
        assert main(["alarms", "--config", str(config), "--json"]) == 0
        states = {alarm["code"]: alarm for alarm in json.loads(capsys.readouterr().out)}
        assert states["door_forced"]["acknowledged_by"] == "Li"
        assert states["child_restarting"]["shelved_until_ms"] == life.now().wall_ms + 3_600_000
        assert main([*shelve, "--minutes", "0"]) == 0
        assert "not shelved" in capsys.readouterr().out
        assert main(["attend", "--config", str(config)]) == 0
        assert "nobody is being asked" in capsys.readouterr().out


def test_what_the_station_refuses_is_one_line_and_a_failure(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(config, Life()):
        assert main(["acknowledge", "fire", "fire", "--by", "Li", "--config", str(config)]) == 1
    assert capsys.readouterr().err == "yizhan edge: no alarm fire/fire is listed\n"


def test_no_alarms_are_said_in_words(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(config, Life()):
        assert main(["alarms", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "no alarms\n"


@contextmanager
def answering(config: Path, data: bytes, *, close: bool = True) -> Iterator[None]:
    """Something at the socket that hears one client out, says `data` and closes; without data it just closes."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(config.parent / "run" / "station.sock"))
    server.listen(1)
    done = threading.Event()

    def run() -> None:
        end, _ = server.accept()
        with end:
            if data:
                end.recv(4_096)
            end.sendall(data)
            if not close:
                done.wait(10.0)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5.0)
        server.close()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "closed the connection without an answer"),
        (b'{"state": ', "closed the connection without an answer"),
        (b"hello\n", "does not speak JSON lines"),
        (b"[7]\n", "no JSON object"),
        (b'{"error": "unknown question"}\n', "unknown question"),
    ],
)
@pytest.mark.parametrize("command", ["status", "alarms"])
def test_a_station_that_closes_or_talks_nonsense_is_one_clear_line(
    config: Path, capsys: pytest.CaptureFixture[str], data: bytes, complaint: str, command: str
) -> None:
    with answering(config, data):
        assert main([command, "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.startswith("yizhan edge: ")
    assert said.count("\n") == 1


def test_a_station_that_does_not_answer_is_given_up(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ASK_TIMEOUT_S", 0.2)
    with answering(config, b"", close=False):
        assert main(["status", "--config", str(config)]) == 1
    assert "does not answer within 0.2 s" in capsys.readouterr().err


def test_a_tail_of_a_station_that_turns_us_away_says_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(config, b""):
        assert main(["tail", "--config", str(config)]) == 1
    assert "closed the connection without an answer" in capsys.readouterr().err


def test_without_a_station_there_is_no_answer(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alarms", "--config", str(config)]) == 1
    assert "no station answers at" in capsys.readouterr().err
