"""A station follows what the cloud has signed for it, on the leaf it was signed for, and nothing else."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import CodecError, decode, encode
from contract.envelope import EnvelopeError, open_sealed, seal
from contract.ids import NodeId, Session, StationId
from contract.messages import Command, Desired, Envelope, Message, NodeHead, RosterHead
from contract.records import Posture
from contract.topics import Leaf, Topic
from contract.versions import UnsupportedVersion

KEY = Ed25519PrivateKey.generate()
OTHER_KEY = Ed25519PrivateKey.generate()
KEYS = {"cloud-1": KEY.public_key()}
HERE = Topic(StationId("yz-bj-0001"), Leaf.DESIRED)
DESIRED = Desired(revision=7, posture=Posture.LOCKDOWN)
SEALED = seal(DESIRED, HERE, key_id="cloud-1", key=KEY)


def tampered(**changes: Any) -> bytes:
    """The sealed message with parts of its envelope exchanged."""
    return json.dumps({**decode(Envelope, SEALED).model_dump(), **changes}).encode()


def test_what_is_sealed_for_a_station_opens_there() -> None:
    assert open_sealed(Desired, SEALED, HERE, keys=KEYS) == DESIRED


def test_a_large_sealed_message_opens_too() -> None:
    head = RosterHead(revision=1, nodes=[NodeHead(node=NodeId(f"node-{n}-{'x' * 500}"), version=n) for n in range(16)])
    topic = Topic(HERE.station, Leaf.ROSTER_HEAD)
    assert open_sealed(RosterHead, seal(head, topic, key_id="cloud-1", key=KEY), topic, keys=KEYS) == head


def test_a_message_that_was_re_addressed_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="addressed to station 'yz-bj-0001'"):
        open_sealed(Desired, SEALED, Topic(StationId("yz-bj-0002"), Leaf.DESIRED), keys=KEYS)


def test_a_message_on_another_leaf_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="meant for 'desired', arrived on 'command'"):
        open_sealed(Command, SEALED, Topic(HERE.station, Leaf.COMMAND), keys=KEYS)


def test_a_message_signed_by_another_key_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="does not hold"):
        open_sealed(Desired, seal(DESIRED, HERE, key_id="cloud-1", key=OTHER_KEY), HERE, keys=KEYS)


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(EnvelopeError, match="unknown key 'cloud-9'"):
        open_sealed(Desired, tampered(key_id="cloud-9"), HERE, keys=KEYS)
    with pytest.raises(EnvelopeError, match="unknown key"):
        open_sealed(Desired, SEALED, HERE, keys={})


@given(st.integers(0, 10_000))
def test_one_flipped_bit_anywhere_in_what_is_signed_is_found(position: int) -> None:
    signed = bytearray(base64.b64decode(decode(Envelope, SEALED).signed))
    signed[position // 8 % len(signed)] ^= 1 << position % 8
    with pytest.raises(EnvelopeError, match="does not hold"):
        open_sealed(Desired, tampered(signed=base64.b64encode(bytes(signed)).decode()), HERE, keys=KEYS)


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é", base64.b64encode(bytes(64)).decode()])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(EnvelopeError):
        open_sealed(Desired, tampered(signature=signature), HERE, keys=KEYS)


@pytest.mark.parametrize("signed", ["", "not base64!", "站"])
def test_signed_bytes_that_are_none_are_refused(signed: str) -> None:
    with pytest.raises(EnvelopeError):
        open_sealed(Desired, tampered(signed=signed), HERE, keys=KEYS)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_with_an_error_of_ours(payload: bytes) -> None:
    with pytest.raises((EnvelopeError, CodecError, UnsupportedVersion)):
        open_sealed(Desired, payload, HERE, keys=KEYS)


@given(st.binary(max_size=100))
def test_rightly_signed_nonsense_is_refused_with_an_error_of_ours(nonsense: bytes) -> None:
    envelope = Envelope(
        key_id="cloud-1",
        signed=base64.b64encode(nonsense).decode(),
        signature=base64.b64encode(KEY.sign(nonsense)).decode(),
    )
    with pytest.raises((EnvelopeError, CodecError, UnsupportedVersion)):
        open_sealed(Desired, encode(envelope), HERE, keys=KEYS)


def test_a_message_of_another_major_version_inside_is_refused() -> None:
    class Newer(Message):
        revision: int = 1

    newer = Newer.model_construct(v=2)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedVersion):
        open_sealed(Desired, seal(newer, HERE, key_id="cloud-1", key=KEY), HERE, keys=KEYS)


def test_a_command_names_the_session_it_is_for() -> None:
    command = Command(
        id="c" * 16,
        kind="release",
        session=Session("5" * 32),
        issued_at_ms=1,
        expires_in_session_ms=60_000,
        issued_by="operator",
    )
    topic = Topic(HERE.station, Leaf.COMMAND)
    assert open_sealed(Command, seal(command, topic, key_id="cloud-1", key=KEY), topic, keys=KEYS) == command


def test_an_ack_cannot_be_sealed() -> None:
    with pytest.raises(ValueError, match="leaf"):
        seal(DESIRED, Topic(HERE.station, Leaf.ACK), key_id="cloud-1", key=KEY)
