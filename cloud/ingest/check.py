"""Is a batch what it says it is, and can each of its records be stored?

Two different refusals: a *broken chain* means that bytes changed between the station's journal and here, so the whole
batch is doubted; an *unstorable* record is what the station wrote, but no database keeps it faithfully, so it alone
goes to quarantine as bytes.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from contract.digest import canonical_json, chain
from contract.messages import JournalBatch, WireRecord
from contract.parts import LATEST_MS
from contract.records import JournalGap

INT64_LIMIT: Final = 2**63
MAX_DEPTH: Final = 64
MAX_BODY_BYTES: Final = 1_048_576
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class ChainBroken(ValueError):
    """The batch's records do not follow each other. The message says where."""


@dataclass(frozen=True)
class Checked:
    """A record whose place in the chain is proven. It covers the positions `first … record.seq`."""

    record: WireRecord
    first: int
    body_json: str


def check_chain(batch: JournalBatch) -> list[Checked]:
    """The batch's records, each proven to follow the one before. Raises `ChainBroken`."""
    checked: list[Checked] = []
    expected, previous = batch.first_seq, batch.previous_digest
    for record in batch.records:
        try:
            body_json = canonical_json(record.body)
        except RecursionError:
            raise ChainBroken(f"the body at position {record.seq} is nested too deep to be read") from None
        first = _first_covered(record)
        if first != expected:
            raise ChainBroken(f"position {expected} expected, found {first}")
        # A gap record keeps the digest of the last record that it replaces, which cannot be computed any more.
        if record.kind != JournalGap.KIND and record.digest != _digest(batch, record, previous, body_json):
            raise ChainBroken(f"digest of position {record.seq} does not hold")
        checked.append(Checked(record, first, body_json))
        expected, previous = record.seq + 1, record.digest
    return checked


def unstorable(checked: Checked) -> str | None:
    """Why no database would keep this record as it is; None: it can be stored."""
    record = checked.record
    if not 0 <= record.recorded_at_ms < LATEST_MS:
        return "recorded_at_ms is out of range"
    if not (-INT64_LIMIT <= record.mono_ms < INT64_LIMIT and record.boot < INT64_LIMIT):
        return "boot or mono_ms is beyond 64 bits"
    if len(checked.body_json) > MAX_BODY_BYTES:
        return f"body is larger than {MAX_BODY_BYTES} bytes"
    return _text_reason(record.kind) or _value_reason(record.body, MAX_DEPTH)


def _first_covered(record: WireRecord) -> int:
    if record.kind != JournalGap.KIND:
        return record.seq
    first = record.body.get("first")
    if not isinstance(first, int) or isinstance(first, bool) or not 1 <= first <= record.seq:
        raise ChainBroken(f"the gap record at {record.seq} does not say what it covers")
    return first


def _digest(batch: JournalBatch, record: WireRecord, previous: str, body_json: str) -> str:
    return chain(
        previous,
        epoch=batch.epoch,
        stream=batch.stream,
        seq=record.seq,
        boot=record.boot,
        mono_ms=record.mono_ms,
        recorded_at_ms=record.recorded_at_ms,
        clock_trusted=record.clock_trusted,
        kind=record.kind,
        body_json=body_json,
    )


def _text_reason(value: str) -> str | None:
    if "\x00" in value:
        return "text holds NUL"
    return "text holds a lone surrogate" if _SURROGATE.search(value) else None


def _value_reason(value: Any, depth: int) -> str | None:
    """What is wrong with a JSON value; bounded by `depth`, since bodies come from outside."""
    if depth == 0:
        return f"body is nested deeper than {MAX_DEPTH}"
    if isinstance(value, str):
        return _text_reason(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "number is NaN or infinite"
    if isinstance(value, int) and not -INT64_LIMIT <= value < INT64_LIMIT:
        return "number is beyond 64 bits"
    if isinstance(value, dict):
        reasons = (_text_reason(key) or _value_reason(item, depth - 1) for key, item in value.items())
        return next((reason for reason in reasons if reason), None)
    if isinstance(value, list):
        return next((reason for reason in (_value_reason(item, depth - 1) for item in value) if reason), None)
    return None
