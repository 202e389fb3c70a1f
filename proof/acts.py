"""What anybody may do to a station, as data: a life is a list of acts, which can be cut short and written to a file.

An act with a duration (a stuck contact, a cloud that is away) is one act, so that leaving it out leaves nothing behind.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from enum import IntEnum, StrEnum
from pathlib import Path

from contract.frozen import frozen


class Typed(IntEnum):
    """What somebody types at a keypad: the number of the card shown last there, or not."""

    RIGHT = 0
    WRONG = 1
    DURESS = 2


class ActKind(StrEnum):
    """`who` and `value` by kind; durations and offsets are in milliseconds."""

    VISIT = "visit"
    """Somebody, body number `who`, comes to the door and waits there for `value` unless they come in."""
    CARD = "card"
    """`who` shows their card at reader `value`."""
    PASS = "pass"
    """Somebody shows pass number `who` at reader `value`."""
    TYPE = "type"
    """At reader `who` something is typed, `value` being a `Typed`."""
    GO = "go"
    """Body `who` goes through the door way, `value` being a `room.Way`."""
    LIE = "lie"
    """Body `who` lies down inside for `value`."""
    ANSWER = "answer"
    """`value` 0: somebody touches the screen, 1: a technician has looked."""
    ACKNOWLEDGE = "acknowledge"
    """Somebody has seen alarm number `who` of those that stand: `value` 0 at the station, 1 in the cloud."""
    SHELVE = "shelve"
    """Alarm number `who` of those that stand is put aside for `value`: at the station (even) or in the cloud (odd)."""
    CUT_LOAD = "cut_load"
    """The cloud cuts load number `who` off for `value`."""
    PUSH = "push"
    """`value` 0 from outside, 1 from inside, 2 by violence."""
    LET_GO = "let_go"
    WEDGE = "wedge"
    """`value` 1: something is put under the door, 0: taken away."""
    EXIT = "exit"
    """`value` 1: pressed, 0: let go."""
    FIRE = "fire"
    """`value`: how long the fire panel is active."""
    ROSTER = "roster"
    """The cloud revokes (`value` 0) or admits (`value` 1) `who`."""
    DESIRE = "desire"
    """The cloud wants posture number `value`; −1: the station's own plan."""
    COMMAND = "command"
    """`value` indexes `shell.COMMANDS`; −1: the latest command arrives once more."""
    CUT = "cut"
    """Mains and controller without power for `value`."""
    CUT_AT_COMMIT = "cut_at_commit"
    """The power goes with the commit number `who` from now, before anybody is told of it."""
    CUT_AT_EFFECT = "cut_at_effect"
    """The power goes right after the effect number `who` from now on the lock."""
    CRASH = "crash"
    """The controller's process dies; machine and clock go on. It is back after `value`."""
    STOP = "stop"
    """An orderly stop and a new start (an update)."""
    STALL = "stall"
    """The controller does not run for `value`; what happens meanwhile waits."""
    PINS = "pins"
    """The pin server is away for `value`; the lock pin falls to rest (`who` 0) or stays as it is (1)."""
    READER = "reader"
    """Reader `who` is dead for `value`."""
    CHILD = "child"
    """Child number `who` of the controller is down for `value`."""
    STORM = "storm"
    """A bad supply: the readers drop out and come back, `value` times."""
    CLOUD_AWAY = "cloud_away"
    CLOUD_RESTORED = "cloud_restored"
    """The cloud's database is that of the last midnight."""
    STORAGE_LOCKED = "storage_locked"
    STORAGE_FULL = "storage_full"
    STORAGE_SLOW = "storage_slow"
    """Commits take longer than a release waits for them."""
    CONTACT_CUT = "contact_cut"
    """The contact's wire is cut: it says open."""
    CONTACT_WORN = "contact_worn"
    """The contact bounces for longer than any debouncing."""
    CONTACT_FLAPS = "contact_flaps"
    """A loose wire: the contact's level goes back and forth `value` times."""
    COVERED = "covered"
    """Something hangs before both beams for `value`."""
    JOURNAL_DAMAGED = "journal_damaged"
    """`who` 0: found at the next start, 1: met while running."""
    ROLL_BACK = "roll_back"
    """A power cut, after which the storage is that of the last midnight (a card restored from an image)."""
    SNAPSHOT_DAMAGED = "snapshot_damaged"
    CLOCK_LOST = "clock_lost"
    """The wall clock is off by `who` seconds and not trusted for `value`."""
    ROSTER_AWAY = "roster_away"
    SMOKE = "smoke"
    WATER = "water"
    CARBON_MONOXIDE = "carbon_monoxide"
    """`who` ppm for `value`."""
    WEATHER = "weather"
    """`who` tenths of a degree warmer outside than usual, for `value`."""
    SPARK = "spark"
    """One report of the air sensor that is not true."""
    SENSOR = "sensor"
    """Sensor `who` (0 air, 1 meter, 2 radar) is dead for `value`."""
    RADAR_LIES = "radar_lies"
    """For `value` the radar sees nobody (`who` 0), somebody moving (1) or somebody still (2)."""
    STUCK = "stuck"
    """Sensor point `who` % 4 of `faults.SEEING` stays dark (`who` < 4) or lit for `value`."""
    POINT = "point"
    """Supervised point `who` is active for `value`."""
    FLAP = "flap"
    """Supervised point `who` goes back and forth `value` times."""
    BOLT = "bolt"
    """The bolt stays where it is for `value`."""
    METER_EXCHANGED = "meter_exchanged"
    LOAD_DISOBEYS = "load_disobeys"
    """The output of load number `who` does not say what was set for `value`."""
    LID = "lid"
    """The lid of reader `who` is off for `value`."""
    RIDER = "rider"
    """Rider `who` comes to the cabinet, `value` being a `riders.Habit`."""
    SLOT_STUCK = "slot_stuck"
    """The lock of slot number `who` does not let go for `value`."""
    SLOT_SILENT = "slot_silent"
    """Slot number `who` does not answer for `value`."""
    CABINET_AWAY = "cabinet_away"
    """The line to the cabinet is cut for `value`."""
    PULSES = "pulses"
    """The next `value` pulses meet trouble number `who` of `cabinet_faults.TROUBLES`."""
    PRY = "pry"
    """Somebody breaks slot number `who` open, and takes what is in (`value` 1) or leaves a brick there (2)."""
    BURNS = "burns"
    """The battery in slot number `who` runs away, `value` tenths of a degree a second."""
    SLOT_SMOKE = "slot_smoke"
    """The detector of slot number `who` says smoke for `value`."""
    CABINET_POINT = "cabinet_point"
    """The cabinet's point number `who` is active for `value`."""
    ASLEEP = "asleep"
    """The BMS of what is in slot number `who` says nothing for `value`."""
    TECHNICIAN = "technician"
    """Comes, works for `value`, and leaves a cabinet in order."""


@frozen
class Act:
    at_ms: int
    kind: ActKind
    who: int = 0
    value: int = 0


@frozen
class Script:
    """A life to be lived again: `seed` draws the configuration and the luck of messages, `acts` is the rest."""

    seed: str
    days: int
    acts: tuple[Act, ...]
    broke: str = ""
    """What it broke when it was found."""

    def save(self, path: Path) -> None:
        lines = ",\n".join(f"  {json.dumps(asdict(act))}" for act in self.acts)
        head = f'{{"seed": {json.dumps(self.seed)}, "days": {self.days}, "broke": {json.dumps(self.broke)}'
        path.write_text(f'{head}, "acts": [\n{lines}\n]}}\n', encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Script":
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(data["seed"], data["days"], acts_from(data["acts"]), data.get("broke", ""))


def acts_from(rows: Iterable[dict[str, int | str]]) -> tuple[Act, ...]:
    return tuple(
        Act(int(row["at_ms"]), ActKind(str(row["kind"])), int(row.get("who", 0)), int(row.get("value", 0)))
        for row in rows
    )
