"""The `[presence]` section: what it means and what is refused."""

from dataclasses import replace

import pytest

from contract.ids import SensorId
from contract.plain import PlainError, build
from contract.policy.schedule import Interval
from contract.records import AlarmCode, AlarmRaised
from edge.core.events import Point
from edge.core.presence_state import PresenceConfig
from edge.runtime.presence_config import PresenceSection, presence_config
from tests.core.people_support import WITH_BEAMS, PeopleLife

RADAR = SensorId("radar-1")


def test_a_section_that_says_nothing_means_the_cores_own_defaults() -> None:
    assert presence_config(PresenceSection(), (RADAR,)) == PresenceConfig(radars=(RADAR,))


def test_every_key_reaches_the_core() -> None:
    section = PresenceSection(6, 7, 8, 9, 10, 11, "21:30-05:00", 12, 15)
    config = presence_config(section, ())

    times = (
        *(config.empty_after_ms, config.unproved_empty_after_ms, config.occupied_after_ms, config.beam_stuck_ms),
        *(config.welfare_still_ms, config.welfare_night_still_ms, config.welfare_answer_ms, config.loitering_ms),
    )
    assert times == (*range(6_000, 13_000, 1_000), 15_000)
    assert config.night == Interval(21 * 60 + 30, 5 * 60)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("empty_after_s", 4),
        ("loitering_s", -1),
        ("loitering_s", 14),
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


@pytest.mark.parametrize(
    ("loitering_s", "gap_ms"), [(15, 5_000), (45, 15_000), (180, 20_000), (3_600, 20_000), (0, 20_000)]
)
def test_the_shorter_the_time_before_the_door_the_sooner_somebody_has_gone(loitering_s: int, gap_ms: int) -> None:
    assert presence_config(PresenceSection(loitering_s=loitering_s), ()).loitering_gap_ms == gap_ms


@pytest.mark.parametrize("loitering_s", [15, 30, 45, 180])
def test_nobody_loiters_who_only_passes_by_however_short_the_time(loitering_s: int) -> None:
    presence = presence_config(PresenceSection(loitering_s=loitering_s), ())
    life = PeopleLife(replace(WITH_BEAMS, presence=presence))
    life.motion(True, Point.MOTION_OUTSIDE)
    life.wait(loitering_s * 600)
    life.motion(False, Point.MOTION_OUTSIDE)
    life.wait(60_000)
    assert AlarmCode.LOITERING not in [record.code for record, _ in life.records if isinstance(record, AlarmRaised)]
    life.motion(True, Point.MOTION_OUTSIDE)
    life.wait(loitering_s * 1_000)
    assert AlarmCode.LOITERING in life.alarms()
