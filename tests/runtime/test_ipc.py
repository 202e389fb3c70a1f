"""The channel between the controller and its children, over real sockets."""

import dataclasses
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import (
    BatteryId,
    CredentialHash,
    Epoch,
    NodeId,
    ReaderId,
    SensorId,
    Session,
    SlotNumber,
    StationId,
    Stream,
)
from contract.policy.passes import VisitPass
from contract.records import Posture, Reason, SlotCause, SwapKind
from edge.core import events
from edge.core.effects import (
    Extinguish,
    Feedback,
    SetCharger,
    SetContactor,
    SetFan,
    SetLamp,
    SlotLamp,
    UnlockSlot,
)
from edge.core.events import CabinetWill
from edge.runtime import ipc
from edge.runtime.ipc import ALLOWED, FROM_CONTROLLER, BadMessage, Channel, ChannelClosed, ChannelFull, Child, Message

SLOT = SlotNumber(3)
EVERY: list[Message] = [
    events.CabinetChanged(False, "no answer"),
    events.SlotRead(SLOT, False, True, events.BatteryReading(BatteryId("B-7"), "LFP-48", 91, 97, 53_900, -20, 251)),
    events.SlotRead(SLOT, None, None),
    events.SlotLost(SLOT, "4.5 s old"),
    events.SlotPulsed(SLOT, 9, events.PulseResult.UNCONFIRMED),
    events.CabinetPointRead(events.CabinetPoint.SMOKE, True),
    events.ChargerChecked(SLOT, False, "reads 5000 mA"),
    events.ContactorRead(False, "a charger did not obey"),
    ipc.SwapWanted(SwapKind.RETURN_ONLY),
    ipc.SwapUnwanted(),
    UnlockSlot(SLOT, 9, SlotCause.SWAP_IN),
    SetCharger(SLOT, 5_000),
    SetContactor(False),
    SetFan(True),
    Extinguish(SLOT),
    SetLamp(SLOT, SlotLamp.HERE),
    ipc.RenewLease(),
    ipc.Heartbeat(),
    ipc.CardRead(ReaderId("r"), CredentialHash("ab" * 16), 1, 2),
    ipc.CardRead(
        *(ReaderId("r"), CredentialHash("ab" * 16), 1, 2),
        visit_pass=VisitPass("visit-0001", 1, 2, (StationId("yz-bj-0001"),)),
    ),
    ipc.CardRead(ReaderId("r"), CredentialHash("ab" * 16), 1, 2, pass_problem="bad_signature"),
    ipc.PinTyped(ReaderId("r"), "2468", 1, 2),
    ipc.ReaderStatus(ReaderId("r"), True, "", 3),
    ipc.ReaderLid(ReaderId("r"), True),
    ipc.PresenceSensed(SensorId("s"), True, False, 250),
    ipc.EnvironmentSensed(SensorId("s"), -52, None, 3, False, None),
    ipc.PowerSensed(SensorId("s"), 1_200, 5),
    ipc.SensorStatus(SensorId("s"), False, "no answer"),
    ipc.AllRight(),
    ipc.DoorNotice(next(iter(ipc.NoticeKind)), Reason.EXPIRED),
    ipc.UplinkStatus(True, Session("s"), "门"),
    ipc.UplinkStatus(False, None, ""),
    ipc.Acknowledged(Epoch("e"), Stream.EVENTS, 9, None, False),
    ipc.DesiredArrived(1, Posture.LOCKDOWN),
    ipc.DesiredArrived(1, None),
    ipc.DesiredArrived(1, None, cabinet=CabinetWill((BatteryId("B7"),), (SlotNumber(2),), 900, 3)),
    ipc.CommandArrived("c", "release", {"deep": [{"er": None}]}, "somebody"),
    ipc.DownwardRefused("topic", "why"),
    ipc.RosterSwitchedTo(NodeId("n"), 1, 2),
    ipc.RosterTrouble(False, "why"),
    ipc.ShowOutcome(ReaderId("r"), Feedback.GRANTED),
    ipc.JournalGrew(Epoch("e")),
    ipc.StateChanged({"door": {"mode": "secured"}}),
    ipc.StopChild(),
]
KINDS = frozenset(type(message) for message in EVERY)


def pair(accepts: frozenset[type]) -> tuple[Channel, Channel]:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(left, accepts), Channel(right, accepts)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """The controller's channel to the reader, and the reader's bare socket."""
    ours, theirs = ipc.channel_pair(Child.READER)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_digits_are_neither_shown_nor_repeated_in_a_complaint(ends: tuple[Channel, socket.socket]) -> None:
    assert "2468" not in repr(ipc.PinTyped(ReaderId("r"), "2468", 1, 2))
    ours, theirs = ends
    for digits in ("246", "2468a", "2468" * 4):
        body = {"m": "PinTyped", "reader": "r", "digits": digits, "not_before_mono_ms": 1, "received_mono_ns": 2}
        theirs.send(json.dumps(body).encode())
        with pytest.raises(BadMessage) as refused:
            ours.receive()
        assert "246" not in str(refused.value)


@pytest.mark.parametrize("body", [{"soc_percent": 2**64}, {"serial": "x" * 5_000}], ids=["number", "text"])
def test_what_a_cabinet_says_has_bounds(body: dict[str, Any]) -> None:
    ours, theirs = ipc.channel_pair(Child.CABINET)
    reading = {"serial": "B-7", **body}
    said = {"m": "SlotRead", "slot": 3, "door_open": False, "present": True, "battery": reading}
    theirs.send(json.dumps(said).encode())
    with pytest.raises(BadMessage):
        ours.receive()
    ours.close()
    theirs.close()


def test_every_kind_has_an_example_here() -> None:
    assert FROM_CONTROLLER.union(*ALLOWED.values()) == KINDS


@pytest.mark.parametrize("message", EVERY, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message: Message) -> None:
    one, other = pair(KINDS)
    one.send(message)
    assert other.receive() == message
    assert other.receive() is None
    one.close()
    other.close()


@pytest.mark.parametrize("child", Child)
@pytest.mark.parametrize("message", EVERY, ids=lambda message: type(message).__name__)
def test_a_child_says_its_own_kinds_and_no_others(child: Child, message: Message) -> None:
    ours, theirs = ipc.channel_pair(child)
    speaker = Channel(theirs, frozenset())
    speaker.send(message)
    if type(message) in ALLOWED[child]:
        assert ours.receive() == message
    else:
        with pytest.raises(BadMessage, match="may not send"):
            ours.receive()
    ours.close()
    speaker.close()


@pytest.mark.parametrize(
    "data",
    [
        b"no json",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"m":7}',
        b'{"m":["Heartbeat"]}',
        b'{"m":"Channel"}',
        b'{"m":"CardRead"}',
        b'{"m":"ReaderStatus","reader":1,"online":true,"detail":""}',
        b'{"m":"CardRead","reader":"r","credential":"no hex","not_before_mono_ms":1,"received_mono_ns":1}',
        b'{"m":"CardRead","reader":"r","credential":"","not_before_mono_ms":1,"received_mono_ns":1}',
        b'{"m":"ReaderStatus","reader":"r","online":true,"detail":"' + b"x" * 80_000 + b'"}',
        b"[" * 60_000,
        b'{"m":' * 10_000,
        b"\xff\xfe\x00",
        b"1" * 5_000,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_message_is_refused_and_the_next_one_heard(ends: tuple[Channel, socket.socket], data: bytes) -> None:
    ours, theirs = ends
    theirs.send(data)
    theirs.send(b'{"m":"Heartbeat"}')
    with pytest.raises(BadMessage):
        ours.receive()
    assert ours.receive() == ipc.Heartbeat()


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_a_bad_message_or_a_good_one(data: bytes) -> None:
    ours, theirs = ipc.channel_pair(Child.UPLINK)
    theirs.send(data)
    try:
        assert type(ours.receive()) in ALLOWED[Child.UPLINK]
    except BadMessage:
        pass
    ours.close()
    theirs.close()


FIELDS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.integers(), max_size=2))


@given(st.sampled_from(sorted(ALLOWED[Child.UPLINK], key=lambda kind: kind.__name__)), st.data())
def test_fields_of_any_type_are_a_bad_message_or_a_good_one(kind: Any, data: st.DataObject) -> None:
    body = {field.name: data.draw(FIELDS) for field in dataclasses.fields(kind)}
    ours, theirs = ipc.channel_pair(Child.UPLINK)
    theirs.send(json.dumps({"m": kind.__name__, **body}).encode())
    try:
        assert type(ours.receive()) is kind
    except BadMessage:
        pass
    ours.close()
    theirs.close()


@pytest.mark.parametrize("seq", [-1, 2**63, 10**30])
def test_an_acknowledgement_beyond_any_stream_is_refused(seq: int) -> None:
    ours, theirs = ipc.channel_pair(Child.UPLINK)
    body = {"m": "Acknowledged", "epoch": "e", "stream": "events", "through_seq": seq, "forked": False}
    theirs.send(json.dumps({**body, "through_digest": None}).encode())
    with pytest.raises(BadMessage):
        ours.receive()
    ours.close()
    theirs.close()


def test_a_channel_that_nobody_reads_is_full_and_does_not_block(ends: tuple[Channel, socket.socket]) -> None:
    ours, theirs = ends
    reader = Channel(theirs, FROM_CONTROLLER)

    def fill() -> None:
        for _ in range(100_000):
            ours.send(ipc.StopChild())

    with pytest.raises(ChannelFull):
        fill()
    assert reader.receive() == ipc.StopChild()
    ours.send(ipc.StopChild())


def test_a_message_too_long_for_the_other_side_is_dropped(ends: tuple[Channel, socket.socket]) -> None:
    ours, theirs = ends
    reader = Channel(theirs, FROM_CONTROLLER)
    ours.send(ipc.StateChanged({"much": "x" * ipc.MAX_MESSAGE_BYTES}))
    ours.send(ipc.StateChanged({"much": "x" * (ipc.MAX_MESSAGE_BYTES - 100)}))
    heard = reader.receive()
    assert isinstance(heard, ipc.StateChanged)
    assert len(heard.state["much"]) == ipc.MAX_MESSAGE_BYTES - 100


def test_the_end_of_the_other_process_is_seen_by_both_sending_and_receiving(
    ends: tuple[Channel, socket.socket],
) -> None:
    ours, theirs = ends
    theirs.send(b'{"m":"Heartbeat"}')
    theirs.close()
    assert ours.receive() == ipc.Heartbeat()
    with pytest.raises(ChannelClosed):
        ours.receive()
    with pytest.raises(ChannelClosed):
        ours.send(ipc.StopChild())
