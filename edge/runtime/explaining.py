"""Why a card would be let in or not: the station's own decision on it, without the card, the door or a record.

The same question is answered by a running station on its socket (from the state it is in) and, when none runs, by
`yizhan edge explain` from its files: roster, journal and credential key, none of which is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from contract.ids import CredentialHash, ReaderId
from contract.plain import plain
from contract.policy.model import Factor, Member
from edge.core.access import explain_card
from edge.core.config import StationConfig
from edge.core.events import CardPresented
from edge.core.postures import wanted
from edge.core.state import Now, StationState
from edge.roster.credential import CredentialFormat, credential_hash
from edge.roster.errors import RosterUnavailable

HOW: Final = "FORMAT:BITS:HEX, for example wiegand:26:02b3c4c0"


class Roster(Protocol):
    def find(self, credential: CredentialHash) -> Member | None:
        """Raises `RosterUnavailable`."""


@dataclass(frozen=True)
class Explainer:
    """Answers for one station."""

    config: StationConfig
    roster: Roster
    hash_key: bytes

    def answer(self, question: Mapping[str, Any], state: StationState, now: Now) -> dict[str, Any]:
        """The decision and every rule's verdict. `question` has `card`, and may have `reader`, `at` and `pin`: true
        asks what the card and its right number would do.

        Raises:
            ValueError: the question cannot be understood; the message says why and repeats no card bits.
        """
        reader = self._reader(question.get("reader"))
        credential = _credential(self.hash_key, question.get("card"))
        moment = self._moment(question.get("at"), now)
        member, available, trouble = None, True, ""
        try:
            member = self.roster.find(credential)
        except RosterUnavailable as error:
            available, trouble = False, str(error)
        factors = frozenset({Factor.CARD, Factor.PIN} if question.get("pin") is True else {Factor.CARD})
        event = CardPresented(reader, credential, member, moment.mono_ms, roster_available=available, factors=factors)
        explanation = explain_card(self.config, state, event, moment)
        posture, cause = wanted(self.config, state, moment)
        local = datetime.fromtimestamp(moment.wall_ms / 1_000, self.config.timezone)
        return {
            "station": self.config.station_id,
            "reader": reader,
            "at": local.isoformat(timespec="seconds"),
            "clock_trusted": moment.clock_trusted,
            "posture": posture,
            "posture_cause": cause,
            "factors": sorted(factors),
            "member": None if member is None else member.id,
            "roster_trouble": trouble,
            **plain(explanation.decision),
            "rules": plain(explanation.verdicts),
        }

    def _reader(self, asked: object) -> ReaderId:
        if asked is None:
            return self.config.readers[0]
        if asked not in self.config.readers:
            raise ValueError(f"reader {asked!r} is none of this station's: {', '.join(self.config.readers)}")
        return ReaderId(str(asked))

    def _moment(self, asked: object, now: Now) -> Now:
        """The present with what the station knows of time, or a moment that is taken as certain."""
        if asked is None:
            return now
        try:
            at = datetime.fromisoformat(str(asked))
        except ValueError:
            raise ValueError(f"at {asked!r} is no ISO 8601 time, such as 2026-03-01T02:00 or …T02:00+08:00") from None
        if at.tzinfo is None:
            # Whoever asks about a station means the clock on its wall.
            at = at.replace(tzinfo=self.config.timezone)
        try:
            wall_ms = int(at.astimezone(UTC).timestamp() * 1_000)
        except OverflowError:
            raise ValueError(f"at {asked!r} is out of reach") from None
        return Now(now.mono_ms, wall_ms, clock_trusted=True, latest_trusted_ms=wall_ms)


def _credential(key: bytes, card: object) -> CredentialHash:
    parts = str(card).split(":") if card is not None else []
    if len(parts) != 3:
        raise ValueError(f"card must be {HOW}")
    name, bits, data = parts
    if name not in frozenset(CredentialFormat):
        raise ValueError(f"card: format {name[:20]!r} is not one of {', '.join(CredentialFormat)}")
    try:
        return credential_hash(key, name, int(bits), bytes.fromhex(data))
    except ValueError as error:
        # What `int` and `fromhex` say may repeat what they were given.
        why = f": {error}" if "credential of" in str(error) else ""
        raise ValueError(f"card must be {HOW}{why}") from None


def in_words(answer: Mapping[str, Any]) -> str:
    """The answer for a person; the rule that decides is marked."""
    what = "is let in" if answer["granted"] else "is refused"
    who = f"member {answer['member']}" if answer["member"] else "a card on no roster"
    if Factor.PIN in answer["factors"]:
        who += " with its right number"
    lines = [
        f"{who} {what} at reader {answer['reader']}, {answer['at']}"
        + ("" if answer["clock_trusted"] else " (the station does not trust its clock)"),
        f"posture    {answer['posture']} ({answer['posture_cause']})",
        f"reason     {answer['reason']}",
        f"rule       {answer['rule']}: {answer['detail']}",
    ]
    if answer["roster_trouble"]:
        lines.append(f"roster     {answer['roster_trouble']}")
    lines.append("rules in order:")
    for rule in answer["rules"]:
        mark = "→" if rule["rule"] == answer["rule"] else " "
        detail = f"  {rule['reason']}: {rule['detail']}" if rule["verdict"] == "objects" else ""
        lines.append(f"{mark} {rule['rule']:<26} {rule['verdict'].replace('_', ' ')}{detail}")
    return "\n".join(lines)
