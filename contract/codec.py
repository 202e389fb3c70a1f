"""Messages to bytes and back. JSON; a large payload is deflated with zlib (told by its first byte, never `{`).

Everything here is bounded: a payload larger than `MAX_PAYLOAD_BYTES`, or that inflates beyond `MAX_INFLATED_BYTES`, is
refused before it is parsed.
"""

import json
import zlib
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from contract.messages import Message
from contract.versions import WIRE_VERSION, UnsupportedVersion

MAX_PAYLOAD_BYTES: Final = 256 * 1024
MAX_INFLATED_BYTES: Final = 4 * 1024 * 1024
COMPRESS_FROM_BYTES: Final = 1_024
M = TypeVar("M", bound=Message)


class CodecError(ValueError):
    """Bytes that are not a message of the kind expected. The message says why, and shows no content."""


def encode(message: Message) -> bytes:
    """The payload of a message. Numbers that JSON lacks (NaN) cannot occur in a model and are refused by it."""
    # By way of json.dumps rather than pydantic's writer: the latter refuses lone surrogates, which a record
    # may hold and which must arrive as they are.
    text = json.dumps(message.model_dump(mode="python", exclude_defaults=False), separators=(",", ":"), default=str)
    payload = text.encode("ascii")
    return zlib.compress(payload, level=1) if len(payload) >= COMPRESS_FROM_BYTES else payload


def decode(kind: type[M], payload: bytes) -> M:
    """The message in `payload`.

    Raises:
        CodecError: too large, not JSON, or not such a message.
        UnsupportedVersion: another major version.
    """
    return parse(kind, inflate(payload))


def parse(kind: type[M], text: bytes) -> M:
    """The message in JSON bytes that were inflated already. Raises like `decode`."""
    data = _json_object(text)
    version = data.get("v", WIRE_VERSION)
    if version != WIRE_VERSION or isinstance(version, (bool, float)):
        raise UnsupportedVersion(version)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise CodecError(f"{kind.__name__}: {where}: {first['msg']} ({error.error_count()} in all)") from None


def decode_json(payload: bytes) -> dict[str, Any]:
    """The JSON object in `payload`, inflated where necessary. Raises `CodecError`."""
    return _json_object(inflate(payload))


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"not JSON: {type(error).__name__}") from None
    if not isinstance(data, dict):
        raise CodecError(f"a JSON {type(data).__name__}, not an object")
    return data


def inflate(payload: bytes) -> bytes:
    """The JSON bytes of a payload. Raises `CodecError` when it is too large or broken."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise CodecError(f"{len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are read")
    if payload[:1] in (b"{", b""):
        return payload
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(payload, MAX_INFLATED_BYTES)
    except zlib.error:
        raise CodecError("neither JSON nor zlib") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise CodecError(f"cut short, or inflates beyond {MAX_INFLATED_BYTES} bytes")
    return data
