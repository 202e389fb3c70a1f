"""How to ask the cloud and the simulator of a stack over HTTP. Bounded waits; the standard library is enough."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from yizhan.oracle import Row, row_of

REQUEST_TIMEOUT_S: Final = 10.0
PAGE: Final = 1_000
MAX_PAGES: Final = 1_000


class Unanswered(RuntimeError):
    """A program did not answer, refused, or did not come to a state in time. The message says which."""


def request(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One JSON answer. Raises `Unanswered`."""
    data = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(question, timeout=REQUEST_TIMEOUT_S) as answer:
            value: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise Unanswered(f"{url}: {error.code} {error.read(500).decode('utf-8', 'replace')}") from None
    except (OSError, ValueError) as error:
        raise Unanswered(f"{url}: {error}") from None
    return value


def wait_for(true: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Ask again and again until it is so. Raises `Unanswered`, saying `what` was waited for."""
    end = time.monotonic() + timeout_s
    last = ""
    while True:
        try:
            if true():
                return
        except Unanswered as error:
            last = f" ({error})"
        if time.monotonic() > end:
            raise Unanswered(f"not within {timeout_s:.0f} s: {what}{last}")
        time.sleep(0.05)


class Cloud:
    """The cloud's API."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"

    def stations(self) -> dict[str, Any]:
        return request(f"{self.address}api/v1/stations")

    def station(self, station: str) -> dict[str, Any]:
        return request(f"{self.address}api/v1/stations/{station}")

    def rows(self, station: str, after: int = 0) -> list[Row]:
        """Every committed record of a station with a change number behind `after`."""
        rows: list[Row] = []
        for _ in range(MAX_PAGES):
            page = request(f"{self.address}api/v1/stations/{station}/events?after={after}&limit={PAGE}")
            rows += map(row_of, page["events"])
            if not page["events"]:
                return rows
            after = page["next_after"]
        raise Unanswered(f"{station}: more than {MAX_PAGES * PAGE} records")


class Sim:
    """The simulator's panel API."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"

    def world(self) -> dict[str, Any]:
        return request(f"{self.address}api/world")

    def act(self, act: str, **arguments: Any) -> dict[str, Any]:
        return request(f"{self.address}api/act", {"act": act, **arguments})

    def play(self, story: str, timeout_s: float = 90.0) -> None:
        """Play a story and wait until it is over."""
        self.act("story", name=story)
        wait_for(lambda: not self.world()["stories"]["running"], f"story {story} over", timeout_s)
