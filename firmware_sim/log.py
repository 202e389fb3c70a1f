"""The world's own log: what really happened at the station, one JSON object a line.

It is the oracle that the cloud's rows are compared with, so it is complete and exact: a line is written and flushed
before the simulator goes on, `mono_ms` is the moment of the event itself on CLOCK_MONOTONIC (the same clock in every
process of this machine), and when the file's limit is reached the simulator stops instead of leaving a hole. Lines
stand in the order of writing; a line computed for an exact earlier moment may follow one some milliseconds younger.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

RECENT_LINES = 50
MAX_LOG_BYTES = 1 << 30


class FactKind(StrEnum):
    START = "start"
    STOP = "stop"
    CARD_SHOWN = "card_shown"
    CARD_ON_WIRE = "card_on_wire"
    CARD_LOST = "card_lost"
    REPLY_LOST = "reply_lost"
    READER_LINK = "reader_link"
    READER_FEEDBACK = "reader_feedback"
    LOCK_EDGE = "lock_edge"
    BOLT = "bolt"
    PIN_EDGE = "pin_edge"
    GPIO_CLIENT = "gpio_client"
    DOOR = "door"
    PUSH = "push"
    EXIT = "exit"
    FIRE = "fire"
    PERSON = "person"
    """Somebody is now somewhere else; `inside` is how many are inside since."""
    DOING = "doing"
    BEAM = "beam"
    MOTION = "motion"
    AIR = "air"
    SMOKE = "smoke"
    WATER = "water"
    LOAD = "load"
    MAINS = "mains"
    BATTERY = "battery"
    TAMPER = "tamper"
    KEYS_PRESSED = "keys_pressed"
    CODE_SHOWN = "code_shown"
    CODE_LOST = "code_lost"
    SLOT_PULSE = "slot_pulse"
    """A lock of the swap cabinet was given its pulse; `count` is the how manieth of this slot."""
    SLOT_DOOR = "slot_door"
    SLOT_LAMP = "slot_lamp"
    BATTERY_MOVED = "battery_moved"
    """`from` and `to` are `slot:n`, `person:id`, or empty: out of the world, where each comes from at first."""
    RUNAWAY = "runaway"
    """A battery begins to heat itself …"""
    BATTERY_VENTS = "battery_vents"
    """… and smokes."""
    CHARGER_SET = "charger_set"
    """A limit was written and is in force …"""
    CHARGER = "charger"
    """… and current flows, or has ceased to."""
    CONTACTOR = "contactor"
    WATCHDOG = "watchdog"
    FAN = "fan"
    EXTINGUISHER = "extinguisher"
    EXTINGUISHER_RENEWED = "extinguisher_renewed"
    CABINET_POINT = "cabinet_point"
    FAULT = "fault"
    POWER = "power"
    NETWORK = "network"
    VISIT_BEGIN = "visit_begin"
    VISIT_END = "visit_end"


class LogFull(Exception):
    """The log reached its limit; an oracle with a hole is worse than none, so the simulator stops."""


def monotonic_ms() -> float:
    return time.monotonic() * 1000.0


class WorldLog:
    """Thread-safe: the readers write from their own threads. `path` None keeps only the recent lines (tests)."""

    def __init__(self, path: Path | None, max_bytes: int = MAX_LOG_BYTES) -> None:
        self._lock = threading.Lock()
        self._file = None
        self._bytes = 0
        self._max_bytes = max_bytes
        self.recent: deque[dict[str, Json]] = deque(maxlen=RECENT_LINES)
        self.written = 0
        self.on_line: Callable[[], None] | None = None
        self.on_full: Callable[[], object] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
            self._bytes = path.stat().st_size

    def write(self, kind: FactKind, at_ms: float | None = None, **fields: Json) -> float:
        """Append one fact and return its `mono_ms`; `at_ms` is given when the moment is known more exactly than
        "now"."""
        now_ms = monotonic_ms()
        at_ms = now_ms if at_ms is None else at_ms
        at = datetime.now(UTC) - timedelta(milliseconds=now_ms - at_ms)
        line: dict[str, Json] = {
            "mono_ms": round(at_ms, 3),
            "at": at.isoformat(timespec="milliseconds"),
            "kind": kind.value,
            **fields,
        }
        encoded = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            if self._file is not None:
                if self._bytes + len(encoded) > self._max_bytes:
                    if self.on_full is not None:
                        self.on_full()
                    raise LogFull(f"{self._file.name}: the world's log reached its limit of {self._max_bytes} bytes")
                self._file.write(encoded)
                self._bytes += len(encoded)
            self.recent.append(line)
            self.written += 1
        if self.on_line is not None:
            self.on_line()
        return at_ms

    def tail(self) -> list[dict[str, Json]]:
        with self._lock:
            return list(self.recent)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
