"""How the wire may change: what is new is carried past those who do not know it, another major version is refused."""

import json

import pytest

from contract.codec import decode, decode_json, encode
from contract.ids import Session
from contract.messages import Hello, Online, SignedPayload
from contract.records import AccessDenied, DoorReleased, UnknownRecord, from_body, kind_of, to_body
from contract.versions import WIRE_VERSION, UnsupportedVersion

ONLINE = Online(session=Session("5" * 32), online=True)


def test_an_unknown_field_of_a_message_is_ignored() -> None:
    text = json.dumps({**json.loads(encode(ONLINE)), "mood": "good", "nested": {"a": [1]}}).encode()
    assert decode(Online, text) == ONLINE


def test_an_unknown_field_of_a_part_is_ignored() -> None:
    stream = {"stream": "events", "oldest_seq": 1, "head_seq": 0, "head_digest": "0" * 64, "acknowledged_seq": 0}
    hello = {"epoch": "e" * 32, "session": "5" * 32, "boot": 1, "software": "x", "streams": [{**stream, "new": 1}]}
    assert decode(Hello, json.dumps(hello).encode()).streams[0].head_seq == 0


def test_an_unknown_kind_of_record_is_kept_as_it_is() -> None:
    body = {"slot": 4, "battery": {"serial": "B-1", "soc_percent": 91}}
    record = from_body("cabinet.swapped", body)
    assert record == UnknownRecord("cabinet.swapped", body)
    assert (kind_of(record), to_body(record)) == ("cabinet.swapped", body)


def test_an_unknown_field_of_a_record_is_ignored() -> None:
    body = {"cause": "card", "member": "m-1", "hold_ms": 5000, "mood": "good"}
    assert isinstance(from_body("door.released", body), DoorReleased)


@pytest.mark.parametrize("version", [0, 2, -1, "1", None, 1.5, [1], True])
def test_another_major_version_is_refused_by_name(version: object) -> None:
    text = json.dumps({**json.loads(encode(ONLINE)), "v": version}).encode()
    with pytest.raises(UnsupportedVersion, match="is not supported; this program speaks 1"):
        decode(Online, text)


def test_every_message_says_its_version() -> None:
    assert decode_json(encode(ONLINE))["v"] == WIRE_VERSION
    assert SignedPayload.model_fields["v"].default == WIRE_VERSION


def test_an_enum_value_of_a_newer_version_is_an_error_that_names_kind_and_field() -> None:
    body = {"reader": "r", "credential": "c", "member": None, "reason": "new", "rule": "", "presented_mono_ms": 1}
    with pytest.raises(ValueError, match=r"access\.denied.*reason"):
        from_body(AccessDenied.KIND, body)
