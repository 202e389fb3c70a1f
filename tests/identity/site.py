"""A cloud and stations of one name, each with a storage card that can be copied, put back, wiped and swapped.

Real programs: `yizhan cloud serve` with its embedded broker, and for each station a simulator and `yizhan edge run`.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from edge.journal.errors import JournalError
from edge.journal.reader import JournalReader
from edge.journal.storage import connect_read_only
from yizhan.chaos.evidence import CloudDatabase, CloudRow, JournalRow, journal_rows
from yizhan.services import Services
from yizhan.stack import table
from yizhan.stack.clients import Cloud, Sim, Unanswered, wait_for
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import STATION, Layout, Ports

SOON_S = 25.0
OPTIONS = Options(release_ms=500, edge_extra="ack_timeout_ms = 500\nlongest_retry_ms = 500\n")


class CloudSite:
    """The cloud. Stations find it at its broker's port."""

    def __init__(self, layout: Layout, services: Services) -> None:
        self.layout = layout
        self.database = CloudDatabase(layout.database_url)
        self._api = Cloud(layout.ports.api)
        self._services = services

    def start(self) -> None:
        self._services.restore("cloud")
        self._services.wait_ready("cloud")

    def stop(self) -> None:
        self._services.stop("cloud")

    def rows(self) -> list[CloudRow]:
        return self.database.rows(STATION)

    def alarms(self) -> set[str]:
        """The codes of the alarms that stand, raised by the station or by the cloud."""
        return {alarm["code"] for alarm in self._api.station(STATION)["alarms"]}

    def wait_alarm(self, code: str) -> None:
        def stands() -> bool:
            if code in (standing := self.alarms()):
                return True
            raise Unanswered(f"standing are {standing}")

        wait_for(stands, f"alarm {code}", SOON_S)

    def wait_seen(self, epoch: str) -> None:
        """Until the fleet's picture shows the station with this journal."""

        def seen() -> bool:
            with closing(sqlite3.connect(self.layout.root / "cloud.db")) as connection:
                shown = connection.execute("SELECT epoch FROM live_state WHERE station = ?", (STATION,)).fetchone()
            return bool(shown == (epoch,))

        wait_for(seen, f"epoch {epoch} in the fleet's picture", SOON_S)

    def backup(self, to: Path) -> None:
        """Copy the database's files. The cloud must be stopped."""
        to.mkdir()
        for path in self.layout.root.glob("cloud.db*"):
            shutil.copy2(path, to)

    def restore(self, saved: Path) -> None:
        for path in self.layout.root.glob("cloud.db*"):
            path.unlink()
        for path in saved.iterdir():
            shutil.copy2(path, self.layout.root)


class StationSite:
    """One device under the name of the station, with its own hardware and its own card."""

    def __init__(self, layout: Layout, services: Services) -> None:
        self.layout = layout
        self.card = layout.edge_data
        self._sim = Sim(layout.ports.panel)
        self._services = services
        self._journal = JournalReader(layout.edge_data / "journal.db")

    def start(self) -> None:
        self._services.restore("edge")
        self._services.wait_ready("edge")

    def stop(self) -> None:
        """Orderly, so that its journal's file is whole and may be copied."""
        self._services.stop("edge")
        self._journal.close()

    def epoch(self) -> str:
        return self._journal.epoch()

    def journal(self) -> list[JournalRow]:
        return journal_rows(self.card / "journal.db")

    def present_card(self, card: str = "card-rider-1") -> None:
        """Hold a card to the reader and wait until the station has written down what came of it."""
        before = self._decisions()
        self._sim.act("present_card", card_id=card)
        wait_for(lambda: self._decisions() > before, "a record of the card", SOON_S)

    def wait_drained(self, *, in_new_epoch_than: str = "") -> None:
        """Until everything that it has now is acknowledged; where a fork is expected, in the new epoch."""

        def drained() -> bool:
            try:
                epoch, heads = self._journal.heads()
            except JournalError as error:
                raise Unanswered(str(error)) from error
            if epoch == in_new_epoch_than:
                raise Unanswered("the epoch is still the old one")
            open_positions = {str(head.stream): head.head_seq - head.acknowledged_seq for head in heads}
            if any(open_positions.values()):
                raise Unanswered(f"not acknowledged: {open_positions}")
            return True

        wait_for(drained, "everything acknowledged", SOON_S)

    def copy_card(self, to: Path) -> None:
        """The station must be stopped."""
        shutil.copytree(self.card, to)

    def insert_card(self, saved: Path | None) -> None:
        """Put a saved card in the place of the present one; None: an empty one. The station must be stopped."""
        shutil.rmtree(self.card)
        if saved is None:
            self.card.mkdir()
        else:
            shutil.copytree(saved, self.card)

    def _decisions(self) -> int:
        """How many decisions its journal holds, under whatever epoch."""
        with closing(connect_read_only(self.card / "journal.db")) as connection:
            counted = connection.execute("SELECT count(*) FROM record WHERE kind LIKE 'access.%'").fetchone()
        return int(counted[0])


@contextmanager
def cloud_site(root: Path, prepared: Path) -> Iterator[CloudSite]:
    """A running cloud on a copy of a prepared directory."""
    shutil.copytree(prepared, root)
    layout = Layout(root, Ports.free())
    write_files(layout, OPTIONS)
    with Services(table.cloud(layout)) as services:
        site = CloudSite(layout, services)
        site.start()
        yield site


@contextmanager
def station_site(root: Path, cloud: CloudSite) -> Iterator[StationSite]:
    """A station's hardware at work; the station itself is started by the test."""
    layout = Layout(root, replace(Ports.free(), broker=cloud.layout.ports.broker))
    write_files(layout, OPTIONS)
    shutil.copy2(cloud.layout.signing_public_key, layout.signing_public_key)
    with Services(table.station(layout)) as services:
        services.restore("sim")
        services.wait_ready("sim")
        yield StationSite(layout, services)


def missing_in_cloud(journal: list[JournalRow], rows: list[CloudRow]) -> list[str]:
    """Records that the cloud does not have as they are, each under its own place."""
    held = {row.key: row.digest for row in rows}
    return [f"{row.epoch[:6]}/{row.stream}/{row.seq}" for row in journal if held.get(row.key) != row.digest]


def alarms_raised(rows: list[CloudRow], epoch: str) -> set[str]:
    """The codes of the alarms that the station itself has written down."""
    return {row.body["code"] for row in rows if row.epoch == epoch and row.kind == "alarm.raised"}


def kinds(rows: list[CloudRow], epoch: str) -> list[str]:
    return [row.kind for row in sorted(rows, key=lambda row: row.seq) if row.epoch == epoch and row.stream == "events"]
