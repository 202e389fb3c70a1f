"""What is remembered of the cabinet (`CabinetMemory`, a fold of records) and known now (`CabinetNow`, volatile)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.ids import BatteryId, MemberId, SlotNumber
from contract.policy.model import BatteryFacts
from contract.records import (
    AnomalyCause,
    AnomalyKind,
    SlotAside,
    SwapKind,
    SwapOutcome,
    SwapRefusal,
    SwapStage,
    Trip,
)
from edge.core.events.cabinet import BatteryReading, CabinetPoint

MAX_OUT: Final = 2_048
"""Batteries with riders that the station remembers by itself; the cloud knows of all."""
MAX_ANOMALIES: Final = 256
MAX_CLAIMS: Final = 512
MAX_RECALLED: Final = 1_000
COLDEST_DECICELSIUS: Final = -400
HOTTEST_DECICELSIUS: Final = 2_000
"""What a sensor beside a battery can say, a burning one included."""
MAX_LEFT: Final = 120

GONE: Final = frozenset({AnomalyKind.VANISHED, AnomalyKind.TOOK_TWO})
"""The anomalies that are a battery's place: nobody knows where it is. All others are about what lies in a slot."""


# ---------------------------------------------------------------- durable


@dataclass(frozen=True)
class Aside:
    """Why a slot is out of swaps. `until_ms`: wall time before which nobody gives it back."""

    slot: SlotNumber
    why: SlotAside
    until_ms: int | None = None
    by: str = ""


@dataclass(frozen=True)
class Booked:
    """A battery that the books have in a slot. `member` is who brought it; None: nobody known."""

    slot: SlotNumber
    battery: BatteryId
    model: str = ""
    member: MemberId | None = None


@dataclass(frozen=True)
class Out:
    """A battery that the books have with a member, since `since_ms` of wall time."""

    battery: BatteryId
    member: MemberId
    since_ms: int


@dataclass(frozen=True)
class Anomaly:
    id: int
    kind: AnomalyKind
    cause: AnomalyCause
    battery: BatteryId | None
    slot: SlotNumber | None
    member: MemberId | None
    swap: int | None
    since_ms: int
    detail: str = ""


@dataclass(frozen=True)
class Claim:
    """A battery owed to a member, and not given yet."""

    id: int
    member: MemberId
    since_ms: int


@dataclass(frozen=True)
class Tripped:
    """A latched trip. `slot` None: the whole cabinet."""

    trip: Trip
    slot: SlotNumber | None
    since_ms: int
    detail: str = ""
    hazard: bool = False
    """It can burn: the room is to be left."""


@dataclass(frozen=True)
class Swap:
    """The swap under way. `…_ms` are wall time."""

    id: int
    member: MemberId
    kind: SwapKind
    stage: SwapStage
    slot_in: SlotNumber | None
    slot_out: SlotNumber | None
    begun_ms: int
    attempt: int = 1
    outcome: SwapOutcome | None = None
    """Decided already: what is left is to give back."""
    battery_in: BatteryId | None = None
    """What has been put in and not taken back …"""
    battery_out: BatteryId | None = None
    """… and what has been taken."""
    was: SwapStage | None = None
    """Of a swap that waits for the cabinet's truth: the stage in which the restart found it."""
    claim: int | None = None
    """The claim that it has led to."""
    claim_used: bool = False


@dataclass(frozen=True)
class Left:
    """A slot that a swap has ended at without knowing what is going to become of it: what moves there is still this
    member's doing, until somebody else opens it."""

    slot: SlotNumber
    member: MemberId
    swap: int
    owed: bool = False
    """The rider has got nothing for a battery that is found there …"""
    claim: int | None = None
    """… or has this claim already, which what is taken from there uses up."""
    given: BatteryId | None = None
    """What was given out there: who puts it back has nothing again."""
    exchanged: bool = False
    closed: bool = False


@dataclass(frozen=True)
class CabinetMemory:
    """Durable. `swaps`, `pulses`, `anomalies_opened` and `claims_granted` are the latest numbers given."""

    swaps: int = 0
    pulses: int = 0
    anomalies_opened: int = 0
    claims_granted: int = 0
    swap: Swap | None = None
    left: tuple[Left, ...] = ()
    asides: tuple[Aside, ...] = ()
    booked: tuple[Booked, ...] = ()
    out: tuple[Out, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    claims: tuple[Claim, ...] = ()
    tripped: tuple[Tripped, ...] = ()
    woken: tuple[BatteryId, ...] = ()
    """Packs that have been given the current that wakes them: once each."""
    charging: tuple[SlotNumber, ...] = ()
    """Chargers that a record has switched on. A run begins with all of them off, without a record of it."""
    recalled: tuple[BatteryId, ...] = ()
    power_budget_w: int | None = None
    keep_full: int | None = None
    locked_out: tuple[SlotNumber, ...] = ()
    """By the cloud's standing will."""
    service_by: str = ""
    """Who works at the cabinet; empty: nobody."""
    open_doors: tuple[SlotNumber, ...] = ()
    """Seen open, and not shut since, over restarts too."""
    unlocked: SlotNumber | None = None
    """The slot that was told to open last, until it has been seen shut again."""

    def in_slot(self, slot: SlotNumber) -> Booked | None:
        return next((booked for booked in self.booked if booked.slot == slot), None)

    def left_at(self, slot: SlotNumber) -> Left | None:
        return next((left for left in self.left if left.slot == slot), None)

    def with_nobody(self, battery: BatteryId) -> Anomaly | None:
        """The open anomaly that is the battery's place."""
        return next((one for one in self.anomalies if one.battery == battery and one.kind in GONE), None)

    def out_with(self, battery: BatteryId) -> Out | None:
        return next((out for out in self.out if out.battery == battery), None)

    def claim_of(self, member: MemberId) -> Claim | None:
        """The oldest."""
        return next((claim for claim in self.claims if claim.member == member), None)

    def place_of(self, battery: BatteryId) -> SlotNumber | None:
        return next((booked.slot for booked in self.booked if booked.battery == battery), None)

    @property
    def is_hazard(self) -> bool:
        """A latched trip says that something here can burn."""
        return any(tripped.hazard for tripped in self.tripped)

    def is_aside(self, slot: SlotNumber) -> bool:
        return any(aside.slot == slot for aside in self.asides)

    def is_tripped(self, slot: SlotNumber) -> bool:
        return any(tripped.slot in (slot, None) for tripped in self.tripped)


# ---------------------------------------------------------------- volatile


def _believable(decicelsius: int | None) -> int | None:
    known = decicelsius is not None and COLDEST_DECICELSIUS <= decicelsius <= HOTTEST_DECICELSIUS
    return decicelsius if known else None


@dataclass(frozen=True)
class SlotNow:
    """One slot in this run. None: not known. `…_ms` are monotonic moments."""

    door_open: bool | None = None
    present: bool | None = None
    battery: BatteryReading | None = None
    charger_on: bool | None = None
    charger_ma: int | None = None
    smoke: bool | None = None
    slot_decicelsius: int | None = None
    """What the slot's own sensor says, where it has one."""
    read_ms: int = 0
    """When anything was heard of it last: a reading, or that it is lost."""
    door_since_ms: int | None = None
    pulsed_ms: int | None = None
    """Told to open, and not seen open or surely shut since: it counts as open."""
    pulse: int = 0
    told_ms: int | None = None
    """When it was told to open last, in this run."""
    shut_ms: int | None = None
    """When the pulse counts as one that did not open the door, if that is read shut until then."""
    pulse_answered: bool = False
    """The driver has said what became of the pulse."""
    obeys: bool | None = None
    lost: str = ""
    """Why nothing is known of it."""
    impossible: bool = False
    """It was lost because what it said cannot be true."""

    @property
    def known(self) -> bool:
        """Door and battery have been read; a slot whose BMS is silent is known to hold something."""
        return self.door_open is not None and self.present is not None

    @property
    def battery_decicelsius(self) -> int | None:
        """What the battery says, if it can be believed."""
        return None if self.battery is None else _believable(self.battery.temperature_decicelsius)

    @property
    def decicelsius(self) -> int | None:
        """The hottest that battery and slot say. None: nobody knows."""
        said = self.battery_decicelsius, _believable(self.slot_decicelsius)
        return max((celsius for celsius in said if celsius is not None), default=None)

    @property
    def may_be_open(self) -> bool:
        return self.door_open is not False or self.pulsed_ms is not None


@dataclass(frozen=True)
class ChargeNow:
    """One slot's charger in this run."""

    limit_ma: int = 0
    since_ms: int = 0
    """When it was switched as it is now …"""
    rested_since_ms: int | None = None
    """… and when the battery in it last stopped being charged; None: it has not been charged in this run."""
    wake_until_ms: int | None = None
    due_ms: int | None = None


@dataclass(frozen=True)
class Warmth:
    """What a slot has shown lately, as `trips` judges it. `…_ms` are monotonic moments."""

    battery: BatteryId | None = None
    """Whose it is; another battery begins anew."""
    seen: tuple[tuple[int, int], ...] = ()
    """Temperatures, newest last, as (moment, tenths of a degree)."""
    since_ms: int = 0
    """When this battery was seen here first …"""
    arrived: bool = False
    """… and that it came then, in this run: it brings the weather's and the ride's temperature."""
    head_start_decicelsius: int | None = None
    """By how much it was warmer than its neighbours then; None: not compared yet."""
    voltage_mv: int | None = None
    current_since_ms: int | None = None
    """A charger that is off gives current since then."""
    missing_since_ms: int | None = None
    """Nothing is known of it since then, and it was charging."""
    wrong_since_ms: int | None = None
    """What it says cannot be true since then."""
    heat_ms: int | None = None
    """When it last was too hot or rising."""
    extinguished: bool = False


@dataclass(frozen=True)
class SwapNow:
    """The swap under way in this run. `…_ms` are monotonic moments."""

    since_ms: int
    """When the present stage began …"""
    due_ms: int | None = None
    """… and when its limit, or the warning within it, is reached."""
    warned: bool = False
    overdue: bool = False
    """The rider's time is over, and the slot is only to be closed."""
    pulsed: bool = False
    """The stage's slot has been told to open."""
    held_ms: int | None = None
    """Since when nothing can go on: the cabinet does not answer, another slot is open, or storage is away."""
    again: bool = False
    """The slot was closed with nothing done, and opens once more."""
    inside: BatteryId | None = None
    """What has been put in says that it is this."""
    lamp: SlotNumber | None = None
    """The slot whose lamp says: here."""


@dataclass(frozen=True)
class Said:
    """What the screen says after a swap has ended or was refused, until `until_ms`."""

    until_ms: int
    outcome: SwapOutcome | None = None
    refusal: SwapRefusal | None = None
    detail: str = ""
    claim: bool = False
    slot: SlotNumber | None = None
    """A slot that is still to be closed."""


@dataclass(frozen=True)
class BooksNow:
    """What the books need to know of this run."""

    touched: Mapping[SlotNumber, AnomalyCause] = field(default_factory=dict)
    """What may have moved something in a slot since it last agreed with the books. A slot that has not agreed in this
    run yet was touched while nobody looked."""
    agreed: frozenset[SlotNumber] = frozenset()
    silent_ms: Mapping[SlotNumber, int] = field(default_factory=dict)
    """Since when something in a slot has not said who it is."""
    ask_ms: int | None = None
    """When the roster is asked again about what it could not say."""
    due_ms: int | None = None
    """When the first of these has lasted too long."""


@dataclass(frozen=True)
class CabinetNow:
    """Volatile."""

    online: bool | None = None
    detail: str = ""
    slots: Mapping[SlotNumber, SlotNow] = field(default_factory=dict)
    points: Mapping[CabinetPoint, bool] = field(default_factory=dict)
    contactor_closed: bool | None = None
    read_due_ms: int | None = None
    """When a slot's pulse or its silence is over."""
    all_read: bool = False
    """Every slot has been read in this run: the books have been compared, and things may move."""
    offline_since_ms: int | None = None
    chosen: SwapKind | None = None
    chosen_until_ms: int | None = None
    swap: SwapNow | None = None
    waiting: tuple[MemberId, ...] = ()
    """Riders who were told to wait for the swap under way."""
    asked: tuple[BatteryId, ...] = ()
    """The roster is being asked about these batteries …"""
    facts: Mapping[BatteryId, BatteryFacts | None] = field(default_factory=dict)
    """… and these it has answered; None: not one of ours."""
    unanswered: frozenset[BatteryId] = frozenset()
    """Those about which it could not say anything."""
    said: Said | None = None
    charge: Mapping[SlotNumber, ChargeNow] = field(default_factory=dict)
    charge_due_ms: int | None = None
    contactor_wanted: bool | None = None
    """What the main contactor was told last; None: nothing in this run."""
    resumed: bool = False
    """Everything has been looked at since power came back: chargers may begin."""
    resume_allowed: bool = False
    """An operator has said that charging may begin again in this run."""
    warmth: Mapping[SlotNumber, Warmth] = field(default_factory=dict)
    trip_due_ms: int | None = None
    service_due_ms: int | None = None
    """When service mode ends by itself if nobody does anything more."""
    first_step: tuple[SlotNumber, str, int] | None = None
    """A technician's first of two steps: slot, who, until when."""
    books: BooksNow = field(default_factory=BooksNow)
