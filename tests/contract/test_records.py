"""Records survive the journey to JSON and back, and a wrong body is named by kind and field."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.digest import canonical_json
from contract.ids import Stream
from contract.records import (
    RECORD_TYPES,
    Record,
    RecordError,
    StationHealth,
    from_body,
    kind_of,
    stream_of,
    to_body,
)
from tests.contract.strategies import json_objects, json_values, known_records, unknown_records

GRANTED: dict[str, Any] = {
    "reader": "entry",
    "credential": "c0ffee",
    "member": "m-1",
    "rule": "member",
    "presented_mono_ms": 12,
}


def error_of(kind: str, body: dict[str, Any]) -> str | None:
    """Why a body is refused, None when it is not."""
    try:
        from_body(kind, body)
    except RecordError as error:
        return str(error)
    return None


@given(known_records | unknown_records)
def test_a_record_comes_back_from_its_json_as_it_was(record: Record) -> None:
    body = json.loads(canonical_json(to_body(record)))
    assert from_body(kind_of(record), body) == record


@given(st.sampled_from(sorted(RECORD_TYPES)), json_objects)
def test_any_object_is_a_record_or_an_error_that_names_its_kind(kind: str, body: dict[str, Any]) -> None:
    assert kind in (error_of(kind, body) or kind)


@given(known_records, st.data())
def test_a_field_exchanged_for_any_other_value_never_gives_a_wrongly_typed_record(
    record: Record, data: st.DataObject
) -> None:
    body = json.loads(canonical_json(to_body(record)))
    if not body:
        return
    name = data.draw(st.sampled_from(sorted(body)))
    body[name] = data.draw(json_values)
    error = error_of(kind_of(record), body)
    if error is not None:
        assert name in error
    else:
        changed = from_body(kind_of(record), body)
        assert json.loads(canonical_json(to_body(changed)))[name] == body[name]


@pytest.mark.parametrize("missing", sorted(GRANTED))
def test_a_missing_field_is_named(missing: str) -> None:
    body = {name: value for name, value in GRANTED.items() if name != missing}
    with pytest.raises(RecordError, match=rf"access\.granted.*{missing}"):
        from_body("access.granted", body)


def test_a_field_with_a_default_may_be_missing() -> None:
    """It was added after the first version."""
    assert to_body(from_body("access.granted", GRANTED))["trade"] == ""


@pytest.mark.parametrize(("name", "value"), [("presented_mono_ms", True), ("presented_mono_ms", 1.0), ("member", 5)])
def test_a_field_of_the_wrong_type_is_named(name: str, value: object) -> None:
    with pytest.raises(RecordError, match=name):
        from_body("access.granted", {**GRANTED, name: value})


def test_every_kind_is_unique_and_has_a_namespace() -> None:
    kinds = [kind.KIND for kind in get_args(Record) if kind.KIND]
    assert len(set(kinds)) == len(kinds) == len(RECORD_TYPES)
    assert all("." in kind for kind in kinds)


def test_health_is_telemetry_and_what_happened_is_an_event() -> None:
    assert stream_of(StationHealth(1, 2, 3, 4, 5, 6)) is Stream.TELEMETRY
    assert stream_of(from_body("access.granted", GRANTED)) is Stream.EVENTS
    assert stream_of(from_body("something.new", {})) is Stream.EVENTS


def test_a_record_cannot_be_changed() -> None:
    record = from_body("access.granted", GRANTED)
    with pytest.raises(AttributeError):
        record.member = "other"  # type: ignore[misc, union-attr]
