"""The cabinet's process around a driver: what it passes on both ways, and how it ends."""

import socket
import threading
from collections.abc import Iterator

import pytest

from contract.ids import SlotNumber
from contract.records import SlotCause
from edge.core import events
from edge.core.effects import SetCharger, UnlockSlot
from edge.runtime import ipc
from edge.runtime.cabinet_process import MAX_QUEUED, CabinetProcess
from edge.runtime.ipc import Channel, ChannelClosed, Child

SLOT = SlotNumber(3)


class Line:
    """A driver's five members, writing down what it is asked to do."""

    def __init__(self) -> None:
        self.says: list[events.SlotLost] = []
        self.did: list[object] = []
        self.polled = threading.Event()

    def poll(self, now_ms: int) -> list[events.SlotLost]:
        self.polled.set()
        said, self.says = self.says, []
        return said

    def take(self, effect: object) -> None:
        self.did.append(effect)

    def renew(self) -> None:
        self.did.append("renewed")

    def all_off(self) -> None:
        self.did.append("all off")

    def close(self) -> None:
        self.did.append("closed")


@pytest.fixture
def served() -> Iterator[tuple[Channel, Line, threading.Thread]]:
    controller, theirs = ipc.channel_pair(Child.CABINET)
    line = Line()
    process = CabinetProcess(ipc.inherited_channel(theirs.detach()), line)  # type: ignore[arg-type]
    thread = threading.Thread(target=process.run, daemon=True)
    yield controller, line, thread
    if thread.ident is not None:
        controller.close()
        thread.join(5)
        assert not thread.is_alive()


def heard(channel: Channel) -> list[ipc.Message]:
    said = []
    while (message := channel.receive()) is not None:
        said.append(message)
    return said


def test_what_the_controller_wants_reaches_the_driver_in_order(served: tuple[Channel, Line, threading.Thread]) -> None:
    controller, line, thread = served
    wanted: list[ipc.Message] = [SetCharger(SLOT, 5_000), UnlockSlot(SLOT, 9, SlotCause.SWAP_IN), SetCharger(SLOT, 0)]
    for effect in wanted:
        controller.send(effect)
    controller.send(ipc.RenewLease())
    controller.send(ipc.StopChild())
    thread.start()
    thread.join(5)

    assert line.did == [*wanted, "renewed", "all off", "closed"]


def test_without_the_controller_no_charger_is_left_on(served: tuple[Channel, Line, threading.Thread]) -> None:
    controller, line, thread = served
    thread.start()
    assert line.polled.wait(5)
    controller.close()
    thread.join(5)

    assert line.did == ["all off", "closed"]


def test_what_the_driver_says_is_told_with_a_heartbeat(served: tuple[Channel, Line, threading.Thread]) -> None:
    controller, line, thread = served
    line.says = [events.SlotLost(SLOT, "4.5 s old")]
    controller.send(ipc.StopChild())
    thread.start()
    thread.join(5)

    assert heard(controller) == [events.SlotLost(SLOT, "4.5 s old"), ipc.Heartbeat()]


def test_nothing_is_dropped_for_a_controller_that_does_not_read_and_in_the_end_it_begins_anew() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line = Line()
    line.says = [events.SlotLost(SLOT, f"{number}") for number in range(2 * MAX_QUEUED)]
    process = CabinetProcess(ipc.inherited_channel(theirs.detach()), line)  # type: ignore[arg-type]
    thread = threading.Thread(target=process.run, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive(), "whoever starts it anew has everything read anew"
    assert line.did == ["all off", "closed"]

    controller = Channel(ours, ipc.ALLOWED[Child.CABINET])
    told: list[str] = []
    try:
        while (message := controller.receive()) is not None:
            assert isinstance(message, events.SlotLost)
            told.append(message.detail)
    except ChannelClosed:
        pass
    assert told == [str(number) for number in range(len(told))]
    controller.close()
