"""An alarm at a running station: seen by a technician at its socket, and by nobody else's word."""

import json
from typing import Any

import pytest

from edge.cli import main
from tests.station.station_under_test import StationUnderTest


def test_a_technician_acknowledges_what_is_over_and_it_is_gone(
    station: StationUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(station.layout.edge_config)

    def listed(code: str) -> list[dict[str, Any]]:
        assert main(["alarms", "--config", config, "--json"]) == 0
        return [alarm for alarm in json.loads(capsys.readouterr().out) if alarm["code"] == code]

    station.wait_beyond_grace()
    station.sim.act("push_door", force=True)
    station.wait(lambda: "door_forced" in station.alarms(), "door_forced alarm")
    station.sim.act("let_go")
    station.wait(lambda: "door_forced" not in station.alarms(), "door_forced over")
    (alarm,) = listed("door_forced")
    assert (alarm["active"], alarm["acknowledged"]) == (False, False)

    assert main(["shelve", "fire", "fire", "--minutes", "5", "--by", "Li", "--reason", "x", "--config", config]) == 1
    assert "cannot be shelved" in capsys.readouterr().err
    assert main(["acknowledge", "door_forced", "door", "--by", "Li", "--config", config]) == 0
    assert "seen by Li; it is over and no longer listed" in capsys.readouterr().out
    assert listed("door_forced") == []
    assert main(["acknowledge", "door_forced", "door", "--by", "Li", "--config", config]) == 1
    assert "no alarm door_forced/door is listed" in capsys.readouterr().err
