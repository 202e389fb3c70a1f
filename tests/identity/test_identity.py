"""One name, more than one history: each case is noticed, raises an alarm, and no record is overwritten or lost."""

from pathlib import Path

from tests.identity.site import SOON_S, CloudSite, StationSite, alarms_raised, kinds, missing_in_cloud, station_site
from yizhan.chaos.evidence import CloudRow, Key
from yizhan.stack.clients import wait_for
from yizhan.stack.layout import STATION

FORKED = "journal_forked"


def run_once(station: StationSite, cards: int = 1) -> None:
    """Run, let people come, wait until the cloud has everything, stop."""
    station.start()
    for _ in range(cards):
        station.present_card()
    station.wait_drained()
    station.stop()


def places(rows: list[CloudRow]) -> set[tuple[Key, str]]:
    """What stands where."""
    return {(row.key, row.digest) for row in rows}


def assert_whole(cloud: CloudSite, *journals: StationSite) -> None:
    """Everything that these stations hold as acknowledged is in the cloud."""
    for station in journals:
        held = [row for row in station.journal() if row.acknowledged]
        assert held
        assert missing_in_cloud(held, cloud.rows()) == []


def test_a_rolled_back_card_goes_on_under_a_new_epoch(place: Path, cloud: CloudSite, station: StationSite) -> None:
    run_once(station)
    station.copy_card(place / "yesterday")
    run_once(station, cards=2)
    today, old_epoch = cloud.rows(), station.epoch()
    forgotten = [row for row in station.journal() if row.acknowledged]

    station.insert_card(place / "yesterday")
    station.start()
    station.present_card()
    station.wait_drained(in_new_epoch_than=old_epoch)

    told = kinds(cloud.rows(), station.epoch())
    assert told[0] == "journal.forked"
    assert "station.booted" in told
    assert places(today) <= places(cloud.rows())
    assert missing_in_cloud(forgotten, cloud.rows()) == []
    assert_whole(cloud, station)
    cloud.wait_alarm(FORKED)
    assert FORKED in alarms_raised(cloud.rows(), station.epoch())


def test_a_cloned_card_goes_on_under_a_new_epoch_and_the_original_keeps_its_own(
    place: Path, cloud: CloudSite, station: StationSite
) -> None:
    run_once(station)
    with station_site(place / "clone", cloud) as clone:
        station.copy_card(place / "copy")
        clone.insert_card(place / "copy")
        run_once(station)
        epoch = station.epoch()

        clone.start()
        clone.present_card()
        clone.wait_drained(in_new_epoch_than=epoch)
        cloud.wait_seen(clone.epoch())
        clone.stop()
        cloud.wait_alarm(FORKED)
        assert "journal.forked" in kinds(cloud.rows(), clone.epoch())

        station.start()
        station.present_card()
        station.wait_drained()
        assert station.epoch() == epoch
        assert_whole(cloud, station, clone)
        cloud.wait_alarm("duplicate_identity")


def test_a_card_that_was_imaged_anew_begins_a_new_epoch_beside_the_old_one(
    cloud: CloudSite, station: StationSite
) -> None:
    run_once(station)
    before, old_epoch = cloud.rows(), station.epoch()

    station.insert_card(None)
    station.start()
    station.wait_drained(in_new_epoch_than=old_epoch)

    assert "station.booted" in kinds(cloud.rows(), station.epoch())
    assert places(before) <= places(cloud.rows())
    assert_whole(cloud, station)
    cloud.wait_alarm("journal_reset")


def test_a_cloud_restored_from_yesterdays_backup_gets_everything_again(
    place: Path, cloud: CloudSite, station: StationSite
) -> None:
    station.start()
    station.present_card()
    station.wait_drained()
    cloud.stop()
    cloud.backup(place / "backup")
    cloud.start()
    for _ in range(2):
        station.present_card()
    station.wait_drained()
    today, epoch = cloud.rows(), station.epoch()

    cloud.stop()
    cloud.restore(place / "backup")
    assert len(cloud.rows()) < len(today)
    cloud.start()
    station.present_card()
    wait_for(lambda: places(today) <= places(cloud.rows()), "everything sent again", SOON_S)
    station.wait_drained()
    wait_for(lambda: cloud.database.alarms(STATION) == {"records_forgotten": False}, "an alarm that is over", SOON_S)

    assert station.epoch() == epoch
    assert_whole(cloud, station)


def test_two_stations_of_one_identity_at_once_lose_nothing_and_are_noticed(
    place: Path, cloud: CloudSite, station: StationSite
) -> None:
    run_once(station)
    with station_site(place / "twin", cloud) as twin:
        station.copy_card(place / "copy")
        twin.insert_card(place / "copy")
        station.start()
        twin.start()
        for _ in range(2):
            station.present_card("card-rider-1")
            twin.present_card("card-courier-1")
        cloud.wait_alarm("duplicate_identity")
        cloud.wait_alarm(FORKED)
        # They throw each other out for as long as both are there; whoever is alone catches up.
        twin.stop()
        station.wait_drained()
        station.stop()
        twin.start()
        twin.wait_drained()

        assert station.epoch() != twin.epoch()
        assert_whole(cloud, station, twin)
