"""Cards as the station knows them: keyed hashes, never numbers.

The rule: a credential is (format, bit length, bits). The bits are left-aligned in `data`, most significant first, and
the unused low bits of the last byte count for nothing: readers fill them with what they like. OSDP readers call one and
the same card "raw" or "wiegand" depending on their make (format codes 0 and 1 of the card read reply), while the bits
on the card are the same; both are the format *bits* here, so that one card is one credential at every reader. The bit
length is part of it: a 26-bit card is not the 34-bit card that begins with the same bits.

BLAKE2b with a key of the station, 128 bits: whoever takes the storage card learns no card number without the key, and
hashes of two stations cannot be matched. A 26-bit card number has few values, so the key must stay secret: it is a file
of its own, mode 0600.
"""

import fcntl
import hashlib
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from contract.ids import CredentialHash
from edge.roster.errors import KeyUnusable

log = logging.getLogger(__name__)

KEY_BYTES: Final = 32
HASH_BYTES: Final = 16
MAX_BITS: Final = 512


class CredentialFormat(StrEnum):
    """How a reader or the cloud names the bits. See the rule above."""

    WIEGAND = "wiegand"
    RAW = "raw"
    TEXT = "text"
    """What a keyboard-wedge reader types."""
    PIN = "pin"
    """A number that is a credential by itself: scrypt's output for it."""
    PASS = "pass"
    """The id of a visit pass."""


_CANONICAL: Final = {
    CredentialFormat.WIEGAND: b"bits",
    CredentialFormat.RAW: b"bits",
    CredentialFormat.TEXT: b"text",
    CredentialFormat.PIN: b"pin",
    CredentialFormat.PASS: b"pass",
}


def credential_hash(key: bytes, format: CredentialFormat | str, bits: int, data: bytes) -> CredentialHash:
    """The credential's hash, hex. `data` holds `bits` bits, left-aligned, in as few bytes as they need.

    Raises:
        ValueError: an unknown format, or a bit length that does not fit `data`. The message shows no bits.
    """
    canonical = _CANONICAL[CredentialFormat(format)]
    if not 1 <= bits <= MAX_BITS or len(data) != (bits + 7) // 8:
        raise ValueError(f"{len(data)} bytes do not hold a credential of {bits} bits (1–{MAX_BITS})")
    unused = -bits % 8
    used = data[:-1] + bytes([data[-1] >> unused << unused])
    message = b"%s\n%d\n%s" % (canonical, bits, used)
    return CredentialHash(_keyed(key, message, b"yizhan-card").hex())


def text_hash(key: bytes, format: CredentialFormat, text: str) -> CredentialHash:
    """The hash of what is text: a wedge reader's line, a pass's id. Of one that is too long, its beginning counts."""
    data = text.encode("utf-8", "replace")[: MAX_BITS // 8]
    return credential_hash(key, format, 8 * len(data), data)


def number_hash(key: bytes, verifier: bytes) -> bytes:
    """How the verifier of a number that goes with a card rests here: the roster's file alone says nothing about it."""
    return _keyed(key, verifier, b"yizhan-pin")


def key_fingerprint(key: bytes) -> str:
    """Names a key without telling it: a roster whose hashes were made with another key is of no use."""
    return _keyed(key, b"", b"yizhan-key").hex()


def load_or_create_key(path: Path) -> bytes:
    """The station's key, made at the first start. Two processes may call this at once and get the same key.

    A file that is no key is set aside for a person to look at, and a new key is made: nobody on the roster is known any
    more until it has been pulled anew, but the door goes on.

    Raises:
        KeyUnusable: the file cannot be read or written.
    """
    try:
        if not _is_key(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path):
                _make_anew(path)
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"credential key {path}: {error.strerror}") from error


def _is_key(path: Path) -> bool:
    return path.exists() and path.stat().st_size == KEY_BYTES


def _make_anew(path: Path) -> None:
    if _is_key(path):
        return
    if path.exists():
        aside = path.with_name(f"{path.name}.corrupt")
        log.error("credential key %s is none, having %d bytes: now %s", path, path.stat().st_size, aside.name)
        path.replace(aside)
    log.warning("a new credential key is made; the roster is pulled anew with it")
    _create(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time: a second one must not set aside what the first has just made. Not by a lock on the
    folder, which the controller holds for as long as it runs."""
    handle = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, never replaces the key that another process has just made.
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _keyed(key: bytes, message: bytes, purpose: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a credential key has {KEY_BYTES} bytes, not {len(key)}")
    return hashlib.blake2b(message, key=key, digest_size=HASH_BYTES, person=purpose).digest()
