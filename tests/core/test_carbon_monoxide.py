"""The dose against the gates of EN 50291-1: not before, and not after."""

import pytest

from edge.core.carbon_monoxide import FULL_DOSE, Dose

MINUTE_MS = 60_000


def breathe(dose: Dose, ppm: int, for_ms: int, *, every_ms: int = 1_000) -> tuple[Dose, int | None]:
    """The dose after air of `ppm`, and after how long the alarm stood first."""
    dose, stood_ms = dose.breathed(0, ppm), None
    for at_ms in range(every_ms, for_ms + 1, every_ms):
        dose = dose.breathed(every_ms, ppm)
        if dose.stands and stood_ms is None:
            stood_ms = at_ms
    return dose, stood_ms


@pytest.mark.parametrize(
    ("ppm", "not_before_min", "before_min"), [(50, 60, 90), (100, 10, 40), (300, 0, 3), (5_000, 0, 3)]
)
def test_the_alarm_comes_within_the_gates_of_the_standard(ppm: int, not_before_min: int, before_min: int) -> None:
    _, stood_ms = breathe(Dose(), ppm, 120 * MINUTE_MS)
    assert stood_ms is not None
    assert not_before_min * MINUTE_MS <= stood_ms <= before_min * MINUTE_MS


@pytest.mark.parametrize(("ppm", "minutes"), [(50, 60), (99, 60), (100, 10), (299, 10), (300, 2)])
def test_each_step_has_its_time(ppm: int, minutes: int) -> None:
    assert breathe(Dose(), ppm, 120 * MINUTE_MS)[1] == minutes * MINUTE_MS


@pytest.mark.parametrize("ppm", [0, 29, 30, 49])
def test_two_hours_below_the_lowest_step_are_no_alarm(ppm: int) -> None:
    assert breathe(Dose(), ppm, 120 * MINUTE_MS) == (Dose(0, ppm, False), None)


def test_what_was_breathed_at_one_step_counts_at_the_next() -> None:
    dose, _ = breathe(Dose(), 50, 30 * MINUTE_MS)
    assert breathe(dose, 100, 10 * MINUTE_MS)[1] == 5 * MINUTE_MS


def test_the_dose_wears_off_in_clean_air() -> None:
    dose, _ = breathe(Dose(), 50, 40 * MINUTE_MS)
    dose, _ = breathe(dose, 0, 40 * MINUTE_MS)
    assert dose == Dose()
    assert breathe(dose, 50, 120 * MINUTE_MS)[1] == 60 * MINUTE_MS


def test_the_alarm_ends_in_clean_air_and_is_back_at_once_in_bad() -> None:
    dose, _ = breathe(Dose(), 300, 5 * MINUTE_MS)
    assert dose == Dose(FULL_DOSE, 300, True)
    dose = dose.breathed(1_000, 30)
    assert dose.stands
    dose = dose.breathed(1_000, 29)
    assert not dose.stands
    # Between the lowest step and clean air an alarm that has ended does not come back.
    assert not dose.breathed(1_000, 49).stands
    assert breathe(dose, 50, 5 * MINUTE_MS)[1] is not None
    assert breathe(Dose(FULL_DOSE, 0), 50, 1_000)[0].stands
