"""The loop around the roster file: heads and pages in, pulls out. All of SQLite in a worker thread.

Only the newest head and the newest page wait here: an older head is void, and one page is asked for at a time.
"""

import asyncio
import logging
from collections.abc import Callable

from contract.codec import encode
from contract.messages import RosterHead, RosterPage, RosterPull
from contract.topics import Leaf
from edge.roster.errors import PageRefused, RosterError
from edge.roster.writer import PageOutcome, PageResult, RosterWriter
from edge.runtime.clock import monotonic_ms
from edge.runtime.ipc import Message, RosterSwitchedTo, RosterTrouble
from edge.uplink.following import PullPace
from edge.uplink.wire import Wire
from edge.uplink.worker import Worker

log = logging.getLogger(__name__)

RETRY_S = 5.0

OpenRoster = Callable[[], RosterWriter]
Refuse = Callable[[str, str], None]


class RosterLoop:
    """Lives as long as the process; `run` as long as one session."""

    def __init__(self, open_roster: OpenRoster, say: Callable[[Message], None], refuse: Refuse) -> None:
        self._open_roster = open_roster
        self._say = say
        self._refuse = refuse
        self._writer: RosterWriter | None = None
        self._pace = PullPace()
        self._head: RosterHead | None = None
        self._page: RosterPage | None = None
        self._worker = Worker("roster")
        self._wake = asyncio.Event()
        self._headed = False
        self._troubled = False
        self._to_be_pulled_anew = False

    def heard(self, message: RosterHead | RosterPage) -> None:
        """The cloud's word, its signature checked."""
        if isinstance(message, RosterHead):
            self._head = message
        else:
            self._page = message
        self._wake.set()

    async def run(self, wire: Wire) -> None:
        """Follows until cancelled or until the connection fails."""
        self._pace.new_session()
        self._page = None
        while True:
            self._wake.clear()
            try:
                await self._follow(wire)
            except RosterError as error:
                self._trouble(str(error))
                await asyncio.sleep(RETRY_S)
                continue
            await self._rest()

    async def _follow(self, wire: Wire) -> None:
        writer = self._writer or await self._opened()
        if (head := self._head) is not None:
            if await self._worker.do(writer.apply_head, head):
                self._headed = True
            else:
                self._refuse(Leaf.ROSTER_HEAD, f"revision {head.revision} is lower than one already followed")
            if self._head is head:
                self._head = None
        if (page := self._page) is not None:
            self._page = None
            await self._apply(writer, page)
        wanted = await self._worker.do(writer.wanted)
        if self._headed and not wanted:
            self._to_be_pulled_anew = False
        if not self._to_be_pulled_anew:
            self._recovered()
        if (pull := self._pace.next_pull(wanted, monotonic_ms())) is not None:
            message = RosterPull(
                session=wire.session,
                node=pull.node,
                after_version=pull.after_version,
                snapshot_cursor=pull.snapshot_cursor,
                snapshot_version=pull.snapshot_version,
            )
            await wire.publish(Leaf.ROSTER_PULL, encode(message))

    async def _apply(self, writer: RosterWriter, page: RosterPage) -> None:
        try:
            result: PageResult = await self._worker.do(writer.apply_page, page)
        except PageRefused as error:
            self._refuse(Leaf.ROSTER_PAGE, str(error))
            return
        if result.skipped_credentials:
            log.warning("%d credentials on the roster of %s cannot be read", result.skipped_credentials, result.node)
        if result.outcome in (PageOutcome.APPLIED, PageOutcome.SWITCHED):
            self._say(RosterSwitchedTo(result.node, result.version, result.members))

    async def _opened(self) -> RosterWriter:
        self._writer = writer = await self._worker.do(self._open_roster)
        if writer.set_aside_reason:
            self._to_be_pulled_anew = True
            self._trouble(writer.set_aside_reason)
        return writer

    async def _rest(self) -> None:
        deadline_ms = self._pace.deadline_ms()
        wait_s = None if deadline_ms is None else max(0.0, (deadline_ms - monotonic_ms()) / 1_000)
        try:
            await asyncio.wait_for(self._wake.wait(), wait_s)
        except TimeoutError:
            pass

    def _trouble(self, detail: str) -> None:
        if not self._troubled:
            log.warning("roster: %s", detail)
            self._say(RosterTrouble(False, detail[:500]))
        self._troubled = True

    def _recovered(self) -> None:
        if self._troubled:
            log.info("the roster is in order again")
            self._say(RosterTrouble(True, ""))
        self._troubled = False
