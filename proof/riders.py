"""Riders before the cabinet. Each looks at doors and screen about once a second and does something, until it is done.

A careful one does as the screen says and shuts what is open. The others are careless in one of the ways of `Habit`:
most of them do as the screen says for the rest.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import SwapKind, SwapStage
from edge.core import events
from edge.core.cabinet.state import Swap
from proof import city
from proof.acts import Act
from proof.battery_world import Battery, Slot
from proof.cabinet_city import CABINET, MODEL, RIDERS

if TYPE_CHECKING:
    from proof.life import Life

PATIENCE_MS: Final = 240_000
SHOWN_AGAIN_MS: Final = 8_000
LOOKS_MS: Final = 2_000
"""Nobody shuts a door that somebody has only just opened."""
MAX_LOOKS: Final = 20
"""After so many looks whoever still has no swap goes away."""
WANTED: Final = {SwapStage.TAKE_OUT: "slot_out", SwapStage.TAKE_BACK: "slot_in"}


class Habit(IntEnum):
    """What somebody does wrong."""

    CAREFUL = 0
    BRICK = 1
    """Puts in something that is no battery …"""
    FOREIGN = 2
    """… a battery of somebody else's …"""
    BORROWED = 3
    """… another member's."""
    NOTHING = 4
    """Shuts the empty slot."""
    LEAVES = 5
    """Walks away in the middle of it, as it is."""
    KEEPS_OPEN = 6
    """Does everything, and shuts nothing."""
    NOT_TAKEN = 7
    """Shuts the door before the full one is out."""
    EXCHANGES = 8
    """Puts something else where the full one was."""
    TWO_FOR_ONE = 9
    """Breaks the slot with the own one open while the full one stands open, and takes both."""
    CANCELS = 10
    OTHER_CARD = 11
    """Shows a friend's card as well."""
    SLOW = 12
    """Needs a minute for everything."""
    RETURNS = 13
    """Gives the battery back, and wants none for now."""
    REOPENS = 14
    """Pulls at a door that has only just been shut, and changes what is in."""


CARELESS: Final = tuple(Habit)[1:]


@dataclass(eq=False)
class Rider:
    """`hand` is what they have of ours. `gave_up`: by their own doing nobody can say what is owed to them."""

    number: int
    hand: Battery | None = None
    here: bool = False
    gave_up: bool = False
    habit: Habit = Habit.CAREFUL
    until_ms: int = 0
    shown_ms: int = 0
    leaves_at: int = 0
    looks: int = 0
    lender: "Rider | None" = None
    """With whom they have changed batteries, for a while."""
    junk: Battery | None = None
    """What they hold that is none of ours, or not theirs."""
    loot: list[Battery] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    @property
    def member(self) -> MemberId:
        return MemberId(f"m{self.number}")


class Riders:
    """Who they are, and what each of them does next."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self.all = [Rider(number) for number in range(RIDERS if life.cabinet.slots else 0)]
        self.careless_ms = 0
        for rider in self.all:
            rider.hand = life.cabinet.new(f"R{rider.number}", 5 + int(life.luck.random() * 40))
            rider.hand.holder = rider.member
            life.driver.registers(rider.hand, rider.member)

    def comes(self, act: Act) -> None:
        """With what is left in the battery since the last time."""
        rider, life = self.all[act.who % RIDERS], self._life
        if rider.here or life.quiet:
            return
        life.visits += 1
        if rider.hand is not None:
            rider.hand.charge_mah = MODEL.capacity_mah * (5 + int(life.luck.random() * 40)) // 100
        rider.here, rider.habit = True, Habit(act.value)
        rider.until_ms, rider.looks = life.timeline.now_ms + PATIENCE_MS, 0
        rider.leaves_at = 1 + int(life.luck.random() * 25)
        rider.done.clear()
        rider.junk = None
        if rider.habit is Habit.BRICK:
            rider.junk = life.cabinet.new("", 0)
        elif rider.habit is Habit.FOREIGN:
            rider.junk = life.cabinet.new(f"X{life.timeline.now_ms}", 60, ours=False)
        self._shows(rider)
        life.timeline.after(1_000, self._looks, rider)

    def _shows(self, rider: Rider, number: int | None = None) -> None:
        life, shell = self._life, self._life.shell
        rider.shown_ms = life.timeline.now_ms
        if not shell.up or CABINET in life.dead_readers:
            return
        shown = rider.number if number is None else number
        member = None if life.roster_away else life.roster.cards.get(shown)
        if rider.habit is Habit.RETURNS and number is None:
            kind = SwapKind.TAKE_ONLY if rider.hand is None else SwapKind.RETURN_ONLY
            shell.tell(events.SwapChosen(kind))
        elif rider.hand is None and number is None:
            shell.tell(events.SwapChosen(SwapKind.TAKE_ONLY))
        card = events.CardPresented(CABINET, city.card_hash(shown), member, shell.mono_ms, not life.roster_away)
        shell.tell(card)

    # ------------------------------------------------ looking

    def _looks(self, rider: Rider) -> None:
        """Do one thing, and look again a moment later."""
        life = self._life
        rider.looks += 1
        slow_ms = 25_000 if rider.habit is Habit.SLOW else 0
        if self._does_one_thing(rider) and life.timeline.now_ms < rider.until_ms:
            life.timeline.after(600 + life.draw(900) + slow_ms, self._looks, rider)
        else:
            self._goes(rider)

    def _goes(self, rider: Rider) -> None:
        rider.here = False
        rider.loot.clear()
        if rider.lender is not None:
            self._returns(rider, rider.lender)

    def _swap(self) -> Swap | None:
        """What the screen says; nothing while it is dark."""
        return self._life.shell.state.durable.cabinet.swap if self._life.shell.up else None

    def _does_one_thing(self, rider: Rider) -> bool:
        """Whether there is more to do."""
        swap, life = self._swap(), self._life
        if rider.habit is Habit.LEAVES and rider.looks >= rider.leaves_at:
            self.careless_ms = life.timeline.now_ms
            return False
        if swap is not None and swap.member == rider.member:
            self._carelessly(rider, swap)
            self._as_told(rider, swap)
            return True
        if not life.shell.up:
            return True
        return self._without_a_swap(rider, busy=swap is not None)

    def _without_a_swap(self, rider: Rider, *, busy: bool) -> bool:
        """Before it begins, or after its end: shut what is open before oneself."""
        life = self._life
        open_ones = [slot for slot in life.cabinet.slots.values() if slot.open]
        mine = [slot for slot in open_ones if slot.opened_for == rider.member]
        if mine:
            self._tidies(rider, mine[0])
            return True
        here = {each.member for each in self.all if each.here}
        long_ago_ms = life.timeline.now_ms - LOOKS_MS
        others = [slot for slot in open_ones if slot.opened_for not in here and slot.moved_ms < long_ago_ms]
        if others and not busy and rider.habit is Habit.CAREFUL:
            # The screen says which door is to be shut first.
            life.cabinet.shut(others[0])
            return True
        waits = "begun" not in rider.done and rider.looks < MAX_LOOKS
        if waits and life.timeline.now_ms - rider.shown_ms > SHOWN_AGAIN_MS:
            self._shows(rider)
        return waits

    def _tidies(self, rider: Rider, slot: Slot) -> None:
        """The swap is over, and the slot open: whoever is owed what is in it takes it, and shuts the door."""
        if slot.battery is not None and slot.battery is rider.junk:
            rider.junk = self._life.cabinet.take(slot, rider.member)
        elif rider.habit is not Habit.KEEPS_OPEN:
            self._life.cabinet.shut(slot)
        else:
            rider.until_ms = 0

    # ------------------------------------------------ as the screen says

    def _as_told(self, rider: Rider, swap: Swap) -> None:
        rider.done.add("begun")
        if swap.stage is SwapStage.PUT_IN and swap.slot_in is not None:
            self._puts_in(rider, self._life.cabinet.slots[swap.slot_in])
        elif swap.stage in WANTED:
            number: SlotNumber | None = getattr(swap, WANTED[swap.stage])
            if number is not None:
                self._takes(rider, self._life.cabinet.slots[number], own=swap.stage is SwapStage.TAKE_BACK)

    def _puts_in(self, rider: Rider, slot: Slot) -> None:
        cabinet, brings = self._life.cabinet, rider.junk or rider.hand
        if not slot.open:
            return
        if slot.battery is not None or brings is None or rider.habit is Habit.NOTHING:
            if rider.habit is not Habit.KEEPS_OPEN:
                cabinet.shut(slot)
            return
        if rider.habit is Habit.BORROWED:
            self._borrows(rider)
            brings = rider.hand or brings
        if brings is rider.junk:
            self.careless_ms = self._life.timeline.now_ms
            cabinet.put(slot, brings)
            rider.done.add("junk")
        else:
            rider.gave_up = rider.gave_up or brings.stolen
            cabinet.put(slot, brings)
            rider.hand = None

    def _takes(self, rider: Rider, slot: Slot, *, own: bool) -> None:
        cabinet = self._life.cabinet
        if not slot.open:
            return
        if rider.habit is Habit.NOT_TAKEN or (slot.battery is None and rider.habit is not Habit.KEEPS_OPEN):
            cabinet.shut(slot)
        elif slot.battery is not None:
            whose = slot.battery.holder, slot.battery.stolen
            battery = cabinet.take(slot, rider.member)
            if own:
                # What was refused is whose it was.
                battery.holder, battery.stolen = whose
            if battery.ours:
                self._holds(rider, battery)
            if battery is rider.junk:
                rider.habit = Habit.CAREFUL
            if rider.habit is Habit.EXCHANGES and not own:
                self.careless_ms = self._life.timeline.now_ms
                cabinet.put(slot, cabinet.new("", 0))
                rider.habit = Habit.CAREFUL

    def _holds(self, rider: Rider, battery: Battery) -> None:
        if rider.hand is not None:
            rider.loot.append(rider.hand)
            rider.hand.stolen = True
        rider.hand = battery
        rider.gave_up = rider.gave_up and battery.stolen

    # ------------------------------------------------ carelessly

    def _carelessly(self, rider: Rider, swap: Swap) -> None:
        life, habit = self._life, rider.habit
        if habit is Habit.CAREFUL:
            return
        self.careless_ms = life.timeline.now_ms
        if habit is Habit.RETURNS:
            rider.gave_up = True
        elif habit is Habit.CANCELS and rider.looks == rider.leaves_at % 8 + 1:
            life.shell.tell(events.SwapCancelled())
        elif habit is Habit.OTHER_CARD and rider.looks == rider.leaves_at % 8 + 1:
            self._shows(rider, (rider.number + 1) % RIDERS)
        elif habit is Habit.TWO_FOR_ONE and swap.stage is SwapStage.TAKE_OUT and swap.slot_in is not None:
            self._breaks_open(rider, life.cabinet.slots[swap.slot_in])
        elif habit is Habit.REOPENS and swap.stage is SwapStage.VERIFYING and swap.slot_in is not None:
            self._reopens(rider, life.cabinet.slots[swap.slot_in])

    def _breaks_open(self, rider: Rider, slot: Slot) -> None:
        """One movement a look: the door is open for long enough to be seen."""
        cabinet = self._life.cabinet
        if "broke" in rider.done:
            if slot.open and slot.battery is not None:
                battery = cabinet.take(slot, None)
                battery.holder = rider.member
                rider.loot.append(battery)
            elif slot.open:
                cabinet.shut(slot)
        elif slot.battery is not None:
            rider.done.add("broke")
            cabinet.pry(slot)

    def _reopens(self, rider: Rider, slot: Slot) -> None:
        cabinet = self._life.cabinet
        if slot.battery is None or slot.open or "reopened" in rider.done:
            return
        rider.done.add("reopened")
        cabinet.pry(slot)
        slot.opened_for = rider.member
        rider.hand = cabinet.take(slot, rider.member)

    def _borrows(self, rider: Rider) -> None:
        """Two riders change batteries, out of sight."""
        other = next((each for each in self.all if not each.here and each.hand is not None), None)
        rider.habit = Habit.CAREFUL
        if other is not None and rider.hand is not None and other.hand is not None:
            rider.hand, other.hand = other.hand, rider.hand
            rider.hand.stolen = other.hand.stolen = True
            rider.gave_up = other.gave_up = True
            rider.lender = other

    def _returns(self, rider: Rider, other: Rider) -> None:
        """And back again, if each still has the other's."""
        rider.lender = None
        if rider.hand is None or other.hand is None or other.here:
            return
        if (rider.hand.holder, other.hand.holder) == (other.member, rider.member):
            rider.hand, other.hand = other.hand, rider.hand
            rider.hand.stolen = other.hand.stolen = False
            rider.gave_up = other.gave_up = False

    def holding(self) -> dict[BatteryId, Rider]:
        return {rider.hand.serial: rider for rider in self.all if rider.hand is not None}
