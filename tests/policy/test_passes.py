"""What a visit pass may say, and whom it makes its holder."""

from typing import Any

import pytest

from contract.ids import NodeId, StationId
from contract.policy.passes import MAX_VALID_MS, VisitPass, holder

HERE, ELSEWHERE = StationId("yz-bj-0001"), StationId("yz-bj-0002")
CITY, DISTRICT = NodeId("city"), NodeId("district")
NOW_MS = 1_790_000_000_000


def a_pass(**changes: Any) -> VisitPass:
    return VisitPass(
        **{
            "id": "visit-0001",
            "valid_from_ms": NOW_MS,
            "valid_until_ms": NOW_MS + MAX_VALID_MS,
            "stations": (HERE,),
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "short"}, "8 to 32"),
        ({"id": "with a blank"}, "8 to 32"),
        ({"id": "x" * 33}, "8 to 32"),
        ({"stations": ()}, "either"),
        ({"node": CITY}, "either"),
        ({"stations": (HERE,) * 5}, "5 stations"),
        ({"stations": ("Nowhere",)}, "station's id"),
        ({"stations": (), "node": ""}, "node's id"),
        ({"stations": (), "node": "n" * 65}, "node's id"),
        ({"valid_until_ms": NOW_MS}, "ends after"),
        ({"valid_from_ms": -1}, "ends after"),
        ({"valid_from_ms": 2**53 - 1, "valid_until_ms": 2**53}, "ends after"),
        ({"valid_until_ms": NOW_MS + MAX_VALID_MS + 1}, "24 hours"),
    ],
)
def test_a_pass_that_may_not_be_issued_says_why(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        a_pass(**changes)


def test_its_holder_is_nobody_but_the_pass() -> None:
    member = holder(a_pass(), HERE, ())

    assert (member.id, member.trade, member.by_pass, member.once) == ("pass:visit-0001", "", True, True)
    assert (member.valid_from_ms, member.valid_until_ms) == (NOW_MS, NOW_MS + MAX_VALID_MS)


@pytest.mark.parametrize(
    ("changes", "here"),
    [
        ({"stations": (ELSEWHERE, HERE)}, True),
        ({"stations": (ELSEWHERE,)}, False),
        ({"stations": (), "node": CITY}, True),
        ({"stations": (), "node": NodeId("another city")}, False),
    ],
)
def test_it_admits_to_its_stations_or_to_all_below_its_node(changes: dict[str, Any], here: bool) -> None:
    admitted = holder(a_pass(**changes), HERE, (CITY, DISTRICT)).stations

    assert admitted == (frozenset({HERE}) if here else frozenset())
