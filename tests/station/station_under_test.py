"""A whole station under test: the simulated hardware and the real edge as processes, without a cloud.

The roster is put into the station's file as the uplink would put it. What happened is read from the world's own log,
whose times are of the same monotonic clock as ours.
"""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contract.ids import BatteryId, MemberId, NodeId, Session
from contract.messages import NodeHead, RosterChange, RosterHead, RosterPage, WireBattery, WireCredential, WireMember
from edge.core.config import DoorConfig
from edge.roster.batteries import PREFIX
from edge.roster.credential import load_or_create_key
from edge.roster.writer import RosterWriter
from yizhan.oracle import Fact, read_world
from yizhan.services import Services
from yizhan.stack.cabinet import BATTERIES, MODEL, StackBattery
from yizhan.stack.clients import Sim
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import READER, Layout, Ports
from yizhan.stack.people import PEOPLE
from yizhan.stack.table import station

PATIENCE_S = 15.0
A_SECOND_MS = 1_000
"""Within which a worker at the door is to be in."""
RIDER = "rider-1"
STRANGER = "stranger-1"


def put_roster(layout: Layout) -> None:
    """The stack's members and batteries, applied to the station's roster file like pages from the cloud."""
    node = NodeId("test-node")
    entries = [
        WireMember(
            id=MemberId(person.id),
            trade=person.trade,
            credentials=[
                WireCredential.model_validate({"format": person.format, "bits": person.bits, "data": person.data})
            ],
        )
        for person in PEOPLE
        if person.known
    ]
    entries += [_on_roster(battery) for battery in BATTERIES if battery.ours]
    changes = [
        RosterChange(version=number, op="upsert", member_id=entry.id, member=entry)
        for number, entry in enumerate(entries, start=1)
    ]
    layout.edge_data.mkdir(parents=True, exist_ok=True)
    writer = RosterWriter(layout.edge_data / "roster.db", load_or_create_key(layout.edge_data / "credential.key"))
    writer.apply_head(RosterHead(revision=1, nodes=[NodeHead(node=node, version=len(changes))]))
    writer.apply_page(
        RosterPage(
            session=Session("0" * 16),
            node=node,
            snapshot=False,
            after_version=0,
            through_version=len(changes),
            more=False,
            changes=changes,
        )
    )
    writer.close()


def _on_roster(battery: StackBattery) -> WireMember:
    holder = None if battery.person is None else MemberId(battery.person)
    wire = WireBattery(serial=BatteryId(battery.serial), model=MODEL, member_id=holder, as_of_ms=1)
    return WireMember(id=MemberId(PREFIX + battery.serial), battery=wire)


class StationUnderTest:
    """Handles of a running station. `layout` says where everything lies."""

    def __init__(self, layout: Layout, services: Services) -> None:
        self.layout = layout
        self.services = services
        self.sim = Sim(layout.ports.panel)

    # ------------------------------------------------ what is true

    def facts(self, kind: str | None = None, since_ms: float = 0.0) -> list[Fact]:
        """The world's log, one kind of it, from a moment on."""
        facts = read_world(self.layout.world_log)
        return [fact for fact in facts if (kind is None or fact.kind == kind) and fact.mono_ms >= since_ms]

    def wait_fact(self, kind: str, since_ms: float, timeout_s: float = PATIENCE_S, **fields: Any) -> Fact:
        """The first such fact from a moment on."""
        found: list[Fact] = []

        def there() -> bool:
            found[:] = [
                fact
                for fact in self.facts(kind, since_ms)
                if all(fact.fields.get(name) == value for name, value in fields.items())
            ]
            return bool(found)

        self.wait(there, f"{kind} {fields}", timeout_s)
        return found[0]

    def ask(self, question: str = "status") -> dict[str, Any]:
        """The station's own answer. Raises `OSError` when it does not answer."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.settimeout(3.0)
            end.connect(str(self.layout.root / "edge-run" / "station.sock"))
            end.sendall(json.dumps({"ask": question}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(end.makefile("rb").readline())
            return answer

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.ask()["state"]
        return state

    def alarms(self) -> set[str]:
        """Whose condition stands now; what is over may still wait to be acknowledged."""
        return {alarm["code"] for alarm in self.state()["alarms"] if alarm["active"]}

    def pid(self, process: str) -> int:
        """Of `controller`, `reader` or `uplink`."""
        pid: int | None = self.ask()["pids"][process]
        assert pid is not None, f"{process} does not run"
        return pid

    def wait(self, true: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
        end = time.monotonic() + timeout_s
        while True:
            try:
                if true():
                    return
            except OSError as error:
                what = f"{what} ({error})" if "(" not in what else what
            assert time.monotonic() < end, f"not within {timeout_s} s: {what}\n{self.services.tail('edge')}"
            time.sleep(0.02)

    def wait_open_for_cards(self, timeout_s: float = PATIENCE_S) -> None:
        """Until the reader is online and the door is at rest."""
        self.wait(
            lambda: self.state()["readers"][0]["online"] and self.state()["door"]["contact_open"] is not None,
            "reader online, levels read",
            timeout_s,
        )

    # ------------------------------------------------ what people do

    def show(self, person: str) -> float:
        """Present a person's card; the moment on the monotonic clock."""
        now = time.monotonic() * 1000
        self.sim.act("present_card", reader=READER, card_id=f"card-{person}")
        return now

    def enter_by_card(self, timeout_s: float = PATIENCE_S) -> float:
        """Show a member's card and wait for the lock's pin; the milliseconds between the two facts."""
        since = self.show(RIDER)
        shown = self.wait_fact("card_shown", since)
        return self.wait_fact("pin_edge", since, timeout_s, wire="lock", level=True).mono_ms - shown.mono_ms

    def wait_at_rest(self) -> None:
        self.wait(lambda: not self.sim.world()["lock"]["pin"], "lock pin at rest")

    def wait_beyond_grace(self) -> None:
        """Until an opening can no longer be a late hand after the last release."""
        edges = [fact.mono_ms for fact in self.facts("lock_edge")]
        until = max(edges, default=0.0) + DoorConfig().release_grace_ms + 100
        self.wait(lambda: time.monotonic() * 1000 > until, "beyond the grace of the last release")

    def signal(self, process: str, number: signal.Signals) -> int:
        """Send a signal to one process of the station; its pid."""
        pid = self.pid(process)
        os.kill(pid, number)
        return pid


@contextmanager
def running_station(
    directory: Path,
    *,
    watchdog_ms: int | None = 2_000,
    sim_extra: str = "",
    edge_extra: str = "",
    equipped: bool = False,
    prepare: Callable[[Layout], None] = put_roster,
) -> Iterator[StationUnderTest]:
    """A station that is ready for cards; everything ends with the block. `…_extra` is more TOML for its programs,
    `equipped` gives it everything of `yizhan.stack.hardware`; `prepare` makes the files that it finds."""
    layout = Layout(directory, Ports.free())
    write_files(layout, Options(release_ms=1_000, edge_extra=edge_extra, equipped=equipped))
    with layout.sim_config.open("a", encoding="utf-8") as sim:
        sim.write(sim_extra)
    prepare(layout)
    with Services(station(layout, watchdog_ms=watchdog_ms), control_socket=layout.control_socket) as services:
        services.start()
        under_test = StationUnderTest(layout, services)
        under_test.wait_open_for_cards()
        yield under_test
