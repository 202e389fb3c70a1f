"""Tasks that work together end together, even those that a cancellation does not reach at first."""

import asyncio

import pytest

from cloud.ending import together


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
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

    async def story() -> None:
        both = asyncio.create_task(together(stubborn(), for_ever()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        both.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(both, 5)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())
    assert swallowed == 3


def test_the_first_failure_is_everybodys_end_and_is_told() -> None:
    async def failing() -> None:
        raise ZeroDivisionError

    async def story() -> None:
        with pytest.raises(ZeroDivisionError):
            await together(for_ever(), failing())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())


def test_work_that_is_done_ends_what_goes_with_it() -> None:
    async def story() -> None:
        await asyncio.wait_for(together(for_ever(), asyncio.sleep(0)), 5)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())
