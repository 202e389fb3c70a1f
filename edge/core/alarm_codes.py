"""What is known of each alarm code before anything happens: `docs/ALARMS.md` is the same for people.

*Delays.* A condition becomes an alarm once it has stood for its on-delay without a break, and the alarm ends once the
condition has been away for its off-delay without a break. The off-delay is what keeps a loose connector from ringing
all night: an alarm comes no more often than once in both delays together.

*Latching.* What somebody has to look at even if it is over by itself stays listed until somebody says so.

*Causes.* One thing that breaks takes others with it. Those others are recorded and listed under what took them along,
so that whoever is called sees one alarm and not ten. Nothing urgent is ever hidden like this, and no cause hides what
is of a higher priority than itself.
"""

from dataclasses import dataclass
from typing import Final

from contract.records import AlarmCode, Priority

PRIORITY: Final[dict[AlarmCode, Priority]] = {
    AlarmCode.FIRE: Priority.URGENT,
    AlarmCode.DOOR_FORCED: Priority.URGENT,
    AlarmCode.JOURNAL_FORKED: Priority.URGENT,
    AlarmCode.GPIO_LOST: Priority.URGENT,
    AlarmCode.DURESS: Priority.URGENT,
    AlarmCode.SMOKE: Priority.URGENT,
    AlarmCode.CARBON_MONOXIDE: Priority.URGENT,
    AlarmCode.WELFARE: Priority.URGENT,
    AlarmCode.CABINET_TRIPPED: Priority.URGENT,
    AlarmCode.CHARGER_FAULT: Priority.URGENT,
    AlarmCode.SLOT_FORCED: Priority.URGENT,
    AlarmCode.DOOR_HELD: Priority.HIGH,
    AlarmCode.READER_OFFLINE: Priority.HIGH,
    AlarmCode.STORAGE_FULL: Priority.HIGH,
    AlarmCode.STORAGE_UNAVAILABLE: Priority.HIGH,
    AlarmCode.JOURNAL_RESET: Priority.HIGH,
    AlarmCode.RECORDS_DROPPED: Priority.HIGH,
    AlarmCode.ROSTER_UNAVAILABLE: Priority.HIGH,
    AlarmCode.LOCK_FAULT: Priority.HIGH,
    AlarmCode.READER_TAMPER: Priority.HIGH,
    AlarmCode.ENCLOSURE_TAMPER: Priority.HIGH,
    AlarmCode.WATER_LEAK: Priority.HIGH,
    AlarmCode.MAINS_LOST: Priority.HIGH,
    AlarmCode.BATTERY_LOW: Priority.HIGH,
    AlarmCode.PIN_GUESSING: Priority.HIGH,
    AlarmCode.TOO_HOT: Priority.HIGH,
    AlarmCode.ALARM_FLOOD: Priority.HIGH,
    AlarmCode.CABINET_OFFLINE: Priority.HIGH,
    AlarmCode.SLOT_STUCK: Priority.HIGH,
    AlarmCode.SLOT_LEFT_OPEN: Priority.HIGH,
    AlarmCode.BATTERY_ANOMALY: Priority.HIGH,
    AlarmCode.NO_FULL_BATTERY: Priority.LOW,
    AlarmCode.UPLINK_DOWN: Priority.LOW,
    AlarmCode.CHILD_RESTARTING: Priority.LOW,
    AlarmCode.CONFIG_REFUSED: Priority.LOW,
    AlarmCode.CLOCK_UNTRUSTED: Priority.LOW,
    AlarmCode.TOO_COLD: Priority.LOW,
    AlarmCode.CONTACT_IMPLAUSIBLE: Priority.LOW,
    AlarmCode.SENSOR_OFFLINE: Priority.LOW,
    AlarmCode.LOITERING: Priority.LOW,
    AlarmCode.OVER_CAPACITY: Priority.LOW,
    AlarmCode.LOAD_FAULT: Priority.LOW,
}

PRIORITY_OF_CHILD: Final[dict[str, Priority]] = {"reader": Priority.HIGH, "cabinet": Priority.HIGH}
"""A child whose failure takes an alarm of a higher priority along than that of its code."""

ON_DELAY_MS: Final[dict[AlarmCode, int]] = {
    # A reader is back within half a second of a lost reply: that is nobody's business.
    AlarmCode.READER_OFFLINE: 2_000,
    # A mobile link comes and goes.
    AlarmCode.UPLINK_DOWN: 60_000,
    # A station without a battery-backed clock starts untrusted, until the network has told the time.
    AlarmCode.CLOCK_UNTRUSTED: 600_000,
    # As the door's contact: a pulse of 10 ms is never believed, one of 50 ms always.
    AlarmCode.READER_TAMPER: 30,
    AlarmCode.ENCLOSURE_TAMPER: 30,
    # A dip that makes the lamps blink.
    AlarmCode.MAINS_LOST: 5_000,
    # The charger sags when a load comes on.
    AlarmCode.BATTERY_LOW: 30_000,
    # A bolt takes its time, and a release waits for its commit.
    AlarmCode.LOCK_FAULT: 2_000,
    AlarmCode.CONTACT_IMPLAUSIBLE: 1_000,
    # An output that lost its level is set again within a second or two.
    AlarmCode.LOAD_FAULT: 5_000,
    # A line that stutters, and a driver that starts.
    AlarmCode.CABINET_OFFLINE: 5_000,
    # A rider has a minute, and is reminded for two more.
    AlarmCode.SLOT_LEFT_OPEN: 180_000,
    # One is taken while the next has some minutes to go.
    AlarmCode.NO_FULL_BATTERY: 600_000,
}
"""How long a condition stands before its alarm does; 0 where none is given."""

OFF_DELAY_MS: Final[dict[AlarmCode, int]] = {
    AlarmCode.READER_OFFLINE: 5_000,
    AlarmCode.UPLINK_DOWN: 10_000,
    # A child that dies again and again is one alarm; and what it took along has time to come back before it.
    AlarmCode.CHILD_RESTARTING: 10_000,
    AlarmCode.SENSOR_OFFLINE: 10_000,
    AlarmCode.READER_TAMPER: 1_000,
    AlarmCode.ENCLOSURE_TAMPER: 1_000,
    # Mains that comes back in bursts has not come back, and what hung on it needs a moment.
    AlarmCode.MAINS_LOST: 30_000,
    AlarmCode.BATTERY_LOW: 60_000,
    AlarmCode.LOCK_FAULT: 2_000,
    AlarmCode.CONTACT_IMPLAUSIBLE: 60_000,
    # People pass in the door.
    AlarmCode.OVER_CAPACITY: 10_000,
    AlarmCode.CABINET_OFFLINE: 10_000,
    AlarmCode.NO_FULL_BATTERY: 60_000,
}
"""How long a condition is away before its alarm ends; 0 where none is given."""

LATCHING: Final[dict[AlarmCode, str]] = {
    AlarmCode.FIRE: "somebody has to go round the room before it is used again",
    AlarmCode.SMOKE: "what smouldered may smoulder again",
    AlarmCode.CARBON_MONOXIDE: "whoever breathed it needs a doctor although the air is clear",
    AlarmCode.WELFARE: "whoever lay there may have been carried out, or not",
    AlarmCode.DURESS: "the threat does not end with the door",
    AlarmCode.DOOR_FORCED: "the leaf is shut, and the bolt may be bent",
    AlarmCode.READER_TAMPER: "the lid is on again, and what was done under it stays",
    AlarmCode.ENCLOSURE_TAMPER: "the lid is on again, and what was done under it stays",
    AlarmCode.LOCK_FAULT: "a lock that failed once will not be trusted until it was looked at",
    AlarmCode.PIN_GUESSING: "the attempt is over, and its reason is not",
    AlarmCode.CABINET_TRIPPED: "a battery that has burnt inside burns again, and a reset is no look",
    AlarmCode.CHARGER_FAULT: "a charger that went on once will again",
    AlarmCode.SLOT_FORCED: "the slot is in use again, and who opened it is not known",
    AlarmCode.WATER_LEAK: "what dried by itself is wet again next week",
    AlarmCode.JOURNAL_FORKED: "told once; a card may have been copied",
    AlarmCode.JOURNAL_RESET: "told once; a storage card may be dying",
    AlarmCode.RECORDS_DROPPED: "told once; what is lost stays lost",
}
"""The codes that stay listed until acknowledged, and why."""

TOLD_ONCE: Final[dict[AlarmCode, dict[str, object]]] = {
    AlarmCode.JOURNAL_FORKED: {"journal_forked": None},
    AlarmCode.JOURNAL_RESET: {"journal_reset": None},
    AlarmCode.RECORDS_DROPPED: {"records_dropped": 0},
}
"""Facts rather than conditions: they end when somebody has acknowledged them. By code, what of `state.Parts` says so,
and what it says then."""

SILENT: Final = frozenset({AlarmCode.DURESS})
"""Nothing at the station tells of these: whoever stands beside the member must not know. They only go upward."""


@dataclass(frozen=True)
class Consequences:
    """While an alarm `cause` stands (of that `source`, where one is given), alarms of these `codes` follow from it."""

    cause: AlarmCode
    codes: frozenset[AlarmCode]
    source: str | None = None


CONSEQUENCES: Final = (
    Consequences(
        AlarmCode.MAINS_LOST,
        frozenset(
            {
                AlarmCode.SENSOR_OFFLINE,
                AlarmCode.READER_OFFLINE,
                AlarmCode.UPLINK_DOWN,
                AlarmCode.LOAD_FAULT,
                AlarmCode.CABINET_OFFLINE,
            }
        ),
    ),
    Consequences(
        AlarmCode.GPIO_LOST, frozenset({AlarmCode.CONTACT_IMPLAUSIBLE, AlarmCode.LOCK_FAULT, AlarmCode.LOAD_FAULT})
    ),
    Consequences(AlarmCode.CHILD_RESTARTING, frozenset({AlarmCode.READER_OFFLINE}), "reader"),
    Consequences(AlarmCode.CHILD_RESTARTING, frozenset({AlarmCode.UPLINK_DOWN}), "uplink"),
    Consequences(AlarmCode.CHILD_RESTARTING, frozenset({AlarmCode.SENSOR_OFFLINE}), "sensors"),
    Consequences(AlarmCode.CHILD_RESTARTING, frozenset({AlarmCode.CABINET_OFFLINE}), "cabinet"),
    Consequences(AlarmCode.FIRE, frozenset({AlarmCode.TOO_HOT})),
    Consequences(AlarmCode.SMOKE, frozenset({AlarmCode.TOO_HOT})),
)
