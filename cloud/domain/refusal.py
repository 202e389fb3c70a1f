"""Why the cloud does not do what somebody asks for: a code for programs and pages, and a sentence for people."""

from enum import StrEnum


class RefusalCode(StrEnum):
    """A code keeps its meaning; new ones may be added."""

    STATION_OFFLINE = "station_offline"
    SESSION_UNKNOWN = "session_unknown"
    """The station has not said yet how long its connection lasts; its next state message does, within a minute."""
    TOO_MANY_WAITING = "too_many_waiting"
    NO_SUCH_ALARM = "no_such_alarm"
    """It does not stand any more, or another of its kind does by now."""
    NEVER_SHELVED = "never_shelved"
    """An alarm about people's lives, or one of the cloud's own."""
    NOT_POSSIBLE = "not_possible"
    KEY_REUSED = "key_reused"


class Refusal(Exception):
    """What was asked for is not done."""

    def __init__(self, code: RefusalCode, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
