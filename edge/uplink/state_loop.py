"""Publishes the live state at the pace of `reporting`."""

import asyncio
import logging
from typing import Any

from pydantic import ValidationError

from contract.codec import encode
from contract.messages import StationState
from contract.topics import Leaf
from edge.runtime.clock import monotonic_ms, wall_ms
from edge.uplink.reporting import StatePace
from edge.uplink.wire import Wire

log = logging.getLogger(__name__)


class StateLoop:
    """Lives as long as the process; `run` as long as one session."""

    def __init__(self) -> None:
        self._pace = StatePace()
        self._wake = asyncio.Event()
        self._refused = ""
        self._began_ms = 0

    @property
    def newest(self) -> dict[str, Any] | None:
        """The newest state that the controller has told."""
        return self._pace.state

    def changed(self, state: dict[str, Any]) -> None:
        self._pace.change(state)
        self._wake.set()

    async def run(self, wire: Wire) -> None:
        """Publishes until cancelled or until the connection fails."""
        self._pace.new_session()
        self._began_ms = monotonic_ms()
        while True:
            self._wake.clear()
            due_ms, now_ms = self._pace.due_ms(), monotonic_ms()
            if due_ms is not None and now_ms >= due_ms:
                self._pace.published(now_ms)
                await self._publish(wire, now_ms)
                continue
            try:
                await asyncio.wait_for(self._wake.wait(), None if due_ms is None else (due_ms - now_ms) / 1_000)
            except TimeoutError:
                pass

    async def _publish(self, wire: Wire, now_ms: int) -> None:
        try:
            # `n` must rise within a boot even when this process has been restarted meanwhile: monotonic time does.
            told = {"session": wire.session, "session_age_ms": now_ms - self._began_ms, "n": now_ms, "at_ms": wall_ms()}
            state = StationState.model_validate({**(self._pace.state or {}), **told})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
            if reason != self._refused:
                log.error("the controller's state cannot be published: %s", reason)
            self._refused = reason
            return
        await wire.publish(Leaf.STATE, encode(state))
