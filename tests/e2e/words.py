"""What the pages say, by key, as they say it: tests ask for meanings, not for wordings."""

import json
from enum import StrEnum
from typing import Any

from tests.web.browser import WEB


class Language(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"


def words(language: Language, key: str, **values: Any) -> str:
    """The text of a key with its values filled in."""
    path = WEB / "src" / "shared" / "messages" / f"{language}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts[key].format(**values)
