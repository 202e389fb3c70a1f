"""The stories: what people do at the station, as small plays on the world (`plays`), directed from here.

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

from firmware_sim.cabinet_plays import CABINET_PLAYS, NEEDS_BATTERY
from firmware_sim.config import StoriesConfig, StoryName
from firmware_sim.crowd import Place
from firmware_sim.hands import Hands, Outcome, Visit
from firmware_sim.log import FactKind, monotonic_ms
from firmware_sim.people import Card, CardFormat, CardId, Person, PersonId
from firmware_sim.plays import PLAYS
from firmware_sim.premises import WorldError
from firmware_sim.station import ActError, Station

logger = logging.getLogger(__name__)

MAX_PLAYING = 4
READERS_READY_MS = 30_000.0
NEEDS_PIN = frozenset({StoryName.CARD_AND_PIN})
PROGRAMME = {**PLAYS, **CABINET_PLAYS}


class Stories:
    def __init__(self, station: Station, config: StoriesConfig) -> None:
        self._station = station
        self._config = config
        self._hands = Hands(station, config)
        self._random = random.Random(f"{config.seed}/stories")
        self._playing: dict[str, asyncio.Task[None]] = {}
        self._people: dict[str, PersonId] = {}
        """Who is in the story of a visit."""
        self.visits = 0

    @property
    def admitted(self) -> int:
        return self._hands.admitted

    @property
    def playing(self) -> list[str]:
        return [task.get_name() for task in self._playing.values()]

    def start(self, name: StoryName) -> str:
        """Play one story beside whatever else happens; returns the visit's id. Raises ActError when too many play."""
        if len(self._playing) >= MAX_PLAYING:
            raise ActError(f"story: {MAX_PLAYING} are being played already")
        self._hands.first_reader()
        if name in CABINET_PLAYS:
            self._station.swap_cabinet()
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
                try:
                    visit = self._new_visit(name)
                except ActError as error:
                    logger.info("stories: %s is left out: %s", name, error)
                else:
                    await self._play(visit)
                await self._hands.pause(self._random.uniform(0.5, 1.5) * self._config.pause_ms)

    async def stop(self) -> None:
        for task in list(self._playing.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _new_visit(self, name: StoryName) -> Visit:
        self.visits += 1
        visit = Visit(f"visit-{self.visits}", name, self._choose_person(name))
        self._people[visit.id] = visit.person.id
        return visit

    def _choose_person(self, name: StoryName) -> Person:
        """Somebody who fits the story and is in no other: from inside to leave, else from those who are away."""
        crowd, busy = self._station.world.premises.crowd, set(self._people.values())
        known = name is not StoryName.UNKNOWN_CARD
        people = [p for p in self._station.people.values() if p.known is known and p.id not in busy]
        if name in NEEDS_PIN:
            people = [person for person in people if person.id in self._station.pin_files]
        if name in NEEDS_BATTERY:
            carried = self._station.swap_cabinet().cabinet.carried
            people = [person for person in people if carried.own(person.id)]
        inside = {body.person for body in crowd.at(Place.INSIDE)}
        if name is StoryName.EXIT_BY_BUTTON:
            people = [person for person in people if person.id in inside] or people
        free = [person for person in people if crowd.find(person.id) is None or person.id in inside]
        # Who is inside leaves first (see `_play`), so those who are away are the better choice.
        away = [person for person in free if person.id not in inside]
        choice = free if name is StoryName.EXIT_BY_BUTTON else away or free
        if choice:
            return self._random.choice(choice)
        if name in NEEDS_PIN | NEEDS_BATTERY:
            what = "a pin" if name in NEEDS_PIN else "a battery"
            raise ActError(f"story: {name} needs one of the people with {what}, and none is free")
        # Somebody nobody knows: a card drawn by seed, of the commonest format.
        number = self._random.getrandbits(26) << 6
        card = Card(CardId(f"card-stranger-{self.visits}"), CardFormat.WIEGAND, 26, number.to_bytes(4, "big"))
        return Person(PersonId(f"stranger-{self.visits}"), "陌生人", card, known=False)

    async def _play(self, visit: Visit) -> None:
        log = self._station.log
        begun_ms = log.write(FactKind.VISIT_BEGIN, visit=visit.id, story=visit.story.value, person=visit.person.id)
        outcome = Outcome.INTERRUPTED
        try:
            await self._see_out(visit)
            outcome = await PROGRAMME[visit.story](self._hands, visit)
        except (ActError, WorldError) as error:
            logger.info("story %s: %s", visit.story, error)
        finally:
            self._people.pop(visit.id, None)
            log.write(
                FactKind.VISIT_END,
                visit=visit.id,
                story=visit.story.value,
                outcome=outcome.value,
                took_ms=round(monotonic_ms() - begun_ms, 1),
            )

    async def _see_out(self, visit: Visit) -> None:
        """Who is still inside from another story has to go before they can come again."""
        body = self._station.world.premises.crowd.find(visit.person.id)
        if visit.story is not StoryName.EXIT_BY_BUTTON and body is not None and body.place is Place.INSIDE:
            async with self._hands.at_door():
                await self._hands.leave(visit.person.id)

    async def _wait_for_readers(self) -> None:
        """Nobody comes before the station is open: wait until a controller has the readers on its line."""
        readers = list(self._station.readers.values())
        if not await self._hands.until(lambda: all(reader.state.online for reader in readers), READERS_READY_MS):
            logger.warning(
                "stories: no controller took the readers within %.0f s; people come all the same",
                READERS_READY_MS / 1000,
            )
