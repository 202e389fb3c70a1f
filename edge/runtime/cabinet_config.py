"""`[cabinet]` of a station's configuration: the battery-swap cabinet.

[cabinet]
map = "/etc/yizhan/cabinets/integrated_12.toml"   # where the make keeps its registers
device = "/dev/ttyUSB2"                           # or host = "192.168.7.20" for Modbus TCP
slots = 12
reader = "cabinet"                                # one of [[readers]]: it opens no door

[[cabinet.models]]                                # what may be charged, and how; others are not
name = "LFP-48-20"
capacity_mah = 20000
empty_mv = 40000
full_mv = 54600
charge_ma = 5000
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contract.ids import ReaderId, SlotNumber
from contract.plain import PlainError
from edge.core.cabinet.config import MAX_SLOTS, BatteryModel, CabinetConfig, SwapTimes

BAUDS: Final = (9_600, 19_200, 38_400, 57_600, 115_200)


@dataclass(frozen=True)
class TimesSection:
    """How long a rider has for each step, in seconds."""

    put_in_s: int = 60
    verify_s: int = 15
    take_s: int = 60
    close_s: int = 120

    def __post_init__(self) -> None:
        for name in ("put_in_s", "verify_s", "take_s", "close_s"):
            if not 2 <= getattr(self, name) <= 600:
                raise PlainError(f"cabinet.times.{name}", f"{getattr(self, name)} is outside 2–600")


@dataclass(frozen=True)
class ModelSection:
    """`edge.core.cabinet.config.BatteryModel` says what each means."""

    name: str
    capacity_mah: int
    empty_mv: int
    full_mv: int
    charge_ma: int
    charge_from_decicelsius: int = 50
    charge_to_decicelsius: int = 450
    wakeable: bool = False
    wake_ma: int = 500

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 40:
            raise PlainError("cabinet.models.name", f"{self.name!r} must have 1–40 characters")
        try:
            self.model()
        except ValueError as error:
            raise PlainError("cabinet.models", str(error)) from None

    def model(self) -> BatteryModel:
        return BatteryModel(**vars(self))


@dataclass(frozen=True)
class CabinetSection:
    """Exactly one of `device` and `host`; `slots` None: no cabinet.

    `resume`: after power came back chargers begin again once everything has been `checked`, or when an `operator` says
    so.
    """

    map: Path | None = None
    device: Path | None = None
    baud: int = 115_200
    host: str | None = None
    port: int = 502
    slots: int | None = None
    reader: ReaderId | None = None
    models: tuple[ModelSection, ...] = ()
    times: TimesSection = field(default_factory=TimesSection)
    full_soc_percent: int = 90
    give_min_soh_percent: int = 70
    take_min_soh_percent: int = 50
    give_max_decicelsius: int = 450
    rest_s: int = 60
    keep_empty: int = 1
    keep_full: int = 0
    power_budget_w: int = 3_000
    charge_at_once: int = 12
    resume: str = "checked"

    def __post_init__(self) -> None:
        if not self.is_on:
            return
        if self.map is None:
            raise PlainError("cabinet.map", "is missing: where does this make keep its registers?")
        if (self.device is None) is (self.host is None):
            raise PlainError("cabinet.device", "name either a device or a host")
        if self.baud not in BAUDS:
            raise PlainError("cabinet.baud", f"{self.baud} is none of {', '.join(map(str, BAUDS))}")
        if self.host is not None and not re.fullmatch(r"[A-Za-z0-9.:_-]{1,253}", self.host):
            raise PlainError("cabinet.host", f"{self.host!r} is no host")
        if not 1 <= self.port <= 65_535:
            raise PlainError("cabinet.port", f"{self.port} is outside 1–65535")
        if self.reader is None:
            raise PlainError("cabinet.reader", "is missing: where do riders show their card?")
        if not 2 <= (self.slots or 0) <= MAX_SLOTS:
            raise PlainError("cabinet.slots", f"{self.slots} is outside 2–{MAX_SLOTS}")
        if self.resume not in ("checked", "operator"):
            raise PlainError("cabinet.resume", f"{self.resume!r} is neither checked nor operator")
        try:
            cabinet_config(self, chargeable=False)
        except ValueError as error:
            raise PlainError("cabinet", str(error)) from None

    @property
    def is_on(self) -> bool:
        return self.slots is not None


def cabinet_config(section: CabinetSection, *, chargeable: bool) -> CabinetConfig:
    """`chargeable`: as the make's map says. Raises `ValueError`."""
    if section.slots is None:
        return CabinetConfig()
    times = section.times
    return CabinetConfig(
        slots=tuple(SlotNumber(number) for number in range(1, section.slots + 1)),
        reader=section.reader,
        models=tuple(model.model() for model in section.models),
        times=SwapTimes(
            put_in_ms=times.put_in_s * 1_000,
            verify_ms=times.verify_s * 1_000,
            take_ms=times.take_s * 1_000,
            close_ms=times.close_s * 1_000,
        ),
        full_soc_percent=section.full_soc_percent,
        give_min_soh_percent=section.give_min_soh_percent,
        take_min_soh_percent=section.take_min_soh_percent,
        give_max_decicelsius=section.give_max_decicelsius,
        rest_ms=section.rest_s * 1_000,
        keep_empty=section.keep_empty,
        keep_full=section.keep_full,
        chargeable=chargeable,
        power_budget_w=section.power_budget_w,
        charge_at_once=section.charge_at_once,
        resume_checked=section.resume == "checked",
    )
