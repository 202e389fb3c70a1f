"""The two times of the core: when a step is lived, and when a record was written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Now:
    """The time of a step. `mono_ms` never goes back within a boot. Records of the step are stamped with this."""

    mono_ms: int
    wall_ms: int
    clock_trusted: bool
    latest_trusted_ms: int | None = None


@dataclass(frozen=True)
class RecordedAt:
    """A record's stamp in the journal."""

    mono_ms: int
    wall_ms: int
    boot: int
