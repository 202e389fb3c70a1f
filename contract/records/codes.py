"""The closed lists that records, messages and policy share. A code keeps its meaning; new ones may be added."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Stable reason codes of an access decision. Their meaning never changes; new ones may be added."""

    GRANTED = "granted"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OUTSIDE_HOURS = "outside_hours"
    NOT_THIS_STATION = "not_this_station"
    LOCKDOWN = "lockdown"
    OUT_OF_SERVICE = "out_of_service"
    STATION_FULL = "station_full"
    ANTIPASSBACK = "antipassback"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    LIVENESS_FAILED = "liveness_failed"
    LOW_CONFIDENCE = "low_confidence"
    LOCKED_OUT = "locked_out"
    CLOCK_UNTRUSTED = "clock_untrusted"
    STALE = "stale"
    ALREADY_USED = "already_used"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    HAZARD = "hazard"
    """Smoke, carbon monoxide or a burning battery: nobody is let in."""
    WRONG_PIN = "wrong_pin"
    CODE_TOO_SHORT = "code_too_short"
    """So many codes of this length are issued that one of them could be guessed."""
    PASS_INVALID = "pass_invalid"
    """A QR pass that is not signed by the cloud, or not for this station, or not a pass at all."""


class Posture(StrEnum):
    """How the door treats people (门禁模式)."""

    SECURE = "secure"
    FREE_ACCESS = "free_access"
    TWO_FACTOR = "two_factor"
    LOCKDOWN = "lockdown"
    OUT_OF_SERVICE = "out_of_service"


class DoorMode(StrEnum):
    """The door machine's states. The table is in `edge.core.door`."""

    SECURED = "secured"
    RELEASED = "released"
    OPEN = "open"
    HELD_PRE_ALARM = "held_pre_alarm"
    HELD = "held"
    FORCED = "forced"


class ReleaseCause(StrEnum):
    """Why the lock was let go."""

    CARD = "card"
    FACE = "face"
    PIN = "pin"
    EXIT = "exit"
    FIRE = "fire"
    COMMAND = "command"
    FREE_ACCESS = "free_access"


class RelockCause(StrEnum):
    """Why the lock went back to rest."""

    OPENED = "opened"
    CLOSED = "closed"
    TIMED_OUT = "timed_out"
    POSTURE = "posture"
    FIRE_ENDED = "fire_ended"
    RESTART = "restart"
    REFUSED = "refused"
    """The release was never carried out: its record could not be committed."""


class Direction(StrEnum):
    """Which way a reader leads."""

    IN = "in"
    OUT = "out"


class PostureCause(StrEnum):
    """Who wants a posture, by rank: the cloud's standing will, the station's plan, its usual posture."""

    DESIRED = "desired"
    SCHEDULE = "schedule"
    USUAL = "usual"


class AlarmCode(StrEnum):
    """Alarms that a station raises itself. One stands exactly while its condition does, within its delays."""

    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    FIRE = "fire"
    READER_OFFLINE = "reader_offline"
    GPIO_LOST = "gpio_lost"
    UPLINK_DOWN = "uplink_down"
    CHILD_RESTARTING = "child_restarting"
    STORAGE_FULL = "storage_full"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    JOURNAL_RESET = "journal_reset"
    JOURNAL_FORKED = "journal_forked"
    RECORDS_DROPPED = "records_dropped"
    ROSTER_UNAVAILABLE = "roster_unavailable"
    CONFIG_REFUSED = "config_refused"
    CLOCK_UNTRUSTED = "clock_untrusted"
    DURESS = "duress"
    """Somebody was made to open the door. Silent: the station itself shows nothing of it."""
    PIN_GUESSING = "pin_guessing"
    READER_TAMPER = "reader_tamper"
    ENCLOSURE_TAMPER = "enclosure_tamper"
    MAINS_LOST = "mains_lost"
    BATTERY_LOW = "battery_low"
    LOCK_FAULT = "lock_fault"
    """The lock's own feedback contradicts what it was told."""
    CONTACT_IMPLAUSIBLE = "contact_implausible"
    SMOKE = "smoke"
    CARBON_MONOXIDE = "carbon_monoxide"
    WATER_LEAK = "water_leak"
    TOO_HOT = "too_hot"
    TOO_COLD = "too_cold"
    SENSOR_OFFLINE = "sensor_offline"
    WELFARE = "welfare"
    """Somebody inside lies still and does not answer."""
    LOITERING = "loitering"
    OVER_CAPACITY = "over_capacity"
    LOAD_FAULT = "load_fault"
    ALARM_FLOOD = "alarm_flood"
    CABINET_OFFLINE = "cabinet_offline"
    CABINET_TRIPPED = "cabinet_tripped"
    """Charging was stopped and stays so until somebody has looked: too hot, smoke, water, impossible data …"""
    CHARGER_FAULT = "charger_fault"
    """A charger does not do as it was told."""
    SLOT_STUCK = "slot_stuck"
    SLOT_LEFT_OPEN = "slot_left_open"
    SLOT_FORCED = "slot_forced"
    """A slot was opened that nobody had told to."""
    BATTERY_ANOMALY = "battery_anomaly"
    """The books cannot explain where a battery is."""
    NO_FULL_BATTERY = "no_full_battery"


LIFE_SAFETY: Final = frozenset(
    {
        AlarmCode.FIRE,
        AlarmCode.SMOKE,
        AlarmCode.CARBON_MONOXIDE,
        AlarmCode.DURESS,
        AlarmCode.WELFARE,
        AlarmCode.CABINET_TRIPPED,
    }
)
"""Alarms about people's lives: nobody puts them aside."""


class Priority(StrEnum):
    """Alarm priorities after ISA-18.2."""

    URGENT = "urgent"
    HIGH = "high"
    LOW = "low"
