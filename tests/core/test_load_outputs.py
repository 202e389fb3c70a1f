"""What the outputs of loads say when they are read back."""

from dataclasses import replace

from contract.ids import LoadId
from contract.records import AlarmCleared, AlarmCode, AlarmRaised
from edge.core import events
from edge.core.load_state import Load, LoadKind, LoadsConfig
from tests.core.support import CONFIG, Life

LIGHT = LoadId("light")
STATION = replace(CONFIG, loads=LoadsConfig((Load(LIGHT, LoadKind.LIGHT, 40),)))


def raised(life: Life) -> list[tuple[AlarmCode, str]]:
    return [(record.code, record.source) for record, _ in life.records if isinstance(record, AlarmRaised)]


def test_an_output_that_was_lost_for_a_moment_is_no_alarm() -> None:
    life = Life(STATION)
    life.do(events.LoadChecked(LIGHT, obeys=False))
    life.wait(1_000)
    life.do(events.LoadChecked(LIGHT, obeys=True))
    life.wait(60_000)
    assert not raised(life)


def test_an_output_that_does_not_obey_is_an_alarm_until_it_does() -> None:
    life = Life(STATION)
    life.do(events.LoadChecked(LIGHT, obeys=False))
    life.wait(5_000)
    assert raised(life) == [(AlarmCode.LOAD_FAULT, "light")]
    assert life.do(events.LoadChecked(LIGHT, obeys=True)) == [AlarmCleared(AlarmCode.LOAD_FAULT, "light")]
