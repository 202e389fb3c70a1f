"""The cabinets' ledgers put together: where each battery is, who is owed one, how the swaps ended; in any order."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, select

from cloud.ingest.commit import Committer
from cloud.projector.round import Rounds, Said
from cloud.projector.swap_books import Grant, Use, matched
from cloud.roster import batteries, members, swap_news
from cloud.store.database import Database
from cloud.store.swap_tables import battery_anomaly, battery_place, claim, claim_use, member_owed, swap
from cloud.store.tables import change, received_range, record
from contract.ids import BatteryId, MemberId, NodeId, SlotNumber, StationId
from contract.messages import WireBattery
from contract.records import (
    AnomalyCause,
    AnomalyClosed,
    AnomalyEnd,
    AnomalyKind,
    AnomalyOpened,
    BatteryGivenOut,
    BatteryTakenIn,
    ClaimGranted,
    ClaimUsed,
    SwapEnded,
    SwapKind,
    SwapOutcome,
)
from tests.cloud.conftest import OTHER_STATION, STATION
from tests.cloud.station_client import FakeJournal
from tests.cloud.test_commit import now_ms, publish
from tests.cloud.test_projector import run
from tests.cloud.test_roster import people, pull

BJ = NodeId("bj")
B1, B2 = BatteryId("YZB1"), BatteryId("YZB2")
RIDER, OTHER = MemberId("m00000"), MemberId("m00001")
SLOT_1, SLOT_2 = SlotNumber(1), SlotNumber(2)
TABLES: Sequence[Table] = (battery_place, battery_anomaly, claim, claim_use, member_owed, swap)
START_MS = 1_760_000_000_000
"""16:53 in Shanghai."""


def write(journal: FakeJournal, *records: Any, at_ms: int = START_MS) -> None:
    """One record a second."""
    for item in records:
        journal.add(item.KIND, asdict(item), recorded_at_ms=at_ms + len(journal.records) * 1_000)


def commit(database: Database, journal: FakeJournal, station: StationId = STATION) -> None:
    Committer(database).commit([publish(journal.batch(1, len(journal.records)), station=station)])
    run(Rounds(database))


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    with database.read() as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]


def swapped(number: int = 1) -> list[Any]:
    return [
        BatteryTakenIn(B1, SLOT_1, RIDER, number),
        BatteryGivenOut(B2, SLOT_2, RIDER, number),
        SwapEnded(number, RIDER, SwapKind.SWAP, SwapOutcome.DONE, B1, B2, 21_000),
    ]


def place(database: Database, serial: BatteryId) -> tuple[Any, ...]:
    return next(
        (row["station"], row["slot"], row["member"]) for row in rows(database, battery_place) if row["serial"] == serial
    )


def test_after_a_swap_one_battery_is_in_its_slot_and_the_other_with_the_rider(database: Database) -> None:
    journal = FakeJournal()
    write(journal, *swapped())
    commit(database, journal)
    assert place(database, B1) == (STATION, 1, None)
    assert place(database, B2) == (STATION, None, RIDER)
    ended = rows(database, swap)
    assert [(row["outcome"], row["duration_ms"], row["day"]) for row in ended] == [("done", 21_000, "2025-10-09")]


def test_the_newest_word_about_a_battery_counts_whichever_station_it_comes_from_first(database: Database) -> None:
    here, there = FakeJournal(), FakeJournal()
    write(here, BatteryGivenOut(B1, SLOT_1, RIDER, 1), at_ms=START_MS)
    write(there, BatteryTakenIn(B1, SLOT_2, RIDER, 1), at_ms=START_MS + 60_000)
    commit(database, there, OTHER_STATION)
    commit(database, here)
    assert place(database, B1) == (OTHER_STATION, 2, None)


def test_a_record_that_is_not_what_it_should_be_changes_nothing(database: Database) -> None:
    journal = FakeJournal()
    for kind in (BatteryTakenIn.KIND, SwapEnded.KIND, AnomalyOpened.KIND, ClaimGranted.KIND, ClaimUsed.KIND):
        journal.add(kind, {"battery": 7, "slot": "1", "swap": True, "anomaly": -1, "member": ["m"], "claim": 2**70})
        journal.add(kind, {"battery": "a\u0000b", "slot": 1, "swap": None, "member": ""})
    commit(database, journal)
    assert [len(rows(database, table)) for table in TABLES] == [0] * len(TABLES)


def test_a_claim_is_used_at_another_station_and_the_member_is_owed_nothing_more(database: Database) -> None:
    here, there = FakeJournal(), FakeJournal()
    write(here, ClaimGranted(1, RIDER, 1, SwapOutcome.CLAIM), ClaimGranted(2, RIDER, 2, SwapOutcome.NOT_TAKEN))
    write(there, ClaimUsed(None, RIDER, 9), at_ms=START_MS + 60_000)
    # The station that used it is heard of first.
    commit(database, there, OTHER_STATION)
    commit(database, here)
    assert [(row["claim"], row["used_station"]) for row in rows(database, claim)] == [(1, OTHER_STATION), (2, None)]
    assert [(row["member"], row["owed"]) for row in rows(database, member_owed)] == [(RIDER, 1)]


def test_an_anomaly_is_open_until_it_is_closed_and_the_two_may_come_in_any_order(database: Database) -> None:
    journal = FakeJournal()
    opened = AnomalyOpened(1, AnomalyKind.VANISHED, AnomalyCause.POWER_OFF, B1, SLOT_1, None, None)
    write(journal, opened, AnomalyClosed(1, AnomalyEnd.CAME_BACK), opened.__class__(**{**asdict(opened), "anomaly": 2}))
    commit(database, journal)
    found = rows(database, battery_anomaly)
    assert [(row["anomaly"], row["kind"], row["closed_at_ms"] is None, row["how"]) for row in found] == [
        (1, "vanished", False, "came_back"),
        (2, "vanished", True, None),
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([(1, 2), (3, 3), (4, 6), (7, 8)]), st.booleans())
def test_late_gaps_and_repeats_lead_to_the_same_tables(
    database: Database, order: list[tuple[int, int]], twice: bool
) -> None:
    with database.write() as connection:
        for table in (*TABLES, change, received_range, record):
            connection.execute(delete(table))
    journal = FakeJournal()
    write(
        journal,
        *swapped(),
        AnomalyOpened(1, AnomalyKind.VANISHED, AnomalyCause.FORCED, B1, SLOT_1, None, None),
        BatteryGivenOut(B1, SLOT_1, None, None),
        ClaimGranted(1, RIDER, 1, SwapOutcome.CLAIM),
        AnomalyClosed(1, AnomalyEnd.BOOKED),
        ClaimUsed(1, RIDER, 2),
    )
    rounds, nothing = Rounds(database), list[Said]()
    for first, last in [*order, *(order if twice else ())]:
        Committer(database).commit([publish(journal.batch(first, last))])
        run(rounds, nothing, at_ms=now_ms() + 120_000)
    assert (place(database, B1), place(database, B2)) == ((STATION, None, None), (STATION, None, RIDER))
    assert [row["used_station"] for row in rows(database, claim)] == [STATION]
    assert [row["owed"] for row in rows(database, member_owed)] == [0]
    assert [row["how"] for row in rows(database, battery_anomaly)] == ["booked"]
    assert len(rows(database, swap)) == 1


def test_what_is_sent_again_under_a_new_epoch_counts_once(database: Database) -> None:
    first, again = FakeJournal(), FakeJournal()
    for journal in (first, again):
        write(journal, *swapped(), ClaimGranted(1, RIDER, 1, SwapOutcome.CLAIM))
        commit(database, journal)
    assert (len(rows(database, swap)), len(rows(database, claim))) == (1, 1)


def test_stations_hear_on_the_roster_who_has_which_battery_and_who_is_owed_one(database: Database) -> None:
    with database.write() as connection:
        members.import_members(connection, BJ, people(2), replace=False)
        wanted = [WireBattery(serial=serial, model="YZ60-24") for serial in (B1, B2)]
        version = batteries.import_batteries(connection, BJ, wanted).version
    journal = FakeJournal()
    write(journal, *swapped(), ClaimGranted(1, RIDER, 1, SwapOutcome.CLAIM))
    commit(database, journal)
    with database.write() as connection:
        assert swap_news.is_due(connection)
        assert swap_news.tell(connection) == 3
        assert not swap_news.is_due(connection)
    heard = [each.member for each in pull(database, version).changes if each.member is not None]
    holders = {each.battery.serial: each.battery.member_id for each in heard if each.battery is not None}
    assert holders == {B1: None, B2: RIDER}
    assert [(each.id, each.batteries_owed) for each in heard if each.battery is None] == [(RIDER, 1)]


def test_importing_members_again_does_not_forget_what_they_are_owed(database: Database) -> None:
    with database.write() as connection:
        members.import_members(connection, BJ, people(1), replace=False)
    journal = FakeJournal()
    write(journal, ClaimGranted(1, RIDER, 1, SwapOutcome.CLAIM))
    commit(database, journal)
    with database.write() as connection:
        swap_news.tell(connection)
        assert members.import_members(connection, BJ, people(1), replace=False).unchanged == 1


def test_whoever_is_nobodys_member_any_more_is_told_to_no_station(database: Database) -> None:
    journal = FakeJournal()
    write(journal, ClaimGranted(1, OTHER, 1, SwapOutcome.CLAIM))
    commit(database, journal)
    with database.write() as connection:
        assert swap_news.tell(connection) == 1
        assert not swap_news.is_due(connection)


def test_a_use_takes_the_claim_that_it_names_and_a_nameless_one_the_oldest_of_another_station() -> None:
    a1, a2, b1 = Grant("a", 1, 10), Grant("a", 2, 20), Grant("b", 1, 15)
    assert matched([a1, a2, b1], [Use("a", 2, 30)]) == {a2: Use("a", 2, 30)}
    assert matched([a1, a2, b1], [Use("b", None, 30)]) == {a1: Use("b", None, 30)}
    assert matched([a1, a2, b1], [Use("a", None, 30)]) == {b1: Use("a", None, 30)}
    # One that names its claim comes first, though it is the later one.
    assert matched([a1], [Use("b", None, 30), Use("a", 1, 40)]) == {a1: Use("a", 1, 40)}
    # Nothing is used before it was granted, and a new journal counts from one again.
    assert matched([a1], [Use("a", 1, 5)]) == {}
    again = Grant("a", 1, 100)
    assert matched([a1, again], [Use("a", 1, 120)]) == {again: Use("a", 1, 120)}
