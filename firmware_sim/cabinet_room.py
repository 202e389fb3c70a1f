"""The swap cabinet of a station: the thing, its wire, and its batteries where they are at the beginning."""

from collections.abc import Callable

from firmware_sim.batteries import Battery, Brick, Thing
from firmware_sim.cabinet import Cabinet
from firmware_sim.config_cabinet import CabinetConfig
from firmware_sim.devices.cabinet_bus import CabinetBus
from firmware_sim.devices.cabinet_makes import FACTS
from firmware_sim.log import FactKind
from firmware_sim.people import PersonId
from firmware_sim.premises import PremisesListener, WorldError

FOREIGN_SERIAL = "XF{:08d}"
BRICK_NAME = "brick-{}"


class CabinetRoom:
    """`clock` lets the whole world reach the present, and gives it."""

    def __init__(
        self,
        config: CabinetConfig,
        listener: PremisesListener,
        clock: Callable[[], float],
        seed: int,
        ambient_celsius: float,
    ) -> None:
        self.config = config
        self._listener = listener
        facts = FACTS[config.make]
        self.cabinet = Cabinet(
            listener,
            config.slots,
            watchdog_ms=facts.watchdog_ms,
            has_contactor=facts.has_contactor,
            pace=config.pace,
            ambient_celsius=ambient_celsius,
        )
        self.bus = CabinetBus(self.cabinet, config.make, clock, seed)
        self.ill: dict[int, Battery] = {}
        """Whose BMS a fault has broken, by the slot it was in then."""
        self._strange = 0

    async def start(self, now_ms: float) -> None:
        """Raises OSError when the TCP port is taken."""
        for made in self.config.batteries:
            battery = made.battery(self.cabinet.ambient_celsius)
            if made.slot is not None:
                self.cabinet.slots[made.slot].thing = battery
            else:
                self.cabinet.carried.take(PersonId(made.person or ""), battery)
            place = f"slot:{made.slot}" if made.slot is not None else f"person:{made.person}"
            self._begin(battery, place, now_ms)
        await self.bus.start(self.config.device, self.config.baud, self.config.port or 0)

    def stop(self) -> None:
        self.bus.stop()

    def set_powered(self, on: bool, now_ms: float) -> None:
        self.cabinet.set_power(on, now_ms)
        self.bus.set_powered(on)

    def bring_brick(self, person: PersonId, now_ms: float) -> str:
        """Somebody comes with a thing of a battery's size that is none."""
        self._strange += 1
        return self._bring(Brick(BRICK_NAME.format(self._strange)), person, now_ms)

    def bring_foreign(self, person: PersonId, now_ms: float) -> str:
        """Somebody comes with another operator's battery."""
        self._strange += 1
        like = next((slot.battery for slot in self.cabinet.slots.values() if slot.battery is not None), None)
        if like is None:
            raise WorldError("there is no battery in the cabinet that another could be like")
        serial = FOREIGN_SERIAL.format(self._strange)
        battery = Battery(serial, like.model, soc=0.4, celsius=self.cabinet.ambient_celsius, foreign=True)
        return self._bring(battery, person, now_ms)

    def take_home(self, person: PersonId, serial: str, now_ms: float) -> None:
        """Somebody goes away with a thing, if they have it."""
        if serial in [thing.serial for thing in self.cabinet.carried.of(person)]:
            self.cabinet.carried.give_up(person, serial)
            self._listener.on_fact(
                FactKind.BATTERY_MOVED,
                now_ms,
                {"serial": serial, "from": f"person:{person}", "to": "", "person": str(person)},
            )

    def _bring(self, thing: Thing, person: PersonId, now_ms: float) -> str:
        self.cabinet.carried.take(person, thing)
        self._begin(thing, f"person:{person}", now_ms)
        return thing.serial

    def _begin(self, thing: Thing, place: str, now_ms: float) -> None:
        fields = {"serial": str(thing.serial), "from": "", "to": place, "person": place.partition(":")[2]}
        self._listener.on_fact(FactKind.BATTERY_MOVED, now_ms, dict(fields))
