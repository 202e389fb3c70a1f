"""A credential becomes the core's event: from the roster, or from what a visit pass says."""

from typing import Any

import pytest

from contract.ids import BatteryId, CredentialHash, MemberId, NodeId, ReaderId, StationId
from contract.policy.model import BatteryFacts, Factor, Member
from contract.policy.passes import VisitPass
from edge.core import events
from edge.core.effects import LookUpBattery
from edge.roster.errors import RosterUnavailable
from edge.runtime.ipc import CardRead
from edge.runtime.looking_up import battery_event, card_event

HERE = StationId("yz-bj-0001")
RIDER = Member(MemberId("rider-1"))
CARD = CardRead(ReaderId("entry"), CredentialHash("ab" * 16), 7, 7_000_000)
CARD_ALONE = frozenset({Factor.CARD})
PASS = VisitPass("visit-0001", 1, 2, (HERE,))


class Known:
    """A roster that holds one card, and belongs to one city; or that is away."""

    def __init__(self, available: bool = True) -> None:
        self.available = available

    def find(self, credential: Any) -> Member | None:
        if not self.available:
            raise RosterUnavailable("away")
        return RIDER if credential == CARD.credential else None

    def nodes(self) -> frozenset[NodeId]:
        if not self.available:
            raise RosterUnavailable("away")
        return frozenset({NodeId("city")})

    def battery(self, serial: BatteryId) -> BatteryFacts | None:
        if not self.available:
            raise RosterUnavailable("away")
        return FACTS if serial == "B-7" else None


FACTS = BatteryFacts("LFP-48", RIDER.id)


def test_a_battery_is_looked_up() -> None:
    ours, foreign = LookUpBattery(BatteryId("B-7")), LookUpBattery(BatteryId("X-1"))

    assert battery_event(Known(), ours) == events.BatteryLookedUp(ours.battery, FACTS)
    assert battery_event(Known(), foreign) == events.BatteryLookedUp(foreign.battery, None)
    away = battery_event(Known(available=False), ours)
    assert (away.facts, away.available) == (None, False)


def read(**changes: Any) -> CardRead:
    fields = {"credential": CARD.credential, **changes}
    return CardRead(CARD.reader, not_before_mono_ms=7, received_mono_ns=7_000_000, **fields)


def test_a_card_is_looked_up() -> None:
    event = card_event(Known(), CARD, HERE)

    assert (event.member, event.roster_available, event.factors) == (RIDER, True, CARD_ALONE)
    assert card_event(Known(), read(credential=CredentialHash("cd")), HERE).member is None


def test_a_roster_that_is_away_is_part_of_the_event() -> None:
    event = card_event(Known(available=False), CARD, HERE)

    assert (event.member, event.roster_available) == (None, False)


@pytest.mark.parametrize(
    ("shown", "stations"),
    [
        (PASS, {HERE}),
        (VisitPass("visit-0001", 1, 2, (StationId("yz-bj-0002"),)), set()),
        (VisitPass("visit-0001", 1, 2, node=NodeId("city")), {HERE}),
        (VisitPass("visit-0001", 1, 2, node=NodeId("elsewhere")), set()),
    ],
)
def test_a_pass_makes_its_holder_a_member_where_it_says(shown: VisitPass, stations: set[StationId]) -> None:
    event = card_event(Known(), read(visit_pass=shown), HERE)

    assert event.member is not None
    assert (event.member.id, event.member.stations) == (MemberId("pass:visit-0001"), frozenset(stations))
    assert event.factors == {Factor.PASS}


def test_a_pass_for_this_very_station_needs_no_roster() -> None:
    assert card_event(Known(available=False), read(visit_pass=PASS), HERE).roster_available
    below = VisitPass("visit-0001", 1, 2, node=NodeId("city"))
    assert not card_event(Known(available=False), read(visit_pass=below), HERE).roster_available


def test_what_is_wrong_with_a_pass_is_passed_on_and_nothing_is_looked_up() -> None:
    event = card_event(Known(available=False), read(pass_problem="bad_signature"), HERE)

    assert (event.member, event.roster_available, event.pass_problem) == (None, True, "bad_signature")
    assert event.factors == {Factor.PASS}
