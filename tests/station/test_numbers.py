"""Card and number, and a number alone, from the keys of a real OSDP reader to the bolt."""

import time
from collections.abc import Iterator

import pytest

from contract.ids import MemberId, NodeId, Session
from contract.messages import NodeHead, RosterChange, RosterHead, RosterPage, WireCredential, WireMember
from contract.pins import Kdf
from contract.records import AccessGranted, DesiredFollowed, Posture, PostureChanged
from edge.journal.history import open_history
from edge.journal.journal import Journal
from edge.journal.model import NewRecord
from edge.roster.credential import load_or_create_key
from edge.roster.writer import RosterWriter
from tests.station.station_under_test import RIDER, StationUnderTest, running_station
from yizhan.stack.layout import Layout
from yizhan.stack.people import PEOPLE

NODE = NodeId("test-node")
SALT = bytes(range(16))
KDF = {"n": 2**13, "r": 8, "p": 1, "salt": SALT.hex()}
NUMBER, UNDER_THREAT, CODE = "2468", "2469", "135790"


def put_numbers(layout: Layout) -> None:
    """The rider with a card, its number, the one that calls for help, and a code of their own."""
    person = next(each for each in PEOPLE if each.id == RIDER)
    rider = WireMember.model_validate(
        {
            "id": RIDER,
            "credentials": [WireCredential(format=person.format, bits=person.bits, data=person.data)],
            "pin": {"kdf": KDF, "verifier": verifier(NUMBER), "duress": verifier(UNDER_THREAT)},
            "codes": [{"kdf": KDF, "verifier": verifier(CODE), "digits": len(CODE)}],
        }
    )
    layout.edge_data.mkdir(parents=True, exist_ok=True)
    writer = RosterWriter(layout.edge_data / "roster.db", load_or_create_key(layout.edge_data / "credential.key"))
    writer.apply_head(RosterHead(revision=1, nodes=[NodeHead(node=NODE, version=1)]))
    writer.apply_page(
        RosterPage(
            session=Session("0" * 16),
            node=NODE,
            snapshot=False,
            after_version=0,
            through_version=1,
            more=False,
            changes=[RosterChange(version=1, op="upsert", member_id=MemberId(RIDER), member=rider)],
        )
    )
    writer.close()


def put_numbers_and_want_two_factors(layout: Layout) -> None:
    """As a station that was told so in an earlier run."""
    put_numbers(layout)
    journal = Journal.open(layout.edge_data / "journal.db")
    wish = (DesiredFollowed(1, Posture.TWO_FACTOR), PostureChanged(Posture.SECURE, Posture.TWO_FACTOR, "desired"))
    journal.append([NewRecord(record, 1, 1_790_000_000_000, clock_trusted=True) for record in wish])
    journal.close()


def verifier(digits: str) -> str:
    return Kdf(SALT).verifier(digits).hex()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationUnderTest]:
    directory = tmp_path_factory.mktemp("station")
    with running_station(directory, prepare=put_numbers_and_want_two_factors) as station:
        yield station


@pytest.fixture
def door(site: StationUnderTest) -> StationUnderTest:
    site.wait_at_rest()
    return site


def show_and_wait(door: StationUnderTest) -> float:
    """Show the card; the moment at which the reader asks for the number."""
    since = door.show(RIDER)
    return door.wait_fact("reader_feedback", since, device="led", color="amber").mono_ms


def calls_for_help(door: StationUnderTest) -> int:
    """How many the journal has."""
    records = open_history(door.layout.edge_data / "journal.db").records()
    return sum(isinstance(stored.record, AccessGranted) and stored.record.duress for stored in records)


def no_digits_anywhere(door: StationUnderTest, digits: str) -> None:
    """In no file that the station writes, its log included."""
    for file in door.layout.edge_data.iterdir():
        assert digits.encode() not in file.read_bytes(), file
    assert digits not in door.services.tail("edge")


def test_a_card_alone_is_asked_for_its_number_and_both_open(door: StationUnderTest) -> None:
    asked = show_and_wait(door)
    assert not door.state()["door"]["lock_released"]
    door.sim.act("keys", keys=f"{NUMBER}#")

    door.wait_fact("pin_edge", asked, wire="lock", level=True)
    door.wait_fact("reader_feedback", asked, device="led", color="green")
    assert "duress" not in door.alarms()


def test_a_wrong_number_is_denied(door: StationUnderTest) -> None:
    asked = show_and_wait(door)
    door.sim.act("keys", keys="1111#")

    door.wait_fact("reader_feedback", asked, device="led", color="red")
    assert not [edge for edge in door.facts("pin_edge", asked) if edge.fields["wire"] == "lock"]


def test_a_number_under_threat_opens_and_nothing_at_the_station_tells(door: StationUnderTest) -> None:
    asked = show_and_wait(door)
    door.sim.act("keys", keys=f"{UNDER_THREAT}#")

    door.wait_fact("pin_edge", asked, wire="lock", level=True)
    door.wait_fact("reader_feedback", asked, device="led", color="green")
    door.wait(lambda: calls_for_help(door) == 1, "a record of the call for help")
    shown = [fact.fields.get("color") for fact in door.facts("reader_feedback", asked) if "color" in fact.fields]
    assert set(shown) <= {"green", "amber", "black"}


def test_numbers_are_written_down_nowhere(door: StationUnderTest) -> None:
    for digits in (f"{NUMBER}#", CODE):
        no_digits_anywhere(door, digits)


def test_a_number_alone_opens_where_it_may(tmp_path_factory: pytest.TempPathFactory) -> None:
    extra = "[access]\ncodes_alone = true\n"
    with running_station(tmp_path_factory.mktemp("codes"), prepare=put_numbers, edge_extra=extra) as door:
        since = time.monotonic() * 1_000
        door.sim.act("keys", keys=f"{CODE}#")
        door.wait_fact("pin_edge", since, wire="lock", level=True)
        door.wait_at_rest()
        no_digits_anywhere(door, CODE)
