"""The header's registers and pigpio's glitch filter, and its protocol as bytes."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.devices.pigpio_wire import REQUEST, Request
from firmware_sim.devices.pins import PinBank, PinMode, PinNumber, Pull

PIN = PinNumber(27)


def test_an_input_reads_its_wire_through_its_pull_up() -> None:
    bank = PinBank()
    bank.set_pull(PIN, Pull.UP, 0.0)
    assert bank.level(PIN) is True
    bank.wire(PIN, True, 1.0)
    assert bank.level(PIN) is False


def test_an_output_drives_its_latch_and_power_loss_puts_it_to_rest() -> None:
    bank = PinBank()
    edges: list[tuple[int, bool]] = []
    bank.on_edge = lambda pin, level, at_ms: edges.append((pin, level))
    bank.write(PIN, True, 0.0)
    assert bank.mode(PIN) is PinMode.OUTPUT
    bank.power_cycle(1.0)
    assert bank.mode(PIN) is PinMode.INPUT
    assert edges == [(PIN, True), (PIN, False)]


@given(st.lists(st.floats(0.1, 20.0), min_size=1, max_size=60), st.integers(1, 10_000))
def test_the_glitch_filter_reports_a_level_only_when_it_was_steady(gaps_ms: list[float], steady_us: int) -> None:
    bank = PinBank()
    bank.set_pull(PIN, Pull.UP, 0.0)
    bank.set_filter(PIN, steady_us, 0.0)
    reports: list[tuple[float, bool]] = []
    bank.on_report = lambda levels, changed, at_ms: reports.append((at_ms, bool(levels >> PIN & 1)))
    edges: list[tuple[float, bool]] = []
    now_ms, grounded = 0.0, False
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        grounded = not grounded
        bank.wire(PIN, grounded, now_ms)
        edges.append((now_ms, not grounded))
    bank.advance(now_ms + 1000.0)
    ends = [at_ms for at_ms, _ in edges[1:]] + [now_ms + 1000.0]
    steady = [level for (at_ms, level), end_ms in zip(edges, ends, strict=True) if at_ms + steady_us / 1000.0 <= end_ms]
    expected = [level for index, level in enumerate(steady) if level is not ([True, *steady][index])]
    assert [level for _, level in reports] == expected
    assert [at_ms for at_ms, _ in reports] == sorted(at_ms for at_ms, _ in reports)


@given(st.tuples(*[st.integers(0, 2**32 - 1)] * 4), st.integers(-200, 2**31 - 1))
def test_an_answer_repeats_the_request_and_carries_the_result(words: tuple[int, int, int, int], result: int) -> None:
    request = Request.parse(REQUEST.pack(*words))
    command, p1, p2, answered = REQUEST.unpack(request.answer(result))
    assert (command, p1, p2) == words[:3]
    assert (answered - 2**32 if answered >= 2**31 else answered) == result
