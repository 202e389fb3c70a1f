"""A run's beginning, end and passing of time."""

from contract.frozen import frozen


@frozen
class Booted:
    """First event of a run. `boot` counts runs of this journal, from 1; `clean_stop` is about the run before."""

    software: str
    config_digest: str
    clean_stop: bool
    boot: int
    records_replayed: int


@frozen
class Tick:
    """A deadline has come, or any time: time comes in as an event."""


@frozen
class StopRequested:
    """An orderly stop: the last event of a run."""

    why: str
