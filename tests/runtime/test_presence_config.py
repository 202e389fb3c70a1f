"""The `[presence]` section: what it means and what is refused."""

import pytest

from contract.ids import SensorId
from contract.plain import PlainError, build
from contract.policy.schedule import Interval
from edge.core.presence_state import PresenceConfig
from edge.runtime.presence_config import PresenceSection, presence_config

RADAR = SensorId("radar-1")


def test_a_section_that_says_nothing_means_the_cores_own_defaults() -> None:
    assert presence_config(PresenceSection(), (RADAR,)) == PresenceConfig(radars=(RADAR,))


def test_every_key_reaches_the_core() -> None:
    section = PresenceSection(6, 7, 8, 9, 10, 11, "21:30-05:00", 12, 13)
    config = presence_config(section, ())

    times = (
        *(config.empty_after_ms, config.unproved_empty_after_ms, config.occupied_after_ms, config.beam_stuck_ms),
        *(config.welfare_still_ms, config.welfare_night_still_ms, config.welfare_answer_ms, config.loitering_ms),
    )
    assert times == tuple(range(6_000, 14_000, 1_000))
    assert config.night == Interval(21 * 60 + 30, 5 * 60)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("empty_after_s", 4),
        ("loitering_s", -1),
        ("unproved_empty_after_s", 59),
        ("welfare_night_still_s", 0),
        ("night", "22 to 6"),
        ("welfare_still_s", "45 min"),
        ("welfare_asks", True),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(PlainError) as refused:
        build(PresenceSection, {key: value}, where="presence", unknown_ok=False)

    assert refused.value.where == f"presence.{key}"
