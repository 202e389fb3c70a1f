"""What a simulated life found wrong in the core, each made as short as it can be told."""

from contract.records import AlarmCode, AlarmUnshelved
from edge.core import events
from tests.core.support import ENTRY, WALL_MS, Life, kinds

MINUTE_MS = 60_000


def shelve(life: Life, minutes: int) -> None:
    until_ms = WALL_MS + life.mono_ms + minutes * MINUTE_MS
    aside = events.AlarmAside(AlarmCode.READER_OFFLINE, ENTRY, until_ms, "wang", "a new one is on its way")
    life.do(events.ShelveRequested(aside))


def test_a_shelf_ends_in_a_run_in_which_nothing_else_happens_to_an_alarm() -> None:
    life = Life()
    shelve(life, minutes=30)
    life.boot(clean_stop=False)
    life.levels()
    assert AlarmUnshelved.KIND in kinds(life.wait(31 * MINUTE_MS))


def test_a_shelf_of_an_earlier_run_ends_as_soon_as_the_clock_knows_that_it_is_over() -> None:
    life = Life()
    shelve(life, minutes=30)
    life.clock_trusted = False
    life.boot(clean_stop=False)
    life.levels()
    life.mono_ms += 40 * MINUTE_MS
    life.clock_trusted = True
    assert AlarmUnshelved.KIND in kinds(life.do(events.ClockChanged(trusted=True)))
