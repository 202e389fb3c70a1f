"""What may pass from the broker, and what may not."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.cabinet_parts import CabinetOrders
from contract.codec import encode
from contract.envelope import seal
from contract.ids import BatteryId, LoadId, NodeId, Session, SlotNumber, StationId
from contract.messages import (
    Ack,
    Command,
    Desired,
    Message,
    RosterHead,
    RosterPage,
    SeenAlarm,
    ShelvedAlarm,
)
from contract.records import AlarmCode, Posture
from contract.topics import DOWNWARD, Leaf, Topic
from edge.core.events import AlarmAside, AlarmSeen, CabinetWill, DesiredReceived
from edge.runtime.ipc import CommandArrived, DesiredArrived
from edge.runtime.reports import child_event
from edge.uplink import gate as gate_module
from edge.uplink.gate import Gate, Refused

STATION = StationId("yz-test-0001")
SESSION = Session("5e" * 8)
BEGAN_MS = 1_000_000
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def gate() -> Gate:
    return Gate(STATION, {"cloud-1": KEY.public_key()}, SESSION, BEGAN_MS)


def command(**changes: Any) -> Command:
    fields: dict[str, Any] = {
        "id": "command-1",
        "kind": "release",
        "session": SESSION,
        "issued_at_ms": 0,
        "expires_in_session_ms": 10_000,
        "issued_by": "operator",
    }
    return Command(**{**fields, **changes})


def sealed(
    message: Message,
    leaf: Leaf,
    *,
    station: StationId = STATION,
    key: Ed25519PrivateKey = KEY,
    key_id: str = "cloud-1",
) -> bytes:
    return seal(message, Topic(station, leaf), key_id=key_id, key=key)


def judge(gate: Gate, leaf: Leaf, payload: bytes, *, retained: bool = False, at_ms: int = BEGAN_MS + 5) -> object:
    return gate.judge(str(Topic(STATION, leaf)), payload, retained, at_ms)


def refusal(gate: Gate, leaf: Leaf, payload: bytes, **how: Any) -> str:
    with pytest.raises(Refused) as refused:
        judge(gate, leaf, payload, **how)
    return str(refused.value)


def test_a_command_of_this_session_passes(gate: Gate) -> None:
    passed = judge(gate, Leaf.COMMAND, sealed(command(args={"door": 1}), Leaf.COMMAND))
    assert passed == CommandArrived("command-1", "release", {"door": 1}, "operator")


def test_a_retained_command_is_refused(gate: Gate) -> None:
    assert "retained" in refusal(gate, Leaf.COMMAND, sealed(command(), Leaf.COMMAND), retained=True)


def test_a_replayed_command_is_refused(gate: Gate) -> None:
    payload = sealed(command(), Leaf.COMMAND)
    judge(gate, Leaf.COMMAND, payload)
    assert "replay" in refusal(gate, Leaf.COMMAND, payload)


def test_a_command_of_another_session_is_refused(gate: Gate) -> None:
    payload = sealed(command(session="00" * 8), Leaf.COMMAND)
    assert "another session" in refusal(gate, Leaf.COMMAND, payload)


def test_a_commands_lifetime_counts_from_the_sessions_start(gate: Gate) -> None:
    last = sealed(command(), Leaf.COMMAND)
    judge(gate, Leaf.COMMAND, last, at_ms=BEGAN_MS + 9_999)
    late = sealed(command(id="command-2"), Leaf.COMMAND)
    assert "expired" in refusal(gate, Leaf.COMMAND, late, at_ms=BEGAN_MS + 10_000)


def test_a_command_for_another_station_is_refused(gate: Gate) -> None:
    payload = sealed(command(), Leaf.COMMAND, station=StationId("yz-test-0002"))
    assert "addressed to" in refusal(gate, Leaf.COMMAND, payload)


def test_a_message_used_as_something_else_is_refused(gate: Gate) -> None:
    assert "meant for" in refusal(gate, Leaf.DESIRED, sealed(command(), Leaf.COMMAND))


def test_a_missigned_command_is_refused(gate: Gate) -> None:
    forged = sealed(command(), Leaf.COMMAND, key=Ed25519PrivateKey.generate())
    assert "signature" in refusal(gate, Leaf.COMMAND, forged)
    unknown = sealed(command(), Leaf.COMMAND, key_id="cloud-2")
    assert "unknown key" in refusal(gate, Leaf.COMMAND, unknown)
    envelope = json.loads(sealed(command(), Leaf.COMMAND))
    envelope["signed"] = "电" * 8
    assert refusal(gate, Leaf.COMMAND, json.dumps(envelope).encode())


def test_a_command_with_too_much_in_it_is_refused(gate: Gate) -> None:
    assert "larger" in refusal(gate, Leaf.COMMAND, sealed(command(args={"text": "x" * 5_000}), Leaf.COMMAND))
    assert "larger" in refusal(gate, Leaf.COMMAND, sealed(command(kind="k" * 100), Leaf.COMMAND))


def test_remembered_commands_are_bounded_and_a_replay_never_passes(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "MAX_COMMANDS_REMEMBERED", 3)
    payloads = [sealed(command(id=f"command-{index}"), Leaf.COMMAND) for index in range(4)]
    for payload in payloads[:3]:
        judge(gate, Leaf.COMMAND, payload)
    assert "more than" in refusal(gate, Leaf.COMMAND, payloads[3])
    longer = sealed(command(id="command-9", expires_in_session_ms=99_000), Leaf.COMMAND)
    judge(gate, Leaf.COMMAND, longer, at_ms=BEGAN_MS + 20_000)
    for payload in [*payloads, longer]:
        refusal(gate, Leaf.COMMAND, payload, at_ms=BEGAN_MS + 20_000)


def test_a_desired_posture_passes_also_retained(gate: Gate) -> None:
    payload = sealed(Desired(revision=7, posture=Posture.LOCKDOWN), Leaf.DESIRED)
    assert judge(gate, Leaf.DESIRED, payload, retained=True) == DesiredArrived(7, Posture.LOCKDOWN)


def test_what_people_say_of_alarms_passes_without_the_codes_of_a_newer_cloud(gate: Gate) -> None:
    told = [
        SeenAlarm(code=code, source="door", raised_at_ms=5, by="王芳") for code in (AlarmCode.DOOR_HELD, "door_melted")
    ]
    aside = ShelvedAlarm(code="sensor_offline", source="radar-1", until_ms=9, by="王芳", reason="等待备件")
    desired = Desired(revision=7, acknowledged=told, shelved=[aside], loads_cut=["heater"], by="王芳", reason="检修")
    assert judge(gate, Leaf.DESIRED, sealed(desired, Leaf.DESIRED), retained=True) == DesiredArrived(
        revision=7,
        posture=None,
        acknowledged=(AlarmSeen(AlarmCode.DOOR_HELD, "door", 5, "王芳"),),
        shelved=(AlarmAside(AlarmCode.SENSOR_OFFLINE, "radar-1", 9, "王芳", "等待备件"),),
        loads_cut=(LoadId("heater"),),
        by="王芳",
    )


def test_what_is_wanted_of_the_cabinet_passes(gate: Gate) -> None:
    orders = CabinetOrders(recalled=[BatteryId("B7")], slots_locked_out=[2], power_budget_w=900)
    payload = sealed(Desired(revision=7, cabinet=orders), Leaf.DESIRED)
    will = CabinetWill((BatteryId("B7"),), (SlotNumber(2),), 900)
    arrived = judge(gate, Leaf.DESIRED, payload, retained=True)
    assert arrived == DesiredArrived(7, None, cabinet=will)
    assert isinstance(arrived, DesiredArrived)
    assert child_event(arrived) == DesiredReceived(7, None, cabinet=will)


def test_standing_orders_too_large_for_the_controller_are_refused(gate: Gate) -> None:
    told = [SeenAlarm(code="fire", source="站" * 200, raised_at_ms=1, by="王" * 64) for _ in range(64)]
    payload = sealed(Desired(revision=7, acknowledged=told), Leaf.DESIRED)
    assert "larger than" in refusal(gate, Leaf.DESIRED, payload, retained=True)


def test_a_command_of_a_session_that_lasts_for_days_passes_within_its_own_lifetime(gate: Gate) -> None:
    days_ms = 3 * 24 * 3_600_000
    payload = sealed(command(expires_in_session_ms=days_ms + 15_000), Leaf.COMMAND)
    assert judge(gate, Leaf.COMMAND, payload, at_ms=BEGAN_MS + days_ms)
    late = sealed(command(id="command-2", expires_in_session_ms=days_ms + 15_000), Leaf.COMMAND)
    assert "expired" in refusal(gate, Leaf.COMMAND, late, at_ms=BEGAN_MS + days_ms + 15_000)


def test_a_command_that_would_hold_for_longer_than_a_day_is_refused(gate: Gate) -> None:
    payload = sealed(command(expires_in_session_ms=gate_module.MAX_LIFETIME_MS + 10), Leaf.COMMAND)
    assert "to hold for more" in refusal(gate, Leaf.COMMAND, payload)


def test_roster_heads_pass_and_pages_only_for_this_session(gate: Gate) -> None:
    head = RosterHead(revision=1, nodes=[])
    assert judge(gate, Leaf.ROSTER_HEAD, sealed(head, Leaf.ROSTER_HEAD), retained=True) == head
    page = RosterPage(
        session=SESSION,
        node=NodeId("cn"),
        snapshot=False,
        after_version=0,
        through_version=0,
        more=False,
        changes=[],
    )
    assert judge(gate, Leaf.ROSTER_PAGE, sealed(page, Leaf.ROSTER_PAGE)) == page
    stale = page.model_copy(update={"session": "00" * 8})
    assert "another session" in refusal(gate, Leaf.ROSTER_PAGE, sealed(stale, Leaf.ROSTER_PAGE))


def test_an_acknowledgement_needs_no_signature_but_is_never_retained(gate: Gate) -> None:
    payload = encode(Ack(through_seq=3))
    assert judge(gate, Leaf.ACK, payload) == Ack(through_seq=3)
    assert "retained" in refusal(gate, Leaf.ACK, payload, retained=True)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "not JSON": lambda: b"{",
    "a list": lambda: b"[]",
    "binary": lambda: bytes(range(256)),
    "too large": lambda: b"{" + b" " * 300_000 + b"}",
    "a bomb": lambda: zlib.compress(b"{" + b" " * 50_000_000 + b"}", 9),
    "deep": lambda: b'{"a":' * 50_000,
    "a long number": lambda: b'{"through_seq":' + b"9" * 10_000 + b"}",
    "2^63": lambda: b'{"epoch":9223372036854775808,"stream":9223372036854775808,"through_seq":-1}',
    "NaN": lambda: b'{"v":NaN,"through_seq":NaN}',
    "NUL and lone surrogate": lambda: (
        b'{"stream":"\\ud800","key_id":"\\u0000\\ud800","signed":"\\ud800","signature":"\\u0000"}'
    ),
    "another version": lambda: b'{"v":2}',
    "a strange version": lambda: b'{"v":{"a":"' + b"x" * 100_000 + b'"}}',
    "wrong types": lambda: b'{"epoch":{},"stream":[],"through_seq":"x","key_id":[],"signed":1,"signature":null}',
}


@pytest.mark.parametrize("leaf", DOWNWARD)
@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_refused_on_every_topic(gate: Gate, leaf: Leaf, payload: Callable[[], bytes]) -> None:
    refusal(gate, leaf, payload())


@pytest.mark.parametrize("topic", ["", "yz/1/yz-test-0002/ack", "yz/1/yz-test-0001/hello", "yz/2/x/ack", "\ud800"])
def test_topics_that_are_not_ours_are_refused(gate: Gate, topic: str) -> None:
    with pytest.raises(Refused):
        gate.judge(topic, encode(Ack()), False, BEGAN_MS)
