"""A QR pass is read exactly as it was signed, or refused with a name for why."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract import passes
from contract.ids import NodeId, StationId
from contract.passes import PassError, PassProblem
from contract.policy.passes import VisitPass

KEY = Ed25519PrivateKey.generate()
KEYS = {"cloud-1": KEY.public_key()}
PASS = VisitPass("visit-0001", 1_790_000_000_000, 1_790_003_600_000, (StationId("yz-bj-0001"),))
TEXT = passes.write(PASS, key_id="cloud-1", key=KEY)
CONTENT = {"k": "cloud-1", "p": PASS.id, "f": PASS.valid_from_ms, "u": PASS.valid_until_ms, "o": 1, "s": ["yz-bj-0001"]}


def signed(content: Any) -> str:
    """A text that our key has signed, whatever is in it."""
    data = json.dumps(content).encode()
    return passes.PREFIX + base64.urlsafe_b64encode(KEY.sign(passes.PURPOSE + data) + data).decode().rstrip("=")


def problem(text: str) -> PassProblem:
    with pytest.raises(PassError) as refused:
        passes.read(text, keys=KEYS)
    assert len(text) < 20 or text[4:] not in str(refused.value)
    return refused.value.problem


@pytest.mark.parametrize(
    "shown",
    [
        PASS,
        VisitPass("A_z-0123", 0, 1, (), NodeId("东城区"), once=False),
        VisitPass("p" * 32, 0, 86_400_000, tuple(StationId(f"yz-bj-{n:04}") for n in range(4))),
    ],
)
def test_what_was_written_is_read(shown: VisitPass) -> None:
    text = passes.write(shown, key_id="cloud-1", key=KEY)

    assert passes.is_pass(text)
    assert passes.read(text, keys=KEYS) == shown
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_pass_that_does_not_fit_into_the_code_is_not_written() -> None:
    stations = tuple(StationId(f"{n}" * 64) for n in range(4))
    with pytest.raises(ValueError, match="at most 512"):
        passes.write(VisitPass("visit-0001", 0, 1, stations), key_id="cloud-1", key=KEY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", PassProblem.NOT_A_PASS),
        ("0012345678", PassProblem.NOT_A_PASS),
        (TEXT.lower(), PassProblem.NOT_A_PASS),
        (passes.PREFIX, PassProblem.GARBLED),
        (passes.PREFIX + "A", PassProblem.GARBLED),
        (passes.PREFIX + "A" * 40, PassProblem.GARBLED),
        (passes.PREFIX + "A" * 400, PassProblem.GARBLED),
        (TEXT + " ", PassProblem.GARBLED),
        (TEXT + "\n", PassProblem.GARBLED),
        (TEXT + "A" * 512, PassProblem.TOO_LONG),
        (signed([CONTENT]), PassProblem.GARBLED),
        (signed({**CONTENT, "k": 1}), PassProblem.GARBLED),
        (signed({**CONTENT, "k": "cloud-2"}), PassProblem.UNKNOWN_KEY),
        (TEXT[:-6] + "AAAAAA", PassProblem.GARBLED),
        (TEXT[:8] + ("A" if TEXT[8] != "A" else "B") + TEXT[9:], PassProblem.BAD_SIGNATURE),
    ],
)
def test_a_text_that_is_no_pass_is_refused_by_name(text: str, expected: PassProblem) -> None:
    assert problem(text) is expected


@pytest.mark.parametrize(
    "changes",
    [
        {"p": 5},
        {"p": "a b"},
        {"f": "1790000000000"},
        {"f": True},
        {"u": 1.5},
        {"u": PASS.valid_from_ms + 86_400_001},
        {"o": 2},
        {"s": "yz-bj-0001"},
        {"s": [1]},
        {"n": "city"},
        {"s": [], "n": 7},
    ],
)
def test_what_no_pass_may_say_is_refused_though_it_is_signed(changes: dict[str, Any]) -> None:
    assert problem(signed({**CONTENT, **changes})) is PassProblem.NOT_ALLOWED


def test_a_signature_of_an_envelope_is_none_of_a_pass() -> None:
    data = json.dumps(CONTENT).encode()
    blob = base64.urlsafe_b64encode(KEY.sign(data) + data).decode().rstrip("=")
    assert problem(passes.PREFIX + blob) is PassProblem.BAD_SIGNATURE


@given(st.text(max_size=600) | st.binary(max_size=400).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_no_text_does_more_than_being_refused(text: str) -> None:
    problem(passes.PREFIX + text)


@given(st.data())
def test_a_pass_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(TEXT) - 2))
    changed = data.draw(st.sampled_from("ABab01-_").filter(lambda mark: mark != TEXT[at]))
    problem(TEXT[:at] + changed + TEXT[at + 1 :])
