"""The effects that are to be carried out now, each at its actuator: pins, readers, the station's own end."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from contract.ids import ReaderId
from edge.core.effects import CheckPin, Effect, Feedback, ReaderFeedback, ReleaseLock, SecureLock, SetLoad, Stop
from edge.runtime import ipc
from edge.runtime.children import SupervisedChild
from edge.runtime.gpio_thread import GpioThread
from edge.runtime.pin_checking import PinChecking


class Actuators:
    """`tell` passes on what is done to whoever listens at the socket; `stop` asks for an orderly stop."""

    def __init__(
        self,
        pins: GpioThread,
        children: Mapping[ipc.Child, SupervisedChild],
        numbers: PinChecking,
        tell: Callable[[dict[str, Any]], None],
        stop: Callable[[str], None],
    ) -> None:
        self._pins = pins
        self._reader = children[ipc.Child.READER]
        self._numbers = numbers
        self._tell = tell
        self._stop = stop
        self._signs: dict[ReaderId, Feedback] = {}

    def carry_out(self, effect: Effect) -> None:
        self._tell({"effect": type(effect).__name__, "mono_ns": time.monotonic_ns()})
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

    def show_signs_again(self) -> None:
        """The reader process has begun to live and knows of no lasting sign."""
        for reader, sign in self._signs.items():
            self._reader.send(ipc.ShowOutcome(reader, sign))
