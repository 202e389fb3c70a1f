"""A pass for one entry, on every real wire: one commit before the lock, and one entry."""

from collections.abc import Iterator

import pytest

from contract.ids import MemberId, NodeId, Session
from contract.messages import NodeHead, RosterChange, RosterHead, RosterPage, WireCredential, WireMember
from edge.roster.credential import load_or_create_key
from edge.roster.writer import RosterWriter
from tests.station.station_under_test import RIDER, STRANGER, StationUnderTest, running_station
from yizhan.stack.layout import Layout
from yizhan.stack.people import PEOPLE

NODE = NodeId("visitors")


def give_pass(layout: Layout, person_id: str) -> None:
    """Put a pass for one entry on the station's roster, as a page from the cloud would."""
    person = next(each for each in PEOPLE if each.id == person_id)
    card = WireCredential.model_validate({"format": person.format, "bits": person.bits, "data": person.data})
    visitor = WireMember(id=MemberId(person.id), credentials=[card], once=True)
    writer = RosterWriter(layout.edge_data / "roster.db", load_or_create_key(layout.edge_data / "credential.key"))
    known = NodeHead(node=NodeId("test-node"), version=len([each for each in PEOPLE if each.known]))
    writer.apply_head(RosterHead(revision=2, nodes=[known, NodeHead(node=NODE, version=1)]))
    writer.apply_page(
        RosterPage(
            session=Session("0" * 16),
            node=NODE,
            snapshot=False,
            after_version=0,
            through_version=1,
            more=False,
            changes=[RosterChange(version=1, op="upsert", member_id=visitor.id, member=visitor)],
        )
    )
    writer.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationUnderTest]:
    with running_station(tmp_path_factory.mktemp("station")) as station:
        yield station


def test_a_pass_opens_for_one_entry_and_members_open_as_ever(site: StationUnderTest) -> None:
    give_pass(site.layout, STRANGER)
    since = site.show(STRANGER)
    released = site.wait_fact("pin_edge", since, wire="lock", level=True)
    # Nobody comes in: the pass is not used.
    site.wait_fact("pin_edge", released.mono_ms, wire="lock", level=False)

    since = site.show(STRANGER)
    site.wait_fact("pin_edge", since, wire="lock", level=True)
    site.wait_fact("reader_feedback", since, device="led", color="green")
    assert site.sim.act("push_door")["opened"]
    site.wait(lambda: site.state()["door"]["mode"] == "open", "door open")
    site.sim.act("let_go")
    site.wait(lambda: site.state()["door"]["mode"] == "secured", "door secured")

    since = site.show(STRANGER)
    site.wait_fact("reader_feedback", since, device="led", color="red")
    assert not [edge for edge in site.facts("pin_edge", since) if edge.fields["wire"] == "lock"]

    since = site.show(RIDER)
    site.wait_fact("pin_edge", since, wire="lock", level=True)
