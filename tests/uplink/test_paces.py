"""The paces: back-off, state, refusals, roster pulls, and the way to the controller."""

import asyncio
import random

from contract.ids import NodeId
from edge.roster.writer import Pull
from edge.runtime.ipc import (
    Acknowledged,
    Child,
    DownwardRefused,
    Heartbeat,
    Message,
    UplinkStatus,
    channel_pair,
    inherited_channel,
)
from edge.uplink.backoff import Backoff
from edge.uplink.controller import MAX_WAITING, Controller
from edge.uplink.following import PullPace
from edge.uplink.refusals import Refusals
from edge.uplink.reporting import StatePace


def test_back_off_has_full_jitter_under_a_ceiling_that_doubles_to_a_minute() -> None:
    for seed in range(50):
        backoff = Backoff(chance=random.Random(seed))
        waits = [backoff.next_ms() for _ in range(12)]
        ceilings = [min(60_000, 500 * 2**attempt) for attempt in range(12)]
        assert all(0 <= wait <= ceiling for wait, ceiling in zip(waits, ceilings, strict=True))
    assert len({Backoff(attempts=9, chance=random.Random(seed)).next_ms() for seed in range(50)}) > 40
    backoff.reset()
    assert backoff.next_ms() <= 500


def test_the_first_change_of_state_goes_at_once_and_the_next_after_a_second() -> None:
    pace = StatePace()
    assert pace.due_ms() is None
    pace.change({"people": 1})
    assert pace.due_ms() == 0
    pace.published(5_000)
    assert pace.due_ms() == 65_000
    pace.change({"people": 1})
    assert pace.due_ms() == 65_000
    pace.change({"people": 2})
    assert pace.due_ms() == 6_000
    pace.published(9_000)
    pace.new_session()
    assert pace.due_ms() == 0


def test_at_most_ten_refusals_a_minute_are_told_and_the_rest_is_counted() -> None:
    refusals = Refusals()
    told = [refusals.refuse("t", "r", now_ms) for now_ms in range(100)]
    assert sum(one is not None for one in told) == 10
    assert refusals.minute_over(59_999) is None
    assert refusals.minute_over(60_000) == DownwardRefused("*", "90 more refused within a minute")
    assert refusals.minute_over(120_000) is None
    assert refusals.refuse("\ud800", "长" * 1_000, 60_001) == DownwardRefused("\\ud800", ("\\u957f" * 200)[:200])
    assert refusals.total == 101


def test_a_page_that_does_not_come_is_asked_for_again_ever_less_often() -> None:
    pace, pull = PullPace(), Pull(NodeId("cn"), 3)
    assert pace.deadline_ms() is None
    assert pace.next_pull([pull], 0) == pull
    asked_at = [now_ms for now_ms in range(0, 600_000, 1_000) if pace.next_pull([pull], now_ms)]
    assert asked_at == [10_000, 30_000, 70_000, 150_000, 310_000, 470_000]
    assert pace.next_pull([Pull(NodeId("cn"), 4)], 600_000) == Pull(NodeId("cn"), 4)
    assert pace.deadline_ms() == 610_000
    assert pace.next_pull([], 600_001) is None
    assert pace.deadline_ms() is None


def test_a_node_that_cannot_be_had_does_not_keep_the_others_waiting() -> None:
    pace, wanted = PullPace(), [Pull(NodeId("bj"), 0), Pull(NodeId("cn"), 0)]
    assert pace.next_pull(wanted, 0) == wanted[0]
    assert pace.next_pull(wanted, 10_000) == wanted[1]


def test_a_controller_that_does_not_read_gets_everything_in_order_later_within_a_bound() -> None:
    async def story() -> None:
        ours, theirs = channel_pair(Child.UPLINK)
        controller = Controller(inherited_channel(theirs.detach()), lambda _: None, lambda: None)
        for index in range(20_000):
            controller.say(UplinkStatus(True, None, f"{index:05} {'x' * 200}"))
        controller.say(Heartbeat())
        assert len(controller._waiting) == MAX_WAITING
        got: list[Message] = []
        while controller._waiting:
            while (message := ours.receive()) is not None:
                got.append(message)
            await asyncio.sleep(0)
        while (message := ours.receive()) is not None:
            got.append(message)
        numbers = [int(message.detail[:5]) for message in got if isinstance(message, UplinkStatus)]
        assert numbers == list(range(len(numbers)))
        assert MAX_WAITING < len(numbers) < 20_000
        assert not any(isinstance(message, (Heartbeat, Acknowledged)) for message in got)
        controller.say(Heartbeat())
        assert ours.receive() == Heartbeat()

    asyncio.run(story())
