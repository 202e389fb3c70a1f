"""The swap cabinet of a fully equipped station: the same slots, batteries and line in the simulator's words and in the
edge's."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yizhan.stack.layout import REPOSITORY, Layout, quoted

MAKE: Final = "integrated_12"
SLOTS: Final = 12
BAUD: Final = 115_200
CABINET_READER: Final = "cabinet"
PACE: Final = 20
"""How much faster than real batteries these charge and cool, so that it can be watched."""


@dataclass(frozen=True)
class StackBattery:
    """In a slot, or with one of the people. `ours`: on the roster."""

    serial: str
    slot: int | None = None
    person: str | None = None
    soc_percent: int = 100
    soh_percent: int = 95
    ours: bool = True


MODEL: Final = "YZ60-24"
BATTERIES: Final = (
    StackBattery("YZB60A000001", slot=1),
    StackBattery("YZB60A000002", slot=2, soc_percent=98),
    StackBattery("YZB60A000003", slot=3, soc_percent=97),
    StackBattery("YZB60A000004", slot=5, soc_percent=96, soh_percent=81),
    StackBattery("YZB60A000005", slot=6, soc_percent=71),
    StackBattery("YZB60A000006", slot=8, soc_percent=40),
    StackBattery("YZB60A000007", slot=9, soc_percent=15),
    StackBattery("YZB60A000101", person="rider-1", soc_percent=12),
    StackBattery("YZB60A000102", person="courier-1", soc_percent=18),
    StackBattery("YZB60A000103", person="rider-2", soc_percent=7),
    StackBattery("XX9900000001", person="trucker-1", soc_percent=30, ours=False),
)


def sim_cabinet(layout: Layout, *, baud: int = BAUD, pace: int = PACE) -> str:
    """More TOML for the simulator, its tables of tables last."""
    batteries = ",\n".join(f"    {{ {_battery(battery)} }}" for battery in BATTERIES)
    return f"""[[readers]]
id = "{CABINET_READER}"
device = {quoted(layout.cabinet_reader_device)}
address = 1
key_file = {quoted(layout.cabinet_reader_key)}
baud = 115200
[cabinet]
make = "{MAKE}"
slots = {SLOTS}
device = {quoted(layout.cabinet_device)}
baud = {baud}
reader = "{CABINET_READER}"
pace = {pace}
batteries = [
{batteries},
]
"""


def edge_cabinet(layout: Layout, *, baud: int = BAUD, patience_s: int = 30, rest_s: int = 5) -> str:
    """More TOML for the station. Its times are short, so that somebody who watches sees them run out; `patience_s` is
    what a rider has for each step."""
    return f"""[[readers]]
id = "{CABINET_READER}"
driver = "osdp"
device = {quoted(layout.cabinet_reader_device)}
baud = 115200
address = 1
key_file = {quoted(layout.cabinet_reader_key)}
[cabinet]
map = {quoted(REPOSITORY / "config/cabinets" / f"{MAKE}.toml")}
device = {quoted(layout.cabinet_device)}
baud = {baud}
slots = {SLOTS}
reader = "{CABINET_READER}"
rest_s = {rest_s}
keep_full = 2
[cabinet.times]
put_in_s = {patience_s}
verify_s = {min(15, patience_s)}
take_s = {patience_s}
close_s = {patience_s}
[[cabinet.models]]
name = "{MODEL}"
capacity_mah = 24000
empty_mv = 47600
full_mv = 71400
charge_ma = 12000
[[cabinet.models]]
name = "YZ48-20"
capacity_mah = 20000
empty_mv = 36400
full_mv = 54600
charge_ma = 10000
wakeable = true
"""


def write_batteries(path: Path) -> None:
    """The batteries' file that the cloud imports."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("serial", "model"))
        table.writerows((battery.serial, MODEL) for battery in BATTERIES if battery.ours)


def _battery(battery: StackBattery) -> str:
    where = f'person = "{battery.person}"' if battery.slot is None else f"slot = {battery.slot}"
    foreign = "" if battery.ours else ", foreign = true"
    charge = f"soc_percent = {battery.soc_percent}, soh_percent = {battery.soh_percent}"
    return f'serial = "{battery.serial}", {where}, model = "{MODEL}", {charge}{foreign}'
