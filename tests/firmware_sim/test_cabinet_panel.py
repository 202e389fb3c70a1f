"""The cabinet in the simulator's configuration, on its panel and in a schedule of faults."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from firmware_sim import panel_acts as acts
from firmware_sim import panel_models as models
from firmware_sim.config import ConfigError, load
from firmware_sim.config_cabinet import BatteryConfig, CabinetConfig
from firmware_sim.faults import NEEDS_SLOT, FaultArgs, FaultName, PlannedFault, schedule
from firmware_sim.panel import Panel
from firmware_sim.premises import WorldError
from firmware_sim.station import ActError
from tests.firmware_sim.support import RunningStation, make_config

ACT: TypeAdapter[acts.Act] = TypeAdapter(acts.Act)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStation]:
    batteries = (
        BatteryConfig("YZB60A000001", slot=1, soc_percent=100),
        BatteryConfig("YZB60A000101", person="rider-1", soc_percent=80),
    )
    cabinet = CabinetConfig(slots=3, device=tmp_path / "cabinet", reader="reader-1", batteries=batteries)
    with RunningStation(replace(make_config(tmp_path), cabinet=cabinet)) as station:
        yield station


def act(running: RunningStation, what: str, /, **fields: Any) -> models.CabinetView:
    """Do it as the page does, and look."""
    panel = Panel(running.station, running.faults, running.stories)
    running.wait(panel.act(ACT.validate_python({"act": what, **fields})))
    view = running.do(panel.view).cabinet
    assert view is not None
    return view


# ------------------------------------------------ the panel


def test_a_battery_goes_in_and_out_by_hand(running: RunningStation) -> None:
    assert act(running, "slot_force", slot=2).slots[1].open
    view = act(running, "slot_put", slot=2, person="rider-1", serial="YZB60A000101")
    thing = view.slots[1].thing
    assert thing is not None
    assert (thing.serial, thing.soc_percent, thing.battery) == ("YZB60A000101", 80, True)
    assert view.carried == []
    view = act(running, "slot_take", slot=2, person="rider-1")
    assert [(one.person, [thing.serial for thing in one.things]) for one in view.carried] == [
        ("rider-1", ["YZB60A000101"])
    ]
    assert not act(running, "slot_shut", slot=2).slots[1].open
    with pytest.raises(WorldError, match="shut"):
        act(running, "slot_take", slot=2, person="rider-1")


def test_people_come_with_strange_things_and_ride(running: RunningStation) -> None:
    act(running, "bring", person="rider-1", what="brick")
    act(running, "bring", person="rider-1", what="foreign")
    (carried,) = act(running, "ride", person="rider-1").carried
    assert [(thing.battery, thing.foreign) for thing in carried.things] == [(True, False), (False, False), (True, True)]
    assert carried.things[0].soc_percent == 25


def test_fire_and_its_traces_are_shown(running: RunningStation) -> None:
    view = act(running, "slot_burn", slot=1)
    thing = view.slots[0].thing
    assert thing is not None
    assert thing.burning
    running.do(lambda: running.station.swap_cabinet().cabinet.extinguish(1, running.station.catch_up()))
    assert act(running, "slot_smoke", slot=3, there=True).slots[2].smoke
    view = act(running, "cabinet_point", point="emergency_stop", active=True)
    assert [point.value for point in view.points] == ["smoke", "emergency_stop"]
    assert view.slots[0].extinguished
    assert not act(running, "slot_renew", slot=1).slots[0].extinguished


def test_mains_and_power_reach_the_cabinet(running: RunningStation) -> None:
    act(running, "mains", on=False)
    assert not running.station.swap_cabinet().cabinet.mains
    assert act(running, "power", on=False).powered is False
    assert act(running, "power", on=True).powered is True


def test_a_stuck_lock_is_shown_and_healed(running: RunningStation) -> None:
    on = act(running, "fault", name="cabinet_lock_stuck", on=True, args={"slot": 2})
    off = act(running, "fault", name="cabinet_lock_stuck", on=False, args={"slot": 2})
    assert (on.slots[1].lock_stuck, off.slots[1].lock_stuck) == (True, False)


def test_a_station_without_a_cabinet_says_so(tmp_path: Path) -> None:
    with RunningStation(make_config(tmp_path)) as station, pytest.raises(ActError, match="cabinet"):
        act(station, "slot_force", slot=1)


# ------------------------------------------------ the configuration

CABINET = """
[world]
log = "world.jsonl"
[cabinet]
slots = 6
{more}
batteries = [{batteries}]
"""


@pytest.mark.parametrize(
    ("more", "batteries", "said"),
    [
        ("", "", "device or port"),
        ('device = "c"\nport = 1502', "", "device or port"),
        ('device = "c"\nmake = "other"', "", "make"),
        ('device = "c"\nbaud = 1200', "", "baud"),
        ('device = "c"\npace = 0', "", "pace"),
        ('device = "c"\nreader = "cabinet"', "", "none of the readers"),
        ('device = "c"', '{ serial = "A", slot = 7 }', "one for each slot"),
        ('device = "c"', '{ serial = "A", slot = 1 }, { serial = "B", slot = 1 }', "one for each slot"),
        ('device = "c"', '{ serial = "A", slot = 1 }, { serial = "A", slot = 2 }', "same serial"),
        ('device = "c"', '{ serial = "A" }', "in a slot or with a person"),
        ('device = "c"', '{ serial = "A", slot = 1, model = "X" }', "model"),
        ('device = "c"', '{ serial = "A", slot = 1, soc_percent = 101 }', "soc_percent"),
        ('device = "c"', '{ serial = "ABCDEFGHIJKLM", slot = 1 }', "1 to 12 letters"),
        ('device = "c"\ncolour = "red"', "", "unknown key"),
    ],
)
def test_a_cabinet_that_cannot_be_is_refused(tmp_path: Path, more: str, batteries: str, said: str) -> None:
    file = tmp_path / "sim.toml"
    file.write_text(CABINET.format(more=more, batteries=batteries))
    with pytest.raises(ConfigError, match=said):
        load(file)


def test_a_make_has_no_more_slots_than_it_has() -> None:
    with pytest.raises(ValueError, match="2 to 12"):
        CabinetConfig(slots=13, port=0)


# ------------------------------------------------ faults by seed


def test_scheduled_faults_of_slots_name_one_and_the_same_seed_gives_the_same() -> None:
    names = tuple(name for name in FaultName if name.startswith(("cabinet_", "bms_")))

    def drawn() -> list[PlannedFault]:
        plan = schedule(names, (), 3, 1_000.0, 500.0, slots=4)
        return [next(plan) for _ in range(60)]

    for fault in drawn():
        assert (fault.args.slot is not None) is (fault.name in NEEDS_SLOT)
        assert fault.args.slot in (None, 1, 2, 3, 4)
    assert drawn() == drawn()


def test_a_schedule_goes_on_after_a_fault_that_finds_nothing_to_break(running: RunningStation) -> None:
    plan = [
        PlannedFault(1.0, FaultName.BMS_SILENT, FaultArgs(slot=3), 1.0),
        PlannedFault(1.0, FaultName.CABINET_NOISE, FaultArgs(), 1.0),
    ]
    running.wait(running.faults.run_schedule(iter(plan)))
    assert [(line["name"], line["on"]) for line in running.facts("fault")] == [
        ("cabinet_noise", True), ("cabinet_noise", False),
    ]  # fmt: skip
