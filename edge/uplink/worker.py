"""Work that blocks, done in a thread of its own, and the ending of tasks."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CANCEL_AGAIN_S: Final = 0.1


class Worker:
    """One thread, so that calls follow each other: one that was given up by its session still runs to its end, and the
    next session's waits for it instead of working on the same file beside it."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result; what it raises is raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: function(*args, **kwargs))


async def end(tasks: Sequence[asyncio.Task[Any]]) -> list[object]:
    """Cancels tasks until they have ended; their results or exceptions.

    Once is not enough: up to Python 3.11 `asyncio.wait_for` swallows a cancellation that comes as the thing waited for
    is there, and the task would go on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
    return list(await asyncio.gather(*tasks, return_exceptions=True))
