"""Virtual time: a heap of moments and what is to happen at them. Nothing here waits."""

import heapq
from collections.abc import Callable
from typing import Any


class Timeline:
    """Things of one moment happen in the order in which they were asked for."""

    __slots__ = ("_heap", "_order", "now_ms")

    def __init__(self) -> None:
        self.now_ms = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0

    def at(self, moment_ms: int, what: Callable[..., None], *given: Any) -> None:
        """Let `what` happen at a moment; one that has passed is now."""
        self._order += 1
        heapq.heappush(self._heap, (max(moment_ms, self.now_ms), self._order, what, given))

    def after(self, wait_ms: int, what: Callable[..., None], *given: Any) -> None:
        self._order += 1
        heapq.heappush(self._heap, (self.now_ms + wait_ms, self._order, what, given))

    def run_until(self, end_ms: int) -> None:
        """Live through everything up to and including `end_ms`."""
        heap, pop = self._heap, heapq.heappop
        while heap and heap[0][0] <= end_ms:
            moment_ms, _, what, given = pop(heap)
            self.now_ms = moment_ms
            what(*given)
        self.now_ms = end_ms
