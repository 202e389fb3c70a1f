"""Many swaps, one after the other, by riders who are often careless, on a wire that is often bad; judged by the world.

A rider knows nothing of the books: a door that springs open asks for something. What a rider is still owed at the end
of a visit is fetched by another one, done well, so that each of them always leaves with a battery.

Time is compressed by leaving out what people do elsewhere: nobody rides between visits, so full batteries go round. The
wire, the locks and the station's own times are real, but for a rider's patience.
"""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from contract.ids import Stream
from edge.journal.reader import JournalReader
from tests.station.cabinet_under_test import CabinetUnderTest
from tests.station.station_under_test import PATIENCE_S
from yizhan.stack.cabinet import BATTERIES

RIDERS: Final = tuple(battery.person for battery in BATTERIES if battery.ours and battery.person)
GUEST: Final = "driver-1"
OURS: Final = frozenset(battery.serial for battery in BATTERIES if battery.ours)
VISIT_S: Final = 60.0
CARDS_SHOWN: Final = 5
"""Until somebody gives up."""


class Way(Enum):
    """How somebody goes about it."""

    WELL = "well"
    FOREIGN = "foreign"
    BRICK = "brick"
    PUTS_NOTHING = "puts_nothing"
    TAKES_NOTHING = "takes_nothing"
    LEAVES_OPEN = "leaves_open"


WEIGHTS: Final = {
    Way.WELL: 80,
    Way.FOREIGN: 6,
    Way.BRICK: 3,
    Way.PUTS_NOTHING: 4,
    Way.TAKES_NOTHING: 4,
    Way.LEAVES_OPEN: 3,
}
STRANGE: Final = {Way.FOREIGN: "XF", Way.BRICK: "brick"}
"""How the names of such things begin."""
NOISES: Final = ("cabinet_noise", "cabinet_late", "cabinet_garbage", "cabinet_silent")
NOISY: Final = 0.1
"""So often a visit begins on a bad wire."""
NOISE_LASTS_S: Final = 0.4


@dataclass
class Lived:
    swaps: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    noises: int = 0
    kills: int = 0
    pulses: int = 0
    anomalies: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Lived") -> None:
        self.swaps += other.swaps
        self.outcomes += other.outcomes
        self.noises += other.noises
        self.kills += other.kills
        self.pulses += other.pulses
        self.anomalies += other.anomalies
        self.violations += other.violations


class Life:
    """The visits at one cabinet, drawn by seed."""

    def __init__(self, cabinet: CabinetUnderTest, seed: int, *, kill_every: int) -> None:
        self._cabinet, self._sim = cabinet, cabinet.station.sim
        self._random = random.Random(f"{seed}/swaps")
        self._kill_every = kill_every
        self._noise: str | None = None
        self._noise_ends_s = 0.0
        self.lived = Lived()

    def live(self, swaps: int) -> Lived:
        """So many visits; then everything is compared."""
        for number in range(1, swaps + 1):
            way = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            self._make_noise()
            person = GUEST if way in (Way.FOREIGN, Way.BRICK) else self._random.choice(RIDERS)
            self._visit(person, way)
            if person is not GUEST and not self._cabinet.carried(person):
                self._visit(person, Way.WELL)
            if self._kill_every and number % self._kill_every == 0:
                self._kill_driver()
        self._end_noise()
        self._cabinet.wait_ready()
        judge(self._cabinet, self.lived)
        return self.lived

    # ------------------------------------------------ what breaks

    def _make_noise(self) -> None:
        self._end_noise()
        if self._random.random() < NOISY:
            self._noise = self._random.choice(NOISES)
            self._noise_ends_s = time.monotonic() + NOISE_LASTS_S
            self._sim.act("fault", name=self._noise, on=True)
            self.lived.noises += 1

    def _end_noise(self) -> None:
        if self._noise is not None:
            self._sim.act("fault", name=self._noise, on=False)
            self._noise = None

    def _kill_driver(self) -> None:
        before = self._cabinet.station.pid("cabinet")
        os.kill(before, signal.SIGKILL)
        self.lived.kills += 1
        station = self._cabinet.station
        station.wait(lambda: station.ask()["pids"]["cabinet"] not in (before, None), "another driver process")
        self._cabinet.wait_ready()

    # ------------------------------------------------ a visit

    def _visit(self, person: str, way: Way) -> None:
        """From the card until no swap is under way and no door stands open."""
        cabinet = self._cabinet
        brought = self._brought(person, way)
        self._wait_for_full()
        begun = cabinet.state()["swaps"]
        for _ in range(CARDS_SHOWN):
            cabinet.show_card(person)
            if self._begins(begun):
                break
        end_s = time.monotonic() + VISIT_S
        while (state := cabinet.state())["swap"] is not None or self._open_slots():
            assert time.monotonic() < end_s, f"{person}, {way}: {state['swap']}, {state['said']}"
            if self._noise is not None and time.monotonic() > self._noise_ends_s:
                self._end_noise()
            seen = [slot["slot"] for slot in state["slots"] if slot["door_open"]]
            for slot in set(seen) & set(self._open_slots()):
                self._serve(slot, person, brought, way, swap_ended=state["swap"] is None)
            time.sleep(0.01)
        if state["swaps"] == begun:
            self.lived.violations.append(f"{person} was not served: {state['said']}")
        self.lived.swaps += state["swaps"] - begun
        self.lived.outcomes[str((state["said"] or {}).get("outcome"))] += 1

    def _begins(self, begun: int) -> bool:
        """Whether a swap begins; else the cabinet has said why not yet, and the card is shown again."""
        end_s = time.monotonic() + PATIENCE_S / CARDS_SHOWN
        while time.monotonic() < end_s:
            if self._cabinet.state()["swaps"] > begun:
                return True
            time.sleep(0.01)
        return False

    def _wait_for_full(self) -> None:
        def may_come() -> bool:
            state = self._cabinet.state()
            return bool(state["ready"] and state["full"] and not any(slot["door_open"] for slot in state["slots"]))

        self._cabinet.station.wait(may_come, "a full one, and every slot is shut", VISIT_S)

    def _open_slots(self) -> list[int]:
        return [slot["slot"] for slot in self._sim.world()["cabinet"]["slots"] if slot["open"]]

    def _brought(self, person: str, way: Way) -> str | None:
        """What somebody comes with."""
        if way not in (Way.FOREIGN, Way.BRICK):
            return next(iter(self._cabinet.carried(person)), None)
        sign = STRANGE[way]
        if not (things := [thing for thing in self._cabinet.carried(person) if thing.startswith(sign)]):
            self._sim.act("bring", person=person, what=way.value)
            things = [thing for thing in self._cabinet.carried(person) if thing.startswith(sign)]
        return things[0]

    def _serve(self, slot: int, person: str, brought: str | None, way: Way, *, swap_ended: bool) -> None:
        """What somebody does before an open door."""
        thing, has_it = self._cabinet.slot(slot)["thing"], brought in self._cabinet.carried(person)
        goes_on = way is not Way.LEAVES_OPEN or swap_ended
        if thing is None and has_it and way is not Way.PUTS_NOTHING:
            self._sim.act("slot_put", slot=slot, person=person, serial=brought)
        elif thing is not None and not has_it and way not in (Way.TAKES_NOTHING, Way.LEAVES_OPEN):
            self._sim.act("slot_take", slot=slot, person=person)
        if goes_on:  # else a call came in, and somebody shuts the door when the screen has given up
            self._sim.act("slot_shut", slot=slot)


# ---------------------------------------------------------------- the judgement


def judge(cabinet: CabinetUnderTest, lived: Lived) -> None:
    """Everything is where the books have it, nothing opened without a cause, and each swap ended once."""
    wrong = lived.violations
    station = cabinet.station
    station.wait(lambda: cabinet.booked() == cabinet.inside(), "the books are true", PATIENCE_S)
    state, inside = cabinet.state(), cabinet.inside()
    lived.anomalies = len(state["anomalies"])
    wrong += [f"nothing explains {anomaly}" for anomaly in state["anomalies"]]
    held = {rider: cabinet.carried(rider) for rider in RIDERS}
    wrong += [f"{rider} went with {things}" for rider, things in held.items() if len(things) != 1]
    found = Counter([*inside.values(), *(serial for things in held.values() for serial in things)])
    wrong += [f"{serial} is in {found[serial]} places" for serial in OURS if found[serial] != 1]
    records = all_records(cabinet)
    lived.pulses = _judge_pulses(cabinet, records, wrong)
    begun = Counter(record["swap"] for kind, record in records if kind == "swap.begun")
    ended = Counter(record["swap"] for kind, record in records if kind == "swap.ended")
    if begun != ended or any(count != 1 for count in begun.values()):
        wrong.append(f"{len(begun)} swaps began and {len(ended)} ended: {begun - ended}, {ended - begun}")
    doors: set[int] = set()
    for fact in station.facts("slot_door"):
        (doors.add if fact.fields["open"] else doors.discard)(fact.fields["slot"])
        if len(doors) > 1:
            wrong.append(f"slots {sorted(doors)} stood open at once")


def _judge_pulses(cabinet: CabinetUnderTest, records: list[tuple[str, dict[str, Any]]], wrong: list[str]) -> int:
    """No slot had more pulses than the journal has causes. A cause whose pulse the wire has lost is no fault."""
    pulses = Counter(cabinet.pulses())
    causes = Counter(record["slot"] for kind, record in records if kind == "slot.unlocked")
    wrong += [f"slot {slot} had {pulses[slot] - causes[slot]} pulses without a cause" for slot in pulses - causes]
    return pulses.total()


def all_records(cabinet: CabinetUnderTest) -> list[tuple[str, dict[str, Any]]]:
    """Kind and body of every event in the station's journal."""
    reader = JournalReader(cabinet.station.layout.edge_data / "journal.db")
    records: list[tuple[str, dict[str, Any]]] = []
    after = 0
    while (batch := reader.batch(Stream.EVENTS, after)) is not None and batch.records:
        records += [(record.kind, record.body) for record in batch.records]
        after = batch.records[-1].seq
    reader.close()
    return records
