"""The lock and the wiring that powers it.

    mains ──┬── exit button ──┬── fire panel ──┬── relay ── lock
            (each of the three can release the lock by itself, without the controller)

The controller's pin means "release": high energises the relay, the relay releases the lock. A *fail-safe* lock (a
magnet) is locked while it has power, so exit button, fire panel, relay and a lost mains each release it by breaking
its current. A *fail-secure* lock (an electric strike) needs power to release, so without mains it stays locked from
outside and its mechanical handle is the way out.

`released` is electrical: what the wiring tells the lock. `bolt_free` is mechanical: the bolt follows unless it is
stuck.
"""

from dataclasses import replace
from enum import StrEnum

from contract.frozen import frozen


class LockKind(StrEnum):
    FAIL_SAFE = "fail_safe"
    FAIL_SECURE = "fail_secure"


class LockCause(StrEnum):
    """Which input of the wiring made the lock change."""

    PIN = "pin"
    EXIT = "exit"
    FIRE = "fire"
    MAINS = "mains"


@frozen
class LockInputs:
    pin: bool = False
    exit: bool = False
    fire: bool = False
    mains: bool = True


def is_released(kind: LockKind, inputs: LockInputs) -> bool:
    asked = inputs.pin or inputs.exit or inputs.fire
    return (asked or not inputs.mains) if kind is LockKind.FAIL_SAFE else (asked and inputs.mains)


class Lock:
    def __init__(self, kind: LockKind) -> None:
        self.kind = kind
        self.inputs = LockInputs()
        self.stuck = False
        self.released = False
        self.cause = LockCause.MAINS
        self.bolt_free = False

    def set_input(self, cause: LockCause, on: bool) -> bool:
        """Change one input of the wiring; True when that released or secured the lock."""
        self.inputs = replace(self.inputs, **{cause.value: on})
        released = is_released(self.kind, self.inputs)
        changed = released != self.released
        if changed:
            self.released, self.cause = released, cause
        return changed

    def move_bolt(self) -> bool:
        """Let the bolt follow the wiring; True when it moved. A stuck bolt stays where it was when it stuck."""
        if self.stuck or self.bolt_free == self.released:
            return False
        self.bolt_free = self.released
        return True
