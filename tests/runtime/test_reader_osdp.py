"""The OSDP reader against a real peripheral on a pseudo terminal: how old a card is, lasting signs, noise."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.ids import ReaderId
from edge.core.effects import Feedback
from edge.drivers import reader_osdp, reader_signs
from edge.drivers.keypad import TypedNumber
from edge.drivers.reader_osdp import ACK, POLL, CardBits, OsdpReader, code_of, is_reply
from edge.runtime.ipc import CardRead
from edge.runtime.reports import presented_ms
from firmware_sim.devices.osdp_reader import ReaderMode
from tests.firmware_sim.support import RunningStation, make_config
from tests.runtime.waiting import PATIENCE_S

ACK_IN_SECURE_CHANNEL = bytes.fromhex("53810e000e0216400011223344") + b"\0"
ACK_IN_CLEAR = bytes.fromhex("5381080004400000")


class Reading:
    """An edge reader at work, serviced by this thread, so that a pause is simply not servicing it."""

    def __init__(self, running: RunningStation) -> None:
        self.running = running
        section = running.config.readers[0]
        self.cards: list[CardBits] = []
        self.numbers: list[TypedNumber] = []
        self.tampers: list[bool] = []
        self.online: list[bool] = []
        self.reader = OsdpReader(
            ReaderId("reader-1"),
            str(section.device),
            section.baud,
            section.address,
            bytes.fromhex(section.key_file.read_text()),
            on_card=self.cards.append,
            on_number=self.numbers.append,
            on_status=lambda online, detail, resets: self.online.append(online),
            on_tamper=self.tampers.append,
        )

    def serve_until(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
            time.sleep(min(0.002, self.reader.service()))

    def lights(self, color: str) -> int:
        return len(self.running.facts("reader_feedback", device="led", color=color))


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    with RunningStation(make_config(tmp_path)) as running:
        reading = Reading(running)
        reading.serve_until(lambda: reading.online == [True], "online")
        yield reading
        reading.reader.close()


def age_ms(card: CardBits) -> float:
    """The oldest that the core may take this card for, when it was read."""
    read = CardRead(ReaderId("r"), "ab", card.not_before_mono_ns // 1_000_000, card.received_mono_ns)  # type: ignore[arg-type]
    return card.received_mono_ns / 1e6 - presented_ms(read)


def test_a_card_shown_to_a_polled_reader_is_fresh(reading: Reading) -> None:
    reading.running.show()
    reading.serve_until(lambda: len(reading.cards) == 1, "a card")
    card = reading.cards[0]
    assert card.received_mono_ns - card.not_before_mono_ns < 500_000_000
    assert age_ms(card) < 1


def test_cards_that_waited_in_the_reader_are_as_old_as_the_pause_the_second_one_too(reading: Reading) -> None:
    reading.serve_until(lambda: reading.lights("green") == 0, "nothing")
    paused = time.monotonic_ns()
    reading.running.show()
    reading.running.show("cleaner-1")
    time.sleep(1.3)  # the pause itself: nobody asks the reader
    reading.serve_until(lambda: len(reading.cards) == 2, "both cards")
    for card in reading.cards:
        assert card.not_before_mono_ns <= paused + 50_000_000
        assert age_ms(card) >= 1_200


def test_noise_that_looks_like_an_acknowledgement_makes_no_card_younger(reading: Reading) -> None:
    paused = time.monotonic_ns()
    for person in ("rider-1", "cleaner-1"):
        reading.running.show(person)
    reading.running.station.readers["reader-1"].line._pty.write(ACK_IN_CLEAR[:-1])
    time.sleep(1.3)  # the pause itself
    reading.serve_until(lambda: len(reading.cards) == 2, "both cards")
    assert all(card.not_before_mono_ns <= paused + 50_000_000 for card in reading.cards)


def test_a_lasting_sign_is_shown_again_after_a_reset_of_the_reader(reading: Reading) -> None:
    reading.reader.show(Feedback.FORCED)
    reading.serve_until(lambda: reading.lights("red") >= 1, "the sign")
    simulated = reading.running.station.readers["reader-1"]
    simulated.set_mode(ReaderMode.SECURE)
    reading.serve_until(lambda: reading.reader.resets > 0, "the reset")
    reading.serve_until(lambda: reading.lights("red") >= 2, "the sign again")


def test_a_lasting_sign_is_kept_for_a_reader_that_is_away(reading: Reading) -> None:
    reading.reader._close("away")
    reading.reader.show(Feedback.HELD)
    reading.reader.show(Feedback.DENIED)
    reading.serve_until(lambda: reading.lights("red") >= 1, "the sign")
    (light, *_) = reading.running.facts("reader_feedback", device="led", color="red")
    assert light["for_ms"] == 25_000, "the held door, not the card that was denied meanwhile"


def test_a_lasting_sign_returns_after_the_light_of_a_card_and_ends_when_told(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_osdp, "AFTER_TRANSIENT_NS", 200_000_000)
    reading.reader.show(Feedback.HELD)
    reading.reader.show(Feedback.GRANTED)
    reading.serve_until(lambda: reading.lights("green") == 1 and reading.lights("red") == 2, "red, green, red")
    reading.reader.show(Feedback.IDLE)
    reading.reader.show(Feedback.GRANTED)
    reading.serve_until(lambda: reading.lights("green") == 2, "green")
    later = time.monotonic() + 0.5
    reading.serve_until(lambda: time.monotonic() > later, "a while")
    assert reading.lights("red") == 2


def test_a_lasting_sign_is_shown_again_before_its_timer_ends(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader_osdp.SIGN_AGAIN_NS < reader_signs.LONGEST_COUNT * 100_000_000
    monkeypatch.setattr(reader_osdp, "SIGN_AGAIN_NS", 100_000_000)
    reading.reader.show(Feedback.EVACUATE)
    reading.serve_until(lambda: reading.lights("green") >= 3, "three times green")


@pytest.mark.parametrize("outcome", Feedback)
def test_every_count_reaches_the_reader_as_it_was_meant(reading: Reading, outcome: Feedback) -> None:
    reading.reader.show(outcome)
    light, buzzer = reader_signs.commands(outcome)
    reading.serve_until(lambda: bool(reading.running.facts("reader_feedback", device="buzzer")), "light and sound")
    (seen,) = reading.running.facts("reader_feedback", device="led")
    assert (seen["on_ms"], seen["for_ms"]) == (light["on_count"] * 100, light["timer_count"] * 100)
    (heard,) = reading.running.facts("reader_feedback", device="buzzer")
    assert (heard["on_ms"], heard["repeats"]) == (buzzer["on_count"] * 100, buzzer["rep_count"])


# ---------------------------------------------------------------- the keypad


def test_a_number_typed_at_the_keypad_comes_through_the_line(reading: Reading) -> None:
    device = reading.running.station.readers["reader-1"]
    reading.running.do(lambda: device.press("99*2468#", None, "v"))
    reading.serve_until(lambda: len(reading.numbers) == 1, "a number")

    (number,) = reading.numbers
    assert number.digits == "2468"
    assert 0 <= number.received_mono_ns - number.not_before_mono_ns < 1_000_000_000


def test_what_is_no_number_is_denied_at_the_reader_itself(reading: Reading) -> None:
    device = reading.running.station.readers["reader-1"]
    reading.running.do(lambda: device.press("12#", None, "v"))
    reading.serve_until(lambda: reading.lights("red") == 1, "a red light")

    assert reading.numbers == []


def test_a_reader_that_is_torn_off_its_wall_says_so_and_says_when_it_is_back(reading: Reading) -> None:
    device = reading.running.station.readers["reader-1"]
    for tampered in (True, True, False):
        reading.running.do(lambda tampered=tampered: device.set_tampered(tampered))  # type: ignore[misc]
        reading.serve_until(lambda: reading.tampers[-1:] == [tampered], f"tampered: {tampered}")  # noqa: B023

    assert reading.tampers == [True, False]


# ---------------------------------------------------------------- frames


@given(st.binary(max_size=64))
@example(b"\x53")
@example(b"\x53\x00\x08\x00\x0c\xff\x00")
def test_any_bytes_have_a_code_or_none(data: bytes) -> None:
    code = code_of(data)
    assert code is None or 0 <= code <= 255
    assert is_reply(data) in (True, False)


@pytest.mark.parametrize("frame", [ACK_IN_CLEAR, ACK_IN_SECURE_CHANNEL, b"\xff" + ACK_IN_CLEAR])
def test_the_code_is_found_in_clear_and_in_the_secure_channel(frame: bytes) -> None:
    assert code_of(frame) == ACK
    assert is_reply(frame)


@given(st.binary(min_size=1, max_size=20))
def test_a_reply_with_anything_around_it_is_not_taken_for_one(noise: bytes) -> None:
    assert not is_reply(ACK_IN_CLEAR + noise)
    assert not is_reply(ACK_IN_CLEAR[: -len(noise)])
    if noise != b"\xff":
        assert not is_reply(noise + ACK_IN_CLEAR)


def test_a_command_is_no_reply() -> None:
    poll = bytes.fromhex("5301080004600000")
    assert code_of(poll) == POLL
    assert not is_reply(poll)
