"""Blocking work in one thread, and tasks that end when told to."""

import asyncio
import threading

from edge.uplink.worker import Worker, end


def test_calls_follow_each_other_even_when_the_first_was_given_up() -> None:
    async def story() -> None:
        worker, log = Worker("test"), list[str]()
        began, let_go = threading.Event(), threading.Event()

        def slow() -> None:
            began.set()
            let_go.wait(10)
            log.append("first")

        given_up = asyncio.create_task(worker.do(slow))
        while not began.is_set():
            await asyncio.sleep(0)
        given_up.cancel()
        second = asyncio.create_task(worker.do(log.append, "second"))
        await asyncio.sleep(0)
        let_go.set()
        await second
        assert log == ["first", "second"]

    asyncio.run(story())


def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    async def story() -> None:
        swallowed = 0

        async def stubborn() -> None:
            nonlocal swallowed
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    swallowed += 1
                    if swallowed == 3:
                        raise

        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        outcome = (await asyncio.wait_for(end([task]), 5))[0]
        assert isinstance(outcome, asyncio.CancelledError)
        assert swallowed == 3

    asyncio.run(story())
