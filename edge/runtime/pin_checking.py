"""Numbers typed at keypads, checked on a thread of their own: a slow scrypt or a hung disk holds nobody else up.

The digits are here alone, from the moment at which the reader process sends them until they are checked or the core has
not asked about them. They are not logged, not shown by `repr`, and not part of any event or record. At most one number
a reader waits; what does not fit is answered at once as one that could not be checked. The core itself gives up on an
answer that does not come (`edge.core.pins.CHECK_MS`).
"""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from contract.ids import MemberId, ReaderId
from contract.pins import Match
from contract.policy.model import Factor
from edge.core.effects import CheckPin
from edge.core.events import CardPresented, PinChecked, PinEntered, PinVerdict
from edge.roster.errors import RosterUnavailable
from edge.roster.numbers import FoundCode
from edge.runtime.ipc import PinTyped
from edge.runtime.reports import presented_ms

log = logging.getLogger(__name__)

STOP_S: Final = 0.5
VERDICTS: Final = {Match.RIGHT: PinVerdict.RIGHT, Match.DURESS: PinVerdict.DURESS, Match.WRONG: PinVerdict.WRONG}


class Numbers(Protocol):
    """The roster's numbers; every method raises `RosterUnavailable`."""

    def check(self, member: MemberId, digits: str) -> Match: ...

    def issued(self, digits: int) -> int: ...

    def find_code(self, digits: str) -> FoundCode | None: ...


@dataclass(frozen=True)
class _Job:
    """A number to check: of a member, or, with None, as a credential by itself."""

    reader: ReaderId
    entry: int
    entered_mono_ms: int
    digits: str = field(repr=False)
    member: MemberId | None = None


class PinChecking:
    """`report` is called on this object's thread, or within `check`, and must not act at once."""

    def __init__(self, numbers: Numbers, readers: int, report: Callable[[PinChecked | CardPresented], None]) -> None:
        self._numbers = numbers
        self._report = report
        self._entry = 0
        self._held: _Job | None = None
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=max(1, readers))
        self._thread = threading.Thread(target=self._run, name="pin-checking", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A check that hangs is left behind: the thread ends with the process."""
        try:
            self._jobs.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(STOP_S)

    def typed(self, number: PinTyped, happen: Callable[[PinEntered], None]) -> None:
        """Tell the core that a number was typed; if it does not ask about it at once, the number is forgotten."""
        self._entry += 1
        self._held = _Job(number.reader, self._entry, presented_ms(number), number.digits)
        try:
            happen(PinEntered(number.reader, self._entry, self._held.entered_mono_ms))
        finally:
            self._held = None

    def check(self, effect: CheckPin) -> None:
        """Carry out the effect: its answer comes as an event, always."""
        held, self._held = self._held, None
        if held is None or (held.reader, held.entry) != (effect.reader, effect.entry):
            self._report(PinChecked(effect.reader, effect.entry, PinVerdict.UNAVAILABLE))
            return
        job = _Job(held.reader, held.entry, held.entered_mono_ms, held.digits, effect.member)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            log.error("numbers wait to be checked; the one at reader %s is not", effect.reader)
            self._report(PinChecked(effect.reader, effect.entry, PinVerdict.UNAVAILABLE))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                answer = self._answer(job)
            except RosterUnavailable as error:
                log.error("a number cannot be checked: %s", error)
                answer = PinChecked(job.reader, job.entry, PinVerdict.UNAVAILABLE)
            except Exception:
                log.exception("a number cannot be checked")
                answer = PinChecked(job.reader, job.entry, PinVerdict.UNAVAILABLE)
            self._report(answer)

    def _answer(self, job: _Job) -> PinChecked | CardPresented:
        if job.member is not None:
            return PinChecked(job.reader, job.entry, VERDICTS[self._numbers.check(job.member, job.digits)])
        found = self._numbers.find_code(job.digits)
        if found is None:
            return PinChecked(job.reader, job.entry, PinVerdict.WRONG)
        return CardPresented(
            job.reader,
            found.credential,
            found.member,
            job.entered_mono_ms,
            factors=frozenset({Factor.PIN}),
            duress=found.duress,
            entry=job.entry,
            code_digits=len(job.digits),
            codes_issued=self._numbers.issued(len(job.digits)),
        )
