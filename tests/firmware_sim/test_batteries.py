"""Batteries live as batteries do: charge, heat, age, sleep, burn; and their BMS tells it or does not."""

import itertools

import pytest

from firmware_sim.batteries import MODELS, VENTS_C, Battery, BmsState

MODEL = MODELS["YZ60-24"]
HOUR_S = 3_600.0


def battery(soc: float = 0.5, **more: bool) -> Battery:
    return Battery("YZB60A000001", MODEL, soc=soc, soh=1.0, cycles=0, **more)


def test_an_hour_at_a_quarter_of_the_capacity_is_a_quarter_of_the_charge() -> None:
    pack = battery(0.2)
    pack.advance(HOUR_S, MODEL.capacity_ah / 4, 20.0)
    assert pack.soc == pytest.approx(0.45, abs=0.002)


def test_a_charger_holds_its_current_then_the_packs_full_voltage_and_then_ends() -> None:
    pack = battery(0.90)
    currents, volts = [], []
    for _ in range(6 * 60):
        pack.advance(10.0, 12.0, 20.0)
        currents.append(pack.current_a)
        volts.append(pack.terminal_v)
    assert currents[0] == 12.0
    assert max(volts) <= MODEL.full_v + 0.01
    at_full_voltage = [amps for amps, volt in zip(currents, volts, strict=True) if volt > MODEL.full_v - 0.01]
    assert at_full_voltage == sorted(at_full_voltage, reverse=True)
    assert currents[-1] == 0.0
    assert pack.soc > 0.97


def test_no_pack_is_charged_with_more_than_it_takes() -> None:
    assert battery(0.3).takes_a(100.0) == MODEL.charge_a


def test_charging_warms_a_pack_and_rest_cools_it() -> None:
    pack = battery(0.1)
    pack.advance(HOUR_S, 12.0, 20.0)
    warm = pack.celsius
    assert 24.0 < warm < 40.0
    pack.advance(4 * HOUR_S, 0.0, 20.0)
    assert pack.celsius == pytest.approx(20.0, abs=0.5)


def test_time_is_the_same_in_one_step_or_many() -> None:
    one, many = battery(0.1), battery(0.1)
    one.advance(600.0, 12.0, 20.0)
    for _ in range(600):
        many.advance(1.0, 12.0, 20.0)
    assert one.soc == pytest.approx(many.soc, abs=1e-6)
    assert one.celsius == pytest.approx(many.celsius, abs=0.05)


def test_a_used_pack_has_more_cycles_less_health_and_less_room() -> None:
    pack = battery(0.0)
    for _ in range(10):
        pack.soc = 0.0
        pack.advance(3 * HOUR_S, 12.0, 20.0)
    assert 4.5 < pack.cycles < 5.1
    assert 0.998 < pack.soh < 1.0
    assert pack.capacity_ah < MODEL.capacity_ah


def test_a_sleeper_shows_nothing_until_a_little_current_has_woken_it() -> None:
    pack = battery(0.05, asleep=True)
    assert pack.told() is None
    assert pack.terminal_v == 0.0
    pack.advance(8.0, 0.5, 20.0)
    assert pack.told() is None
    assert pack.terminal_v > 0
    pack.advance(8.0, 0.5, 20.0)
    assert pack.told() is not None


def test_waking_that_is_broken_off_begins_anew() -> None:
    pack = battery(0.05, asleep=True)
    pack.advance(8.0, 0.5, 20.0)
    pack.advance(1.0, 0.0, 20.0)
    pack.advance(8.0, 0.5, 20.0)
    assert pack.asleep


def test_a_runaway_rises_faster_and_faster_vents_kills_its_bms_and_burns_out() -> None:
    pack = battery(0.9)
    pack.runaway = True
    heat = [pack.celsius]
    seconds_to_vent = None
    for second in range(240):
        pack.advance(1.0, 0.0, 20.0)
        heat.append(pack.celsius)
        if pack.vents and seconds_to_vent is None:
            seconds_to_vent = second
            assert pack.celsius >= VENTS_C
            assert pack.told() is not None
    rates = [after - before for before, after in itertools.pairwise(heat)]
    assert rates[:30] == sorted(rates[:30])
    # A rise of 1 °C a second comes before 55 °C: whoever watches the rate is earlier.
    assert heat[next(at for at, rate in enumerate(rates) if rate >= 1.0)] < 52.0
    assert seconds_to_vent is not None
    assert 30 < seconds_to_vent < 120
    assert max(heat) > 500
    assert pack.told() is None
    assert not pack.runaway


@pytest.mark.parametrize("state", [BmsState.SILENT, BmsState.FROZEN, BmsState.IMPOSSIBLE])
def test_a_bms_that_is_broken_says_nothing_the_same_or_what_cannot_be(state: BmsState) -> None:
    pack = battery(0.5)
    before = pack.told()
    assert before is not None
    pack.bms = state
    pack.advance(HOUR_S, 12.0, 20.0)
    said = pack.told()
    if state is BmsState.SILENT:
        assert said is None
    elif state is BmsState.FROZEN:
        assert said == before
    else:
        assert said is not None
        assert said.voltage_mv > 120_000
    pack.bms = BmsState.FINE
    healed = pack.told()
    assert healed is not None
    assert healed.soc_percent > 80
