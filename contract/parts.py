"""What all messages are made of: the base of their parts, and numbers, moments and texts within their bounds."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contract.ids import Epoch, NodeId, Session

LATEST_MS = 253_370_764_800_000
"""The last year that date functions know in every time zone, 9999, is left out."""


def shown(text: str) -> str:
    """A text for people as every database and page can hold it: what cannot be shown becomes U+FFFD, and it is short.

    Not refused, because the rest of what the station tells would be lost with it.
    """
    return "".join("\ufffd" if mark == "\x00" or "\ud800" <= mark <= "\udfff" else mark for mark in text[:500])


Count = Annotated[int, Field(ge=0, lt=2**63)]
Moment = Annotated[int, Field(ge=0, lt=LATEST_MS)]
Shown = Annotated[str, AfterValidator(shown)]
Node = Annotated[NodeId, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Position = Annotated[int, Field(ge=1, lt=2**63)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
EpochId = Annotated[Epoch, Field(pattern=r"^[0-9a-f]{32}$")]
SessionId = Annotated[Session, Field(pattern=r"^[0-9a-f]{16,64}$")]


class Part(BaseModel):
    """A part of a message: immutable, tolerant of fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")
