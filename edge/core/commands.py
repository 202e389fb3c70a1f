"""The cloud's will: momentary commands, and the standing desired state.

A command is begun by one record and answered by another. Its effect waits for the first to be committed, and the
answer waits for the effect, so a run that ends in between leaves a begun command without an answer; the next run
answers it `interrupted` and never repeats it. Ids of the latest commands are remembered, so a replayed one is
refused.
"""

from enum import StrEnum
from typing import Final

from contract.records import (
    CommandAnswered,
    CommandBegun,
    DesiredFollowed,
    MessageRefused,
    Posture,
    ReleaseCause,
    RelockCause,
)
from edge.core import alarm_desk, doorkeeper, loads, passes, postures
from edge.core.cabinet import orders, readings
from edge.core.effects import Effect, ReleaseLock, Stop, UnlockSlot
from edge.core.events import CommandInterrupted, CommandReceived, DesiredReceived
from edge.core.state import MAX_COMMANDS_BEGUN, BegunCommand, Release
from edge.core.turn import Turn

MAX_REASON_CHARACTERS = 200


class CommandKind(StrEnum):
    """Beside those of the swap cabinet."""

    RELEASE = "release"
    RESTART = "restart"


WITH_REASON: Final = frozenset({CommandKind.RELEASE, *orders.CabinetCommand})


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


def receive(turn: Turn, event: CommandReceived) -> None:
    """Begin a command, or refuse it with the reason."""
    if event.id in turn.durable.commands_seen:
        turn.record(MessageRefused("command", f"command {event.id} was received before"))
        return
    command = BegunCommand(event.id, event.kind, event.issued_by)
    refused = _objection(turn, event)
    if refused:
        _answer(turn, command, Outcome.REFUSED, refused)
        return
    turn.record(CommandBegun(event.id, event.kind, event.issued_by, _reason(event)))
    if event.kind not in frozenset(orders.CabinetCommand):
        _begin(turn, command, _reason(event))
        return
    kind = orders.CabinetCommand(event.kind)
    trouble = orders.begin(turn, kind, event.id, event.args, event.issued_by)
    if trouble is not None:
        _answer(turn, command, Outcome.REFUSED, trouble)
    elif kind is not orders.CabinetCommand.OPEN_SLOT:
        _answer(turn, command, Outcome.DONE, "")


def _objection(turn: Turn, event: CommandReceived) -> str:
    """Why a command is not even begun; empty: it is."""
    if event.kind not in frozenset(CommandKind) | frozenset(orders.CabinetCommand):
        return "unknown_kind"
    if len(turn.durable.commands_begun) >= MAX_COMMANDS_BEGUN:
        return "too_many_commands"
    if event.kind in WITH_REASON and not _reason(event):
        return "reason_missing"
    if event.kind == CommandKind.RELEASE and turn.durable.posture is Posture.LOCKDOWN:
        return "lockdown"
    if event.kind in frozenset(orders.CabinetCommand):
        return orders.trouble(turn, orders.CabinetCommand(event.kind), event.args)
    return ""


def _reason(event: CommandReceived) -> str:
    """Why somebody far away wants it: whoever opens a door for others says so."""
    given = event.args.get("reason")
    return given.strip()[:MAX_REASON_CHARACTERS] if isinstance(given, str) else ""


def _begin(turn: Turn, command: BegunCommand, reason: str) -> None:
    if command.kind == CommandKind.RESTART:
        turn.act(Stop("command", command.id))
        return
    wanted = Release(ReleaseCause.COMMAND, hold_ms=turn.config.door.release_ms, reason=reason)
    if not doorkeeper.release(turn, wanted, command.id):
        _answer(turn, command, Outcome.DONE, "released_already")


def effect_done(turn: Turn, effect: Effect) -> None:
    """The shell carried out an effect: its command is done. A restart is done only when the next run begins."""
    passes.done(turn, effect)
    command = _begun_by(turn, effect)
    if command is not None and command.kind != CommandKind.RESTART:
        _answer(turn, command, Outcome.DONE, "")


def effect_refused(turn: Turn, effect: Effect, reason: str) -> None:
    """The shell did not carry out an effect: the lock stayed at rest, and so says the state."""
    released = turn.door.release
    if isinstance(effect, ReleaseLock) and released is not None and _is_of(released, effect):
        doorkeeper.relock(turn, RelockCause.REFUSED)
    passes.refused(turn, effect)
    readings.effect_refused(turn, effect)
    command = _begun_by(turn, effect)
    if command is not None:
        _answer(turn, command, Outcome.REFUSED, reason)


def interrupted(turn: Turn, event: CommandInterrupted) -> None:
    """A command will not be finished."""
    _answer(turn, BegunCommand(event.id, event.kind, event.issued_by), Outcome.INTERRUPTED, "")


def answer_left_over(turn: Turn, clean_stop: bool) -> None:
    """At boot: answer what the run before began. A restart that ended that run in order is done."""
    for command in turn.durable.commands_begun:
        done = clean_stop and command.kind == CommandKind.RESTART
        _answer(turn, command, Outcome.DONE if done else Outcome.INTERRUPTED, "" if done else "restart")


def desired(turn: Turn, event: DesiredReceived) -> None:
    """Follow the standing will of a higher revision."""
    followed = turn.durable.desired_revision
    if event.revision == followed:
        return
    if event.revision < followed:
        turn.record(MessageRefused("desired", f"revision {event.revision} is older than {followed}, which is followed"))
        return
    turn.record(DesiredFollowed(event.revision, event.posture))
    for seen in event.acknowledged:
        alarm_desk.seen(turn, seen)
    for aside in event.shelved:
        alarm_desk.put_aside(turn, aside, topic="desired")
    loads.desired(turn, event.loads_cut, event.by)
    orders.desired(turn, event.cabinet, event.by)
    postures.keep_up(turn)


def _is_of(released: Release, effect: ReleaseLock) -> bool:
    """Whether the release in force is the one that an effect was for, and not somebody else's who came after."""
    return (released.cause, released.member) == (effect.cause, effect.member)


def _begun_by(turn: Turn, effect: Effect) -> BegunCommand | None:
    command_id = effect.command_id if isinstance(effect, ReleaseLock | Stop | UnlockSlot) else None
    return next((command for command in turn.durable.commands_begun if command.id == command_id), None)


def _answer(turn: Turn, command: BegunCommand, outcome: Outcome, reason: str) -> None:
    reason = reason[:MAX_REASON_CHARACTERS]
    turn.record(CommandAnswered(command.id, command.kind, outcome.value, reason, command.issued_by))
