"""The signed envelope of everything that the cloud says to a station, `ack` excepted (Ed25519).

The broker is not trusted: whoever holds it can delay or drop, but not command. What is signed are the exact bytes, so
that no two JSON writers need to agree.
"""

import base64
import json
from collections.abc import Mapping
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.codec import decode, encode
from contract.messages import Envelope, Message, SignedPayload
from contract.topics import Leaf, Topic

M = TypeVar("M", bound=Message)


class EnvelopeError(ValueError):
    """An envelope that must not be followed; the message says why."""


def seal(message: Message, topic: Topic, *, key_id: str, key: Ed25519PrivateKey) -> bytes:
    """The payload that says `message` to `topic.station` on `topic.leaf`."""
    signed = encode(
        SignedPayload.model_validate(
            {"station": topic.station, "leaf": str(topic.leaf), "payload": message.model_dump(mode="json")}
        )
    )
    envelope = Envelope(
        key_id=key_id,
        signed=base64.b64encode(signed).decode(),
        signature=base64.b64encode(key.sign(signed)).decode(),
    )
    return encode(envelope)


def open_sealed(kind: type[M], payload: bytes, topic: Topic, *, keys: Mapping[str, Ed25519PublicKey]) -> M:
    """The message in an envelope that arrived on `topic`, once key, signature, station and leaf are right.

    Raises:
        EnvelopeError: it is not for this station and leaf, or not from a key in `keys`.
        CodecError, UnsupportedVersion: its bytes are not such a message.
    """
    envelope = decode(Envelope, payload)
    key = keys.get(envelope.key_id)
    if key is None:
        raise EnvelopeError(f"signed with unknown key {envelope.key_id!r}")
    try:
        signed = base64.b64decode(envelope.signed, validate=True)
        key.verify(base64.b64decode(envelope.signature, validate=True), signed)
    except (ValueError, InvalidSignature):
        # ValueError: not base64, or not even ASCII.
        raise EnvelopeError(f"signature by key {envelope.key_id!r} does not hold") from None
    inner = decode(SignedPayload, signed)
    if inner.station != topic.station:
        raise EnvelopeError(f"addressed to station {inner.station!r}")
    if inner.leaf != Leaf(topic.leaf):
        raise EnvelopeError(f"meant for {inner.leaf!r}, arrived on {str(topic.leaf)!r}")
    return decode(kind, json.dumps(inner.payload).encode())
