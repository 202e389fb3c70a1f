"""Topics are built and parsed in one place, and nothing else passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import StationId
from contract.topics import (
    DOWNWARD,
    RETAINED,
    UPWARD,
    Leaf,
    Topic,
    TopicError,
    of_all_stations,
    parse,
    shared,
    station_id,
)

station_ids = st.from_regex(r"\A[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")


@given(station_ids, st.sampled_from(Leaf))
def test_a_topic_is_parsed_to_what_it_was_built_from(station: str, leaf: Leaf) -> None:
    topic = Topic(StationId(station), leaf)
    assert parse(str(topic)) == topic


@given(st.text(max_size=80))
def test_other_text_is_refused_by_name_and_nothing_else(text: str) -> None:
    try:
        topic = parse(text)
    except TopicError:
        return
    assert str(topic) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yz/1/",
        "yz/1/a",
        "yz/1/a/",
        "yz/1//state",
        "yz/2/a/state",
        "yz/1/a/state/",
        "/yz/1/a/state",
        "x/yz/1/a/state",
        "yz/1/a/b/state",
        "yz/1/+/state",
        "yz/1/#",
        "yz/1/a/nothing",
        "yz/1/A/state",
        "yz/1/a\n/state",
        "yz/1/a/state\n",
        "yz/1/yz/1/state",
        "yz/1/-a/state",
        "yz/1/a-/state",
    ],
)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(TopicError):
        parse(text)


@pytest.mark.parametrize("text", ["", "-", "a-", "-a", "a_b", "a/b", "a+", "a" * 65, "站", "A", "a\n"])
def test_a_station_id_must_be_a_plain_topic_level(text: str) -> None:
    with pytest.raises(TopicError):
        station_id(text)


@pytest.mark.parametrize("text", ["a", "7", "yz-bj-0001", "a" * 64])
def test_station_ids_of_all_lengths_are_taken(text: str) -> None:
    assert station_id(text) == text


def test_an_error_shows_only_the_beginning_of_a_long_topic() -> None:
    with pytest.raises(TopicError) as caught:
        parse("x" * 60_000)
    assert len(str(caught.value)) < 300


def test_every_leaf_has_one_direction_and_commands_are_never_retained() -> None:
    assert sorted([*UPWARD, *DOWNWARD]) == sorted(Leaf)
    assert not RETAINED & {Leaf.COMMAND, Leaf.ACK, Leaf.JOURNAL, Leaf.HELLO}


def test_filters_hear_every_station_alone_or_shared() -> None:
    assert of_all_stations(Leaf.ROSTER_PULL) == "yz/1/+/roster/pull"
    assert shared(Leaf.JOURNAL) == "$share/ingest-journal/yz/1/+/journal"
