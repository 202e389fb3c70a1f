"""A station's core lived by hand: events with explicit time, deadlines obeyed, everything written down."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from contract.ids import CredentialHash, MemberId, ReaderId, StationId
from contract.policy.model import Member
from contract.records import AlarmCode, DoorMode, Record
from edge.core import events
from edge.core.config import DoorConfig, StationConfig
from edge.core.effects import Effect, ReleaseLock, SecureLock
from edge.core.state import Now, RecordedAt, StationState
from edge.core.station import deadline, from_snapshot, initial_state, snapshot, step

ENTRY = ReaderId("entry")
CARD = CredentialHash("5e" * 32)
RIDER = Member(MemberId("rider-1"), trade="courier")
STATION = StationId("station-1")
CONFIG = StationConfig(STATION, (ENTRY,))
WALL_MS = 1_790_000_000_000
BOUNCE_MS = CONFIG.door.bounce_ms
T = TypeVar("T", bound=Record)


def with_door(**changes: object) -> StationConfig:
    """The usual configuration with another door."""
    return replace(CONFIG, door=replace(DoorConfig(), **changes))  # type: ignore[arg-type]


class Life:
    """One station. `records`, `effects` are of all steps; `last` are the records of the latest call."""

    def __init__(self, config: StationConfig = CONFIG, *, booted: bool = True) -> None:
        self.config = config
        self.mono_ms = 1_000
        self.clock_trusted = True
        self.latest_trusted_ms: int | None = None
        self.state: StationState = initial_state(config)
        self.records: list[tuple[Record, RecordedAt]] = []
        self.effects: list[Effect] = []
        self.last: list[Record] = []
        self.lock_released = False
        if booted:
            self.boot()
            self.levels()
            self.do(events.ReaderChanged(ENTRY, online=True))

    # ------------------------------------------------ time and events

    def now(self) -> Now:
        return Now(self.mono_ms, WALL_MS + self.mono_ms, self.clock_trusted, self.latest_trusted_ms)

    def do(self, event: events.Event) -> list[Record]:
        """One event at the present moment."""
        now = self.now()
        result = step(self.config, self.state, event, now)
        self.state = result.state
        boot = self.state.durable.boot
        self.records += [(record, RecordedAt(now.mono_ms, now.wall_ms, boot)) for record in result.records]
        self.effects += result.effects
        for effect in result.effects:
            if isinstance(effect, ReleaseLock | SecureLock):
                self.lock_released = isinstance(effect, ReleaseLock)
        self.last = list(result.records)
        return self.last

    def wait(self, ms: int) -> list[Record]:
        """Let time pass, waking at every deadline as the shell does."""
        end, seen = self.mono_ms + ms, list[Record]()
        while (due := deadline(self.state)) is not None and due <= end:
            self.mono_ms = max(self.mono_ms, due)
            seen += self.do(events.Tick())
        self.mono_ms = end
        self.last = seen
        return seen

    # ------------------------------------------------ what people do

    def card(self, member: Member | None = RIDER, *, age_ms: int = 0) -> list[Record]:
        return self.do(events.CardPresented(ENTRY, CARD, member, self.mono_ms - age_ms))

    def leaf(self, is_open: bool) -> list[Record]:
        """Move the leaf and let its contact settle."""
        first = list(self.do(events.ContactChanged(is_open)))
        self.last = first + self.wait(BOUNCE_MS)
        return self.last

    def open(self) -> list[Record]:
        return self.leaf(True)

    def close(self) -> list[Record]:
        return self.leaf(False)

    def press_exit(self, for_ms: int = 200) -> list[Record]:
        seen = list(self.do(events.ExitChanged(True)))
        seen += self.wait(for_ms)
        seen += self.do(events.ExitChanged(False))
        self.last = seen
        return seen

    # ------------------------------------------------ runs

    def boot(self, *, clean_stop: bool = True) -> list[Record]:
        """Begin the next run from what the journal keeps."""
        self.state = from_snapshot(snapshot(self.state))
        self.lock_released = False
        boot = self.state.durable.boot + 1
        return self.do(events.Booted("1.0", "digest", clean_stop, boot, 0))

    def levels(self, *, contact_open: bool = False, exit_pressed: bool = False, fire: bool = False) -> list[Record]:
        """Outputs go to rest, then the inputs are read."""
        self.lock_released = False
        return self.do(events.LevelsRead(contact_open, exit_pressed, fire))

    # ------------------------------------------------ questions

    def mode(self) -> DoorMode:
        return self.state.durable.door.mode

    def people(self) -> tuple[int, bool]:
        return self.state.durable.occupancy.people, self.state.durable.occupancy.sure

    def alarms(self) -> set[AlarmCode]:
        return {alarm.code for alarm in self.state.durable.alarms if alarm.active}


def kinds(records: Iterable[Record]) -> list[str]:
    """The kinds, in order."""
    return [record.KIND for record in records]


def only(records: Iterable[Record], kind: type[T]) -> T:
    """The one record of a kind."""
    found = [record for record in records if isinstance(record, kind)]
    assert len(found) == 1, f"{len(found)} records of {kind.__name__}"
    return found[0]
