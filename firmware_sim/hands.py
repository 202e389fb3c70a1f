"""What people can do at the station and what they can see: whether the lock gave way, whether the door moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from firmware_sim.config import StoriesConfig, StoryName
from firmware_sim.crowd import Place
from firmware_sim.devices.osdp_reader import OsdpReader
from firmware_sim.doorway import Turn
from firmware_sim.log import monotonic_ms
from firmware_sim.people import Person, PersonId
from firmware_sim.premises import PASSABLE_DEGREES
from firmware_sim.station import ActError, Station

LOOK_MS = 5.0
PATIENCE_MS = 3_000.0
DOOR_MS = 10_000.0
"""Within which an open door has been walked through, or has fallen shut."""


class Outcome(StrEnum):
    ENTERED = "entered"
    NOT_ADMITTED = "not_admitted"
    ADMITTED_UNKNOWN = "admitted_unknown"
    DOOR_STAYED_SHUT = "door_stayed_shut"
    DOOR_GAVE_WAY = "door_gave_way"
    FORCED = "forced"
    LEFT = "left"
    SWAPPED = "swapped"
    GOT_BACK = "got_back"
    """The cabinet gave back what was put in."""
    EMPTY_HANDED = "empty_handed"
    """A battery was given and none taken."""
    NOT_SERVED = "not_served"
    """No door opened."""
    CHANGED_MIND = "changed_mind"
    TOOK_TWO = "took_two"
    WALKED_AWAY = "walked_away"
    HAPPENED = "happened"
    """A story in which nobody wanted in."""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Visit:
    id: str
    story: StoryName
    person: Person


class Hands:
    def __init__(self, station: Station, config: StoriesConfig) -> None:
        self.station = station
        self.config = config
        self.admitted = 0
        self._door = asyncio.Lock()
        self.cabinet_queue = asyncio.Lock()

    @asynccontextmanager
    async def at_door(self, person: PersonId | None = None) -> AsyncIterator[None]:
        """There is one door: people queue in front of it. `person` stands outside meanwhile, and is gone afterwards
        unless they went in."""
        async with self._door:
            premises = self.station.world.premises
            try:
                if person is not None and premises.crowd.find(person) is None:
                    premises.come(person, self.station.catch_up())
                yield
            finally:
                self.station.let_go()
                body = None if person is None else premises.crowd.find(person)
                if body is not None and body.place is Place.OUTSIDE:
                    premises.go(body.person, self.station.catch_up())

    async def show_card_and_wait(self, visit: Visit) -> bool:
        """Hold the card to the first reader and wait for the lock; False when patience ends."""
        self.station.present_card(self.first_reader().id, visit.person, visit.id)
        return await self.until_free()

    async def until_free(self) -> bool:
        return await self.until(lambda: self.station.world.lock.bolt_free, PATIENCE_MS)

    async def walk(self, person: PersonId, inward: bool, turn: Turn | None = None) -> bool:
        """Through the door that a hand holds open, until out of the door way; False when there was no way."""
        world = self.station.world
        if not await self.until(lambda: world.leaf.angle(monotonic_ms()) >= PASSABLE_DEGREES, DOOR_MS):
            return False
        world.premises.walk(person, inward, turn, self.station.catch_up())
        return await self.until(lambda: person not in world.premises.doorway.people, DOOR_MS)

    async def enter(self, person: PersonId) -> Outcome:
        """Push, walk in, let the door fall shut."""
        await self.pause(300)
        if not self.station.push_door():
            return Outcome.DOOR_STAYED_SHUT
        await self.walk(person, inward=True)
        await self.shut()
        return Outcome.ENTERED

    async def leave(self, person: PersonId) -> Outcome:
        """Exit button, pull, walk out. Who is not at the station has been inside all along."""
        premises = self.station.world.premises
        if premises.crowd.find(person) is None:
            premises.put_inside(person, self.station.catch_up())
        self.station.press_exit(True)
        try:
            await self.pause(400)
            opened = self.station.push_door(from_inside=True)
        finally:
            self.station.press_exit(False)
        if not opened:
            return Outcome.DOOR_STAYED_SHUT
        await self.walk(person, inward=False)
        await self.shut()
        return Outcome.LEFT

    async def shut(self) -> None:
        """Let go and wait for the closer."""
        self.station.let_go()
        await self.until(lambda: not self.station.world.leaf.open, DOOR_MS)

    async def until(self, seen: Callable[[], bool], patience_ms: float) -> bool:
        end_ms = monotonic_ms() + patience_ms
        while not seen():
            if monotonic_ms() >= end_ms:
                return False
            await asyncio.sleep(LOOK_MS / 1000.0)
        return True

    async def pause(self, real_ms: float) -> None:
        await asyncio.sleep(real_ms / self.config.pace / 1000.0)

    async def wait(self, ms: float) -> None:
        """What the station's own timers are waited for with: not compressed."""
        await asyncio.sleep(ms / 1000.0)

    def carried(self, file: Path | None) -> str:
        """What somebody has in mind or on the phone. Raises ActError when nobody was given it."""
        if file is None:
            raise ActError("story: needs a pass_file, or a person's pin_file")
        try:
            return file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ActError(f"story: {file}: {error}") from None

    def first_reader(self) -> OsdpReader:
        if not self.station.readers:
            raise ActError("story: the station has no reader")
        return next(iter(self.station.readers.values()))
