"""One step's work in progress.

A `Turn` lives inside `station.step` only: the machines read the state from it, and leave records and effects in it.
Writing a record applies it at once, so a machine always sees the state that its own records make, and there is no
other way to durable state.
"""

from typing import Any

from contract.records import Record
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.effects import Effect
from edge.core.fold import fold
from edge.core.state import Door, Durable, Inputs, Now, Parts, RecordedAt, StationState, Volatile


class Turn:
    """`mono_ms` is the moment that is being lived: while time-outs are caught up with, the moment each was due.

    Both halves of the state are at hand by themselves, because they are read a hundred times in a step; `state` puts
    them together, and is the same object for as long as neither has changed.
    """

    __slots__ = ("_state", "boot", "config", "durable", "effects", "mono_ms", "now", "records", "volatile")

    def __init__(self, config: StationConfig, state: StationState, now: Now) -> None:
        self.config = config
        self.durable: Durable = state.durable
        self.volatile: Volatile = state.volatile
        self._state = state
        self.now = now
        self.mono_ms = now.mono_ms
        self.boot = state.durable.boot
        self.records: list[Record] = []
        self.effects: list[Effect] = []

    @property
    def state(self) -> StationState:
        state = self._state
        if state.volatile is not self.volatile or state.durable is not self.durable:
            state = self._state = StationState(self.durable, self.volatile)
        return state

    @property
    def door(self) -> Door:
        return self.durable.door

    @property
    def inputs(self) -> Inputs:
        return self.volatile.inputs

    @property
    def parts(self) -> Parts:
        return self.volatile.parts

    def record(self, record: Record) -> None:
        """Write a fact down and let it take effect on the durable state."""
        self.records.append(record)
        self.durable = fold(self.durable, record, RecordedAt(self.now.mono_ms, self.now.wall_ms, self.boot))

    def act(self, effect: Effect) -> None:
        """Ask the shell for an effect."""
        self.effects.append(effect)

    def set_volatile(self, **changes: Any) -> None:
        self.volatile = changed(self.volatile, **changes)

    def set_inputs(self, **changes: Any) -> None:
        self.volatile = changed(self.volatile, inputs=changed(self.volatile.inputs, **changes))

    def set_parts(self, **changes: Any) -> None:
        self.volatile = changed(self.volatile, parts=changed(self.volatile.parts, **changes))
