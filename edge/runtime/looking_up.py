"""A credential at a reader: whose it is, looked up in the roster for the core."""

import logging

from contract.policy.model import Member
from edge.core import events
from edge.roster.errors import RosterUnavailable
from edge.runtime import ipc
from edge.runtime.reports import presented_ms
from edge.runtime.start import Roster

log = logging.getLogger(__name__)


def card_event(roster: Roster, card: ipc.CardRead) -> events.CardPresented:
    """The core's event. A roster that cannot be read is part of it: the core says what that means for the door."""
    member: Member | None = None
    available = True
    try:
        member = roster.find(card.credential)
    except RosterUnavailable as error:
        log.error("%s", error)
        available = False
    return events.CardPresented(card.reader, card.credential, member, presented_ms(card), roster_available=available)
