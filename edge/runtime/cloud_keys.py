"""The public keys that the configuration takes for the cloud's, by their ids."""

import logging
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

log = logging.getLogger(__name__)


def cloud_keys(files: Mapping[str, Path]) -> dict[str, Ed25519PublicKey]:
    """The keys that can be read; the others are logged and count as unknown, for reporting must go on without them."""
    keys: dict[str, Ed25519PublicKey] = {}
    for key_id, path in files.items():
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            log.error("cloud key %s (%s) cannot be read: %s", key_id, path, error)
            continue
        if isinstance(key, Ed25519PublicKey):
            keys[key_id] = key
        else:
            log.error("cloud key %s (%s) is not an Ed25519 public key", key_id, path)
    return keys
