"""People at the station's door: cards in bursts, known and unknown, and now and then somebody walks in.

A burst is followed by a pause that is often longer than the release, so that the lock moves a lot. A reader takes about
six cards a second (each is answered with light and sound); at a dead one people try more slowly, or those who wait in
the reader's queue would be stale for ever after.
"""

import random
import threading
import time
from typing import Final

from yizhan.stack.clients import Sim, Unanswered
from yizhan.stack.people import PEOPLE

BURST_CARDS: Final = (3, 6)
BETWEEN_CARDS_S: Final = (0.04, 0.14)
PAUSE_S: Final = (0.25, 0.8)
AT_DEAD_READER_S: Final = (0.3, 0.8)
WALK_IN: Final = 0.3
WALK_S: Final = (0.05, 0.3)
STOP_WITHIN_S: Final = 15.0


class Crowd:
    """A thread that acts in the world until it is told to stop."""

    def __init__(self, sim: Sim, cards: dict[str, str], seed: int) -> None:
        """`cards`: card ids by person."""
        self._sim = sim
        self._cards = [cards[person.id] for person in PEOPLE]
        self._chance = random.Random(f"{seed}/crowd")
        self._stop = threading.Event()
        self._trouble: Unanswered | None = None
        self.reader_is_dead = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Everybody goes home. Raises `Unanswered` when the simulator had not answered somebody."""
        self._stop.set()
        self._thread.join(STOP_WITHIN_S)
        if self._trouble is not None:
            raise self._trouble

    def _run(self) -> None:
        chance = self._chance
        try:
            while not self._stop.is_set():
                for card in chance.sample(self._cards, min(len(self._cards), chance.randint(*BURST_CARDS))):
                    self._sim.act("present_card", card_id=card)
                    dead = self.reader_is_dead.is_set()
                    time.sleep(chance.uniform(*(AT_DEAD_READER_S if dead else BETWEEN_CARDS_S)))
                if chance.random() < WALK_IN:
                    self._walk_in()
                self._stop.wait(chance.uniform(*PAUSE_S))
        except Unanswered as error:
            self._trouble = error

    def _walk_in(self) -> None:
        """Push the door, which gives way only while the lock is released, and let it fall shut."""
        self._sim.act("push_door")
        time.sleep(self._chance.uniform(*WALK_S))
        self._sim.act("let_go")
