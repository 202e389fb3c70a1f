"""What a fully equipped station has beside its door: the same devices in the simulator's words and in the edge's.

Both texts are made of the tables here, so that a pin or an address stands once.
"""

from dataclasses import dataclass
from typing import Final

from yizhan.stack.cabinet import edge_cabinet, sim_cabinet
from yizhan.stack.layout import REPOSITORY, Layout, quoted

POINTS: Final = {
    "lock_secured": 4,
    "beam_outer": 5,
    "beam_inner": 6,
    "motion_inside": 13,
    "motion_outside": 19,
    "reader_tamper": 26,
    "enclosure_tamper": 16,
    "mains_lost": 20,
    "battery_low": 21,
}
"""BCM numbers of the wired inputs."""

RADAR: Final = "ceiling"
SCANNER: Final = "scanner"
MODBUS_BAUD: Final = 9_600
SLAVES: Final = (
    # (id, the simulator's model, the station's driver, the station's map, address)
    ("climate", "xy_md02", "environment_modbus", "xy_md02", 1),
    ("gas", "cmd5b4", "environment_modbus", "cmd5b4", 2),
    ("contacts", "di8", "environment_modbus", "di8", 3),
    ("meter", "sdm120", "meter_modbus", "sdm120", 4),
)


@dataclass(frozen=True)
class StackLoad:
    """A load of the stack's station. `priority` as in the edge's configuration."""

    id: str
    kind: str
    pin: int
    power_w: int
    priority: int


LOADS: Final = (
    # Pins above 8: those below are pulled up from power-on until a program takes them.
    StackLoad("light", "light", 12, 40, 9),
    StackLoad("heater", "heating", 18, 1_500, 5),
    StackLoad("cooler", "cooling", 24, 1_100, 4),
    StackLoad("sockets", "sockets", 25, 600, 3),
    StackLoad("sign", "sign", 10, 30, 2),
)


def sim_hardware(layout: Layout) -> str:
    """More TOML for the simulator. The room is small and quick, so that its changes can be watched."""
    slaves = ", ".join(
        f'{{ id = "{name}", model = "{model}", address = {address} }}' for name, model, _, _, address in SLAVES
    )
    return f"""{sim_cabinet(layout)}[points]
{points()}
[room]
temperature_celsius = 19
outside_celsius = -2
pace = 60
[[radars]]
id = "{RADAR}"
device = {quoted(layout.radar_device)}
[[modbus]]
device = {quoted(layout.modbus_device)}
baud = {MODBUS_BAUD}
slaves = [{slaves}]
[[scanners]]
id = "{SCANNER}"
device = {quoted(layout.scanner_device)}
""" + "".join(
        f'[[loads]]\nid = "{load.id}"\nkind = "{load.kind}"\npin = {load.pin}\npower_w = {load.power_w}\n'
        for load in LOADS
    )


def edge_hardware(layout: Layout) -> str:
    """More TOML for the station. Its times are short, so that somebody who watches sees them run out."""
    text = f"""{edge_cabinet(layout)}[gpio.points]
{points()}
[[sensors]]
id = "{RADAR}"
driver = "radar_ld2410"
device = {quoted(layout.radar_device)}
[[readers]]
id = "{SCANNER}"
driver = "wedge"
device = {quoted(layout.scanner_device)}
[presence]
welfare_still_s = 30
welfare_night_still_s = 30
welfare_answer_s = 15
loitering_s = 45
[comfort]
light_off_delay_s = 10
[console]
port = {layout.ports.screen}
pages_dir = {quoted(REPOSITORY / "web/dist/kiosk")}
"""
    for name, _, driver, register_map, address in SLAVES:
        text += f"""[[sensors]]
id = "{name}"
driver = "{driver}"
device = {quoted(layout.modbus_device)}
baud = {MODBUS_BAUD}
address = {address}
map = {quoted(REPOSITORY / "config/sensors" / f"{register_map}.toml")}
"""
    for load in LOADS:
        text += f"""[[loads]]
id = "{load.id}"
kind = "{load.kind}"
pin = {load.pin}
power_w = {load.power_w}
priority = {load.priority}
"""
    return text


def points() -> str:
    return "\n".join(f"{name} = {pin}" for name, pin in POINTS.items())
