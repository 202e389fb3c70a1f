"""One station, its hardware, its cloud and a browser in front of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edge.core.config import DoorConfig
from tests.e2e.chromium import Chromium, Tab
from yizhan.services import Services
from yizhan.stack.clients import Cloud, Sim, wait_for
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import REPOSITORY, STATION, Layout, Ports
from yizhan.stack.people import PEOPLE, Person
from yizhan.stack.prepare import prepare
from yizhan.stack.table import cloud, station

READY_S = 30.0
NOTICED_MS = 300
"""The station counts from when it closed the lock, and believes a door's contact once it has been quiet."""
REST_S = 15.0
RELEASE_MS = 2_000
"""Longer than the live picture may wait, so that a released lock is seen."""
# A station in the field is patient; a test is not.
IMPATIENT = "longest_retry_ms = 500\n"


@pytest.fixture(scope="session")
def pages() -> Path:
    """The built operations page."""
    folder = REPOSITORY / "web" / "dist" / "ops"
    assert (folder / "index.html").is_file(), f"{folder} is not built: run `make pages`"
    return folder


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """One page of a browser of its own."""
    with Chromium() as browser:
        yield browser.open("about:blank")


@dataclass(frozen=True)
class Stack:
    """Everything that `make demo` starts."""

    layout: Layout
    services: Services
    cloud: Cloud
    sim: Sim

    def page(self, path: str = "") -> str:
        return self.cloud.address + path

    def show_card(self, person: Person) -> None:
        self.sim.act("present_card", card_id=f"card-{person.id}")

    def facts(self, from_byte: int = 0) -> list[dict[str, Any]]:
        """The world's own log from a place on."""
        with self.layout.world_log.open("rb") as file:
            file.seek(from_byte)
            return [json.loads(line) for line in file if line.endswith(b"\n")]

    def log_bytes(self) -> int:
        return self.layout.world_log.stat().st_size

    def happened_at_ms(self, from_byte: int, kind: str, **fields: Any) -> float:
        """Unix time of the first fact of a kind since a place in the world's log."""
        for fact in self.facts(from_byte):
            if fact["kind"] == kind and fields.items() <= fact.items():
                return datetime.fromisoformat(fact["at"]).timestamp() * 1000
        raise AssertionError(f"the world's log has no {kind} {fields}")

    def await_open(self) -> None:
        """Wait until the cloud sees the station with its reader and its roster."""
        members = sum(person.known for person in PEOPLE)

        def is_open() -> bool:
            found = self.cloud.station(STATION)
            readers = found["readers"]
            online = bool(found["online"] and readers and all(reader["online"] for reader in readers))
            return online and found["roster_members"] == members

        wait_for(is_open, "the station online, its reader and its roster ready", READY_S)

    def await_rest(self) -> None:
        """Wait until the door is closed and locked, nobody pushes and no alarm stands, for the cloud too."""

        def at_rest() -> bool:
            world, found = self.sim.world(), self.cloud.station(STATION)
            moving = world["door"]["open"] or world["lock"]["pin"] or world["door"]["hand"]
            return not moving and found["door"]["mode"] == "secured" and not found["alarms"]

        wait_for(at_rest, "the door closed and locked, no alarm", REST_S)

    def await_unexcused(self) -> None:
        """Wait until a door that opens is forced, and no late hand at a lock that has just closed."""
        closed_ms = max((fact["mono_ms"] for fact in self.facts() if fact["kind"] == "lock_edge"), default=0.0)
        until_ms = closed_ms + DoorConfig().release_grace_ms + NOTICED_MS
        wait_for(lambda: self.sim.world()["mono_ms"] > until_ms, "the release long enough ago", REST_S)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pages: Path) -> Iterator[Stack]:
    """Up and open; module-wide, because it takes seconds to start. Tests leave it at rest."""
    layout = Layout(tmp_path_factory.mktemp("stack"), Ports.free())
    write_files(layout, Options(release_ms=RELEASE_MS, edge_extra=IMPATIENT))
    prepare(layout)
    with Services([*cloud(layout), *station(layout)], control_socket=layout.control_socket) as services:
        services.start()
        found = Stack(layout, services, Cloud(layout.ports.api), Sim(layout.ports.panel))
        found.await_open()
        yield found
