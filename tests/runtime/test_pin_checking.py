"""Numbers are checked aside from the loop, and their digits stay where they are."""

import logging
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.ids import CredentialHash, MemberId, ReaderId
from contract.pins import Kdf, Match
from contract.policy.model import Factor, Member
from edge.core.effects import CheckPin
from edge.core.events import CardPresented, PinChecked, PinEntered, PinVerdict
from edge.roster.errors import RosterUnavailable
from edge.roster.numbers import FoundCode, NumberReader
from edge.roster.writer import RosterWriter
from edge.runtime.ipc import PinTyped
from edge.runtime.pin_checking import PinChecking
from tests.roster.support import CITY, KEY, changes, head, member_id, upsert

ENTRY = ReaderId("entry")
SIDE = ReaderId("side")
RIDER = MemberId("rider-1")
PATIENCE_S = 10.0
Answers = queue.Queue[PinChecked | CardPresented]


class Held:
    """A roster that answers when it is let, or fails."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.let.set()
        self.entered = threading.Event()
        self.failure: Exception | None = None

    def check(self, member: MemberId, digits: str) -> Match:
        self.entered.set()
        assert self.let.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        return Match.RIGHT if digits == "2468" else Match.WRONG

    def issued(self, digits: int) -> int:
        return 7

    def find_code(self, digits: str) -> FoundCode | None:
        return FoundCode(CredentialHash("ab"), Member(RIDER), duress=True) if digits == "246810" else None


@pytest.fixture
def roster() -> Held:
    return Held()


@pytest.fixture
def answers() -> Answers:
    return queue.Queue()


@pytest.fixture
def checking(roster: Held, answers: Answers) -> Iterator[PinChecking]:
    made = PinChecking(roster, 1, answers.put)
    made.start()
    yield made
    roster.let.set()
    made.stop()


def type_and_ask(checking: PinChecking, digits: str, member: MemberId | None = RIDER, reader: ReaderId = ENTRY) -> int:
    """A number is typed and the core asks about it within the same step; its entry."""
    entries: list[int] = []

    def happen(event: PinEntered) -> None:
        entries.append(event.entry)
        checking.check(CheckPin(event.reader, event.entry, member))

    checking.typed(PinTyped(reader, digits, 5, 5_000_000), happen)
    return entries[0]


@pytest.mark.parametrize(("digits", "verdict"), [("2468", PinVerdict.RIGHT), ("1357", PinVerdict.WRONG)])
def test_a_members_number_is_answered(
    checking: PinChecking, answers: Answers, digits: str, verdict: PinVerdict
) -> None:
    entry = type_and_ask(checking, digits)
    assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entry, verdict)


def test_a_number_that_is_a_credential_is_answered_with_its_holder(checking: PinChecking, answers: Answers) -> None:
    entry = type_and_ask(checking, "246810", None)
    assert answers.get(timeout=PATIENCE_S) == CardPresented(
        ENTRY,
        CredentialHash("ab"),
        Member(RIDER),
        5,
        factors=frozenset({Factor.PIN}),
        duress=True,
        entry=entry,
        code_digits=6,
        codes_issued=7,
    )

    entry = type_and_ask(checking, "2468", None)
    assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entry, PinVerdict.WRONG)


def test_a_number_that_the_core_does_not_ask_about_at_once_is_forgotten(
    checking: PinChecking, answers: Answers
) -> None:
    entered: list[PinEntered] = []
    checking.typed(PinTyped(ENTRY, "2468", 5, 5_000_000), entered.append)
    checking.check(CheckPin(ENTRY, entered[0].entry, RIDER))

    assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entered[0].entry, PinVerdict.UNAVAILABLE)


def test_a_question_about_another_number_is_not_answered_with_this_one(checking: PinChecking, answers: Answers) -> None:
    checking.typed(PinTyped(ENTRY, "2468", 5, 5_000_000), lambda event: checking.check(CheckPin(SIDE, 1, RIDER)))
    assert answers.get(timeout=PATIENCE_S) == PinChecked(SIDE, 1, PinVerdict.UNAVAILABLE)


@pytest.mark.parametrize("failure", [RosterUnavailable("away"), RuntimeError("a mistake of ours")])
def test_a_number_that_cannot_be_checked_says_so_and_the_next_one_is(
    roster: Held, checking: PinChecking, answers: Answers, failure: Exception
) -> None:
    roster.failure = failure
    entry = type_and_ask(checking, "2468")
    assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entry, PinVerdict.UNAVAILABLE)

    roster.failure = None
    entry = type_and_ask(checking, "2468")
    assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entry, PinVerdict.RIGHT)


def test_while_a_check_hangs_nobody_waits_for_it(roster: Held, checking: PinChecking, answers: Answers) -> None:
    roster.let.clear()
    hanging = type_and_ask(checking, "2468")
    assert roster.entered.wait(PATIENCE_S)
    waiting = type_and_ask(checking, "2468")
    refused = type_and_ask(checking, "2468")

    assert answers.get_nowait() == PinChecked(ENTRY, refused, PinVerdict.UNAVAILABLE)
    assert answers.empty()
    roster.let.set()
    assert [answers.get(timeout=PATIENCE_S) for _ in range(2)] == [
        PinChecked(ENTRY, entry, PinVerdict.RIGHT) for entry in (hanging, waiting)
    ]


def test_stopping_waits_for_no_check_that_hangs(
    roster: Held, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.runtime.pin_checking.STOP_S", 0.05)
    checking = PinChecking(roster, 1, answers.put)
    checking.start()
    roster.let.clear()
    type_and_ask(checking, "2468")
    assert roster.entered.wait(PATIENCE_S)
    checking.stop()
    checking.stop()
    roster.let.set()


@pytest.mark.parametrize("fail", [False, True])
def test_no_digit_is_logged_or_shown(
    roster: Held, checking: PinChecking, answers: Answers, caplog: pytest.LogCaptureFixture, fail: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    roster.failure = RuntimeError("a mistake of ours") if fail else None
    seen: list[object] = []

    def happen(event: PinEntered) -> None:
        seen.extend([event, checking._held])
        checking.check(CheckPin(event.reader, event.entry, RIDER))

    checking.typed(PinTyped(ENTRY, "864297", 5, 5_000_000), happen)
    seen.append(answers.get(timeout=PATIENCE_S))

    assert "864297" not in repr(seen) + caplog.text


def test_with_the_real_roster_and_scrypt(tmp_path: Path, answers: Answers) -> None:
    salt = bytes(range(16))
    kdf = {"n": 2**13, "r": 8, "p": 1, "salt": salt.hex()}
    pin = {"kdf": kdf, "verifier": Kdf(salt).verifier("2468").hex(), "duress": Kdf(salt).verifier("2469").hex()}
    writer = RosterWriter(tmp_path / "roster.db", KEY)
    writer.apply_head(head(1, city=1))
    writer.apply_page(changes(CITY, 0, upsert(1, 1, pin=pin)))
    checking = PinChecking(NumberReader(tmp_path / "roster.db", KEY), 1, answers.put)
    checking.start()

    for digits, verdict in (("2468", PinVerdict.RIGHT), ("2469", PinVerdict.DURESS), ("2460", PinVerdict.WRONG)):
        entry = type_and_ask(checking, digits, member_id(1))
        assert answers.get(timeout=PATIENCE_S) == PinChecked(ENTRY, entry, verdict)
    checking.stop()
    writer.close()
