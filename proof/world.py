"""The door as it really is: leaf, lock and wiring of `firmware_sim`, in whole milliseconds, with quicker contacts.

The contacts bounce less than those of `firmware_sim.contact` (none to two returns instead of one to four): a quarter of
the events for the same paths through the core, which keeps a year at a minute.
"""

import random
from collections.abc import Callable
from math import ceil

from firmware_sim.door_leaf import DoorLeaf
from firmware_sim.lock import Lock, LockCause, LockKind
from proof.timeline import Timeline

NEVER_MS = -(10**9)
WORN_BOUNCE_MS = 90
BOUNCE_MS = 8


class World:
    """`told` is called with a wire's name ("contact", "exit", "fire") and its level whenever that changes."""

    def __init__(
        self, kind: LockKind, luck: random.Random, timeline: Timeline, told: Callable[[str, bool], None]
    ) -> None:
        self._luck = luck
        self._timeline = timeline
        self._told = told
        self.leaf = DoorLeaf()
        self.lock = Lock(kind)
        self.worn = False
        self.wire_cut = False
        self.loose = False
        self.exit_button = False
        self.fire = False
        self.contact_open = self._contact_told = False
        self.exit_closed = False
        self.on_leaf: Callable[[bool], None] = lambda is_open: None
        self.on_bolt: Callable[[], None] = lambda: None
        # When things last were so; what the checks of `invariants` go by.
        self.opened_ms = self.closed_ms = NEVER_MS
        self.pin_low_ms = self.pin_high_ms = NEVER_MS
        self.exit_ms = self.fire_ms = NEVER_MS
        self.contact_bad_ms = NEVER_MS
        self.flicker_ms = NEVER_MS
        self.bolt_ms = NEVER_MS
        self._plans = {"contact": 0, "exit": 0}

    # ------------------------------------------------ people

    def push(self, how: int) -> bool:
        """Whether the leaf gave way."""
        now_ms = self._timeline.now_ms
        handle = how == 1 and self.lock.kind is LockKind.FAIL_SECURE
        gave_way = how == 2 or handle or self.lock.bolt_free or not self.leaf.is_latched(now_ms)
        if gave_way:
            self.leaf.set_hand(True, now_ms)
            self._move_leaf()
        return gave_way

    def let_go(self) -> None:
        self.leaf.set_hand(False, self._timeline.now_ms)
        self._move_leaf()

    def wedge(self, on: bool) -> None:
        self.leaf.set_wedge(on, self._timeline.now_ms)
        self._move_leaf()

    def stand_in_doorway(self, there: bool) -> None:
        """The leaf rests against whoever goes through."""
        self.leaf.set_body(there, self._timeline.now_ms)
        self._move_leaf()

    def press_exit(self, pressed: bool) -> None:
        if pressed != self.exit_button:
            self.exit_button = pressed
            self.exit_ms = self._timeline.now_ms
            self._wire(LockCause.EXIT, pressed)
            self._bounce("exit", pressed)

    def set_fire(self, active: bool) -> None:
        self.fire = active
        self.fire_ms = self._timeline.now_ms
        self._wire(LockCause.FIRE, active)
        self._told("fire", active)

    # ------------------------------------------------ station and building

    @property
    def pin(self) -> bool:
        return self.lock.inputs.pin

    def set_pin(self, high: bool) -> None:
        if high != self.lock.inputs.pin:
            if high:
                self.pin_high_ms = self._timeline.now_ms
            else:
                self.pin_low_ms = self._timeline.now_ms
            self._wire(LockCause.PIN, high)

    def set_mains(self, on: bool) -> None:
        self._wire(LockCause.MAINS, on)

    def cut_contact(self, cut: bool) -> None:
        self.wire_cut = cut
        self.contact_bad_ms = self._timeline.now_ms
        self._tell_contact()

    def flap_contact(self, times: int) -> None:
        """A loose wire: back and forth, and as it was in the end."""
        if times:
            self.loose = not self.loose
            self.contact_bad_ms = self._timeline.now_ms
            self._tell_contact()
            self._timeline.after(5 + int(self._luck.random() * 120), self.flap_contact, times - 1)

    def wear(self, worn: bool) -> None:
        self.worn = worn
        self.contact_bad_ms = self._timeline.now_ms

    @property
    def contact_level(self) -> bool:
        """What the contact's wire says: open or not."""
        return self.wire_cut or self.contact_open is not self.loose

    def _tell_contact(self) -> None:
        level = self.contact_level
        if level is not self._contact_told:
            self._contact_told = level
            self._told("contact", level)

    # ------------------------------------------------ by itself

    def _wire(self, cause: LockCause, on: bool) -> None:
        self.lock.set_input(cause, on)
        if self.lock.move_bolt():
            self.on_bolt()

    def stick_bolt(self, stuck: bool) -> None:
        self.lock.stuck = stuck
        self.bolt_ms = self._timeline.now_ms
        if not stuck and self.lock.move_bolt():
            self.on_bolt()

    def _move_leaf(self) -> None:
        due_ms = self.leaf.deadline()
        if due_ms is not None:
            self._timeline.at(ceil(due_ms), self._cross)

    def _cross(self) -> None:
        crossing = self.leaf.advance(self._timeline.now_ms)
        if crossing is None:
            return
        now_ms = self._timeline.now_ms
        if crossing.open:
            if now_ms - self.closed_ms < 100:
                self.flicker_ms = now_ms
            self.opened_ms = now_ms
        else:
            if now_ms - self.opened_ms < 100:
                self.flicker_ms = now_ms
            self.closed_ms = now_ms
        self.on_leaf(crossing.open)
        self._bounce("contact", crossing.open)

    def _bounce(self, wire: str, level: bool) -> None:
        """The new level at once, then up to two short returns to the old one."""
        self._plans[wire] += 1
        plan = self._plans[wire]
        self._set(wire, level, plan)
        worn = self.worn and wire == "contact"
        chance = self._luck.random()
        returns = int(chance * 6) if worn else int(chance < 0.15) + int(chance < 0.05)
        if returns:
            longest_ms = WORN_BOUNCE_MS if worn else BOUNCE_MS
            moments = sorted(1 + int(self._luck.random() * longest_ms) for _ in range(2 * returns))
            for index, moment_ms in enumerate(moments):
                self._timeline.after(moment_ms, self._set, wire, level if index % 2 else not level, plan)

    def _set(self, wire: str, level: bool, plan: int) -> None:
        if plan != self._plans[wire]:
            return
        if wire == "exit":
            if level != self.exit_closed:
                self.exit_closed = level
                self._told("exit", level)
        elif level != self.contact_open:
            self.contact_open = level
            self._tell_contact()
