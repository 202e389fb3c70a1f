"""A running station is asked why it would let somebody in."""

import json

import pytest

from edge.cli import main
from tests.station.station_under_test import RIDER, StationUnderTest
from yizhan.stack.people import PEOPLE


def test_a_running_station_explains_a_card_without_opening_or_recording(
    station: StationUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    rider = next(person for person in PEOPLE if person.id == RIDER)
    card = f"{rider.format}:{rider.bits}:{rider.data}"
    before = station.state()
    edges = len(station.facts("pin_edge"))

    assert main(["explain", "--config", str(station.layout.edge_config), "--card", card, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["granted"], answer["member"], answer["rule"]) == (True, RIDER, "member_may_enter")

    assert main(["explain", "--config", str(station.layout.edge_config), "--card", "26"]) == 1
    assert "card must be" in capsys.readouterr().err
    assert len(station.facts("pin_edge")) == edges
    assert station.state()["unacknowledged"] == before["unacknowledged"]
