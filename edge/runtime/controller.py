"""The controller: the loop around the pure core, in one asyncio thread.

Everything that happens becomes one `edge.core.events` value in `happen`, which steps the core, hands the records to the
journal thread and the effects to `Actuation`, and sets the next deadline. Nothing here blocks: pins and journal have
threads of their own, reader and uplink are processes, and a roster look-up is bounded by its own time limit.

A mistake of ours ends the station, lock at rest and queue written down: alive but wrong is worse than started again.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.records import Record
from edge.core import events, station
from edge.core.config import StationConfig
from edge.core.effects import ReaderFeedback, Urgency
from edge.core.snapshot import SNAPSHOT_VERSION, snapshot
from edge.core.state import Now
from edge.core.view import view
from edge.journal.model import NewRecord
from edge.runtime import gpio_thread, ipc, journal_thread
from edge.runtime.actuation import Actuation, Verdict
from edge.runtime.actuators import Actuators
from edge.runtime.alarm_questions import AlarmQuestions
from edge.runtime.cabinet_questions import CabinetQuestions
from edge.runtime.children import SupervisedChild
from edge.runtime.clock import monotonic_ms, wall_ms
from edge.runtime.clock_watch import ClockWatch
from edge.runtime.explaining import Explainer
from edge.runtime.health import HealthMeter
from edge.runtime.looking_up import battery_event, card_event
from edge.runtime.noticing import notice_of
from edge.runtime.notify import ALIVE, READY, STOPPING, notify
from edge.runtime.picture import picture_of
from edge.runtime.pin_checking import PinChecking
from edge.runtime.reports import child_event, child_lost_events, pin_events
from edge.runtime.start import ControllerFailed, LateRestart, Roster, Start
from edge.runtime.state_teller import StateTeller
from edge.runtime.station_socket import StationSocket

log = logging.getLogger(__name__)

CHECK_S: Final = 0.25
HEALTH_S: Final = 60.0
SNAPSHOT_EVERY: Final = 1_000
STOP_CHILDREN_S: Final = 1.0
STOP_JOURNAL_S: Final = 2.5
"""Children, pins and journal together end within the service manager's 5 s."""


class Controller:
    """One station. Built by `edge.runtime.wiring`; `run` lasts until `stop`."""

    def __init__(
        self,
        config: StationConfig,
        start: Start,
        roster: Roster,
        socket: StationSocket,
        health: HealthMeter,
        clock: ClockWatch,
        explainer: Explainer,
    ) -> None:
        self._config = config
        self._start = start
        self._state = start.state
        self._roster = roster
        self._socket = socket
        self._health = health
        self._clock = clock
        self._answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "status": self._status,
            "explain": lambda question: explainer.answer(question, self._state, self._now()),
            **AlarmQuestions(self.happen, lambda: self._state).answers,
            **CabinetQuestions(config.cabinet, self.happen, lambda: self._state).answers,
        }
        """What can be asked at the socket, by name."""
        self._actuation = Actuation()
        self._epoch = start.epoch
        self._unacknowledged = start.unacknowledged
        self._latest_trusted_ms = start.latest_trusted_ms
        self._records_since_snapshot = start.booted.records_replayed
        self._timer: asyncio.TimerHandle | None = None
        self._resets = 0
        self._ping = 0
        self._ready = False
        self._late_restart = LateRestart()
        self._failure = ""
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop

    def attach(
        self,
        pins: gpio_thread.GpioThread,
        journal: journal_thread.JournalThread,
        children: Mapping[ipc.Child, SupervisedChild],
        numbers: PinChecking,
    ) -> None:
        """The parts that call back into this object, and so are made after it."""
        self._pins, self._journal, self._children, self._numbers = pins, journal, children, numbers
        self._uplink = children[ipc.Child.UPLINK]
        self._actuators = Actuators(
            *(pins, children, numbers, self._socket.tell, self._stop_soon),
            answer=lambda event: self._loop.call_soon(self.happen, event),
            look_up=lambda asked: battery_event(self._roster, asked),
        )
        self._console = children.get(ipc.Child.CONSOLE)
        listeners = [self._uplink] if self._console is None else [self._uplink, self._console]
        self._teller = StateTeller(self._picture, listeners, self._socket.tell)

    # ------------------------------------------------ life

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Until `stop`. Raises `ControllerFailed`."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._broken)
        self._on_ready = on_ready
        self._journal.start()
        # Outputs go to rest before anything else may happen.
        self._pins.start()
        self._numbers.start()
        self.happen(self._start.booted)
        for finding in self._start.findings:
            self.happen(finding)
        self._watch_clock()
        for child in self._children.values():
            child.start()
        try:
            await self._socket.start()
        except OSError as error:
            log.error("nobody will be able to ask how the station is: %s", error)
        self._next_health = time.monotonic() + HEALTH_S
        self._next_check = self._loop.call_later(CHECK_S, self._check_all)
        await self._stopped.wait()
        self._next_check.cancel()
        await self._shut_down()
        if self._failure:
            raise ControllerFailed(self._failure)

    def stop(self, why: str) -> None:
        """Ask for an orderly stop, from the loop's thread."""
        if not self._stopped.is_set():
            notify(STOPPING)
            self.happen(events.StopRequested(why))
            self._stopped.set()

    def _stop_soon(self, why: str) -> None:
        self._loop.call_soon(self.stop, why)

    def _fail(self, detail: str) -> None:
        self._failure = self._failure or detail
        self._stopped.set()

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The loop's exception handler. A callback that failed has a handle; trouble with a client has none."""
        loop.default_exception_handler(context)
        if "handle" in context and not isinstance(context.get("exception"), asyncio.CancelledError):
            self._fail(str(context.get("exception") or context["message"]))

    async def _shut_down(self) -> None:
        self._pins.set_lock(False)
        self._teller.now()
        children = self._children.values()
        for child in children:
            child.ask_to_stop()
        await asyncio.gather(*(asyncio.to_thread(child.wait_for_end, STOP_CHILDREN_S) for child in children))
        self._pins.stop()
        self._numbers.stop()
        if not await asyncio.to_thread(self._journal.stop, STOP_JOURNAL_S):
            log.error("storage did not take the last records; they are lost")
        await self._socket.stop()

    # ------------------------------------------------ the core

    def happen(self, event: events.Event) -> None:
        """Step the core with `event` and see to what follows."""
        now = self._now()
        step = station.step(self._config, self._state, event, now)
        self._state = step.state
        # The lock at once, then the records on their way to the disk, and while that turns light and sound for people.
        signs = tuple(effect for effect in step.effects if isinstance(effect, ReaderFeedback))
        acts = tuple(effect for effect in step.effects if not isinstance(effect, ReaderFeedback))
        self._obey(self._actuation.at_once(acts))
        ticket = self._record(step.records, now) if step.records else None
        self._obey(self._actuation.take(acts, ticket, now.mono_ms))
        self._obey(self._actuation.at_once(signs))
        self._socket.tell_records(step.records, now.mono_ms)
        if self._console is not None and (notice := notice_of(step)) is not None:
            self._console.send(notice)
        if self._records_since_snapshot >= SNAPSHOT_EVERY:
            self._snapshot()
        self._set_timer()
        self._teller.soon()

    def _record(self, records: tuple[Record, ...], now: Now) -> int | None:
        """Hand records to the journal; the ticket by which their commit will be known, None when there is no room."""
        ticket = self._journal.submit(
            tuple(NewRecord(record, now.mono_ms, now.wall_ms, now.clock_trusted) for record in records)
        )
        self._records_since_snapshot += len(records)
        return ticket

    def _now(self) -> Now:
        wall = wall_ms()
        if self._clock.trusted:
            self._latest_trusted_ms = wall
        return Now(monotonic_ms(), wall, self._clock.trusted, self._latest_trusted_ms)

    def _snapshot(self) -> None:
        self._records_since_snapshot = 0
        self._journal.save_snapshot(json.dumps(snapshot(self._state)), SNAPSHOT_VERSION)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moments = (station.deadline(self._state), self._actuation.deadline_ms())
        nearest = min((moment for moment in moments if moment is not None), default=None)
        if nearest is not None:
            self._timer = self._loop.call_later(max(0, nearest - monotonic_ms()) / 1_000 + 0.0005, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        self._obey(self._actuation.due(monotonic_ms()))
        self.happen(events.Tick())

    # ------------------------------------------------ effects

    def _obey(self, verdict: Verdict) -> None:
        for effect in verdict.do:
            self._actuators.carry_out(effect)
            if effect.urgency is Urgency.AFTER_COMMIT:
                self._loop.call_soon(self.happen, events.EffectDone(effect))
        for effect, reason in verdict.refuse:
            self._loop.call_soon(self.happen, events.EffectRefused(effect, reason))

    # ------------------------------------------------ what the parts report

    def pins_reported(self, report: gpio_thread.PinReport) -> None:
        """From the GPIO thread."""
        self._on_loop(self._pins_reported, report)

    def _pins_reported(self, report: gpio_thread.PinReport) -> None:
        if isinstance(report, gpio_thread.Pong):
            notify(ALIVE)
        elif isinstance(report, gpio_thread.LockDriven):
            self._socket.tell({"lock_driven": report.released, "mono_ns": report.mono_ns})
        for event in pin_events(report):
            self.happen(event)
        if isinstance(report, gpio_thread.PinsRead):
            self._become_ready()
        elif isinstance(report, gpio_thread.PinsLost):
            # Without its pins a station is of use, too: the cloud hears of it. It must not be ended for being slow.
            notify(READY, "STATUS=the pins are away")

    def journal_reported(self, report: journal_thread.JournalReport) -> None:
        """From the journal thread."""
        self._on_loop(self._journal_reported, report)

    def _on_loop(self, take: Callable[[Any], None], report: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(take, report)
        except RuntimeError:
            log.debug("the loop has ended before %s", type(report).__name__)

    def _journal_reported(self, report: journal_thread.JournalReport) -> None:
        if isinstance(report, journal_thread.Committed):
            self._epoch = report.epoch
            self._unacknowledged = report.unacknowledged
            # The lock first: it has waited for this.
            self._obey(self._actuation.committed(report.ticket, report.unkept))
            self._socket.tell({"committed": report.ticket, "mono_ns": report.at_mono_ns})
            self._set_timer()
            self._uplink.send(ipc.JournalGrew(report.epoch))
        elif isinstance(report, journal_thread.Acknowledged):
            self._unacknowledged = report.unacknowledged
            self._teller.soon()
        elif isinstance(report, journal_thread.StorageTrouble):
            if report.status in (events.StorageStatus.FULL, events.StorageStatus.UNAVAILABLE):
                self._obey(self._actuation.failed())
                self._late_restart.failed()
            self.happen(events.StorageChanged(report.status, report.detail))
        elif isinstance(report, journal_thread.Dropped):
            self.happen(events.RecordsDropped(report.stream, report.count))
        elif isinstance(report, journal_thread.WasReset):
            self._epoch = report.epoch
            self.happen(events.JournalReset(report.detail))
            self._snapshot()
        elif isinstance(report, journal_thread.OpenedLate):
            self._late_restart.opened()
        elif isinstance(report, journal_thread.Failed):
            self._fail(report.detail)
        else:
            self._epoch = report.epoch
            self.happen(events.JournalForkDetected(report.previous_epoch, report.reason))
            self._uplink.send(ipc.JournalGrew(report.epoch))

    def child_changed(self, child: ipc.Child, running: bool, detail: str) -> None:
        """A child has begun to speak, or has failed."""
        self.happen(events.ChildRunning(str(child)) if running else events.ChildRestarting(str(child), detail))
        if running:
            self._teller.forget(child)
            if child is ipc.Child.READER:
                self._actuators.show_signs_again()
            elif child is ipc.Child.CABINET:
                self._actuators.show_cabinet_again()
        else:
            for event in child_lost_events(self._config, child, detail):
                self.happen(event)

    def child_said(self, message: ipc.Message) -> None:
        """From a child; its kinds have been checked."""
        if isinstance(message, ipc.CardRead):
            self._card(message)
        elif isinstance(message, ipc.PinTyped):
            self._numbers.typed(message, self.happen)
        elif isinstance(message, ipc.Acknowledged):
            self._journal.acknowledge(
                message.epoch, message.stream, message.through_seq, message.through_digest, forked=message.forked
            )
        elif (event := child_event(message)) is not None:
            if isinstance(message, ipc.ReaderStatus):
                self._resets = message.resets
            self.happen(event)

    def number_checked(self, answer: events.PinChecked | events.CardPresented) -> None:
        """From the thread that checks numbers, or from within a step; it is taken in a step of its own."""
        self._on_loop(self.happen, answer)

    def _card(self, card: ipc.CardRead) -> None:
        began_ns = time.monotonic_ns()
        if card.reader not in self._config.readers:
            log.error("a card from a reader that this station does not have")
            return
        self.happen(card_event(self._roster, card, self._config.station_id))
        times = {"received_ns": card.received_mono_ns, "began_ns": began_ns, "decided_ns": time.monotonic_ns()}
        self._socket.tell({"card": card.reader, **times})

    # ------------------------------------------------ rounds

    def _check_all(self) -> None:
        self._next_check = self._loop.call_later(CHECK_S, self._check_all)
        self._pins.check()
        for child in self._children.values():
            child.check()
        self._watch_clock()
        self._ping += 1
        self._pins.ping(self._ping)
        self._actuators.renew_lease()
        if self._late_restart.is_due() and not view(self._state).lock_released:
            self.stop("journal opened after the start")
        if time.monotonic() >= self._next_health:
            self._next_health = time.monotonic() + HEALTH_S
            self.happen(self._health.measure(self._unacknowledged, self._resets))

    def _watch_clock(self) -> None:
        changed = self._clock.look()
        if changed is not None:
            self.happen(changed)

    def _become_ready(self) -> None:
        if not self._ready:
            self._ready = True
            notify(READY, "STATUS=the door is ready")
            self._on_ready()

    def _picture(self) -> dict[str, Any]:
        return picture_of(
            self._config,
            self._state,
            epoch=self._epoch,
            clock_trusted=self._clock.trusted,
            unacknowledged=self._unacknowledged,
        )

    # ------------------------------------------------ questions

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """For the socket. Raises `ValueError` for a question that is not known."""
        asked = question.get("ask")
        answer = self._answers.get(asked) if isinstance(asked, str) else None
        if answer is None:
            raise ValueError(f"unknown question {asked!r}; known are {', '.join(self._answers)}, tail")
        return answer(question)

    def _status(self, question: dict[str, Any]) -> dict[str, Any]:
        pids = {str(name): child.pid for name, child in self._children.items()}
        return {
            "station": self._config.station_id,
            "state": self._picture(),
            "pids": {"controller": self._health.pid, **pids},
            "ready": self._ready,
        }
