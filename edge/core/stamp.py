"""The two times of the core: when a step is lived, and when a record was written."""

from contract.frozen import frozen


@frozen
class Now:
    """The time of a step. `mono_ms` never goes back within a boot. Records of the step are stamped with this."""

    mono_ms: int
    wall_ms: int
    clock_trusted: bool
    latest_trusted_ms: int | None = None


@frozen
class RecordedAt:
    """A record's stamp in the journal."""

    mono_ms: int
    wall_ms: int
    boot: int
