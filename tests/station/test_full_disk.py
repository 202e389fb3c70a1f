"""A disk that is full: an alarm, and a door that works. The disk is a tmpfs in a user namespace of its own."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.station.station_under_test import A_SECOND_MS, StationUnderTest, put_roster
from yizhan.services import Services
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import Layout, Ports
from yizhan.stack.table import station as station_services

DISK_MIB = 20


def namespaces_work() -> bool:
    command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture
def on_small_disk(tmp_path: Path) -> Iterator[tuple[StationUnderTest, Path]]:
    """A station whose data lie on a disk of 20 MiB, and that disk as this process can reach it."""
    if not namespaces_work():
        pytest.skip("this system allows no user namespaces")
    layout = Layout(tmp_path, Ports.free())
    write_files(layout, Options(release_ms=1_000, edge_extra="[journal]\nbudget_mib = 16\nreserve_mib = 1\n"))
    put_roster(layout)
    seed = tmp_path / "seed"
    layout.edge_data.rename(seed)
    layout.edge_data.mkdir()
    sim, edge = station_services(layout)
    data = layout.edge_data
    script = f'mount -t tmpfs -o size={DISK_MIB}m none "{data}" && cp -r "{seed}"/. "{data}" && exec "$@"'
    wrapped = replace(
        edge, argv=("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", *edge.argv)
    )
    with Services([sim, wrapped], control_socket=layout.control_socket) as services:
        services.start()
        station = StationUnderTest(layout, services)
        station.wait_open_for_cards()
        yield station, Path(f"/proc/{station.pid('controller')}/root{data}")


def fill(disk: Path) -> Path:
    """Write until there is no room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            for block in (1 << 20, 4096):
                while True:
                    try:
                        file.write(b"\0" * block)
                    except OSError:
                        break
        finally:
            pass
    return filler


def test_a_full_disk_is_an_alarm_and_cards_work(on_small_disk: tuple[StationUnderTest, Path]) -> None:
    station, disk = on_small_disk
    filler = fill(disk)
    shown = 0
    while "storage_full" not in station.alarms():
        assert shown < 400, "the journal finds room for ever"
        assert station.enter_by_card() < A_SECOND_MS
        shown += 1
        station.wait_at_rest()
        fill(disk)
    assert station.enter_by_card() < A_SECOND_MS
    filler.unlink()
    station.wait(lambda: "storage_full" not in station.alarms(), "storage alarm cleared", 30)
    copy = station.layout.root / "copy"
    copy.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(disk / name, copy / name)
    with sqlite3.connect(copy / "journal.db") as journal:
        kept = journal.execute("SELECT count(*) FROM record WHERE kind = 'access.granted'").fetchone()[0]
    assert kept == shown + 1
