"""Every code that the Python side can say has words in both languages."""

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest

from cloud.domain.commands import CommandKind
from cloud.ingest.progress import CloudAlarm
from contract.records import (
    RECORD_TYPES,
    TELEMETRY_KINDS,
    AlarmCode,
    AnomalyCause,
    AnomalyEnd,
    AnomalyKind,
    ChargeEnd,
    DoorMode,
    Posture,
    PostureCause,
    Priority,
    Reason,
    ReleaseCause,
    RelockCause,
    SlotAside,
    SlotCause,
    SwapKind,
    SwapOutcome,
    SwapRefusal,
    SwapStage,
    Trip,
)
from edge.console.models import Emergency, SlotLook
from edge.core.cabinet.asides import Trouble
from edge.core.load_state import LoadCause, LoadKind
from firmware_sim.config import StoryName
from firmware_sim.faults import FaultName
from firmware_sim.hands import Outcome
from firmware_sim.lock import LockCause
from firmware_sim.log import FactKind
from firmware_sim.wires import Wire

WEB = Path(__file__).parents[2] / "web"

CODES: list[tuple[str, type[StrEnum]]] = [
    ("reason", Reason),
    ("posture", Posture),
    ("door.mode", DoorMode),
    ("cause", ReleaseCause),
    ("cause", RelockCause),
    ("cause", PostureCause),
    ("alarm", AlarmCode),
    ("alarm", CloudAlarm),
    ("advice", AlarmCode),
    ("advice", CloudAlarm),
    ("priority", Priority),
    ("load", LoadKind),
    ("loadcause", LoadCause),
    ("story", StoryName),
    ("lockcause", LockCause),
    ("world", FactKind),
    ("visit", Outcome),
    ("panel.wire", Wire),
    ("kiosk.emergency", Emergency),
    ("slot.look", SlotLook),
    ("swap.kind", SwapKind),
    ("swap.stage", SwapStage),
    ("swap.outcome", SwapOutcome),
    ("swap.refusal", SwapRefusal),
    ("slotcause", SlotCause),
    ("aside", SlotAside),
    ("trip", Trip),
    ("chargeend", ChargeEnd),
    ("anomaly", AnomalyKind),
    ("anomaly.cause", AnomalyCause),
    ("anomaly.end", AnomalyEnd),
    ("command", CommandKind),
    ("answer", Trouble),
    ("kiosk.swap.kind", SwapKind),
    ("kiosk.swap.how", SwapKind),
    ("kiosk.swap.stage", SwapStage),
    ("kiosk.swap.outcome", SwapOutcome),
    ("kiosk.swap.refusal", SwapRefusal),
]


@pytest.fixture(params=["zh", "en"])
def texts(request: pytest.FixtureRequest) -> dict[str, str]:
    path = WEB / "src" / "shared" / "messages" / f"{request.param}.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


@pytest.mark.parametrize(("family", "codes"), CODES)
def test_every_code_has_words(texts: dict[str, str], family: str, codes: type[StrEnum]) -> None:
    assert [code for code in codes if f"{family}.{code}" not in texts] == []


@pytest.mark.parametrize("family", ["stage", "outcome", "refusal"])
def test_everything_said_of_a_swap_says_what_to_do(texts: dict[str, str], family: str) -> None:
    said = [key for key in texts if key.startswith(f"kiosk.swap.{family}.") and not key.endswith(".text")]
    assert [key for key in said if f"{key}.text" not in texts] == []
    assert said


def test_every_trip_says_what_to_do(texts: dict[str, str]) -> None:
    assert [trip for trip in Trip if f"trip.{trip}.text" not in texts] == []


def test_every_command_says_what_will_happen(texts: dict[str, str]) -> None:
    wanted = {f"command.{kind}_{part}" for kind in CommandKind for part in ("title", "explains", "confirm")}
    assert wanted - texts.keys() == set()


def test_every_kind_of_event_has_words(texts: dict[str, str]) -> None:
    assert [kind for kind in RECORD_TYPES.keys() - TELEMETRY_KINDS if f"event.{kind}" not in texts] == []


def test_every_fault_has_words(texts: dict[str, str]) -> None:
    by_wire = {f"fault.{FaultName.CUT_WIRE}.{wire}" for wire in Wire}
    # A cut link is the panel's network switch.
    single = {f"fault.{name}" for name in FaultName if name not in (FaultName.CUT_WIRE, FaultName.LINK_CUT)}
    assert (by_wire | single) - texts.keys() == set()


def test_everything_that_is_written_down_of_people_has_words(texts: dict[str, str]) -> None:
    written = re.compile(r'acts\.note\(\s*connection,\s*[\w.]+,\s*f?"([\w.{}]+)"')
    sources = [path.read_text(encoding="utf-8") for path in (WEB.parent / "cloud").rglob("*.py")]
    names = {name for source in sources for name in written.findall(source)}
    names = {name.format(kind=kind) for name in names for kind in CommandKind}
    assert len(names) >= 10
    known = {key.removeprefix("act.") for key in texts if key.startswith("act.")}
    assert [name for name in sorted(names) if not any(f"{key}.".startswith(f"{name}.") for key in known)] == []
