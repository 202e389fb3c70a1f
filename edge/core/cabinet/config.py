"""The part of a cabinet's configuration that decisions depend on."""

from dataclasses import dataclass
from typing import Final

from contract.ids import ReaderId, SlotNumber

MAX_SLOTS: Final = 120
MAX_MODELS: Final = 32
COLDEST_CHARGE_DECICELSIUS: Final = 50
HOTTEST_CHARGE_DECICELSIUS: Final = 450
"""5–45 °C: no lithium cell of a scooter charges outside it. A model may narrow it, never widen it."""


@dataclass(frozen=True)
class BatteryModel:
    """What a charger has to know of a battery. Voltages are of the whole pack.

    `wakeable`: a pack of this model at 0 V may be given a little current once, to wake its BMS.
    """

    name: str
    capacity_mah: int
    empty_mv: int
    """Below, the pack is deeply discharged and not charged."""
    full_mv: int
    """Above, it is not charged."""
    charge_ma: int
    charge_from_decicelsius: int = COLDEST_CHARGE_DECICELSIUS
    charge_to_decicelsius: int = HOTTEST_CHARGE_DECICELSIUS
    wakeable: bool = False
    wake_ma: int = 500

    def __post_init__(self) -> None:
        if not 0 < self.empty_mv < self.full_mv <= 120_000:
            raise ValueError(f"model {self.name!r}: empty_mv and full_mv must rise, up to 120000")
        if not 0 < self.charge_ma <= 100_000 or not 0 < self.wake_ma <= self.charge_ma:
            raise ValueError(f"model {self.name!r}: charge_ma must be 1–100000 and wake_ma at most that")
        if not 0 < self.capacity_mah <= 1_000_000:
            raise ValueError(f"model {self.name!r}: capacity_mah = {self.capacity_mah} is outside 1–1000000")
        least, most = COLDEST_CHARGE_DECICELSIUS, HOTTEST_CHARGE_DECICELSIUS
        if not least <= self.charge_from_decicelsius < self.charge_to_decicelsius <= most:
            raise ValueError(
                f"model {self.name!r}: charge_from_decicelsius and charge_to_decicelsius may narrow {least}–{most} only"
            )

    @property
    def charge_w(self) -> int:
        """The most that charging one takes."""
        return self.full_mv * self.charge_ma // 1_000_000


@dataclass(frozen=True)
class SwapTimes:
    """How long a rider, or the cabinet, has for each step."""

    open_ms: int = 3_000
    """From the pulse to the door; then the next try."""
    tries: int = 3
    put_in_ms: int = 60_000
    verify_ms: int = 15_000
    """Until the battery's BMS has told who it is."""
    take_ms: int = 60_000
    close_ms: int = 120_000
    """From the first warning of an open door until the swap ends without it."""
    reconcile_ms: int = 30_000
    """After a restart, until the cabinet has to have told what is true."""

    def __post_init__(self) -> None:
        times_ms = (self.open_ms, self.put_in_ms, self.verify_ms, self.take_ms, self.close_ms, self.reconcile_ms)
        if min(times_ms) < 1 or not 1 <= self.tries <= 3:
            raise ValueError("times of a swap must be above 0, and tries 1–3")


@dataclass(frozen=True)
class CabinetConfig:
    """`reader` is where riders show their card for the cabinet; it opens no door.

    `chargeable`: the make cuts the output by itself when the lease is not renewed, or has a main contactor; without,
    nothing is charged. `resume_checked` False: after power came back an operator has to say so.
    """

    slots: tuple[SlotNumber, ...] = ()
    reader: ReaderId | None = None
    models: tuple[BatteryModel, ...] = ()
    times: SwapTimes = SwapTimes()
    full_soc_percent: int = 90
    give_min_soh_percent: int = 70
    take_min_soh_percent: int = 50
    give_max_decicelsius: int = 450
    rest_ms: int = 60_000
    """A battery has not been charged for so long when it is given."""
    keep_empty: int = 1
    keep_full: int = 0
    """So many full ones are kept charged before anything else."""
    chargeable: bool = False
    power_budget_w: int = 3_000
    charge_at_once: int = 12
    stagger_ms: int = 2_000
    resume_checked: bool = True

    def __post_init__(self) -> None:
        if len(self.slots) > MAX_SLOTS or len(set(self.slots)) != len(self.slots) or any(n < 1 for n in self.slots):
            raise ValueError(f"slots: at most {MAX_SLOTS}, numbered from 1, each once")
        named = [model.name for model in self.models]
        if len(named) > MAX_MODELS or len(set(named)) != len(named):
            raise ValueError(f"models: at most {MAX_MODELS}, each named once")
        if self.slots and not 1 <= self.keep_empty < len(self.slots):
            raise ValueError(f"keep_empty = {self.keep_empty}: must be at least 1 and below the number of slots")
        percents = (self.full_soc_percent, self.give_min_soh_percent, self.take_min_soh_percent)
        if not all(1 <= percent <= 100 for percent in percents):
            raise ValueError("percentages of the cabinet must be 1–100")
        if self.rest_ms < 0 or self.keep_full < 0 or self.stagger_ms < 0:
            raise ValueError("rest_ms, keep_full and stagger_ms must not be negative")
        if self.power_budget_w < 1 or self.charge_at_once < 1:
            raise ValueError("power_budget_w and charge_at_once must be above 0")

    def model(self, name: str) -> BatteryModel | None:
        return next((model for model in self.models if model.name == name), None)
