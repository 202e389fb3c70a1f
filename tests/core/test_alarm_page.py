"""The page about alarms says what the code does: its codes exist, and its numbers are the defaults."""

import re
from pathlib import Path

from contract.records import LIFE_SAFETY, AlarmCode
from edge.core.alarm_codes import TOLD_ONCE
from edge.core.alarm_state import MAX_STANDING_ALARMS, AlarmConfig
from edge.core.supervision_state import SupervisionConfig

PAGE = " ".join((Path(__file__).resolve().parents[2] / "docs/ALARMS.md").read_text("utf-8").split())
NUMBER = {"five": 5, "ten": 10, "a day": 24 * 60}


def sentence(pattern: str) -> tuple[str, ...]:
    """What stands in the groups of a pattern that the page must have."""
    found = re.search(pattern, PAGE)
    assert found, pattern
    return found.groups()


def test_its_numbers_are_the_defaults() -> None:
    alarms, contact = AlarmConfig(), SupervisionConfig()
    many, minutes = sentence(r"More than (\w+) alarms in (\w+) minutes")
    assert (NUMBER[many], NUMBER[minutes] * 60_000) == (alarms.flood_alarms, alarms.flood_ms)
    assert NUMBER[sentence(r"until fewer than (\w+) have come")[0]] == alarms.flood_over_alarms
    assert NUMBER[sentence(r"begin within (\w+) seconds of one another")[0]] * 1_000 == alarms.group_ms
    assert NUMBER[sentence(r"in any case after (a day)")[0]] * 60_000 == alarms.longest_shelf_ms
    assert NUMBER[sentence(r"a shelf of an earlier run ends after (\w+) minutes")[0]] * 60_000 == alarms.shelf_grace_ms
    assert int(sentence(r"A station lists (\d+) alarms")[0]) == MAX_STANDING_ALARMS
    edges, seconds = sentence(r"more than (\d+) edges in (\d+) s,")
    assert (int(edges), int(seconds) * 1_000) == (contact.flapping_edges, contact.flapping_ms)


def test_its_lists_of_codes_are_the_tables() -> None:
    assert set(re.findall(r"`(\w+)`", sentence(r"not for the operator\. (.*?) cannot be shelved")[0])) == {*LIFE_SAFETY}
    assert set(re.findall(r"`(\w+)`", sentence(r"\*\*Told once\*\*: (.*?) are facts")[0])) == {*TOLD_ONCE}


def test_every_code_that_it_names_exists() -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE))
    assert named <= set(AlarmCode)
