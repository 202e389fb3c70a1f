"""How the wire may change while 27,000 stations are of different ages.

- Every message carries `v`, the major version. A receiver accepts its own major and refuses any other with
  `UnsupportedVersion`, by name.
- Within a major: fields may be added (receivers ignore fields they do not know), record kinds may be added (receivers
  store what they do not know as it is). Nothing is renamed, removed or given another meaning.
- A new major gets a new topic root (`yz/2`), so that old and new stations live side by side.
"""

from typing import Final

WIRE_VERSION: Final = 1


class UnsupportedVersion(ValueError):
    """A message of another major version."""

    def __init__(self, found: object) -> None:
        # What was found is somebody else's and may be megabytes.
        super().__init__(f"message version {repr(found)[:40]} is not supported; this program speaks {WIRE_VERSION}")
