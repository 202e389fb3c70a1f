"""One card is one credential, and its number is nowhere."""

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CredentialHash
from edge.roster.credential import KEY_BYTES, CredentialFormat, credential_hash, load_or_create_key
from edge.roster.errors import KeyUnusable
from tests.roster.support import KEY

RAW, WIEGAND = CredentialFormat.RAW, CredentialFormat.WIEGAND


@given(st.integers(1, 512), st.data())
def test_a_card_read_by_two_makes_of_reader_is_one_credential(bits: int, data: st.DataObject) -> None:
    one = data.draw(st.binary(min_size=(bits + 7) // 8, max_size=(bits + 7) // 8))
    noise = data.draw(st.integers(0, (1 << (-bits % 8)) - 1))
    other = one[:-1] + bytes([one[-1] ^ noise])
    assert credential_hash(KEY, RAW, bits, one) == credential_hash(KEY, WIEGAND, bits, other)


@given(st.integers(1, 512), st.data())
def test_cards_that_differ_in_one_bit_are_two_credentials(bits: int, data: st.DataObject) -> None:
    one = bytearray(data.draw(st.binary(min_size=(bits + 7) // 8, max_size=(bits + 7) // 8)))
    before = credential_hash(KEY, RAW, bits, bytes(one))
    bit = data.draw(st.integers(0, bits - 1))
    one[bit // 8] ^= 0x80 >> bit % 8
    assert credential_hash(KEY, RAW, bits, bytes(one)) != before


def test_a_longer_card_that_begins_alike_is_another_credential() -> None:
    assert credential_hash(KEY, RAW, 26, b"\x12\x34\x56\x40") != credential_hash(KEY, RAW, 32, b"\x12\x34\x56\x40")


def test_two_stations_know_a_card_by_different_hashes() -> None:
    other = bytes(KEY_BYTES)
    assert credential_hash(KEY, RAW, 8, b"\x01") != credential_hash(other, RAW, 8, b"\x01")


def test_the_hash_does_not_change_between_versions_of_this_program() -> None:
    assert credential_hash(KEY, WIEGAND, 26, b"\x12\x34\x56\x40") == CredentialHash("517ebaa7e0e14420e0ba95415ea6836d")


@pytest.mark.parametrize(
    ("format", "bits", "data"),
    [(RAW, 0, b""), (RAW, 26, b"abc"), (RAW, 26, b"abcde"), (RAW, 513, bytes(65)), ("magstripe", 8, b"a")],
)
def test_bits_that_do_not_fit_are_refused_without_being_shown(format: str, bits: int, data: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        credential_hash(KEY, format, bits, data)
    assert not data or data.hex() not in str(caught.value)


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "credential.key"
    key = load_or_create_key(path)
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_key(path) == key
    assert {file.name for file in path.parent.iterdir()} == {path.name, f".{path.name}.lock"}
    assert load_or_create_key(tmp_path / "other.key") != key


def test_two_processes_at_their_first_start_agree_on_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        keys.append(load_or_create_key(tmp_path / "credential.key"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_file_that_is_no_key_is_set_aside_and_the_door_goes_on_with_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "credential.key"
    path.write_bytes(b"short")
    key = load_or_create_key(path)
    assert len(key) == KEY_BYTES
    assert load_or_create_key(path) == key
    assert (tmp_path / "credential.key.corrupt").read_bytes() == b"short"


def test_the_key_is_had_while_the_controller_holds_the_folder(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    made = load_or_create_key(tmp_path / "credential.key")
    assert load_or_create_key(tmp_path / "credential.key") == made
    os.close(folder)


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(KeyUnusable):
        load_or_create_key(tmp_path / "data" / "credential.key")
