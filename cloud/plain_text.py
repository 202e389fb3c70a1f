"""What people type in names: any script, but nothing that a database refuses or a terminal obeys."""

import re
from typing import Final

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_plain(text: str) -> bool:
    """Whether `text` holds neither control characters nor halves of characters."""
    return _UNFIT.search(text) is None
