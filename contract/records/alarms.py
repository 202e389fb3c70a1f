"""An alarm's life, after ISA-18.2: the station says when it stands, people say that they have seen it."""

from typing import ClassVar

from contract.frozen import frozen
from contract.records.codes import AlarmCode, Priority


@frozen
class AlarmRaised:
    """`source` tells two alarms of one code apart (a reader's id, a child's name); `detail` is for people."""

    KIND: ClassVar[str] = "alarm.raised"
    code: AlarmCode
    source: str
    priority: Priority
    detail: str
    first_out: bool = False
    """The first of those that began close together: look here for what set off the others."""
    cause: str = ""
    """`code/source` of the alarm that this one follows from. While that one stands, this one is listed beneath it and
    calls nobody; `alarm_flood/station` hides what is of low priority while too many come at once."""


@frozen
class AlarmCleared:
    """The alarm's condition is over. `latched`: it stays listed until somebody has acknowledged it."""

    KIND: ClassVar[str] = "alarm.cleared"
    code: AlarmCode
    source: str
    latched: bool = False


@frozen
class AlarmAcknowledged:
    """Somebody has seen an alarm; `by` is a user of the cloud, or who stood at the station's console.

    The same acknowledgement may come from both: the first counts, the later one is not recorded again.
    `raised_at_ms`: which occurrence, by the time of its `alarm.raised`.
    """

    KIND: ClassVar[str] = "alarm.acknowledged"
    code: AlarmCode
    source: str
    by: str
    raised_at_ms: int | None = None


@frozen
class AlarmShelved:
    """Somebody has put an alarm aside until `until_ms` (wall time), for a stated reason."""

    KIND: ClassVar[str] = "alarm.shelved"
    code: AlarmCode
    source: str
    until_ms: int
    by: str
    reason: str


@frozen
class AlarmUnshelved:
    """`cause`: `expired`, or `taken_back`."""

    KIND: ClassVar[str] = "alarm.unshelved"
    code: AlarmCode
    source: str
    cause: str
