"""The cabinet in the state message: the core's view, as the wire's model reads it, with times that run down."""

from contract.cabinet_parts import CabinetState
from contract.ids import BatteryId, MemberId, SlotNumber
from contract.records import AnomalyCause, AnomalyKind, SlotAside, SwapKind, SwapOutcome, SwapStage, Trip
from edge.core.cabinet.view import AnomalyView, CabinetView, SaidView, SlotView, SwapView
from edge.runtime.cabinet_picture import MAX_ANOMALIES, cabinet_message, steady

SLOT = SlotView(
    slot=SlotNumber(3),
    door_open=False,
    may_be_open=False,
    present=True,
    battery=BatteryId("B-7"),
    booked=BatteryId("B-7"),
    model="LFP-48",
    soc_percent=91,
    soh_percent=97,
    voltage_mv=53_900,
    current_ma=0,
    temperature_decicelsius=251,
    cycles=40,
    charging=False,
    full=True,
    asides=(SlotAside.LOCKED_OUT,),
    trips=(Trip.TOO_HOT,),
    lost="",
)
SWAP = SwapView(
    swap=5,
    member=MemberId("rider-1"),
    kind=SwapKind.SWAP,
    stage=SwapStage.PUT_IN,
    slot=SlotNumber(4),
    attempt=1,
    outcome=None,
    ends_mono_ms=61_000,
    warned=False,
    overdue=False,
    again=False,
    held=False,
    cancellable=True,
)
SAID = SaidView(SwapOutcome.NOT_TAKEN, None, "", True, None, 9_000)
ANOMALIES = tuple(
    AnomalyView(number, AnomalyKind.VANISHED, AnomalyCause.POWER_OFF, BatteryId("B-8"), None, None, 7, "")
    for number in range(1, 100)
)


def cabinet(swap: SwapView | None = SWAP, said: SaidView | None = SAID) -> CabinetView:
    return CabinetView(
        online=True,
        ready=True,
        service_by="",
        hazard=False,
        trips=(),
        slots=(SLOT,),
        full=1,
        empty=1,
        swap=swap,
        waiting=0,
        chosen=SwapKind.TAKE_ONLY,
        chosen_until_mono_ms=4_000,
        said=said,
        anomalies=ANOMALIES,
        claims=0,
        out=3,
        swaps=5,
    )


def test_the_wire_reads_what_is_told() -> None:
    told = CabinetState.model_validate(cabinet_message(cabinet(), 1_000))

    assert told.swap is not None
    assert told.said is not None
    assert (told.swap.ends_in_ms, told.said.ends_in_ms, told.chosen_ends_in_ms) == (60_000, 8_000, 3_000)
    assert (told.slots[0].battery, told.slots[0].trips, told.slots[0].asides) == ("B-7", ["too_hot"], ["locked_out"])
    assert [anomaly.anomaly for anomaly in told.anomalies] == list(range(100 - MAX_ANOMALIES, 100))
    assert set(cabinet_message(cabinet(), 1_000)) == set(CabinetState.model_fields), "nothing more, nothing less"


def test_what_is_over_has_no_time_left() -> None:
    told = CabinetState.model_validate(cabinet_message(cabinet(), 90_000))
    assert told.swap is not None
    assert told.swap.ends_in_ms == 0


def test_time_that_runs_down_is_no_news_and_all_else_is() -> None:
    first = steady(cabinet_message(cabinet(), 1_000))

    assert steady(cabinet_message(cabinet(), 2_000)) == first
    assert steady(cabinet_message(cabinet(swap=None), 1_000)) != first
    assert steady(cabinet_message(cabinet(swap=None, said=None), 1_000)) is not None
    assert steady(None) is None
