"""The screen of a whole station: it says what becomes of a card, and the door does not need it."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.station.station_under_test import A_SECOND_MS, PATIENCE_S, STRANGER, StationUnderTest, running_station
from yizhan.services.probe import free_ports


def pictures(port: int) -> Iterator[dict[str, Any]]:
    """What the screen shows, one picture after the other, for as long as one is patient."""
    end = time.monotonic() + PATIENCE_S
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/screen", timeout=PATIENCE_S) as stream:
        for line in stream:
            assert time.monotonic() < end, "the screen shows nothing new"
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def another_console(station: StationUnderTest, before: int) -> None:
    station.wait(lambda: station.ask()["pids"]["console"] not in (before, None), "another console")


def test_the_screen_follows_the_door_and_the_door_does_without_the_screen(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with running_station(tmp_path, edge_extra=f"[console]\nport = {port}\n") as station:
        station.wait(lambda: is_served(port), "the screen")
        shown = pictures(port)
        assert next(view for view in shown if view["known"])["posture"] == "secure"

        station.show(STRANGER)
        assert next(view["notice"] for view in shown if view["notice"]) == {
            "kind": "denied",
            "reason": "unknown_credential",
        }
        assert station.enter_by_card() < A_SECOND_MS
        assert next(view for view in shown if view["notice"] and view["notice"]["kind"] == "granted")
        station.sim.act("push_door", force=False, from_inside=False)
        assert next(view for view in shown if view["people"] == 1)
        station.sim.act("let_go")

        for number in (signal.SIGSTOP, signal.SIGKILL):
            before = station.signal("console", number)
            station.wait_at_rest()
            assert station.enter_by_card() < A_SECOND_MS
            another_console(station, before)


def is_served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/screen", timeout=PATIENCE_S):
            return True
    except OSError:
        return False
