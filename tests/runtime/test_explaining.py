"""Why a card would be let in: the answer of `Explainer`, and of `yizhan edge explain` from a station's files."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contract.ids import CredentialHash, MemberId
from contract.policy.decide import RULES
from contract.policy.model import Member
from contract.records import Posture, PostureChanged
from edge.cli import main
from edge.core import events
from edge.core.pin_state import PinConfig
from edge.core.state import Now
from edge.core.station import snapshot_json
from edge.journal.journal import Journal
from edge.journal.model import Budget, NewRecord
from edge.roster.credential import credential_hash, load_or_create_key
from edge.roster.errors import RosterUnavailable
from edge.runtime.explaining import Explainer, in_words
from tests.core.support import CONFIG, ENTRY, RIDER, Life

KEY = bytes(32)
CARD = "wiegand:26:02b3c4c0"
NOW = Now(5_000, 1_790_000_000_000, clock_trusted=False)
BEIJING = replace(CONFIG, timezone=ZoneInfo("Asia/Shanghai"))


@dataclass
class Holder:
    """A roster with one card on it; None: it cannot be read."""

    member: Member | None = RIDER
    readable: bool = True

    def find(self, credential: CredentialHash) -> Member | None:
        if not self.readable:
            raise RosterUnavailable("roster file is gone")
        return self.member if credential == credential_hash(KEY, "wiegand", 26, bytes.fromhex("02b3c4c0")) else None


def explainer(roster: Holder | None = None) -> Explainer:
    return Explainer(BEIJING, roster or Holder(), KEY)


def test_a_members_card_is_explained_with_every_rule_and_changes_nothing() -> None:
    life = Life()
    before = life.state
    answer = explainer().answer({"card": CARD, "reader": "entry"}, life.state, NOW)

    assert (answer["granted"], answer["reason"], answer["rule"]) == (True, "granted", "member_may_enter")
    assert (answer["member"], answer["reader"], answer["posture"]) == ("rider-1", "entry", "secure")
    assert [rule["rule"] for rule in answer["rules"]] == [rule.name for rule in RULES]
    assert life.state is before
    assert json.loads(json.dumps(answer)) == answer


def test_the_state_that_the_station_is_in_decides() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.LOCKDOWN))
    answer = explainer().answer({"card": CARD}, life.state, NOW)

    assert (answer["granted"], answer["reason"]) == (False, "lockdown")
    assert "→ no_lockdown" in in_words(answer)
    assert "member rider-1 is refused at reader entry" in in_words(answer)
    assert "does not trust its clock" in in_words(answer)


def test_what_the_card_would_do_with_its_right_number_can_be_asked() -> None:
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    alone = explainer().answer({"card": CARD}, life.state, NOW)
    both = explainer().answer({"card": CARD, "pin": True}, life.state, NOW)

    assert (alone["reason"], alone["factors"]) == ("second_factor_required", ["card"])
    assert (both["granted"], both["factors"]) == (True, ["card", "pin"])
    assert "member rider-1 with its right number is let in" in in_words(both)


def test_a_lock_out_of_numbers_is_explained() -> None:
    life = Life(replace(CONFIG, pins=PinConfig(keypads=frozenset({ENTRY}))))
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    for entry in range(1, 6):
        life.card()
        life.do(events.PinEntered(ENTRY, entry, life.mono_ms))
        life.do(events.PinChecked(ENTRY, entry, events.PinVerdict.WRONG))
    now = replace(NOW, mono_ms=life.mono_ms)

    assert explainer().answer({"card": CARD, "pin": True}, life.state, now)["reason"] == "locked_out"
    assert explainer().answer({"card": CARD}, life.state, now)["reason"] == "second_factor_required"


def test_a_time_without_a_zone_is_on_the_stations_wall_and_taken_as_certain() -> None:
    roster = Holder(Member(MemberId("rider-1"), valid_until_ms=1_772_301_600_000))  # 2026-03-01T02:00+08:00
    before = explainer(roster).answer({"card": CARD, "at": "2026-03-01T01:59:59"}, Life().state, NOW)
    at = explainer(roster).answer({"card": CARD, "at": "2026-02-28T18:00:00+00:00"}, Life().state, NOW)

    assert (before["granted"], before["at"]) == (True, "2026-03-01T01:59:59+08:00")
    assert (at["reason"], at["at"]) == ("expired", "2026-03-01T02:00:00+08:00")


def test_an_unreadable_roster_is_the_reason_and_is_told() -> None:
    answer = explainer(Holder(readable=False)).answer({"card": CARD}, Life().state, NOW)

    assert (answer["reason"], answer["roster_trouble"]) == ("storage_unavailable", "roster file is gone")
    assert "roster file is gone" in in_words(answer)
    assert "a card on no roster is refused" in in_words(answer)


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({}, "card must be FORMAT:BITS:HEX"),
        ({"card": "02b3c4c0"}, "card must be FORMAT:BITS:HEX"),
        ({"card": "magnetic:26:02b3c4c0"}, "'magnetic' is not one of wiegand, raw"),
        ({"card": "wiegand:26:02b3c4"}, "3 bytes do not hold a credential of 26 bits"),
        ({"card": "wiegand:26:zzzz"}, "card must be FORMAT:BITS:HEX"),
        ({"card": "wiegand:many:02b3c4c0"}, "card must be FORMAT:BITS:HEX"),
        ({"card": CARD, "reader": "cellar"}, "reader 'cellar' is none of this station's: entry"),
        ({"card": CARD, "at": "tomorrow"}, "'tomorrow' is no ISO 8601 time"),
        ({"card": CARD, "at": "0001-01-01T00:00"}, "out of reach"),
    ],
)
def test_a_question_that_cannot_be_understood_is_refused_without_repeating_card_bits(
    question: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError) as refused:
        explainer().answer(question, Life().state, NOW)
    assert complaint in str(refused.value)
    assert "02b3c4" not in str(refused.value).replace("for example wiegand:26:02b3c4c0", "")


# ------------------------------------------------ from files

STATION = """
[station]
id = "s-1"
data_dir = "{root}/data"
run_dir = "{root}/run"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
[[readers]]
id = "entry"
device = "/dev/null"
key_file = "/dev/null"
[uplink]
host = "127.0.0.1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(STATION.format(root=tmp_path), encoding="utf-8")
    return path


def test_without_a_running_station_its_files_are_asked_and_none_is_made(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_or_create_key(tmp_path / "data" / "credential.key")
    before = sorted((tmp_path / "data").iterdir())
    asked = ["explain", "--config", str(config), "--card", CARD, "--at", "2026-03-01T02:00", "--reader", ENTRY]

    assert main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["reason"], answer["at"]) == ("storage_unavailable", "2026-03-01T02:00:00+08:00")
    assert sorted((tmp_path / "data").iterdir()) == before


@pytest.mark.parametrize("snapshots", [(), ("{}",), (None, "{}")])
def test_the_state_at_the_end_of_the_journal_decides(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], snapshots: tuple[str | None, ...]
) -> None:
    load_or_create_key(tmp_path / "data" / "credential.key")
    journal = Journal.open(tmp_path / "data" / "journal.db", Budget())
    life = Life()
    life.do(events.DesiredReceived(1, Posture.TWO_FACTOR))
    journal.append([NewRecord(record, at.mono_ms, at.wall_ms, True) for record, at in life.records])
    for text in snapshots:
        journal.save_snapshot(text or snapshot_json(life.state), 1)
    journal.append([NewRecord(PostureChanged(Posture.TWO_FACTOR, Posture.LOCKDOWN, "desired"), 1, 2, True)])
    journal.close()

    assert main(["explain", "--config", str(config), "--card", CARD, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "lockdown"


def test_a_station_that_has_never_run_here_is_said_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--config", str(config), "--card", CARD]) == 1
    assert "the station has never run here" in capsys.readouterr().err


def test_a_damaged_key_is_named_and_left_where_it_is(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "data" / "credential.key"
    key.parent.mkdir()
    key.write_bytes(b"short")

    assert main(["explain", "--config", str(config), "--card", CARD]) == 1
    assert "5 bytes are no key" in capsys.readouterr().err
    assert key.read_bytes() == b"short"


def test_a_wrong_question_is_an_error_in_words(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_or_create_key(tmp_path / "data" / "credential.key")
    assert main(["explain", "--config", str(config), "--card", "26"]) == 1
    assert "yizhan edge explain: card must be" in capsys.readouterr().err
