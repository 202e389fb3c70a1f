"""QR passes for visitors: made here, signed with the key of the envelopes, kept nowhere.

A pass names nobody and needs no roster: the station knows it by its signature. What cannot be taken back must not last:
a day at the most, and one entry unless said otherwise. The same content signs to the same text (Ed25519), so that a
repeated request is answered alike without the text having been kept.
"""

import io
import secrets
from typing import Final

import segno
from sqlalchemy import Connection

from cloud.clock import now_ms
from cloud.domain import acts
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.roster.keys import Signer
from contract import passes
from contract.ids import StationId
from contract.policy.passes import MAX_VALID_MS, VisitPass

LONGEST_MINUTES: Final = MAX_VALID_MS // 60_000
CLOCKS_APART_MS: Final = 60_000
"""A pass begins a little before it is issued, so that a station whose clock is behind takes it at once."""


def make(
    connection: Connection, stations: tuple[StationId, ...], *, minutes: int, once: bool, by: str, reason: str
) -> VisitPass:
    """A pass for the next minutes. Raises `Refusal` for one that may not be issued."""
    now = now_ms()
    until_ms = min(now + minutes * 60_000, now - CLOCKS_APART_MS + MAX_VALID_MS)
    try:
        made = VisitPass(
            id=secrets.token_urlsafe(9),
            valid_from_ms=now - CLOCKS_APART_MS,
            valid_until_ms=until_ms,
            stations=stations,
            once=once,
        )
    except ValueError as error:
        raise Refusal(RefusalCode.NOT_POSSIBLE, str(error)) from None
    told = {"id": made.id, "stations": list(stations), "until_ms": until_ms, "once": once, "reason": reason}
    acts.note(connection, by, "passes.issue", station=stations[0] if len(stations) == 1 else None, **told)
    return made


def text(made: VisitPass, signer: Signer) -> str:
    """What the code says."""
    return passes.write(made, key_id=signer.key_id, key=signer.key)


def svg(shown: str) -> str:
    """The code as a drawing to show in a page: black on white, with its quiet zone."""
    out = io.BytesIO()
    _code(shown).save(out, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, svgns=True, omitsize=True)
    return out.getvalue().decode()


def terminal(shown: str) -> str:
    """The code in characters, for a terminal."""
    out = io.StringIO()
    _code(shown).terminal(out, border=2, compact=True)
    return out.getvalue()


def _code(shown: str) -> segno.QRCode:
    # The least redundancy makes the coarsest code, which scanners read best from a phone's screen.
    return segno.make(shown, error="l", boost_error=False, micro=False)
