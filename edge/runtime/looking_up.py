"""Whose a credential or a battery is, looked up in the roster for the core, or said by a visit pass."""

import logging
from typing import Final

from contract.ids import NodeId, StationId
from contract.policy.model import Factor, Member
from contract.policy.passes import VisitPass, holder
from edge.core import events
from edge.core.effects import LookUpBattery
from edge.roster.errors import RosterUnavailable
from edge.runtime import ipc
from edge.runtime.reports import presented_ms
from edge.runtime.start import Roster

log = logging.getLogger(__name__)

CARD: Final = frozenset({Factor.CARD})
PASS: Final = frozenset({Factor.PASS})


def card_event(roster: Roster, card: ipc.CardRead, station: StationId) -> events.CardPresented:
    """The core's event. A roster that cannot be read is part of it: the core says what that means for the door."""
    member: Member | None = None
    available = True
    try:
        if card.visit_pass is not None:
            member = holder(card.visit_pass, station, _nodes(roster, card.visit_pass))
        elif not card.pass_problem:
            member = roster.find(card.credential)
    except RosterUnavailable as error:
        log.error("%s", error)
        available = False
    return events.CardPresented(
        card.reader,
        card.credential,
        member,
        presented_ms(card),
        roster_available=available,
        factors=PASS if card.visit_pass is not None or card.pass_problem else CARD,
        pass_problem=card.pass_problem,
    )


def battery_event(roster: Roster, asked: LookUpBattery) -> events.BatteryLookedUp:
    """What the roster says of a battery."""
    try:
        return events.BatteryLookedUp(asked.battery, roster.battery(asked.battery))
    except RosterUnavailable as error:
        log.error("%s", error)
        return events.BatteryLookedUp(asked.battery, None, available=False)


def _nodes(roster: Roster, shown: VisitPass) -> frozenset[NodeId]:
    """Where the station belongs, if that matters to the pass: one for this very station needs no roster."""
    return frozenset() if shown.node is None else roster.nodes()
