"""The Ed25519 key with which the cloud signs, and its public half for the stations."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cloud.config import SigningSection
from contract.envelope import seal
from contract.ids import StationId
from contract.messages import Message
from contract.topics import Leaf, Topic


class SigningKeyError(RuntimeError):
    """The signing key cannot be used. The message names the file and what to do."""


@dataclass(frozen=True)
class Signer:
    """Seals messages to stations."""

    key_id: str
    key: Ed25519PrivateKey

    def seal(self, message: Message, station: StationId, leaf: Leaf) -> tuple[str, bytes]:
        """Topic and payload that say `message` to `station`."""
        topic = Topic(station, leaf)
        return str(topic), seal(message, topic, key_id=self.key_id, key=self.key)


def public_file(section: SigningSection) -> Path:
    """Where the public half lies: beside the key, as `.pub`."""
    return section.key_file.with_suffix(".pub")


def create(section: SigningSection) -> Path:
    """Make a key pair; returns the file of the public half. An existing key is never overwritten."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    section.key_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(section.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SigningKeyError(f"{section.key_file} exists; stations trust it, so it is not overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    public = public_file(section)
    public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def load(section: SigningSection) -> Signer:
    """The signer of the configuration. Raises `SigningKeyError`."""
    try:
        key = load_pem_private_key(section.key_file.read_bytes(), password=None)
    except OSError as error:
        raise SigningKeyError(
            f"[signing] key_file {section.key_file}: {error.strerror}; `yizhan cloud keys create` makes one"
        ) from None
    except ValueError:
        raise SigningKeyError(f"[signing] key_file {section.key_file} is no PEM private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyError(f"[signing] key_file {section.key_file} is no Ed25519 key")
    return Signer(section.key_id, key)
