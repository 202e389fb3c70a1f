"""Telling the children that want it how the station is: when it has changed, and not more often than is of use."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

from edge.runtime import ipc
from edge.runtime.cabinet_picture import steady
from edge.runtime.children import SupervisedChild
from edge.runtime.silence import for_people_here

TELL_STATE_S: Final = 0.02
"""The live picture is drawn when the lock has moved, not before."""


class StateTeller:
    """`picture` draws the live picture; `tell` passes what was told on to whoever listens at the socket."""

    def __init__(
        self,
        picture: Callable[[], dict[str, Any]],
        listeners: Iterable[SupervisedChild],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._picture = picture
        self._listeners = tuple(listeners)
        self._tell = tell
        self._told: dict[ipc.Child, dict[str, Any]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def soon(self) -> None:
        """Something has happened: look in a moment whether the picture is another one."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TELL_STATE_S, self.now)

    def forget(self, child: ipc.Child) -> None:
        """A child has begun to live: it knows nothing yet."""
        self._told.pop(child, None)
        self.now()

    def now(self) -> None:
        """The live picture, to all who know another one. How much is still to be acknowledged makes no other picture,
        but whether anything is does; nor does a time that only runs down."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        picture = self._picture()
        gist = {**picture, "unacknowledged": picture["unacknowledged"] > 0, "cabinet": steady(picture["cabinet"])}
        told = False
        for listener in self._listeners:
            said = for_people_here(picture) if listener.child is ipc.Child.CONSOLE else picture
            if gist != self._told.get(listener.child) and listener.send(ipc.StateChanged(said)):
                self._told[listener.child] = gist
                told = True
        if told:
            self._tell({"state": picture})
