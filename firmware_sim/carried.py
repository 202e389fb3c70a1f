"""What people carry: batteries on their scooters, and bricks. Together with the slots it is where everything is."""

from typing import Final

from firmware_sim.batteries import Battery, Thing
from firmware_sim.people import PersonId
from firmware_sim.premises import WorldError

MAX_CARRIED: Final = 8
LEAST_SOC: Final = 0.08


class Carried:
    def __init__(self) -> None:
        self._by_person: dict[PersonId, list[Thing]] = {}

    def of(self, person: PersonId) -> list[Thing]:
        return list(self._by_person.get(person, ()))

    def own(self, person: PersonId) -> Battery | None:
        """The battery that was under the seat: the last of the operator's that somebody took."""
        own = [thing for thing in self.of(person) if isinstance(thing, Battery) and not thing.foreign]
        return own[-1] if own else None

    def people(self) -> list[PersonId]:
        """Who carries something."""
        return [person for person, things in self._by_person.items() if things]

    def take(self, person: PersonId, thing: Thing) -> None:
        """Raises WorldError when somebody cannot carry more."""
        things = self._by_person.setdefault(person, [])
        if len(things) >= MAX_CARRIED:
            raise WorldError(f"{person} carries {MAX_CARRIED} things already")
        things.append(thing)

    def give_up(self, person: PersonId, serial: str | None = None) -> Thing:
        """The thing of this serial, or the last that was taken. Raises WorldError when there is none."""
        things = self._by_person.get(person, [])
        for thing in reversed(things):
            if serial in (None, thing.serial):
                things.remove(thing)
                return thing
        raise WorldError(f"{person} does not carry {serial or 'anything'}")

    def ride(self, person: PersonId, used_soc: float) -> None:
        """A while on the scooter: what is carried is emptier afterwards, and somewhat used."""
        for thing in self._by_person.get(person, ()):
            if isinstance(thing, Battery) and not thing.asleep:
                used = max(0.0, min(used_soc, thing.soc - LEAST_SOC))
                thing.soc -= used
                thing.cycles += used / 2
