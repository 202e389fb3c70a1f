"""A swap at the cabinet, from the shut door to the full slot's pulse, beside what the wire alone takes.

Both ends are the world's own moments: the door of the slot with the rider's battery falls shut, and the lock of the
full slot is given its pulse. The floor is computed from the cabinet's map and the line's speed: from the answer that
says "closed" to the end of the pulse, with all that has to be read of the battery in between, whoever decides. Ours has
the wait until the door is asked for as well, which is up to a cycle of readings.

The batteries' BMS answers at once here (`bms_settling_ms`); a real one takes its time after contact, and that comes on
top of floor and figure alike.
"""

import time
from pathlib import Path
from typing import Any, Final

from bench.figures import ratio, spread
from bench.station import ask_status
from contract.ids import SlotNumber
from edge.drivers.cabinet_modbus_load import load_map
from edge.drivers.cabinet_modbus_plan import Plan, Wire, wire_floor_ms
from yizhan.oracle import Fact, percentile, read_world
from yizhan.services import Services
from yizhan.stack.cabinet import BATTERIES, CABINET_READER, MAKE, SLOTS, edge_cabinet, sim_cabinet
from yizhan.stack.clients import Sim, wait_for
from yizhan.stack.files import write_files
from yizhan.stack.layout import REPOSITORY, Layout, Ports
from yizhan.stack.prepare import prepare
from yizhan.stack.table import cloud, station

RIDERS: Final = tuple(battery.person for battery in BATTERIES if battery.ours and battery.person)
PULL_TIMEOUT_S: Final = 60.0
STEP_S: Final = 20.0


def measure(directory: Path, swaps: int, baud: int) -> dict[str, Any]:
    """All figures as one JSON-able object."""
    layout = Layout(directory, Ports.free())
    write_files(layout)
    with layout.sim_config.open("a", encoding="utf-8") as sim:
        sim.write(sim_cabinet(layout, baud=baud))
    with layout.edge_config.open("a", encoding="utf-8") as edge:
        edge.write(edge_cabinet(layout, baud=baud, rest_s=0))
    prepare(layout)
    with Services([*cloud(layout), *station(layout)], control_socket=layout.control_socket) as services:
        services.start()
        wait_for(lambda: _ready(layout), "cabinet read, batteries looked up", PULL_TIMEOUT_S)
        rider = Rider(layout)
        for number in range(swaps):
            # Another phase of the readings each time.
            time.sleep(0.05 + (number * 37 % 50) / 200)
            rider.swap(RIDERS[number % len(RIDERS)])
    shut_to_pulse, card_to_door = rider.shut_to_pulse_ms, rider.card_to_door_ms
    map_ = load_map(REPOSITORY / "config/cabinets" / f"{MAKE}.toml")
    floor = round(wire_floor_ms(map_, baud), 1)
    cycle = Plan(map_, tuple(map(SlotNumber, range(1, SLOTS + 1))), Wire(baud)).cycle_ms
    return {
        "swap_baud": baud,
        "swaps": len(shut_to_pulse),
        "door_shut_to_full_pulse_ms": spread(shut_to_pulse, 50, 95, digits=1),
        "wire_floor_ms": floor,
        "door_shut_to_full_pulse_by_floor": ratio(percentile(shut_to_pulse, 50), floor),
        "poll_cycle_ms": round(cycle, 1),
        "card_to_empty_slot_open_ms": spread(card_to_door, 50, 95, digits=1),
        "bms_settling_ms": 0,
    }


def _ready(layout: Layout) -> bool:
    """Everything in the cabinet has been read, and each battery is known from the roster."""
    try:
        state = ask_status(layout)["state"]
    except OSError:
        return False
    cabinet = state["cabinet"]
    return bool(cabinet is not None and cabinet["ready"] and cabinet["full"] >= len(RIDERS) and state["roster_members"])


class Rider:
    """Somebody with quick hands, who waits for each door to be seen open."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self._sim = layout, Sim(layout.ports.panel)
        self.shut_to_pulse_ms: list[float] = []
        self.card_to_door_ms: list[float] = []

    def swap(self, person: str) -> None:
        """From the card to the full battery."""
        wait_for(lambda: self._cabinet()["full"] > 0 and self._cabinet()["swap"] is None, "a full one", STEP_S)
        from_byte = self._layout.world_log.stat().st_size
        self._sim.act("present_card", reader=CABINET_READER, card_id=f"card-{person}")
        first = self._wait_open("put_in")
        self._sim.act("slot_put", slot=first, person=person)
        self._sim.act("slot_shut", slot=first)
        second = self._wait_open("take_out")
        self._sim.act("slot_take", slot=second, person=person)
        self._sim.act("slot_shut", slot=second)
        wait_for(lambda: self._cabinet()["swap"] is None, "the swap is over", STEP_S)
        facts = read_world(self._layout.world_log, from_byte)
        shown = next(fact.mono_ms for fact in facts if fact.kind == "card_shown")
        opened = _first(facts, "slot_door", slot=first, open=True)
        shut = _first(facts, "slot_door", slot=first, open=False)
        self.card_to_door_ms.append(opened.mono_ms - shown)
        self.shut_to_pulse_ms.append(_first(facts, "slot_pulse", slot=second).mono_ms - shut.mono_ms)

    def _cabinet(self) -> dict[str, Any]:
        cabinet: dict[str, Any] = ask_status(self._layout)["state"]["cabinet"]
        return cabinet

    def _wait_open(self, stage: str) -> int:
        found: list[int] = []

        def there() -> bool:
            swap = self._cabinet()["swap"]
            if swap is not None and swap["stage"] == stage:
                found.append(swap["slot"])
            return bool(found)

        wait_for(there, f"the swap is at {stage}", STEP_S)
        return found[0]


def _first(facts: list[Fact], kind: str, **fields: object) -> Fact:
    return next(f for f in facts if f.kind == kind and all(f.fields[name] == value for name, value in fields.items()))
