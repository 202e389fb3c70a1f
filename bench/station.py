"""A running station, measured from outside: card to lock beside the reader's poll floor, memory, idle CPU, start.

The poll floor is measured by the simulator in the same run: from the card held to the reader until the reply that
carries it leaves on the wire. No controller can be faster than that. The controller's own share is from there (the
reader process has it) to the lock's pin call, without the journal's commit, which is shown apart.
"""

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.figures import idle_cpu_percent, pss_mib, ratio, spread
from yizhan.oracle import Fact, percentile, read_world
from yizhan.services import Services
from yizhan.stack.clients import Cloud, Sim, wait_for
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import READER, STATION, Layout, Ports
from yizhan.stack.people import PEOPLE
from yizhan.stack.prepare import ORGANISATIONS, administer, prepare
from yizhan.stack.table import cloud, station

RIDER: Final = PEOPLE[0].id
PULL_TIMEOUT_S: Final = 180.0
RELEASE_MS: Final = 500


@dataclass
class Tail:
    """What the station's socket told, by kind."""

    cards: list[dict[str, int]] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    drives: list[int] = field(default_factory=list)

    def follow(self, path: Path) -> None:
        """Listen until the station ends."""
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(str(path))
        end.sendall(b'{"ask":"tail"}\n')
        threading.Thread(target=self._listen, args=(end,), daemon=True).start()

    def _listen(self, end: socket.socket) -> None:
        with end:
            for line in end.makefile("rb"):
                told = json.loads(line)
                if "card" in told:
                    self.cards.append(told)
                elif "committed" in told:
                    self.commits.append(told["mono_ns"])
                elif told.get("lock_driven") is True:
                    self.drives.append(told["mono_ns"])


def measure(directory: Path, cards: int, members: int, idle_s: float) -> dict[str, Any]:
    """All figures of a station as one JSON-able object."""
    layout = Layout(directory, Ports.free())
    write_files(layout, Options(release_ms=RELEASE_MS))
    prepare(layout)
    _add_members(layout, members)
    everyone = members + sum(person.known for person in PEOPLE)
    with Services([*cloud(layout), *station(layout)], control_socket=layout.control_socket) as services:
        services.start()
        wait_for(lambda: _ready(layout, everyone), f"{everyone} members on the station", PULL_TIMEOUT_S)
        starts = [_start_again(services) for _ in range(3)]
        wait_for(lambda: _ready(layout, everyone), "the station back", PULL_TIMEOUT_S)
        pids = list(ask_status(layout)["pids"].values())
        idle = idle_cpu_percent(pids, idle_s)
        tail = Tail()
        tail.follow(layout.root / "edge-run" / "station.sock")
        from_byte = layout.world_log.stat().st_size
        _show_cards(layout, cards)
        facts = read_world(layout.world_log, from_byte)
        return {
            **_card_figures(facts),
            **_share_figures(tail),
            "cards": cards,
            "members": everyone,
            "pss_mb": pss_mib(pids),
            "idle_cpu_percent": idle,
            "door_ready_s": round(sorted(starts)[1], 2),
        }


def _add_members(layout: Layout, count: int) -> None:
    """Further members, so that the roster is as large as a big station's."""
    if not count:
        return
    file = layout.root / "more-members.csv"
    lines = (f"m-{number:06d},,外卖骑手,raw,56,{0x05000000000000 + number * 7919:014x}" for number in range(count))
    file.write_text("id,name,trade,format,bits,data\n" + "\n".join(lines) + "\n", encoding="utf-8")
    administer(layout, ("members", "import", str(file), "--organisation", ORGANISATIONS[-1][0]))


def ask_status(layout: Layout) -> dict[str, Any]:
    """The running station's own answer. Raises `OSError` when it does not answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
        end.settimeout(3.0)
        end.connect(str(layout.root / "edge-run" / "station.sock"))
        end.sendall(b'{"ask":"status"}\n')
        answer: dict[str, Any] = json.loads(end.makefile("rb").readline())
        return answer


def _ready(layout: Layout, members: int) -> bool:
    """The reader is online, the roster complete, everything acknowledged, and the cloud sees it so."""
    try:
        state = ask_status(layout)["state"]
    except OSError:
        return False
    online = Cloud(layout.ports.api).station(STATION)["online"]
    return bool(
        online
        and all(reader["online"] for reader in state["readers"])
        and state["roster_members"] == members
        and state["unacknowledged"] == 0
    )


def _start_again(services: Services) -> float:
    """Seconds from the start of the station's process until its door is ready."""
    services.cut("edge")
    began = time.monotonic()
    services.restore("edge")
    services.wait_ready("edge")
    return time.monotonic() - began


def _show_cards(layout: Layout, count: int) -> None:
    """One member's card again and again, each time at another phase of the poll and with the lock at rest."""
    sim = Sim(layout.ports.panel)
    for number in range(count):
        wait_for(lambda: not sim.world()["lock"]["pin"], "the lock at rest", 10)
        time.sleep(0.1 + (number * 37 % 50) / 1_000)
        sim.act("present_card", reader=READER, card_id=f"card-{RIDER}")
        wait_for(lambda: bool(sim.world()["lock"]["pin"]), "the lock released", 10)
    wait_for(lambda: not sim.world()["lock"]["pin"], "the lock at rest", 10)


def _card_figures(facts: list[Fact]) -> dict[str, Any]:
    shown = [fact.mono_ms for fact in facts if fact.kind == "card_shown"]
    floor = [fact.fields["wait_ms"] for fact in facts if fact.kind == "card_on_wire"]
    rises = [f.mono_ms for f in facts if f.kind == "pin_edge" and f.fields["wire"] == "lock" and f.fields["level"]]
    card_to_lock = [rise - at for at, rise in zip(shown, rises, strict=True)]
    return {
        "card_to_lock_ms": spread(card_to_lock, 50, 95),
        "poll_floor_ms": spread(floor, 50, 95),
        "card_to_lock_by_floor": {
            f"p{percent}": ratio(percentile(card_to_lock, percent), percentile(floor, percent)) for percent in (50, 95)
        },
    }


def _share_figures(tail: Tail) -> dict[str, Any]:
    """For each card: from the reader process to the pin call, the commit's part of it, and the rest."""
    shares, commits, decisions = [], [], []
    for card in tail.cards:
        decided = card["decided_ns"]
        committed = next((at for at in tail.commits if at >= card["began_ns"]), None)
        driven = next((at for at in tail.drives if at >= card["began_ns"]), None)
        if committed is None or driven is None:
            continue
        commit = max(0, min(committed, driven) - decided)
        commits.append(commit / 1e6)
        shares.append((driven - card["received_ns"] - commit) / 1e6)
        decisions.append((decided - card["began_ns"]) / 1e6)
    return {
        "controller_share_ms": spread(shares, 50, 99),
        "commit_ms": spread(commits, 50, 99),
        "decision_ms": spread(decisions, 50, 99),
    }
