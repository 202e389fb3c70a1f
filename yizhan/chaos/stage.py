"""The processes of one run: how they start, how each of them dies, and how they come back."""

import json
import os
import random
import signal
import socket
import time
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from edge.journal.errors import JournalError
from edge.journal.reader import JournalReader
from edge.runtime.station_socket import SOCKET_NAME
from yizhan.chaos import parts
from yizhan.chaos.judge import Down
from yizhan.chaos.plan import Victim
from yizhan.services import Condition, Service, Services
from yizhan.services.probe import free_ports
from yizhan.stack import table
from yizhan.stack.clients import Sim, Unanswered, wait_for
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import Layout, Ports
from yizhan.stack.people import PEOPLE
from yizhan.stack.prepare import prepare

RELEASE_MS: Final = 600
EDGE_EXTRA: Final = "ack_timeout_ms = 500\nlongest_retry_ms = 1000\n"
"""For the end of the edge's `[uplink]`: a station in the field is patient, a test has other rounds to play."""
ASK_TIMEOUT_S: Final = 5.0
UP_WITHIN_S: Final = 30.0
DRAINED_WITHIN_S: Final = 60.0

CLOUD_SERVICES: Final = ("ingest", "projector", "api")
IN_ORDER: Final = ("edge", "database", "broker", *CLOUD_SERVICES)
"""In which services come back: the station needs nobody, the cloud its database and the broker."""
OF_ALL: Final = (Victim.EDGE, Victim.BROKER, Victim.INGEST, Victim.PROJECTOR, Victim.DATABASE)


class Database(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Broker(StrEnum):
    IOTCORE = "iotcore"
    MOSQUITTO = "mosquitto"


@dataclass(frozen=True)
class Mark:
    """A place in the journal: by stream, how far it went."""

    epoch: str
    heads: dict[str, int]


class Stage:
    """A context manager: everything runs inside, nothing is left behind but the files in `root`.

    Raises `ServiceError`, `PreparationFailed`, `Unanswered` or `PartMissing` when something does not start.
    """

    def __init__(self, root: Path, database: Database, broker: Broker, seed: int) -> None:
        *of_stack, of_database = free_ports(len(fields(Ports)) + 1)
        self.layout = layout = Layout(root, Ports(*of_stack))
        self.cluster = parts.Cluster(of_database) if database is Database.POSTGRESQL else None
        self.database_url = self.cluster.url if self.cluster else layout.database_url
        self.downs: list[Down] = []
        self.kills: dict[str, int] = {}
        self.sim = Sim(layout.ports.panel)
        self.journal_path = layout.edge_data / "journal.db"
        self._journal = JournalReader(self.journal_path)
        self._chance = random.Random(f"{seed}/stage")
        self._down: set[str] = set()
        self._pids_before: dict[str, int] = {}
        self._half_down: list[tuple[bool, float, float]] = []
        mosquitto = broker is Broker.MOSQUITTO
        write_files(
            layout,
            Options(
                database_url=self.database_url,
                broker_apart=mosquitto,
                world_seed=seed,
                release_ms=RELEASE_MS,
                edge_extra=EDGE_EXTRA,
            ),
        )
        services: list[Service] = [self.cluster.service(layout)] if self.cluster else []
        services += [parts.mosquitto(layout) if mosquitto else table.broker(layout)]
        # No watchdog: it would kill by itself when the machine is slow, at moments that nobody has noted.
        services += [*table.cloud_apart(layout), *table.station(layout, watchdog_ms=None)]
        self._names = [service.name for service in services]
        self.services = Services(services)

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._journal.close()
        self.services.close()
        if self.cluster:
            self.cluster.remove()

    def _open(self) -> None:
        for name in ("database", "broker", "sim"):
            self._start(name)
        prepare(self.layout)
        self._down = {*CLOUD_SERVICES, "edge"}
        self.revive()
        members = sum(person.known for person in PEOPLE)
        wait_for(lambda: self._members() == members, "the roster in the station", UP_WITHIN_S)
        wait_for(self._reader_is_up, "the reader's secure channel", UP_WITHIN_S)

    # ------------------------------------------------------------ death

    def strike(self, victims: tuple[Victim, ...]) -> None:
        """Kill them, one right after the other."""
        for victim in victims:
            if victim is not Victim.ALL:
                self._kill(victim)
                continue
            together = [one for one in OF_ALL if self.cluster or one is not Victim.DATABASE]
            for one in self._chance.sample(together, len(together)):
                self._kill(one)
            self._cut("api")

    def absent(self) -> None:
        """Take the whole cloud away, the broker stays."""
        for name in CLOUD_SERVICES:
            self._cut(name)

    def _kill(self, victim: Victim) -> None:
        before_ms = monotonic_ms()
        match victim:
            case Victim.READER | Victim.UPLINK:
                self._kill_child(victim)
            case Victim.CONTROLLER:
                self._kill_controller()
            case Victim.DATABASE:
                self._kill_database()
            case _:
                self._cut(victim)
        if victim in (Victim.EDGE, Victim.CONTROLLER, Victim.READER):
            self._half_down.append((victim is not Victim.READER, before_ms, monotonic_ms()))

    def _cut(self, name: str) -> None:
        if name in self._down:
            return
        self.services.cut(name)
        self._down.add(name)
        self._count(name)

    def _kill_child(self, victim: Victim) -> None:
        if "edge" in self._down:
            return
        wait_for(self._children_are_back, f"the {victim} process", UP_WITHIN_S)
        pid = int(self._station()["pids"][victim])
        self._pids_before[victim] = pid
        os.kill(pid, signal.SIGKILL)
        self._count(victim)

    def _kill_controller(self) -> None:
        starts = self.services.status()["edge"].starts
        self.services.kill("edge")
        wait_for(lambda: self.services.status()["edge"].starts > starts, "the controller started again", UP_WITHIN_S)
        self._pids_before.clear()
        self._count(Victim.CONTROLLER)

    def _kill_database(self) -> None:
        if self.cluster is None:
            return
        self.cluster.kill(self.services)
        self._down.add("database")
        self._count(Victim.DATABASE)

    def _count(self, name: str) -> None:
        self.kills[str(name)] = self.kills.get(str(name), 0) + 1

    # ------------------------------------------------------------ and life

    def revive(self) -> None:
        """Start what is down, and wait until everything is at work."""
        coming = [name for name in IN_ORDER if name in self._down]
        for name in coming:
            if name in ("database", "broker"):
                self._start(name)
            else:
                self.services.restore(name)
        for name in (*CLOUD_SERVICES, "edge"):
            self.services.wait_ready(name)
        self._down.clear()
        wait_for(self._children_are_back, "the station's reader and uplink processes", UP_WITHIN_S)
        if self._half_down:
            wait_for(self._reader_is_up, "the reader's secure channel", UP_WITHIN_S)
        ready_ms = monotonic_ms()
        self.downs += [Down(whole, before_ms, after_ms, ready_ms) for whole, before_ms, after_ms in self._half_down]
        self._half_down.clear()
        self._pids_before.clear()

    def _start(self, name: str) -> None:
        if name not in self._names:
            return
        self.services.restore(name)
        self.services.wait_ready(name)
        if name == "database" and self.cluster:
            self.cluster.wait_ready()

    def unexpected_starts(self) -> list[str]:
        """Services that have ended by themselves, beside those that were killed."""
        kills = {**self.kills, "edge": self.kills.get("edge", 0) + self.kills.get("controller", 0)}
        return [
            f"{name} was started {status.starts} times and killed {kills.get(name, 0)} times; it ends by itself"
            for name, status in self.services.status().items()
            if status.condition is not Condition.DOWN and status.starts > 1 + kills.get(name, 0)
        ]

    # ------------------------------------------------------------ how it stands

    def mark(self) -> Mark:
        """Where the journal stands now."""
        epoch, heads = self._journal.heads()
        return Mark(epoch, {str(head.stream): head.head_seq for head in heads})

    def wait_drained(self, mark: Mark) -> None:
        """Until the station knows that the cloud has everything up to `mark`. Raises `Unanswered`."""

        def drained() -> bool:
            try:
                epoch, heads = self._journal.heads()
            except JournalError as error:
                raise Unanswered(str(error)) from error
            if epoch != mark.epoch:
                raise Unanswered(f"the journal went on under another epoch than {mark.epoch[:6]}: {epoch[:6]}")
            return all(head.acknowledged_seq >= mark.heads[str(head.stream)] for head in heads)

        wait_for(drained, f"everything up to {mark.heads} acknowledged", DRAINED_WITHIN_S)

    def _station(self) -> dict[str, Any]:
        """The station's own status. Raises `Unanswered`."""
        path = self.layout.root / "edge-run" / SOCKET_NAME
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
                end.settimeout(ASK_TIMEOUT_S)
                end.connect(str(path))
                end.sendall(b'{"ask":"status"}\n')
                with end.makefile("rb") as lines:
                    answer: dict[str, Any] = json.loads(lines.readline())
        except (OSError, ValueError) as error:
            raise Unanswered(f"{path}: {error}") from error
        return answer

    def _members(self) -> int:
        return int(self._station()["state"]["roster_members"])

    def _children_are_back(self) -> bool:
        pids = self._station()["pids"]
        return all(pids[name] not in (None, self._pids_before.get(name)) for name in ("reader", "uplink"))

    def _reader_is_up(self) -> bool:
        return all(reader["secure"] for reader in self.sim.world()["readers"])


def monotonic_ms() -> float:
    """The clock that the simulator's log and the station's records use too."""
    return time.monotonic() * 1000
