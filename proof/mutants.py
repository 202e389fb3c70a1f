"""Does the proof bite? Seeded bugs, put into the core one at a time, must each be found within a few simulated days.

A mutant is one piece of source text replaced by another, in memory: an import hook compiles the changed text in a
process of its own, and the tree is never touched.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MAX_DAYS: Final = 30
DAYS_AT_ONCE: Final = 3
MAX_SECONDS: Final = 120


@dataclass(frozen=True)
class Mutant:
    """`old` stands exactly once in the module's file. `bug` says what a person would call it."""

    name: str
    module: str
    old: str
    new: str
    bug: str


MUTANTS: Final[tuple[Mutant, ...]] = (
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
        "alarm-too-early", "edge.core.alarms",
        "AlarmCode.UPLINK_DOWN: 60_000,", "AlarmCode.UPLINK_DOWN: 6_000,",
        "a link that comes and goes is an alarm each time",
    ),
    Mutant(
        "alarm-never-clears", "edge.core.alarms",
        "if condition.stands is False and key in standing:", "if condition.stands is False and key not in standing:",
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


class Loader(importlib.machinery.SourceFileLoader):
    """Compiles a changed text in the place of the file's."""

    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.path)
        return compile(mutated(self._mutant, path.read_text(encoding="utf-8")), str(path), "exec")


class Finder(importlib.abc.MetaPathFinder):
    """Finds the one module that is changed."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        source = str(ROOT / (fullname.replace(".", "/") + ".py"))
        return importlib.util.spec_from_file_location(fullname, source, loader=Loader(fullname, source, self._mutant))


def mutated(mutant: Mutant, text: str) -> str:
    """The module's text with the bug in it. Raises `ValueError` when the place is not there exactly once."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"mutant {mutant.name}: its place stands {text.count(mutant.old)} times in {mutant.module}")
    return text.replace(mutant.old, mutant.new)


def live_as(mutant: Mutant, seed: int) -> str:
    """In this process, from now on: the core with the bug. What found it within `MAX_DAYS`, or nothing."""
    sys.meta_path.insert(0, Finder(mutant))
    from proof.living import live_planned

    for number in range(MAX_DAYS // DAYS_AT_ONCE):
        broken = live_planned(f"mutants/{seed}/{number}", DAYS_AT_ONCE).broken
        if broken is not None:
            return str(broken)
    return ""


def hunt_one(mutant: Mutant, seed: int) -> str:
    """What found the mutant, lived in a process of its own; empty when nothing did."""
    line = f"from proof import mutants; print('FOUND', mutants.live_as(mutants.by_name({mutant.name!r}), {seed}))"
    ended = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"mutant {mutant.name} fell over instead of living:\n{ended.stderr[-2_000:]}")
    return ended.stdout.partition("FOUND ")[2].strip()


def by_name(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)
