"""The radar's frames: the maker's own examples, and a line that does everything to them that a line can do."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.ld2410_frames import (
    EDGE_BYTES,
    END_CONFIGURATION,
    MAX_REPORT_BYTES,
    READ_FIRMWARE,
    REPORT_HEAD,
    Answer,
    Frame,
    Parser,
    Report,
    State,
    command,
    firmware_version,
)

# "LD2410 Serial Communication Protocol" V1.02: a report in ordinary and in engineering mode, and a firmware answer.
ORDINARY = bytes.fromhex("f4f3f2f1 0d00 02aa 02 5100 00 0000 3b 0000 5500 f8f7f6f5")
ENGINEERING = bytes.fromhex(
    "f4f3f2f1 2300 01aa 03 1e00 3c 0000 39 0000 08 08 3c22050303040306050000391013060608040305 5500 f8f7f6f5"
)
FIRMWARE = bytes.fromhex("fdfcfbfa 0c00 a001 0000 0001 0201 16240622 04030201")
SEEN: dict[bytes, Frame] = {
    ORDINARY: Report(State.STILL, 81, 0, 0, 59),
    ENGINEERING: Report(State.BOTH, 30, 60, 0, 57),
    FIRMWARE: Answer(READ_FIRMWARE, True, bytes.fromhex("0001020116240622")),
}


def parsed(pieces: Iterable[bytes], parser: Parser | None = None) -> list[Frame]:
    parser = parser or Parser()
    found: list[Frame] = []
    for piece in pieces:
        found += parser.feed(piece)
        assert parser.waiting_bytes < EDGE_BYTES + MAX_REPORT_BYTES, "never more than one frame's length is kept"
    return found


@pytest.mark.parametrize("frame", SEEN)
def test_the_makers_own_examples_are_read(frame: bytes) -> None:
    assert parsed([frame]) == [SEEN[frame]]


def test_what_a_report_says_of_the_nearest_is_told() -> None:
    assert Report(State.BOTH, 200, 50, 90, 40).distance_cm == 90
    assert Report(State.MOVING, 200, 50, 90, 40).distance_cm == 200
    assert Report(State.NOBODY, 200, 50, 90, 40).distance_cm is None


def test_the_firmware_is_named_as_its_maker_does() -> None:
    (answer,) = parsed([FIRMWARE])
    assert isinstance(answer, Answer)
    assert firmware_version(answer) == "V1.02.22062416"
    assert firmware_version(Answer(READ_FIRMWARE, True, b"")) == "unknown"


def test_a_command_is_framed_as_its_maker_does() -> None:
    assert command(END_CONFIGURATION) == bytes.fromhex("fdfcfbfa 0200 fe00 04030201")


@pytest.mark.parametrize(
    ("at", "value", "what"),
    [
        (4, 0x0E, "another length than its type has"),
        (5, 0x10, "a length beyond all bounds"),
        (6, 0x03, "a type that there is not"),
        (7, 0xAB, "no mark"),
        (8, 0x04, "a state that there is not"),
        (10, 0x7F, "somebody further away than a radar sees"),
        (11, 101, "more than all energy"),
        (17, 0x54, "no end mark"),
        (19, 0x00, "no tail"),
    ],
)
def test_a_report_that_cannot_be_is_refused_and_the_next_one_read(at: int, value: int, what: str) -> None:
    bad = bytearray(ORDINARY)
    bad[at] = value
    parser = Parser()
    assert parsed([bytes(bad), ORDINARY, ORDINARY], parser) == [SEEN[ORDINARY]] * 2, what
    assert parser.refused > 0


def test_one_byte_at_a_time_is_as_good_as_all_at_once() -> None:
    stream = ORDINARY + FIRMWARE + ENGINEERING + ORDINARY
    assert parsed(bytes([byte]) for byte in stream) == [SEEN[f] for f in (ORDINARY, FIRMWARE, ENGINEERING, ORDINARY)]


def test_an_endless_header_is_not_kept() -> None:
    parser = Parser()
    assert parsed([REPORT_HEAD * 50] * 20, parser) == []
    assert parsed([ORDINARY], parser) == [SEEN[ORDINARY]]


@given(st.binary(max_size=200), st.sampled_from([ORDINARY, ENGINEERING]))
@settings(max_examples=150, deadline=None)
def test_after_any_noise_the_second_whole_frame_is_read_at_the_latest(noise: bytes, frame: bytes) -> None:
    found = parsed([noise, frame, frame, frame, ORDINARY, ORDINARY, ORDINARY, ORDINARY])
    assert found[-3:] == [SEEN[ORDINARY]] * 3
    assert found.count(SEEN[frame]) >= 2


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_out_of_a_bad_line_was_put_in(seed: int) -> None:
    """Lost, doubled, changed and spliced bytes: whatever is read whole is what was sent, and most of it is."""
    dice = random.Random(seed)
    sent, stream, spared = 0, bytearray(), 0
    for _ in range(200):
        frame = bytearray(dice.choice([ORDINARY, ENGINEERING]))
        sent += 1
        hurt = dice.random()
        if hurt < 0.1:
            del frame[dice.randrange(len(frame))]
        elif hurt < 0.2:
            # In the head, so that no report is hurt in a way that nothing could show.
            frame[dice.randrange(4)] ^= 1 << dice.randrange(8)
        elif hurt < 0.3:
            frame = frame[: dice.randrange(1, len(frame))]
        elif hurt < 0.4:
            frame += dice.randbytes(dice.randrange(1, 12))
            spared += 1
        else:
            spared += 1
        stream += frame
    pieces, at = [], 0
    while at < len(stream):
        size = dice.randrange(1, 90)
        pieces.append(bytes(stream[at : at + size]))
        at += size
    found = parsed(pieces)
    assert set(found) <= {SEEN[ORDINARY], SEEN[ENGINEERING]}
    assert spared - 2 <= len(found) <= sent
