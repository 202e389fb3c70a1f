"""Alarms: each stands exactly while its condition does, within its delays (after ISA-18.2).

The station owns whether an alarm stands; what people do about it is `alarm_desk`'s. Each machine tells its own
conditions, `alarm_watch` has the whole list. A condition that nobody has told yet in this run (`stands` None) leaves
its alarm as the last run left it; one that is no longer on the list (a reader that was taken away) is over.

*When it is looked at.* A condition is a function of the configuration and of a few parts of the state, so it is judged
again when one of those parts has become another one, when a delay ends, and all of them once the inputs have been
read.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from contract.records import AlarmCleared, AlarmRaised
from edge.core import alarm_group, shelves
from edge.core.alarm_codes import LATCHING, OFF_DELAY_MS, ON_DELAY_MS, PRIORITY
from edge.core.alarm_state import (
    AlarmInput,
    AlarmKey,
    AlarmState,
    Condition,
    has_room,
    less_than,
    state_of,
    transition,
)
from edge.core.changed import changed
from edge.core.config import StationConfig
from edge.core.state import StationState
from edge.core.turn import Turn

__all__ = ["Condition", "Watch", "Watches", "deadlines", "review", "time_passed"]

MAX_DETAIL_CHARACTERS: Final = 200


class Watch:
    """The conditions of one machine, and the parts of the state that they are read from, by their dotted names."""

    def __init__(
        self, conditions: Callable[[StationConfig, StationState], Iterator[Condition]], first: str, *others: str
    ) -> None:
        self.conditions = conditions
        self.names = (first, *others)
        self.owners = frozenset(tuple(name.split(".")[:2]) for name in self.names)
        self._parts = attrgetter(first, *others)

    def sees(self, before: StationState, after: StationState) -> bool:
        """Whether one of the parts has become another one."""
        was, now = self._parts(before), self._parts(after)
        return was is not now and bool(was != now)


@dataclass(frozen=True)
class Watches:
    """All of them, in the order in which causes come first."""

    each: tuple[Watch, ...]

    def that_see(self, before: StationState, after: StationState) -> Iterator[Watch]:
        """Those whose conditions may have changed. Most steps touch the state of one or two machines: nobody else looks
        closer."""
        closer = 0
        for half, by_part in self._by_owner:
            parts_were, parts_are = vars(getattr(before, half)), vars(getattr(after, half))
            if parts_were is not parts_are:
                for part, watches in by_part:
                    if parts_were[part] is not parts_are[part]:
                        closer |= watches
        for number, watch in enumerate(self.each) if closer else ():
            if closer >> number & 1 and watch.sees(before, after):
                yield watch

    @cached_property
    def _by_owner(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """By half of the state and its part, who reads something there: a bit each, by their place in `each`."""
        bits: dict[str, dict[str, int]] = {}
        for number, watch in enumerate(self.each):
            for half, part in watch.owners:
                by_part = bits.setdefault(half, {})
                by_part[part] = by_part.get(part, 0) | 1 << number
        return [(half, sorted(by_part.items())) for half, by_part in sorted(bits.items())]


def time_passed(turn: Turn) -> None:
    """Nothing by itself: `review` follows every moment."""


def deadlines(state: StationState) -> Iterator[int]:
    """When the next alarm begins or ends, a shelf ends, or a flood is over."""
    now = state.volatile.alarms
    if now.due_ms:
        yield from now.due_ms.values()
    if now.shelf_ends_ms:
        yield from now.shelf_ends_ms.values()
    if now.flood_ends_ms is not None:
        yield now.flood_ends_ms


def review(turn: Turn, before: StationState, watches: Watches) -> None:
    """Raise and clear alarms until they agree with the conditions; remember what waits for its delay."""
    under_way = turn.parts.levels_read is not before.volatile.parts.levels_read
    if under_way:
        _judge_all(turn, watches)
    elif _is_due(turn):
        for watch in watches.each:
            _judge(turn, watch.conditions(turn.config, turn.state))
    else:
        # What an earlier one records here (an alarm) is not what a later one watches.
        for watch in watches.that_see(before, turn.state):
            _judge(turn, watch.conditions(turn.config, turn.state))
    listed_anew = under_way or turn.durable.alarms is not before.durable.alarms
    if listed_anew or _flood_is_due(turn):
        _judge_flood(turn)
    if listed_anew or turn.volatile.alarms.shelf_ends_ms:
        shelves.keep_up(turn)


def _is_due(turn: Turn) -> bool:
    """Whether a delay, a shelf or a flood ends now."""
    now = turn.volatile.alarms
    waits = now.due_ms or now.shelf_ends_ms or now.flood_ends_ms is not None
    return bool(waits) and min(deadlines(turn.state)) <= turn.mono_ms


def _flood_is_due(turn: Turn) -> bool:
    ends_ms = turn.volatile.alarms.flood_ends_ms
    return ends_ms is not None and ends_ms <= turn.mono_ms


def _judge_all(turn: Turn, watches: Watches) -> None:
    """All conditions; what is on no list any more is over once the run is under way."""
    listed = {alarm_group.FLOOD}
    for watch in watches.each:
        conditions = list(watch.conditions(turn.config, turn.state))
        listed.update((condition.code, condition.source) for condition in conditions)
        _judge(turn, conditions)
    if not turn.parts.levels_read:
        return
    for alarm in turn.durable.alarms:
        if alarm.active and alarm.key not in listed:
            turn.record(AlarmCleared(*alarm.key))


def _judge(turn: Turn, conditions: Iterable[Condition]) -> None:
    """Raise and clear what is due."""
    active = {(alarm.code, alarm.source) for alarm in turn.durable.alarms if alarm.active}
    due_ms = dict(turn.volatile.alarms.due_ms)
    for condition in conditions:
        key, stands = (condition.code, condition.source), condition.stands
        if stands is None or stands is (key in active):
            if due_ms:
                due_ms.pop(key, None)
            continue
        delay_ms = (ON_DELAY_MS if stands else OFF_DELAY_MS).get(condition.code, 0)
        if due_ms.setdefault(key, turn.mono_ms + delay_ms) > turn.mono_ms:
            continue
        del due_ms[key]
        if stands:
            _raise(turn, condition)
        else:
            _clear(turn, key)
    if due_ms != turn.volatile.alarms.due_ms:
        turn.set_volatile(alarms=changed(turn.volatile.alarms, due_ms=due_ms))


def _raise(turn: Turn, condition: Condition) -> None:
    """Write an alarm down, in its place among the others. Without room it waits until its condition is judged again."""
    priority = condition.priority or PRIORITY[condition.code]
    if not has_room(turn.durable.alarms):
        less = less_than(turn.durable.alarms, priority)
        if less is None:
            return
        turn.record(AlarmCleared(*less.key))
    config, now, alarms = turn.config.alarms, turn.volatile.alarms, turn.durable.alarms
    key = condition.code, condition.source
    after = transition(state_of(alarms, key), AlarmInput.BEGINS)
    cause = alarm_group.cause_when_raised(config, now, alarms, condition.code, priority, turn.mono_ms)
    calls = not cause and after.next is AlarmState.UNACKNOWLEDGED and key != alarm_group.FLOOD
    first_out = calls and alarm_group.is_first_out(config, now, turn.mono_ms)
    turn.record(AlarmRaised(*key, priority, condition.detail[:MAX_DETAIL_CHARACTERS], first_out, cause))
    if calls:
        turn.set_volatile(alarms=changed(now, announced_ms=alarm_group.announced(config, now, turn.mono_ms)))


def _clear(turn: Turn, key: AlarmKey) -> None:
    latches = key[0] in LATCHING
    what = AlarmInput.ENDS_LATCHED if latches else AlarmInput.ENDS
    after = transition(state_of(turn.durable.alarms, key), what)
    turn.record(AlarmCleared(*key, latched=after.next is AlarmState.RETURNED))


def _judge_flood(turn: Turn) -> None:
    """Whether too many alarms have come lately is a condition like any other."""
    config, now = turn.config.alarms, turn.volatile.alarms
    standing = any(alarm.key == alarm_group.FLOOD and alarm.active for alarm in turn.durable.alarms)
    if not turn.parts.levels_read or not (standing or now.announced_ms):
        return
    floods = alarm_group.is_flooded(config, now, turn.durable.alarms, turn.mono_ms)
    if floods is not standing:
        _judge(turn, [Condition(*alarm_group.FLOOD, floods, f"more than {config.flood_alarms} alarms")])
    ends_ms = alarm_group.flood_ends_ms(config, turn.volatile.alarms) if floods else None
    if ends_ms != turn.volatile.alarms.flood_ends_ms:
        turn.set_volatile(alarms=changed(turn.volatile.alarms, flood_ends_ms=ends_ms))
