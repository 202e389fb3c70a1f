"""Tasks that work together, and end when they are told to.

`asyncio.TaskGroup` cancels each of its tasks once and then waits for it. Up to Python 3.11 that may be for ever:
`asyncio.wait_for`, with which the MQTT library waits for the broker's answers, swallows a cancellation that comes as
the answer is there, and the task goes on as if nobody had said anything.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final

CANCEL_AGAIN_S: Final = 0.1


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until one has ended or failed, or this is cancelled; then none of them runs any more.

    Raises:
        Whatever the first that failed has raised.
    """
    tasks = [asyncio.ensure_future(part) for part in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is not None]
    finally:
        await end(tasks)
    for task in failed:
        task.result()


async def end(tasks: Sequence["asyncio.Future[Any]"]) -> None:
    """Cancel tasks until they have ended."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
