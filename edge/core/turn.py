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
from edge.core.fold import apply
from edge.core.state import Door, Durable, Inputs, Now, Parts, RecordedAt, StationState, Volatile


class Turn:
    """`mono_ms` is the moment that is being lived: while time-outs are caught up with, the moment each was due."""

    __slots__ = ("boot", "config", "effects", "mono_ms", "now", "records", "state")

    def __init__(self, config: StationConfig, state: StationState, now: Now) -> None:
        self.config = config
        self.state = state
        self.now = now
        self.mono_ms = now.mono_ms
        self.boot = state.durable.boot
        self.records: list[Record] = []
        self.effects: list[Effect] = []

    @property
    def durable(self) -> Durable:
        return self.state.durable

    @property
    def volatile(self) -> Volatile:
        return self.state.volatile

    @property
    def door(self) -> Door:
        return self.state.durable.door

    @property
    def inputs(self) -> Inputs:
        return self.state.volatile.inputs

    @property
    def parts(self) -> Parts:
        return self.state.volatile.parts

    def record(self, record: Record) -> None:
        """Write a fact down and let it take effect on the durable state."""
        self.records.append(record)
        self.state = apply(self.state, record, RecordedAt(self.now.mono_ms, self.now.wall_ms, self.boot))

    def act(self, effect: Effect) -> None:
        """Ask the shell for an effect."""
        self.effects.append(effect)

    def set_volatile(self, **changes: Any) -> None:
        self.state = StationState(self.state.durable, changed(self.state.volatile, **changes))

    def set_inputs(self, **changes: Any) -> None:
        self.set_volatile(inputs=changed(self.inputs, **changes))

    def set_parts(self, **changes: Any) -> None:
        self.set_volatile(parts=changed(self.parts, **changes))
