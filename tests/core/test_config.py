"""A configuration that cannot be lived with is refused at once."""

from dataclasses import replace

import pytest

from contract.ids import NodeId
from tests.core.support import CONFIG, with_door


def test_the_door_config_refuses_impossible_times_and_names_them() -> None:
    for change in (
        {"bounce_ms": 10},
        {"bounce_ms": 50},
        {"release_ms": 0},
        {"release_ms": 20_000},
        {"held_pre_alarm_ms": 0},
        {"held_ms": 10_000},
        {"release_grace_ms": -1},
    ):
        with pytest.raises(ValueError, match="must"):
            with_door(**change)
    with pytest.raises(ValueError, match="readers"):
        replace(CONFIG, readers=CONFIG.readers * 2)
    with pytest.raises(ValueError, match="nodes"):
        replace(CONFIG, nodes=(NodeId("street"), NodeId("street")))
