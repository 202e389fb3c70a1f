"""The units of a real station say what the service manager does here, and start programs that exist."""

import configparser
from pathlib import Path

import pytest

from yizhan.cli import PROGRAMS
from yizhan.services.table import Service
from yizhan.stack.layout import Layout, Ports
from yizhan.stack.table import EDGE_WATCHDOG_MS, cloud_apart, station

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "config/systemd").glob("*.service"))
LAYOUT = Layout(Path("/nowhere"), Ports.from_base(8700))


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def words(service: Service) -> list[str]:
    """`yizhan` words of a service of the table, without its configuration."""
    return list(service.argv[3:-2])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_notifies_restarts_for_ever_and_ends_its_whole_group(path: Path) -> None:
    section = unit(path)["Service"]
    assert (section["Type"], section["Restart"], section["KillMode"]) == ("notify", "always", "control-group")
    assert unit(path)["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_units_start_the_programs_of_the_table() -> None:
    started = sorted(unit(path)["Service"]["ExecStart"].split()[1:-2] for path in UNITS)
    table = [*cloud_apart(LAYOUT), *(service for service in station(LAYOUT) if service.name != "sim")]
    assert started == sorted(words(service) for service in table)
    assert {line[0] for line in started} <= set(PROGRAMS)


def test_the_stations_watchdog_and_patience_are_the_same_in_both() -> None:
    section = unit(ROOT / "config/systemd/yizhan-edge.service")["Service"]
    edge = station(LAYOUT)[1]
    assert int(section["WatchdogSec"]) * 1000 == edge.watchdog_ms == EDGE_WATCHDOG_MS
    assert section["TimeoutAbortSec"] == f"{edge.abort_timeout_ms}ms"
    assert int(section["TimeoutStartSec"]) * 1000 == edge.ready_timeout_ms
    assert int(section["TimeoutStopSec"]) * 1000 == edge.stop_timeout_ms
    assert section["RestartSec"] == "0"
