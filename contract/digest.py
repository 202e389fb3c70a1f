"""How a record is chained to the one before it.

The digest covers everything that the record says about itself and the digest before it, so that two journals which
agree on one digest agree on all records up to it. It finds corruption, roll-back and cloned storage; it is not a
signature.
"""

import hashlib
import json
from typing import Any, Final

GENESIS: Final = "0" * 64
"""What stands before the first record of a stream."""


def canonical_json(value: Any) -> str:
    """JSON text that is the same on every Python for equal values: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def chain(
    previous: str,
    *,
    epoch: str,
    stream: str,
    seq: int,
    boot: int,
    mono_ms: int,
    recorded_at_ms: int,
    clock_trusted: bool,
    kind: str,
    body_json: str,
) -> str:
    """SHA-256, hex, of a record behind the one with digest `previous`. `body_json` is the body in `canonical_json`."""
    head = canonical_json([epoch, stream, seq, boot, mono_ms, recorded_at_ms, clock_trusted, kind])
    return hashlib.sha256(f"{previous}\n{head}\n{body_json}".encode("ascii")).hexdigest()
