"""The seeded bugs: each is one piece of the core's text replaced by another, and what a person would call it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutant:
    """`old` stands exactly once in the module's file. `bug` says what a person would call it."""

    name: str
    module: str
    old: str
    new: str
    bug: str
    lives: str = "mutants"
    """The lives in which it is hunted."""


OF_THE_DOOR: Final[tuple[Mutant, ...]] = (
    Mutant(
        "stale-cards", "contract.policy.decide",
        "if 0 <= request.age_ms <= request.stale_after_ms:", "if 0 <= request.age_ms:",
        "a card shown before a stall opens after it",
    ),
    Mutant(
        "lockdown-admits", "contract.policy.decide",
        "request.posture is Posture.LOCKDOWN else None", "request.posture is Posture.FREE_ACCESS else None",
        "cards open a station that is locked down",
    ),
    Mutant(
        "revoked-enter", "contract.policy.decide",
        'return "revoked" if _member(request).revoked else None', "return None",
        "whoever was revoked still enters",
    ),
    Mutant(
        "expired-by-clock-alone", "contract.policy.decide",
        "at is None or at < end", "at is None or at <= end + 86_400_000",
        "a pass is good for a day too long",
    ),
    Mutant(
        "one-too-many", "contract.policy.decide",
        "inside.people < inside.capacity", "inside.people <= inside.capacity",
        "one person more than there is room for",
    ),
    Mutant(
        "negative-count", "edge.core.headcount",
        "    if people < 0:", "    if people < -1:",
        "more leave than came, and the count follows",
    ),
    Mutant(
        "held-never-cleared", "edge.core.door",
        "DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.HELD_CLEARED, Fact.CLOSED)",
        "DoorInput.CLOSED: _to(DoorMode.SECURED, Fact.CLOSED)",
        "held is not followed by its end",
    ),
    Mutant(
        "held-early", "edge.core.doorkeeper",
        "limit_ms = turn.mono_ms + door.held_ms - door.held_pre_alarm_ms", "limit_ms = turn.mono_ms + 1",
        "the alarm comes with the warning",
    ),
    Mutant(
        "forced-is-open", "edge.core.doorkeeper",
        "return inputs.exit_pressed or in_time", "return True",
        "a door opened by violence is no alarm",
    ),
    Mutant(
        "fire-relocks", "edge.core.doorkeeper",
        "if turn.inputs.fire_active:\n        return ReleaseCause.FIRE", "if False:\n        return ReleaseCause.FIRE",
        "the core does not keep the door released in a fire",
    ),
    Mutant(
        "exit-ignored-after-restart", "edge.core.doorkeeper",
        "exit_changed(turn, event.exit_pressed)", "exit_changed(turn, False)",
        "a button pressed while nobody looked is never seen",
    ),
    Mutant(
        "release-without-end", "edge.core.doorkeeper",
        "until_ms = turn.mono_ms + hold_ms if hold_ms and not waits_for_closing else None", "until_ms = None",
        "a release that nobody takes lasts for ever",
    ),
    Mutant(
        "lockdown-keeps-release", "edge.core.doorkeeper",
        "SHUT_POSTURES: Final = frozenset({Posture.LOCKDOWN, Posture.OUT_OF_SERVICE})",
        "SHUT_POSTURES: Final = frozenset[Posture]()",
        "whoever was let in a moment before the lockdown may still open",
    ),
    Mutant(
        "alarm-too-early", "edge.core.alarm_codes",
        "AlarmCode.UPLINK_DOWN: 60_000,", "AlarmCode.UPLINK_DOWN: 6_000,",
        "a link that comes and goes is an alarm each time",
    ),
    Mutant(
        "alarm-never-clears", "edge.core.alarms",
        "        else:\n            _clear(turn, key)", "        else:\n            pass",
        "an alarm outlives its condition",
    ),
    Mutant(
        "replayed-command", "edge.core.commands",
        "if event.id in turn.durable.commands_seen:", "if event.id in ():",
        "a command that arrives twice is carried out twice",
    ),
    Mutant(
        "commands-run-again", "edge.core.commands",
        "for command in turn.durable.commands_begun:", "for command in turn.durable.commands_begun[:0]:",
        "what the last run began is never answered",
    ),
    Mutant(
        "desired-not-followed", "edge.core.postures",
        "if desired is not None:\n        _take(turn",
        "if desired is not None and turn.durable.posture is Posture.SECURE:\n        _take(turn",
        "the cloud's will is followed out of the usual posture alone",
    ),
    Mutant(
        "unsaid-window", "edge.core.station",
        "0 if event.clean_stop else UNRECORDED_RELEASE_WINDOW_MS", "0",
        "the boot record does not admit a release without a record",
    ),
    Mutant(
        "release-outlives-restart", "edge.core.door",
        "return Door(fire=door.fire, held_for_ms=door.held_for_ms)", "return door",
        "the state says released while the pin is at rest",
    ),
    Mutant(
        "state-beside-records", "edge.core.doorkeeper",
        "if not turn.door.fire:\n            turn.record(FireStarted())",
        "if False:\n            turn.record(FireStarted())",
        "fire releases and is not written down",
    ),
    Mutant(
        "snapshot-forgets", "edge.core.snapshot",
        'sure = bool(data["sure"])', "sure = True",
        "a doubt about the count does not survive a restart",
    ),
    Mutant(
        "commands-do-not-wait", "edge.core.effects",
        "ReleaseCause.COMMAND: Urgency.AFTER_COMMIT", "ReleaseCause.COMMAND: Urgency.BUDGETED",
        "somebody far away opens a door and no record says so",
    ),
)  # fmt: skip
