"""A rider at the swap cabinet: what hands can do there and eyes can see, which is which door stands open.

A rider knows nothing of the books: a door that springs open is asking for something. Into an empty slot goes the
battery, out of a full one comes another; the same door again, with the own battery behind it, means "not this one".
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from firmware_sim.cabinet import Cabinet
from firmware_sim.cabinet_slot import Slot
from firmware_sim.hands import Hands, Outcome, Visit
from firmware_sim.station import ActError

RIDE_SOC = 0.55
MOST_LEFT_OPEN = 4
QUIET_MS = 1_500.0
FIRST_TRY, NOTHING_GIVEN_YET = 0.3, 0.3
"""Of a rider's patience: whose battery is still under the seat goes away sooner than whose is behind a shut door."""


class Rider:
    def __init__(self, hands: Hands, visit: Visit) -> None:
        self.hands, self.visit = hands, visit
        self.person = visit.person.id
        self.station = hands.station
        self.room = hands.station.swap_cabinet()
        self._gaping: set[int] = set()

    @property
    def cabinet(self) -> Cabinet:
        return self.room.cabinet

    def own(self) -> str | None:
        """The battery that was under the seat."""
        own = self.cabinet.carried.own(self.person)
        return None if own is None else str(own.serial)

    def show_card(self) -> None:
        reader = self.room.config.reader
        if reader is None:
            raise ActError("story: the cabinet has no reader")
        self.station.present_card(reader, self.visit.person, self.visit.id)

    def open_slots(self) -> list[Slot]:
        return [slot for slot in self.cabinet.slots.values() if slot.door_open and slot.number not in self._gaping]

    async def tidy(self) -> None:
        """Whoever comes pushes shut what others have left open, and waits whether more opens for them; what does not
        stay shut is nobody's business."""
        for _ in range(MOST_LEFT_OPEN):
            if not self.open_slots():
                return
            await shut_all(self)
            await self.hands.until(lambda: bool(self.open_slots()), QUIET_MS)
        self._gaping = {slot.number for slot in self.open_slots()}

    async def next_door(self, patience: float = 1.0) -> Slot | None:
        """The first door that stands open; None when patience, as a part of a rider's, ends."""
        await self.hands.until(lambda: bool(self.open_slots()), self.hands.config.served_ms * patience)
        return next(iter(self.open_slots()), None)

    async def put(self, slot: Slot, serial: str | None = None) -> None:
        await self.hands.pause(1_500)
        self.cabinet.put_in(slot.number, self.person, self.station.catch_up(), serial)

    async def take(self, slot: Slot) -> str:
        await self.hands.pause(1_500)
        return self.cabinet.take_out(slot.number, self.person, self.station.catch_up())

    async def shut(self, slot: Slot) -> bool:
        await self.hands.pause(700)
        shut = self.cabinet.close_door(slot.number, self.station.catch_up())
        # Whoever pushes a door shut looks away for a moment: the next that opens is another, or this one anew.
        await self.hands.pause(200)
        return shut

    async def begin(self) -> Slot | None:
        """Card, and once more if nothing opens; then the door of the slot for what is brought."""
        self.show_card()
        opened = await self.next_door(FIRST_TRY)
        if opened is not None:
            return opened
        # Perhaps the rider before was not quite done, or the card was held badly.
        self.show_card()
        return await self.next_door(NOTHING_GIVEN_YET)

    async def give(self, slot: Slot, serial: str | None = None) -> Slot | None:
        """Put it in, shut the door, wait for the next."""
        await self.put(slot, serial)
        await self.shut(slot)
        return await self.next_door()

    async def finish(self, first: Slot, brought: str, second: Slot | None) -> Outcome:
        """Take what lies in the second door and shut it. What came of it is by what is in the hands then."""
        while second is not None:
            taken = await self.take(second) if second.thing is not None else None
            await self.shut(second)
            if taken is not None:
                return Outcome.GOT_BACK if taken == brought else Outcome.SWAPPED
            second = await self.next_door()
        return Outcome.EMPTY_HANDED if first.thing is not None else Outcome.NOT_SERVED


@asynccontextmanager
async def at_cabinet(hands: Hands, visit: Visit) -> AsyncIterator[Rider]:
    """There is one cabinet: people queue. Whoever goes shuts nothing that they did not mean to shut."""
    rider = Rider(hands, visit)
    async with hands.cabinet_queue:
        rider.cabinet.carried.ride(rider.person, RIDE_SOC)
        await rider.tidy()
        yield rider


async def shut_all(rider: Rider) -> None:
    """Somebody else comes along and pushes shut whatever stands open."""
    for slot in rider.open_slots():
        rider.cabinet.close_door(slot.number, rider.station.catch_up())
        await asyncio.sleep(0)
