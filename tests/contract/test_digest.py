"""The chain of digests covers everything that a record says."""

import json
import math
from typing import Any

import pytest
from hypothesis import given

from contract.digest import GENESIS, canonical_json, chain
from tests.contract.strategies import json_objects, json_values

BASE: dict[str, Any] = {
    "epoch": "e" * 32,
    "stream": "events",
    "seq": 1,
    "boot": 1,
    "mono_ms": 12,
    "recorded_at_ms": 1_800_000_000_000,
    "clock_trusted": True,
    "kind": "door.opened",
    "body_json": '{"found":false}',
}
OTHER: dict[str, Any] = {
    "epoch": "f" * 32,
    "stream": "telemetry",
    "seq": 2,
    "boot": 2,
    "mono_ms": 13,
    "recorded_at_ms": 1_800_000_000_001,
    "clock_trusted": False,
    "kind": "door.closed",
    "body_json": '{"found":true}',
}


def test_a_known_record_has_a_known_digest() -> None:
    """Pinned: 27,000 stations and the cloud must agree on it for ever."""
    assert chain(GENESIS, **BASE) == "4aea93d784a6c2dceb7c36cc0f7787582ae0795616f8e61da673e9750febf0c2"


@pytest.mark.parametrize("name", sorted(BASE))
def test_every_part_of_a_record_is_covered(name: str) -> None:
    assert chain(GENESIS, **{**BASE, name: OTHER[name]}) != chain(GENESIS, **BASE)


def test_the_record_before_is_covered() -> None:
    first = chain(GENESIS, **BASE)
    assert chain(first, **OTHER) != chain(chain(GENESIS, **{**BASE, "seq": 9}), **OTHER)


@given(json_objects)
def test_equal_values_have_one_text_whatever_the_order_of_their_keys(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert canonical_json(value) == canonical_json(backwards)
    assert json.loads(canonical_json(value)) == value
    assert canonical_json(value).isascii()


@given(json_values)
def test_the_text_survives_a_reader_in_between(value: Any) -> None:
    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value)


@pytest.mark.parametrize("value", ["\ud800", "a\x00b", 2**63, math.nan, math.inf])
def test_poisonous_values_have_a_text_too(value: object) -> None:
    chain(GENESIS, **{**BASE, "body_json": canonical_json({"a": value})})
