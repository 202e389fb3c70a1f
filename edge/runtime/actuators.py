"""The effects that are to be carried out now, each at its actuator: pins, readers, the cabinet, the station's end."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from contract.ids import ReaderId
from edge.core.effects import (
    CabinetEffect,
    CheckPin,
    Effect,
    Feedback,
    LookUpBattery,
    ReaderFeedback,
    ReleaseLock,
    SecureLock,
    SetCharger,
    SetLoad,
    Stop,
    UnlockSlot,
)
from edge.core.events import BatteryLookedUp, PulseResult, SlotPulsed
from edge.runtime import ipc
from edge.runtime.children import SupervisedChild
from edge.runtime.gpio_thread import GpioThread
from edge.runtime.pin_checking import PinChecking


class Actuators:
    """`tell` passes on what is done to whoever listens at the socket; `stop` asks for an orderly stop; `answer` takes
    what has become of something, in a step of its own; `look_up` asks the roster about a battery."""

    def __init__(
        self,
        pins: GpioThread,
        children: Mapping[ipc.Child, SupervisedChild],
        numbers: PinChecking,
        tell: Callable[[dict[str, Any]], None],
        stop: Callable[[str], None],
        answer: Callable[[SlotPulsed | BatteryLookedUp], object],
        look_up: Callable[[LookUpBattery], BatteryLookedUp],
    ) -> None:
        self._pins = pins
        self._reader = children[ipc.Child.READER]
        self._cabinet = children.get(ipc.Child.CABINET)
        self._numbers = numbers
        self._answer = answer
        self._look_up = look_up
        self._tell = tell
        self._stop = stop
        self._signs: dict[ReaderId, Feedback] = {}
        self._levels: dict[str, CabinetEffect] = {}
        """What the cabinet was last told of its lamps, fan and contactor."""

    def carry_out(self, effect: Effect) -> None:
        """Have it done, and tell of it only then: nobody who looks on keeps the lock waiting."""
        began_ns = time.monotonic_ns()
        self._have_done(effect)
        self._tell({"effect": type(effect).__name__, "mono_ns": began_ns})

    def _have_done(self, effect: Effect) -> None:
        if isinstance(effect, ReleaseLock):
            self._pins.set_lock(True)
        elif isinstance(effect, SecureLock):
            self._pins.set_lock(False)
        elif isinstance(effect, ReaderFeedback):
            if effect.outcome in ipc.LASTING_SIGNS:
                self._signs[effect.reader] = effect.outcome
            self._reader.send(ipc.ShowOutcome(effect.reader, effect.outcome))
        elif isinstance(effect, CheckPin):
            self._numbers.check(effect)
        elif isinstance(effect, SetLoad):
            self._pins.set_load(effect.load, effect.on)
        elif isinstance(effect, Stop):
            self._stop(effect.why)
        elif isinstance(effect, LookUpBattery):
            self._answer(self._look_up(effect))
        else:
            self._to_cabinet(effect)

    def _to_cabinet(self, effect: CabinetEffect) -> None:
        """A pulse that the cabinet's process cannot take was surely not sent. Levels it is told again when it lives;
        chargers it begins with off, and the core says anew what may charge."""
        if not isinstance(effect, UnlockSlot | SetCharger):
            self._levels[effect.actuator] = effect
        if self._cabinet is not None and self._cabinet.send(effect):
            return
        if isinstance(effect, UnlockSlot):
            away = "the cabinet's process does not take it"
            self._answer(SlotPulsed(effect.slot, effect.pulse, PulseResult.REFUSED, away))

    def show_cabinet_again(self) -> None:
        """The cabinet's process has begun to live and knows of no level."""
        for effect in self._levels.values():
            self._to_cabinet(effect)

    def renew_lease(self) -> None:
        """The cabinet may go on charging: whoever decides about it lives."""
        if self._cabinet is not None:
            self._cabinet.send(ipc.RenewLease())

    def show_signs_again(self) -> None:
        """The reader process has begun to live and knows of no lasting sign."""
        for reader, sign in self._signs.items():
            self._reader.send(ipc.ShowOutcome(reader, sign))
