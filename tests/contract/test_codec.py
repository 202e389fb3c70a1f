"""Bytes to messages: what is carried arrives, and what is hostile is refused before it costs anything."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import (
    COMPRESS_FROM_BYTES,
    MAX_INFLATED_BYTES,
    MAX_PAYLOAD_BYTES,
    CodecError,
    decode,
    decode_json,
    encode,
    inflate,
)
from contract.digest import GENESIS
from contract.ids import Epoch, Session, Stream
from contract.messages import Ack, JournalBatch, Online, WireRecord
from contract.versions import UnsupportedVersion
from tests.contract.strategies import json_objects

EPOCH = Epoch("e" * 32)
SESSION = Session("5" * 32)


def batch(*bodies: dict[str, Any]) -> JournalBatch:
    records = [
        WireRecord(
            seq=seq,
            boot=1,
            mono_ms=seq,
            recorded_at_ms=1_800_000_000_000,
            clock_trusted=True,
            kind="test.kind",
            body=body,
            digest=GENESIS,
        )
        for seq, body in enumerate(bodies, start=1)
    ]
    return JournalBatch(
        epoch=EPOCH, stream=Stream.EVENTS, first_seq=1, oldest_seq=1, previous_digest=GENESIS, records=records
    )


@given(st.lists(json_objects, min_size=1, max_size=5))
def test_a_batch_arrives_as_it_was_sent(bodies: list[dict[str, Any]]) -> None:
    sent = batch(*bodies)
    assert decode(JournalBatch, encode(sent)) == sent


def test_a_large_message_travels_compressed_and_a_small_one_readable() -> None:
    small, large = encode(batch({})), encode(batch(*[{"text": "站" * 40}] * 200))
    assert small[:1] == b"{"
    assert large[:1] != b"{"
    assert len(large) < 200 * 40
    assert len(decode(JournalBatch, large).records) == 200


@pytest.mark.parametrize("body", [{"a": "\ud800"}, {"\udfff": 1}, {"a": "x\x00y"}, {"a": 2**63}, {"a": -(2**200)}])
def test_poisonous_bodies_arrive_as_they_are(body: dict[str, Any]) -> None:
    """The station wrote them, so the cloud must see them, to set them aside."""
    sent = JournalBatch.model_construct(**{**dict(batch({})), "records": [record_with(body)]})
    arrived = decode_json(encode(sent))
    assert arrived["records"][0]["body"] == body


def record_with(body: dict[str, Any]) -> WireRecord:
    return WireRecord.model_construct(**{**dict(batch({}).records[0]), "body": body})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_lacks_are_told_or_kept_but_never_crash(number: str) -> None:
    text = encode(batch({"a": "number"})).replace(b'"number"', number.encode())
    try:
        decode(JournalBatch, text)
    except CodecError:
        pass


@given(st.binary(max_size=300))
def test_any_bytes_give_a_message_or_one_of_two_errors(payload: bytes) -> None:
    try:
        decode(Ack, payload)
    except (CodecError, UnsupportedVersion):
        pass


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_good_beginning_are_refused_too(tail: bytes) -> None:
    try:
        decode(Ack, b"{" + tail)
        decode(Ack, zlib.compress(tail))
    except (CodecError, UnsupportedVersion):
        pass


@given(json_objects)
def test_any_json_object_gives_a_message_or_one_of_two_errors(value: dict[str, Any]) -> None:
    try:
        decode(JournalBatch, json.dumps(value).encode())
    except (CodecError, UnsupportedVersion):
        pass


def test_a_payload_above_the_limit_is_refused_unread() -> None:
    with pytest.raises(CodecError, match="at most"):
        inflate(b"{" + b" " * MAX_PAYLOAD_BYTES)
    assert len(inflate(b"{" + b" " * (MAX_PAYLOAD_BYTES - 1))) == MAX_PAYLOAD_BYTES


def test_a_bomb_is_refused_at_the_limit() -> None:
    bomb = zlib.compress(b"{" + b" " * (MAX_INFLATED_BYTES * 8), 9)
    assert len(bomb) < MAX_PAYLOAD_BYTES
    with pytest.raises(CodecError, match="inflates beyond"):
        inflate(bomb)


def test_exactly_the_limit_inflates() -> None:
    text = b"{" + b" " * (MAX_INFLATED_BYTES - 2) + b"}"
    assert inflate(zlib.compress(text, 9)) == text


def test_a_bomb_of_nesting_is_refused() -> None:
    with pytest.raises(CodecError):
        decode_json(zlib.compress(b'{"a":' + b"[" * 1_000_000, 9))


def test_a_long_number_is_refused() -> None:
    with pytest.raises(CodecError):
        decode_json(b'{"a":' + b"9" * 50_000 + b"}")


def test_a_compressed_payload_that_was_cut_short_is_refused() -> None:
    whole = zlib.compress(b"{" + b" " * COMPRESS_FROM_BYTES + b"}")
    with pytest.raises(CodecError, match="cut short"):
        inflate(whole[:-6])


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{}x", b"{", b'{"a"}', b"\xff\xfe", b'{"a":"\xff"}'])
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(CodecError):
        decode_json(payload)


def test_an_error_names_message_and_field_and_shows_no_content() -> None:
    with pytest.raises(CodecError) as caught:
        decode(Online, json.dumps({"session": "13800138000-secret", "online": True}).encode())
    assert "Online: session" in str(caught.value)
    assert "13800138000" not in str(caught.value)
