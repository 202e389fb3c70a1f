"""The closed lists of the battery swap. A code keeps its meaning; new ones may be added."""

from enum import StrEnum


class SwapKind(StrEnum):
    SWAP = "swap"
    RETURN_ONLY = "return_only"
    TAKE_ONLY = "take_only"


class SwapStage(StrEnum):
    """The swap machine's states. The table is in `edge.core.cabinet.swap_table`."""

    OPENING_IN = "opening_in"
    """The empty slot was told to open."""
    PUT_IN = "put_in"
    """It is open: the battery is to be put in and the door closed."""
    VERIFYING = "verifying"
    """A battery is in and the door closed: which one, and is it sound?"""
    OPENING_OUT = "opening_out"
    """The full slot was told to open."""
    TAKE_OUT = "take_out"
    """It is open: the battery is to be taken and the door closed."""
    OPENING_BACK = "opening_back"
    """The rider gets back what was put in: its slot was told to open."""
    TAKE_BACK = "take_back"
    RECONCILING = "reconciling"
    """After a restart: nothing moves before the cabinet has said what is true."""


class SwapOutcome(StrEnum):
    """How a swap ended: exactly one for each."""

    DONE = "done"
    CANCELLED = "cancelled"
    NOTHING_PUT_IN = "nothing_put_in"
    SLOT_STUCK = "slot_stuck"
    """No empty slot would open; nothing has moved."""
    LEFT_OPEN = "left_open"
    """The rider left the empty slot open; what is put in later is booked when it is seen."""
    REFUSED_FOREIGN = "refused_foreign"
    """Not one of ours; given back, as with every `refused_…`."""
    REFUSED_NOT_YOURS = "refused_not_yours"
    REFUSED_WORN = "refused_worn"
    REFUSED_SILENT = "refused_silent"
    """Its BMS says nothing: a brick, or a pack at 0 V."""
    REFUSED_FAULTY = "refused_faulty"
    REFUSED_RECALLED = "refused_recalled"
    REFUSED_UNKNOWN = "refused_unknown"
    """Whose it is could not be looked up."""
    KEPT = "kept"
    """Put in, not fit to be given back (hot, smoking): quarantined, and the rider has a claim."""
    OWN_RETURNED = "own_returned"
    """No full slot opened: the rider has taken the own battery back."""
    CLAIM = "claim"
    """No full slot opened and the own battery was not fit to go back: the rider has a claim."""
    NOT_TAKEN = "not_taken"
    """The full one stayed in its slot; the rider has a claim."""
    NOT_TAKEN_BACK = "not_taken_back"
    """The refused one stayed in its slot: it is in the books as an anomaly with the rider's name."""
    EXCHANGED = "exchanged"
    """Another battery lies where the full one was taken, or where the rider's own had been verified."""
    INTERRUPTED = "interrupted"
    """A restart ended it before anything had moved."""
    INTERRUPTED_CLAIM = "interrupted_claim"
    """A restart ended it with the rider's battery inside and no other given out."""
    HAZARD = "hazard"
    """Fire, smoke, a trip, the E-stop: the cabinet stopped moving."""
    CABINET_LOST = "cabinet_lost"
    """The cabinet stopped answering."""


class SwapRefusal(StrEnum):
    """Why a swap does not even begin: said before anybody's battery is taken."""

    DENIED = "denied"
    """The access decision said no; its reason stands beside."""
    BUSY = "busy"
    """Somebody else's swap is under way: wait."""
    NO_FULL = "no_full"
    NO_EMPTY = "no_empty"
    NOTHING_OWED = "nothing_owed"
    """Take only, by somebody who has a battery already."""
    SLOT_OPEN = "slot_open"
    """Another slot stands open, or may: it has to be closed first."""
    SERVICE = "service"
    HAZARD = "hazard"
    OFFLINE = "offline"
    """The cabinet does not answer, or has not said yet what is in it."""
    STORAGE_UNAVAILABLE = "storage_unavailable"
    OUT_OF_SERVICE = "out_of_service"


class SlotCause(StrEnum):
    """Why a slot was told to open."""

    SWAP_IN = "swap_in"
    SWAP_OUT = "swap_out"
    SWAP_BACK = "swap_back"
    COMMAND = "command"
    SERVICE = "service"
    QUARANTINE = "quarantine"
    """By a technician on site, in two steps."""


class SlotAside(StrEnum):
    """Why a slot takes no part in swaps."""

    STUCK = "stuck"
    LOCKED_OUT = "locked_out"
    """By an operator or a technician."""
    QUARANTINE = "quarantine"
    UNCOMMANDED = "uncommanded"
    """It was opened and nobody had told it to."""
    FAULTY = "faulty"


class Trip(StrEnum):
    """What stops charging and stays latched until somebody resets it."""

    TOO_HOT = "too_hot"
    RISING = "rising"
    HOTTER_THAN_NEIGHBOURS = "hotter_than_neighbours"
    SMOKE = "smoke"
    WATER = "water"
    BACK_DOOR = "back_door"
    EMERGENCY_STOP = "emergency_stop"
    CURRENT_WHILE_OFF = "current_while_off"
    DATA_MISSING = "data_missing"
    DATA_IMPOSSIBLE = "data_impossible"
    CONTACTOR_OPENED = "contactor_opened"
    """A charger did not obey, and the main contactor was opened."""


class ChargeEnd(StrEnum):
    """Why a slot's charger was switched off."""

    FULL = "full"
    WINDOW = "window"
    """Voltage, current or temperature left the model's window, or nobody knows the model."""
    TRIPPED = "tripped"
    BUDGET = "budget"
    TAKEN = "taken"
    DOOR = "door"
    RESTART = "restart"
    LOST = "lost"
    ORDERED = "ordered"
    WAKE_ENDED = "wake_ended"
    HAZARD = "hazard"
    """Fire, smoke or carbon monoxide in the room."""
    FAULT = "fault"
    """The battery's BMS, or the charger, says that something is wrong with it."""


class AnomalyKind(StrEnum):
    """What the books cannot explain by a move that was ordered."""

    APPEARED = "appeared"
    VANISHED = "vanished"
    EXCHANGED = "exchanged"
    TOOK_TWO = "took_two"
    FOREIGN_INSIDE = "foreign_inside"
    UNREADABLE_INSIDE = "unreadable_inside"
    SEEN_TWICE = "seen_twice"
    """One serial in two places."""


class AnomalyCause(StrEnum):
    """What made it possible, as far as the station knows."""

    SWAP = "swap"
    """A rider did not do as asked in a swap."""
    POWER_OFF = "power_off"
    OFFLINE = "offline"
    """It happened while the cabinet did not answer."""
    FORCED = "forced"
    """A slot was opened that nobody had told to."""
    SERVICE = "service"
    COMMAND = "command"
    UNKNOWN = "unknown"


class AnomalyEnd(StrEnum):
    CAME_BACK = "came_back"
    """The battery is where the books want it."""
    BOOKED = "booked"
    """A later move, or somebody's word, explains it."""
    FORGOTTEN = "forgotten"
    """No room for more: the oldest went."""
