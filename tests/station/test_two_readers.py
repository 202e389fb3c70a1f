"""Two readers of different makes at one door: one and the same card is one credential."""

import sqlite3
from pathlib import Path

from contract.ids import ReaderId
from tests.station.station_under_test import StationUnderTest, running_station
from yizhan.stack.layout import READER
from yizhan.stack.people import PEOPLE

SECOND = ReaderId("side")


def second_reader(directory: Path) -> str:
    return f"""
[[readers]]
id = "{SECOND}"
device = "{directory / "reader-side"}"
address = 2
key_file = "{directory / "reader-entry.key"}"
"""


def same_bits_as_another_make_reads_them(directory: Path) -> str:
    rider = PEOPLE[0]
    return second_reader(directory) + (
        f'[[people]]\nid = "same-card"\nname = "同一张卡"\n'
        f'card = {{ format = "raw", bits = {rider.bits}, data = "{rider.data}" }}\n'
    )


def grants(station: StationUnderTest) -> list[tuple[str, str, str]]:
    """Reader, credential and member of every grant in the journal."""
    with sqlite3.connect(station.layout.edge_data / "journal.db") as journal:
        return journal.execute(
            "SELECT body ->> 'reader', body ->> 'credential', body ->> 'member' FROM record"
            " WHERE kind = 'access.granted' ORDER BY seq"
        ).fetchall()


def test_one_card_at_two_makes_of_reader_is_one_credential(tmp_path: Path) -> None:
    with running_station(
        tmp_path, sim_extra=same_bits_as_another_make_reads_them(tmp_path), edge_extra=second_reader(tmp_path)
    ) as station:
        station.wait(lambda: all(reader["online"] for reader in station.state()["readers"]), "both readers")
        station.sim.act("present_card", reader=READER, card_id=f"card-{PEOPLE[0].id}")
        station.wait(lambda: len(grants(station)) == 1, "the first grant")
        station.sim.act("present_card", reader=SECOND, card_id="card-same-card")
        station.wait(lambda: len(grants(station)) == 2, "the second grant")
        first, second = grants(station)
    assert (first[0], second[0]) == (READER, SECOND)
    assert first[1:] == second[1:]
