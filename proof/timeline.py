"""Virtual time: a heap of moments and what is to happen at them. Nothing here waits."""

import heapq
from collections.abc import Callable, Iterable
from typing import Any


class Timeline:
    """Things of one moment happen in the order in which they were asked for."""

    __slots__ = ("_heap", "_order", "_planned", "now_ms")

    def __init__(self) -> None:
        self.now_ms = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._planned: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0

    def at(self, moment_ms: int, what: Callable[..., None], *given: Any) -> None:
        """Let `what` happen at a moment; one that has passed is now."""
        self._order += 1
        heapq.heappush(self._heap, (max(moment_ms, self.now_ms), self._order, what, given))

    def after(self, wait_ms: int, what: Callable[..., None], *given: Any) -> None:
        self._order += 1
        heapq.heappush(self._heap, (self.now_ms + wait_ms, self._order, what, given))

    def plan(self, moments_ms: Iterable[tuple[int, Any]], what: Callable[[Any], None]) -> None:
        """Let `what` happen at each of these moments, with what is given there. As `at` does, but what is known a day
        ahead lies in a list of its own: a heap of what comes soon is a small one."""
        for moment_ms, given in moments_ms:
            self._order += 1
            self._planned.append((max(moment_ms, self.now_ms), self._order, what, (given,)))
        self._planned.sort(reverse=True)

    def run_until(self, end_ms: int) -> None:
        """Live through everything up to and including `end_ms`."""
        heap, planned, pop = self._heap, self._planned, heapq.heappop
        while True:
            if planned and (not heap or planned[-1] < heap[0]):
                if planned[-1][0] > end_ms:
                    break
                moment_ms, _, what, given = planned.pop()
            elif heap and heap[0][0] <= end_ms:
                moment_ms, _, what, given = pop(heap)
            else:
                break
            self.now_ms = moment_ms
            what(*given)
        self.now_ms = end_ms
