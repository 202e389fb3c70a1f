"""The world: door, lock, wiring, buttons, mains, and what people do to them.

Nothing in here reads a clock. Whoever owns the time calls `advance(now_ms)` when `deadline()` has come and before
every act; all that happens by itself in between (a leaf passing its contact, a bounce) is reported with its exact
moment. The world tells a `WorldListener` two things: *facts* for the log, and *wires*: what each input wire of the
controller is connected to.

The door's three input wires are dry contacts to ground: `contact` is grounded while the door is closed, `exit` while
the button is pressed, `fire` while all is well (`wires` says why). People, room and supplies are the `premises`.
"""

import random
from typing import Protocol

from firmware_sim.contact import BOUNCE_MS, DryContact
from firmware_sim.door_leaf import DoorLeaf
from firmware_sim.lock import Lock, LockCause, LockKind
from firmware_sim.log import FactKind, Json
from firmware_sim.premises import Premises
from firmware_sim.room import Room
from firmware_sim.wires import POINT_WIRES, Wire


class WorldListener(Protocol):
    def on_fact(self, kind: FactKind, at_ms: float, fields: dict[str, Json]) -> None: ...
    def on_wire(self, wire: Wire, grounded: bool, at_ms: float) -> None: ...


class World:
    def __init__(
        self,
        lock_kind: LockKind,
        seed: int,
        listener: WorldListener,
        pace: float = 1.0,
        room: Room | None = None,
    ) -> None:
        self._listener = listener
        self.leaf = DoorLeaf(pace)
        self.premises = Premises(listener, self.leaf, room or Room([]), pace)
        self.lock = Lock(lock_kind)
        self.exit_pressed = False
        self.fire_active = False
        self.power_on = True
        self.cut_wires: set[Wire] = set()
        self._release_pin = False
        # One generator per contact: the bounces of one do not depend on how often the others move.
        self._contacts = {
            Wire.CONTACT: DryContact(random.Random(f"{seed}/contact"), closed=True),
            Wire.EXIT: DryContact(random.Random(f"{seed}/exit"), closed=False),
        }

    # Time

    def deadline(self) -> float | None:
        moments = [
            self.leaf.deadline(),
            self.premises.deadline(),
            *(contact.deadline() for contact in self._contacts.values()),
        ]
        return min((moment for moment in moments if moment is not None), default=None)

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due by now, in the order of its moments."""
        while (deadline_ms := self.deadline()) is not None and deadline_ms <= now_ms:
            crossing = self.leaf.advance(deadline_ms)
            if crossing is not None:
                self._fact(FactKind.DOOR, crossing.at_ms, open=crossing.open)
                self._contacts[Wire.CONTACT].change(not crossing.open, crossing.at_ms)
                self._tell_secured(crossing.at_ms)
            self.premises.advance(deadline_ms)
            for wire, contact in self._contacts.items():
                for edge in contact.advance(deadline_ms):
                    self._tell_wire(wire, edge.at_ms)

    # What people do

    def push_door(self, now_ms: float, force: bool = False, from_inside: bool = False) -> bool:
        """Push the leaf; it opens when the bolt is free, by violence, or by the handle a fail-secure lock has
        inside."""
        self.advance(now_ms)
        handle = from_inside and self.lock.kind is LockKind.FAIL_SECURE
        opened = force or handle or self.lock.bolt_free or not self.leaf.is_latched(now_ms)
        self._fact(FactKind.PUSH, now_ms, opened=opened, force=force, from_inside=from_inside)
        if opened:
            self.leaf.set_hand(True, now_ms)
        return opened

    def let_go(self, now_ms: float) -> None:
        self.advance(now_ms)
        self.leaf.set_hand(False, now_ms)

    def wedge_door(self, on: bool, now_ms: float) -> None:
        self.advance(now_ms)
        self.leaf.set_wedge(on, now_ms)

    def press_exit(self, pressed: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if pressed == self.exit_pressed:
            return
        self.exit_pressed = pressed
        self._fact(FactKind.EXIT, now_ms, pressed=pressed)
        self._contacts[Wire.EXIT].change(pressed, now_ms)
        self._set_lock_input(LockCause.EXIT, pressed, now_ms)
        self.advance(now_ms)

    # What the building and the controller do

    def set_fire(self, active: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if active == self.fire_active:
            return
        self.fire_active = active
        self._fact(FactKind.FIRE, now_ms, active=active)
        self._set_lock_input(LockCause.FIRE, active, now_ms)
        self._tell_wire(Wire.FIRE, now_ms)

    def set_release_pin(self, high: bool, now_ms: float) -> None:
        """The controller's lock pin. With its wire cut, the relay rests."""
        self.advance(now_ms)
        self._release_pin = high
        self._set_lock_input(LockCause.PIN, high and Wire.LOCK not in self.cut_wires, now_ms)

    def set_power(self, on: bool, now_ms: float) -> None:
        self.advance(now_ms)
        if on == self.power_on:
            return
        self.power_on = on
        self._fact(FactKind.POWER, now_ms, on=on)
        self._set_lock_input(LockCause.MAINS, on, now_ms)

    # What breaks

    def set_wire_cut(self, wire: Wire, cut: bool, now_ms: float) -> None:
        self.advance(now_ms)
        (self.cut_wires.add if cut else self.cut_wires.discard)(wire)
        if wire in POINT_WIRES:
            (self.premises.cut_wires.add if cut else self.premises.cut_wires.discard)(wire)
        if wire is Wire.LOCK:
            self.set_release_pin(self._release_pin, now_ms)
        else:
            self._tell_wire(wire, now_ms)

    def set_lock_stuck(self, stuck: bool, now_ms: float) -> None:
        self.advance(now_ms)
        self.lock.stuck = stuck
        self._move_bolt(now_ms)

    def set_bounce(self, bounce_ms: tuple[float, float] | None) -> None:
        """Worn contacts bounce longer; None is a healthy one again."""
        for contact in self._contacts.values():
            contact.bounce_ms = bounce_ms or BOUNCE_MS

    # What the wires say

    def is_grounded(self, wire: Wire) -> bool:
        if wire in POINT_WIRES:
            return self.premises.is_grounded(wire)
        if wire in self.cut_wires:
            return False
        if wire is Wire.FIRE:
            return not self.fire_active
        return self._contacts[wire].closed

    def _set_lock_input(self, cause: LockCause, on: bool, now_ms: float) -> None:
        if self.lock.set_input(cause, on):
            self._fact(
                FactKind.LOCK_EDGE,
                now_ms,
                released=self.lock.released,
                cause=self.lock.cause.value,
                pin=self.lock.inputs.pin,
            )
        self._move_bolt(now_ms)

    def _move_bolt(self, now_ms: float) -> None:
        if self.lock.move_bolt():
            self._fact(FactKind.BOLT, now_ms, free=self.lock.bolt_free)
            self._tell_secured(now_ms)

    def _tell_secured(self, at_ms: float) -> None:
        """The lock's own feedback: the bolt is home, behind the strike of a closed door."""
        self.premises.set_point(Wire.LOCK_SECURED, not (self.lock.bolt_free or self.leaf.open), at_ms)

    def _tell_wire(self, wire: Wire, at_ms: float) -> None:
        self._listener.on_wire(wire, self.is_grounded(wire), at_ms)

    def _fact(self, kind: FactKind, at_ms: float, **fields: Json) -> None:
        self._listener.on_fact(kind, at_ms, fields)
