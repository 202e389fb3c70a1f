"""What people ask of the API: who asks, for what, and why. What it answers is in `cloud.api.models`."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.models import ApiModel
from cloud.domain.commands import ABOUT_A_SLOT, CommandKind
from cloud.plain_text import is_plain
from contract.records import Posture, Trip

LONGEST_MINUTES: Final = 24 * 60
"""Nothing is put aside for longer than a day: shelving ends by itself (ISA-18.2)."""


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("holds a control character")
    return text


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_plain)]
"""Who asks. There are no accounts yet: it is taken as given, and written down."""
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_plain)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_plain)]
Source = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]


class Asked(ApiModel):
    """Unknown fields are refused: a misspelt one must not be taken for a wish that was not uttered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Name


class CommandAsked(Asked):
    """`slot`: of what is about one slot of the cabinet; without one `reset_trip` is about the whole cabinet."""

    kind: CommandKind
    reason: Why
    slot: int | None = Field(default=None, ge=1, le=120)
    trip: Trip | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.slot is None) != (self.kind not in ABOUT_A_SLOT) and self.kind is not CommandKind.RESET_TRIP:
            raise ValueError(f"{self.kind} {'needs a' if self.slot is None else 'has no'} slot")
        if (self.trip is None) != (self.kind is not CommandKind.RESET_TRIP):
            raise ValueError(f"{self.kind} {'needs a' if self.trip is None else 'has no'} trip")
        return self


class CabinetAsked(ApiModel):
    """Null limits: as the station is configured, and no order widens what that allows. Batteries and slots that are not
    named stay as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    power_budget_w: int | None = Field(default=None, ge=0, le=1_000_000)
    keep_full: int | None = Field(default=None, ge=0, le=120)
    slots_locked_out: dict[Annotated[int, Field(ge=1, le=120)], bool] = Field(default={}, max_length=120)
    recalled: dict[Code, bool] = Field(default={}, max_length=256)


class OrdersAsked(Asked):
    """`posture` null gives the door back to the station's own plan; a field that is left out changes nothing."""

    posture: Posture | None = None
    loads_cut: dict[Code, bool] | None = Field(default=None, max_length=32)
    """By load: whether it is to be cut off. Those not named stay as they are."""
    cabinet: CabinetAsked | None = None
    reason: Why


class AcknowledgeAsked(Asked):
    code: Code
    source: Source
    since_ms: int


class UnshelveAsked(Asked):
    code: Code
    source: Source


class ShelveAsked(UnshelveAsked):
    minutes: int = Field(ge=5, le=LONGEST_MINUTES)
    reason: Why


class PassAsked(Asked):
    """A QR pass for a visitor: for one entry (`once`), or for any number until it ends."""

    minutes: int = Field(ge=5, le=24 * 60)
    once: bool = True
    reason: Why
