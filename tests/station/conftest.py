"""One station for all tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.station.station_under_test import StationUnderTest, running_station


@pytest.fixture(scope="module")
def shared_station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationUnderTest]:
    with running_station(tmp_path_factory.mktemp("station")) as station:
        yield station


@pytest.fixture
def station(shared_station: StationUnderTest) -> StationUnderTest:
    """The shared station, at rest, its reader online."""
    shared_station.wait_open_for_cards()
    shared_station.wait_at_rest()
    return shared_station
