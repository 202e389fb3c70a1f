"""What must not be seen at the station, taken out of what is told there.

Somebody who is made to open the door has called for help without a sign. Whoever stands beside them may read over a
technician's shoulder or look at the screen, so nothing there may tell: only the journal and the cloud have it.
"""

from typing import Any

from contract.records import AlarmCode
from edge.core.alarm_codes import SILENT

_SILENT_NAMES = frozenset(str(code) for code in SILENT)


def for_people_here(picture: dict[str, Any]) -> dict[str, Any]:
    """The live picture without silent alarms."""
    alarms = picture.get("alarms")
    if not isinstance(alarms, list) or not any(is_silent(alarm.get("code")) for alarm in alarms):
        return picture
    return {**picture, "alarms": [alarm for alarm in alarms if not is_silent(alarm.get("code"))]}


def line_for_people_here(line: dict[str, Any]) -> dict[str, Any] | None:
    """A line of the public socket without what is silent; None: it is not to be said at all."""
    if isinstance(line.get("state"), dict):
        return {**line, "state": for_people_here(line["state"])}
    body = line.get("body")
    if isinstance(body, dict):
        if is_silent(body.get("code")):
            return None
        if body.get("duress"):
            return {**line, "body": {**body, "duress": False}}
    return line


def is_silent(code: AlarmCode | str | None) -> bool:
    """Whether an alarm of this code is not spoken of here."""
    return code in _SILENT_NAMES
