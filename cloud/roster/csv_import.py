"""Members from a CSV file: UTF-8 with a header line.

Columns `id, name, trade, format, bits, data`, optionally `valid_from, valid_until` (dates or ISO 8601 times; a date
without zone is UTC), `extended_release` and `once` (a pass for one entry), true or false. `data` is the card's bits
as hex. A member with two cards has two lines that differ in the card alone; a card has one member.
"""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from cloud.plain_text import is_plain
from contract.ids import MemberId
from contract.messages import WireCredential, WireMember

REQUIRED: Final = ("id", "name", "trade", "format", "bits", "data")
OPTIONAL: Final = ("valid_from", "valid_until", "extended_release", "once")
CARD_FORMATS: Final = ("wiegand", "raw", "text")
MAX_LINES: Final = 1_000_000


class CsvError(ValueError):
    """The file cannot be imported. The message names line and column; no card number is in it."""


def read(path: Path) -> list[WireMember]:
    """The members in a file, in its order. Raises `CsvError`."""
    found: dict[str, WireMember] = {}
    holders: dict[WireCredential, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_header(path, reader.fieldnames)
            for row in reader:
                if reader.line_num > MAX_LINES:
                    raise CsvError(f"{path}: more than {MAX_LINES} lines")
                _take(found, holders, row, f"{path}, line {reader.line_num}")
    except OSError as error:
        raise CsvError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CsvError(f"{path}: is not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise CsvError(f"{path}: is not CSV: {error}") from None
    return list(found.values())


def _check_header(path: Path, names: Sequence[str] | None) -> None:
    if names is None:
        raise CsvError(f"{path}: is empty")
    for name in REQUIRED:
        if name not in names:
            raise CsvError(f"{path}, line 1: column {name!r} is missing")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise CsvError(f"{path}, line 1: column {name!r} is there twice")
        if name not in (*REQUIRED, *OPTIONAL):
            raise CsvError(f"{path}, line 1: unknown column {name!r}; known are {', '.join((*REQUIRED, *OPTIONAL))}")


def _take(
    found: dict[str, WireMember], holders: dict[WireCredential, str], row: dict[str, str | None], where: str
) -> None:
    if None in row or None in row.values():
        raise CsvError(f"{where}: has another number of columns than line 1")
    cells = {name: (value or "").strip() for name, value in row.items()}
    for name, text in cells.items():
        if not is_plain(text):
            raise CsvError(f"{where}, column {name}: holds a control character")
    if cells["id"].startswith("battery/"):
        raise CsvError(f"{where}, column id: {cells['id']!r} is how a battery is called")
    has_card = bool(cells["format"] or cells["bits"] or cells["data"])
    credentials = [_credential(cells, where)] if has_card else []
    values = {
        "id": cells["id"],
        "name": cells["name"],
        "trade": cells["trade"],
        "valid_from_ms": _time(cells, "valid_from", where),
        "valid_until_ms": _time(cells, "valid_until", where),
        "extended_release": _truth(cells, "extended_release", where),
        "once": _truth(cells, "once", where),
    }
    try:
        person = WireMember.model_validate(values | {"credentials": credentials})
    except ValidationError as error:
        raise CsvError(f"{where}, column {_column(error)}: {error.errors()[0]['msg']}") from None
    if not _is_ever_valid(person):
        raise CsvError(f"{where}, column valid_until: is not after valid_from")
    for card in person.credentials:
        if holders.setdefault(card, person.id) != person.id:
            raise CsvError(f"{where}, column data: the card is {holders[card]!r}'s as well")
    known = found.get(person.id)
    if known is None:
        found[MemberId(person.id)] = person
        return
    if known.model_copy(update={"credentials": []}) != person.model_copy(update={"credentials": []}):
        raise CsvError(f"{where}, column id: {person.id!r} stands above with another name, trade or validity")
    merged = [*known.credentials, *(card for card in person.credentials if card not in known.credentials)]
    if len(merged) > 8:
        raise CsvError(f"{where}, column data: more than 8 cards of one member")
    found[MemberId(person.id)] = known.model_copy(update={"credentials": merged})


def _is_ever_valid(person: WireMember) -> bool:
    begin, end = person.valid_from_ms, person.valid_until_ms
    return begin is None or end is None or begin < end


def _credential(cells: dict[str, str], where: str) -> WireCredential:
    if not (cells["bits"].isascii() and cells["bits"].isdigit()):
        raise CsvError(f"{where}, column bits: must be a number of bits")
    if cells["format"] not in CARD_FORMATS:
        raise CsvError(f"{where}, column format: must be one of {', '.join(CARD_FORMATS)}")
    bits, data = int(cells["bits"]), cells["data"].lower()
    try:
        card = WireCredential.model_validate({"format": cells["format"], "bits": bits, "data": data})
    except ValidationError as error:
        raise CsvError(f"{where}, column {_column(error)}: {error.errors()[0]['msg']}") from None
    if len(data) * 4 < bits or len(data) * 4 - bits >= 8:
        raise CsvError(f"{where}, column data: {len(data) // 2} bytes of hex do not hold {bits} bits")
    return card


def _time(cells: dict[str, str], name: str, where: str) -> int | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CsvError(f"{where}, column {name}: {text!r} is neither a date nor an ISO 8601 time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000)


def _truth(cells: dict[str, str], name: str, where: str) -> bool:
    text = cells.get(name, "").lower()
    if text not in ("", "true", "false"):
        raise CsvError(f"{where}, column {name}: must be true or false")
    return text == "true"


def _column(error: ValidationError) -> str:
    return str(error.errors()[0]["loc"][0])
