"""Cloud and broker killed or hung: the door does not notice, and everything arrives afterwards."""

import signal
from collections.abc import Iterator

import pytest

from tests.station.station_under_test import A_SECOND_MS, StationUnderTest
from yizhan.services import Services
from yizhan.stack.clients import Cloud
from yizhan.stack.files import Options, write_files
from yizhan.stack.layout import STATION, Layout, Ports
from yizhan.stack.people import PEOPLE
from yizhan.stack.prepare import prepare
from yizhan.stack.table import broker, cloud_apart
from yizhan.stack.table import station as station_services

PARTS = ("broker", "ingest", "api")


@pytest.fixture(scope="module")
def with_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationUnderTest]:
    layout = Layout(tmp_path_factory.mktemp("with-cloud"), Ports.free())
    write_files(layout, Options(release_ms=1_000))
    prepare(layout)
    table = [broker(layout), *cloud_apart(layout), *station_services(layout)]
    with Services(table, control_socket=layout.control_socket) as services:
        services.start()
        station = StationUnderTest(layout, services)
        members = sum(person.known for person in PEOPLE)
        station.wait(lambda: station.state()["roster_members"] == members, "the roster from the cloud", 30)
        yield station


def everything_arrived(station: StationUnderTest) -> bool:
    return bool(station.state()["unacknowledged"] == 0 and Cloud(station.layout.ports.api).station(STATION)["online"])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_cards_work_and_arrive_later_when_the_cloud_is(with_cloud: StationUnderTest, number: signal.Signals) -> None:
    station = with_cloud
    station.wait_open_for_cards()
    station.wait_at_rest()
    for part in PARTS:
        station.services.kill(part, number, whole_group=True)
    assert station.enter_by_card() < A_SECOND_MS
    station.wait_at_rest()
    assert station.enter_by_card() < A_SECOND_MS
    if number is signal.SIGSTOP:
        for part in PARTS:
            station.services.kill(part, signal.SIGCONT, whole_group=True)
    station.wait(lambda: everything_arrived(station), "everything acknowledged", 60)
