"""A station with a swap cabinet under test: what its rider does there by hand, and what is true of slots and batteries.

Truth is the world's own: its doors, pulses, chargers, and where each battery is.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.station.station_under_test import PATIENCE_S, StationUnderTest, put_roster, running_station
from yizhan.stack.cabinet import BAUD, CABINET_READER, PACE, edge_cabinet, sim_cabinet
from yizhan.stack.layout import Layout

READY_S = 30.0
"""Until everything in the cabinet has been read, at 9600 baud and on a busy machine."""


class CabinetUnderTest:
    def __init__(self, station: StationUnderTest) -> None:
        self.station = station

    # ------------------------------------------------ what is true

    def slot(self, number: int) -> dict[str, Any]:
        """One slot, as the world has it."""
        slot: dict[str, Any] = self.station.sim.world()["cabinet"]["slots"][number - 1]
        return slot

    def inside(self) -> dict[int, str]:
        """Which battery lies in which slot."""
        slots = self.station.sim.world()["cabinet"]["slots"]
        return {slot["slot"]: slot["thing"]["serial"] for slot in slots if slot["thing"] is not None}

    def carried(self, person: str) -> list[str]:
        carried = self.station.sim.world()["cabinet"]["carried"]
        return [thing["serial"] for one in carried if one["person"] == person for thing in one["things"]]

    def pulses(self, since_ms: float = 0.0) -> list[int]:
        """The slots that were given a pulse, in order."""
        return [fact.fields["slot"] for fact in self.station.facts("slot_pulse", since_ms)]

    # ------------------------------------------------ what the station believes

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.station.state()["cabinet"]
        return state

    def booked(self) -> dict[int, str]:
        return {slot["slot"]: slot["booked"] for slot in self.state()["slots"] if slot["booked"] is not None}

    def wait_ready(self) -> None:
        self.station.wait(lambda: bool(self.state()["ready"]), "every slot has been read", READY_S)

    def wait_outcome(self, outcome: str, timeout_s: float = PATIENCE_S) -> None:
        """Until the screen says how the swap ended."""

        def ended() -> bool:
            state = self.state()
            return state["swap"] is None and state["said"] is not None and state["said"]["outcome"] == outcome

        self.station.wait(ended, f"the swap ends {outcome}", timeout_s)

    def wait_refusal(self, refusal: str) -> None:
        """Until the screen says why no swap begins."""
        self.station.wait(lambda: (self.state()["said"] or {}).get("refusal") == refusal, f"refused: {refusal}")

    # ------------------------------------------------ what a rider does

    @staticmethod
    def now_ms() -> float:
        """On the world's clock."""
        return time.monotonic() * 1_000

    def show_card(self, person: str) -> float:
        """At the cabinet's reader; the moment on the monotonic clock."""
        now_ms = self.now_ms()
        self.station.sim.act("present_card", reader=CABINET_READER, card_id=f"card-{person}")
        return now_ms

    def wait_door(self, since_ms: float, timeout_s: float = PATIENCE_S) -> int:
        """The slot whose door opens first after a moment; nobody's hands are so quick that it is not seen open."""
        slot = int(self.station.wait_fact("slot_door", since_ms, timeout_s, open=True).fields["slot"])
        self.station.wait(lambda: bool(self.state()["slots"][slot - 1]["door_open"]), f"slot {slot} is seen open")
        return slot

    def ride(self, person: str) -> list[str]:
        """A while on the scooter: what they carry is emptier afterwards. Its serial."""
        self.station.sim.act("ride", person=person)
        return self.carried(person)

    def begin(self, person: str) -> int:
        """Card; the slot that opens."""
        return self.wait_door(self.show_card(person))

    def put_and_shut(self, slot: int, person: str) -> float:
        """What somebody brought, into the open slot; the moment at which its door is shut."""
        self.station.sim.act("slot_put", slot=slot, person=person)
        return self.shut(slot)

    def take_and_shut(self, slot: int, person: str) -> float:
        self.station.sim.act("slot_take", slot=slot, person=person)
        return self.shut(slot)

    def shut(self, slot: int) -> float:
        before_ms = self.now_ms()
        self.station.sim.act("slot_shut", slot=slot)
        return self.station.wait_fact("slot_door", before_ms, slot=slot, open=False).mono_ms

    # ------------------------------------------------ chargers

    def charging(self) -> list[int]:
        """The slots into whose battery current flows."""
        slots = self.station.sim.world()["cabinet"]["slots"]
        return [slot["slot"] for slot in slots if slot["charging"]]

    def wait_charging(self) -> int:
        """One of them."""
        found: list[int] = []

        def charges() -> bool:
            found[:] = self.charging()
            return bool(found)

        self.station.wait(charges, "a battery is being charged", READY_S)
        return found[0]

    def wait_no_current(self, timeout_s: float) -> None:
        self.station.wait(lambda: not self.charging(), "no current flows anywhere", timeout_s)

    def last_current_ended_ms(self, since_ms: float) -> float:
        return max(fact.mono_ms for fact in self.station.facts("charger", since_ms) if not fact.fields["on"])


@contextmanager
def running_cabinet(
    directory: Path, *, baud: int = BAUD, pace: int = PACE, patience_s: int = 30, rest_s: int = 0, sim_extra: str = ""
) -> Iterator[CabinetUnderTest]:
    """A station with door and cabinet, everything in it read."""

    def prepare(layout: Layout) -> None:
        put_roster(layout)
        with layout.sim_config.open("a", encoding="utf-8") as sim:
            sim.write(sim_cabinet(layout, baud=baud, pace=pace))
        with layout.edge_config.open("a", encoding="utf-8") as edge:
            edge.write(edge_cabinet(layout, baud=baud, patience_s=patience_s, rest_s=rest_s))

    with running_station(directory, prepare=prepare, sim_extra=sim_extra) as station:
        cabinet = CabinetUnderTest(station)
        cabinet.wait_ready()
        yield cabinet
