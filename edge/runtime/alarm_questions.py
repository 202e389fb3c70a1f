"""What a technician at the station says of alarms, over the station's socket: which there are, that one has been seen,
that one is put aside, that somebody has looked after whoever lay still.

Each is an event to the core, and the answer is what became of it. Silent alarms do not exist here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.plain import plain
from contract.records import AlarmCode
from edge.core import events
from edge.core.alarm_desk import MAX_BY_CHARACTERS, MAX_REASON_CHARACTERS
from edge.core.alarm_state import find
from edge.core.state import StationState
from edge.core.view import alarm_views
from edge.runtime.silence import is_silent

MAX_SOURCE_CHARACTERS: Final = 200
MINUTE_MS: Final = 60_000


class AlarmQuestions:
    """`happen` steps the core; `state` is how it is now."""

    def __init__(self, happen: Callable[[events.Event], None], state: Callable[[], StationState]) -> None:
        self._happen = happen
        self._state = state
        self.answers: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
            "alarms": self._alarms,
            "acknowledge": self._acknowledge,
            "shelve": self._shelve,
            "attend": self._attend,
        }
        """By name of the question. Each raises `ValueError` for one that cannot be understood or done."""

    def _alarms(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"alarms": [plain(alarm) for alarm in alarm_views(self._state()) if not is_silent(alarm.code)]}

    def _acknowledge(self, question: Mapping[str, Any]) -> dict[str, Any]:
        code, source = _key(question)
        alarm = find(self._state().durable.alarms, (code, source))
        if alarm is None:
            raise ValueError(f"no alarm {code}/{source} is listed")
        if alarm.shelved_until_ms is not None:
            raise ValueError(f"{code}/{source} is shelved: whoever shelved it has seen it")
        seen = events.AlarmSeen(code, source, alarm.since_ms, _text(question, "by", MAX_BY_CHARACTERS))
        self._happen(events.AcknowledgeRequested(seen))
        # Somebody may have been quicker: what counts is that it has been seen.
        after = find(self._state().durable.alarms, (code, source))
        return {
            "acknowledged": True,
            "by": seen.by if after is None else after.acknowledged_by,
            "listed": after is not None,
        }

    def _shelve(self, question: Mapping[str, Any]) -> dict[str, Any]:
        code, source = _key(question)
        minutes = question.get("minutes")
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 <= minutes <= 1_440:
            raise ValueError(f"minutes {minutes!r}: must be 1–1440, or 0 to take the shelf back")
        by = _text(question, "by", MAX_BY_CHARACTERS)
        reason = _text(question, "reason", MAX_REASON_CHARACTERS) if minutes else ""
        aside = events.AlarmAside(code, source, 0, by, reason, for_ms=minutes * MINUTE_MS)
        self._happen(events.ShelveRequested(aside))
        alarm = find(self._state().durable.alarms, (code, source))
        shelved = alarm is not None and alarm.shelved_until_ms is not None
        if minutes and not shelved:
            raise ValueError(f"{code}/{source} cannot be shelved; the journal says why (message.refused)")
        return {"shelved": shelved, "until_ms": alarm.shelved_until_ms if alarm is not None else None}

    def _attend(self, question: Mapping[str, Any]) -> dict[str, Any]:
        asked = self._state().durable.presence.welfare_asked
        if asked:
            self._happen(events.WelfareAnswerGiven(attended=True))
        return {"attended": asked}


def _key(question: Mapping[str, Any]) -> tuple[AlarmCode, str]:
    name = question.get("code")
    if not isinstance(name, str) or name not in frozenset(AlarmCode) or is_silent(name):
        raise ValueError(f"code {str(name)[:40]!r} is no alarm's")
    return AlarmCode(name), _text(question, "source", MAX_SOURCE_CHARACTERS)


def _text(question: Mapping[str, Any], name: str, longest: int) -> str:
    value = question.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is missing")
    if len(value.strip()) > longest:
        raise ValueError(f"{name} is longer than {longest} characters")
    return value.strip()
