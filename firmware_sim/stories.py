"""The stories: what people do at the station, as small plays on the world.

A person knows only what a person sees: whether the lock gave way, the reader's light, whether the door moves. So a
rider who is not let in waits three seconds and leaves, and a story ends whether or not there is a controller. Each
visit is logged at its beginning and end with what came of it; `pace` shortens people's pauses, never the controller's
own timers.

At most four stories play at once; a person is in one of them only.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from firmware_sim.config import StoriesConfig, StoryName
from firmware_sim.devices.osdp_reader import OsdpReader
from firmware_sim.log import FactKind, monotonic_ms
from firmware_sim.people import Card, CardFormat, CardId, Person, PersonId
from firmware_sim.station import ActError, Station

logger = logging.getLogger(__name__)

MAX_PLAYING = 4
LOOK_MS = 5.0
PATIENCE_MS = 3_000.0
READERS_READY_MS = 30_000.0


class Outcome(StrEnum):
    ENTERED = "entered"
    NOT_ADMITTED = "not_admitted"
    ADMITTED_UNKNOWN = "admitted_unknown"
    DOOR_STAYED_SHUT = "door_stayed_shut"
    DOOR_GAVE_WAY = "door_gave_way"
    FORCED = "forced"
    LEFT = "left"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Visit:
    id: str
    story: StoryName
    person: Person


class Stories:
    def __init__(self, station: Station, config: StoriesConfig) -> None:
        self._station = station
        self._config = config
        self._random = random.Random(f"{config.seed}/stories")
        self._playing: dict[str, asyncio.Task[None]] = {}
        self._door = asyncio.Lock()
        self.visits = 0
        self.admitted = 0

    @property
    def playing(self) -> list[str]:
        return [task.get_name() for task in self._playing.values()]

    def start(self, name: StoryName) -> str:
        """Play one story beside whatever else happens; returns the visit's id. Raises ActError when too many play."""
        if len(self._playing) >= MAX_PLAYING:
            raise ActError(f"story: {MAX_PLAYING} are being played already")
        self._first_reader()
        visit = self._new_visit(name)
        task = asyncio.create_task(self._play(visit), name=name.value)
        self._playing[visit.id] = task
        task.add_done_callback(lambda _: self._playing.pop(visit.id, None))
        return visit.id

    async def run(self) -> None:
        """The scripted mode: visits one after the other, in an order drawn by seed, until the configured time is
        over."""
        await self._wait_for_readers()
        end_ms = monotonic_ms() + self._config.seconds * 1000.0 if self._config.seconds else float("inf")
        while monotonic_ms() < end_ms:
            for name in self._random.sample(self._config.run, len(self._config.run)):
                if monotonic_ms() >= end_ms:
                    return
                await self._play(self._new_visit(name))
                await self._pause(self._random.uniform(0.5, 1.5) * self._config.pause_ms)

    async def stop(self) -> None:
        for task in list(self._playing.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _new_visit(self, name: StoryName) -> Visit:
        self.visits += 1
        return Visit(f"visit-{self.visits}", name, self._choose_person(name))

    def _choose_person(self, name: StoryName) -> Person:
        known = name is not StoryName.UNKNOWN_CARD
        people = [person for person in self._station.people.values() if person.known is known]
        if people:
            return self._random.choice(people)
        # Somebody nobody knows: a card drawn by seed, of the commonest format.
        number = self._random.getrandbits(26) << 6
        card = Card(CardId(f"card-stranger-{self.visits}"), CardFormat.WIEGAND, 26, number.to_bytes(4, "big"))
        return Person(PersonId(f"stranger-{self.visits}"), "陌生人", card, known=False)

    async def _play(self, visit: Visit) -> None:
        plays: dict[StoryName, Callable[[Visit], Awaitable[Outcome]]] = {
            StoryName.RIDER_AT_TWO: self._rider_at_two,
            StoryName.UNKNOWN_CARD: self._unknown_card,
            StoryName.PUSH_WITHOUT_GRANT: self._push_without_grant,
            StoryName.FORCED_DOOR: self._forced_door,
            StoryName.DOOR_LEFT_OPEN: self._door_left_open,
            StoryName.EXIT_BY_BUTTON: self._exit_by_button,
        }
        log = self._station.log
        # There is one door: people queue in front of it.
        async with self._door:
            begun_ms = log.write(FactKind.VISIT_BEGIN, visit=visit.id, story=visit.story.value, person=visit.person.id)
            outcome = Outcome.INTERRUPTED
            try:
                outcome = await plays[visit.story](visit)
            finally:
                self._station.let_go()
                log.write(
                    FactKind.VISIT_END,
                    visit=visit.id,
                    story=visit.story.value,
                    outcome=outcome.value,
                    took_ms=round(monotonic_ms() - begun_ms, 1),
                )

    # The plays

    async def _rider_at_two(self, visit: Visit) -> Outcome:
        """02:00, rain: card, lock, push, in, the door falls shut."""
        if not await self._show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        self.admitted += 1
        await self._pause(300)
        if not self._station.push_door():
            return Outcome.DOOR_STAYED_SHUT
        await self._walk_through()
        return Outcome.ENTERED

    async def _unknown_card(self, visit: Visit) -> Outcome:
        """A card that no list knows; its owner tries the door all the same."""
        if await self._show_card_and_wait(visit):
            return Outcome.ADMITTED_UNKNOWN
        return Outcome.DOOR_GAVE_WAY if self._station.push_door() else Outcome.NOT_ADMITTED

    async def _push_without_grant(self, visit: Visit) -> Outcome:
        """Somebody leans on the door without a card."""
        opened = self._station.push_door()
        await self._pause(500)
        return Outcome.DOOR_GAVE_WAY if opened else Outcome.DOOR_STAYED_SHUT

    async def _forced_door(self, visit: Visit) -> Outcome:
        """Somebody breaks the door open, looks in, and runs."""
        self._station.push_door(force=True)
        await self._walk_through()
        return Outcome.FORCED

    async def _door_left_open(self, visit: Visit) -> Outcome:
        """A rider wedges the door to carry boxes and forgets it beyond the time that the station allows."""
        if not await self._show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        self.admitted += 1
        if not self._station.push_door():
            return Outcome.DOOR_STAYED_SHUT
        await self._pause(800)
        self._station.wedge_door(True)
        try:
            self._station.let_go()
            await asyncio.sleep(self._config.held_ms / 1000.0)
        finally:
            self._station.wedge_door(False)
        await self._until_shut()
        return Outcome.ENTERED

    async def _exit_by_button(self, visit: Visit) -> Outcome:
        """Somebody inside presses the button and leaves; the lock lets go in its wiring."""
        self._station.press_exit(True)
        try:
            await self._pause(400)
            opened = self._station.push_door(from_inside=True)
        finally:
            self._station.press_exit(False)
        if not opened:
            return Outcome.DOOR_STAYED_SHUT
        await self._walk_through()
        return Outcome.LEFT

    # What people can do and see

    async def _show_card_and_wait(self, visit: Visit) -> bool:
        """Hold the card to the first reader and wait for the lock; False when patience ends."""
        reader = self._first_reader()
        self._station.present_card(reader.id, visit.person, visit.id)
        return await self._until(lambda: self._station.world.lock.bolt_free, PATIENCE_MS)

    async def _walk_through(self) -> None:
        await self._pause(1500)
        self._station.let_go()
        await self._until_shut()

    async def _until_shut(self) -> None:
        await self._until(lambda: not self._station.world.leaf.open, 10_000.0)

    async def _until(self, seen: Callable[[], bool], patience_ms: float) -> bool:
        end_ms = monotonic_ms() + patience_ms
        while not seen():
            if monotonic_ms() >= end_ms:
                return False
            await asyncio.sleep(LOOK_MS / 1000.0)
        return True

    async def _pause(self, real_ms: float) -> None:
        await asyncio.sleep(real_ms / self._config.pace / 1000.0)

    def _first_reader(self) -> OsdpReader:
        if not self._station.readers:
            raise ActError("story: the station has no reader")
        return next(iter(self._station.readers.values()))

    async def _wait_for_readers(self) -> None:
        """Nobody comes before the station is open: wait until a controller has the readers on its line."""
        readers = list(self._station.readers.values())
        if not await self._until(lambda: all(reader.state.online for reader in readers), READERS_READY_MS):
            logger.warning(
                "stories: no controller took the readers within %.0f s; people come all the same",
                READERS_READY_MS / 1000,
            )
