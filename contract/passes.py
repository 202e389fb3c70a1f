"""The text of a QR pass: `YZ1.` and base64url of signature and content, made and read here alone.

Signed with the key of the envelopes (Ed25519), over a purpose that stands before the content: a pass is no envelope and
an envelope no pass. The content is short JSON without a name in it. A text of this kind holds only characters that a
scanner can type on a US keyboard, and at most `MAX_CHARACTERS` of them.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contract.ids import NodeId, StationId
from contract.policy.passes import VisitPass

PREFIX: Final = "YZ1."
MAX_CHARACTERS: Final = 512
PURPOSE: Final = b"yizhan visit pass 1\n"
SIGNATURE_BYTES: Final = 64


class PassProblem(StrEnum):
    """Why a text is no pass. A name keeps its meaning."""

    NOT_A_PASS = "not_a_pass"
    TOO_LONG = "too_long"
    GARBLED = "garbled"
    """Not base64url, or not our content: the scanner has swallowed a character, or somebody made it up."""
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    NOT_ALLOWED = "not_allowed"
    """Signed, and says what no pass may say: valid for days, for nowhere."""


class PassError(ValueError):
    """A text that lets nobody in. The message does not repeat it."""

    def __init__(self, problem: PassProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem


def write(shown: VisitPass, *, key_id: str, key: Ed25519PrivateKey) -> str:
    """The text of a pass. Raises `ValueError` when it does not fit into the code."""
    content = {
        "k": key_id,
        "p": shown.id,
        "f": shown.valid_from_ms,
        "u": shown.valid_until_ms,
        "o": int(shown.once),
        **({"s": list(shown.stations)} if shown.node is None else {"n": shown.node}),
    }
    signed = json.dumps(content, separators=(",", ":")).encode("ascii")
    blob = base64.urlsafe_b64encode(key.sign(PURPOSE + signed) + signed).decode("ascii").rstrip("=")
    text = PREFIX + blob
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a pass of {len(text)} characters; at most {MAX_CHARACTERS} are read")
    return text


def is_pass(text: str) -> bool:
    """Whether a scanned text is meant to be a pass."""
    return text.startswith(PREFIX)


def read(text: str, *, keys: Mapping[str, Ed25519PublicKey]) -> VisitPass:
    """The pass in a text, once its signature by one of `keys` holds. When and where it is valid is the policy's
    to say. Raises `PassError`."""
    if not is_pass(text):
        raise PassError(PassProblem.NOT_A_PASS)
    if len(text) > MAX_CHARACTERS:
        raise PassError(PassProblem.TOO_LONG, f"{len(text)} characters")
    blob = _bytes(text[len(PREFIX) :])
    signature, signed = blob[:SIGNATURE_BYTES], blob[SIGNATURE_BYTES:]
    content = _content(signed)
    key = keys.get(content["k"])
    if key is None:
        raise PassError(PassProblem.UNKNOWN_KEY)
    try:
        key.verify(signature, PURPOSE + signed)
    except InvalidSignature:
        raise PassError(PassProblem.BAD_SIGNATURE) from None
    return _pass(content)


def _bytes(text: str) -> bytes:
    if not re.fullmatch("[A-Za-z0-9_-]+", text):
        # b64decode skips what it does not know, and one pass would have many texts.
        raise PassError(PassProblem.GARBLED, "not base64url")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise PassError(PassProblem.GARBLED, "not base64url") from None


def _content(signed: bytes) -> dict[str, Any]:
    try:
        content = json.loads(signed)
    except (ValueError, RecursionError):
        raise PassError(PassProblem.GARBLED, "not JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("k"), str):
        raise PassError(PassProblem.GARBLED, "no key is named")
    return content


def _pass(content: Mapping[str, Any]) -> VisitPass:
    stations, node = content.get("s", []), content.get("n")
    wrong = (
        not isinstance(content.get("p"), str)
        or any(type(content.get(name)) is not int for name in ("f", "u"))
        or content.get("o") not in (0, 1)
        or not isinstance(stations, list)
        or not all(isinstance(station, str) for station in stations)
        or not (node is None or isinstance(node, str))
    )
    if wrong:
        raise PassError(PassProblem.NOT_ALLOWED, "a field is missing or of another type")
    try:
        return VisitPass(
            id=content["p"],
            valid_from_ms=content["f"],
            valid_until_ms=content["u"],
            stations=tuple(StationId(station) for station in stations),
            node=None if node is None else NodeId(node),
            once=bool(content["o"]),
        )
    except ValueError as error:
        raise PassError(PassProblem.NOT_ALLOWED, str(error)) from None
