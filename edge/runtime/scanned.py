"""A line from a keyboard-wedge reader or scanner: a visit pass, or else a credential as it stands."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract import passes
from contract.ids import ReaderId
from edge.drivers.reader_wedge import TypedLine
from edge.roster.credential import MAX_BITS, CredentialFormat, text_hash
from edge.runtime.ipc import CardRead

__all__ = ["TypedLine", "card_of"]

MAX_CREDENTIAL_BYTES = MAX_BITS // 8


def card_of(reader: ReaderId, line: TypedLine, hash_key: bytes, keys: Mapping[str, Ed25519PublicKey]) -> CardRead:
    """What the reader process says of it; the text itself ends here."""
    times = (line.not_before_mono_ns // 1_000_000, line.received_mono_ns)
    text = line.text
    if passes.is_pass(text):
        try:
            shown = passes.read(text, keys=keys)
        except passes.PassError as error:
            unread = text_hash(hash_key, CredentialFormat.TEXT, text)
            return CardRead(reader, unread, *times, pass_problem=str(error.problem))
        return CardRead(reader, text_hash(hash_key, CredentialFormat.PASS, shown.id), *times, visit_pass=shown)
    credential = text_hash(hash_key, CredentialFormat.TEXT, text)
    if len(text.encode()) > MAX_CREDENTIAL_BYTES:
        # No credential is as long; by its beginning alone it might be taken for one.
        return CardRead(reader, credential, *times, pass_problem=str(passes.PassProblem.NOT_A_PASS))
    return CardRead(reader, credential, *times)
