"""The station's uplink child and the network between it and the cloud: the real `Shipper` over a line that loses,
repeats, delays and reorders what it carries, either way, also across connections."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from contract.ids import Epoch
from contract.messages import Ack, StreamHead
from contract.policy.model import Member
from edge.core import events
from edge.uplink.shipper import Batch, Confirmed, Read, Settings, Shipper, Verdict
from proof import wire_invariants
from proof.cloud_model import Command, text

if TYPE_CHECKING:
    from proof.life import Life

SETTINGS = Settings(window_batches=4, batch_records=100, ack_timeout_ms=10_000)
GATHER_MS = 60_000
"""A batch leaves this long after the journal grew. The real child sends at once; gathering keeps a year at a minute."""
NOTICE_MS = 20_000
"""A dead connection is noticed within this time, and a new one made within it."""


class Uplink:
    """`generation` changes with each process and each connection: what belongs to an older one is not heard."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self._shipper = Shipper(SETTINGS)
        self._alive = False
        self._pumping = False
        self._due_ms: int | None = None
        self.session = 0
        self.connected = False

    # ------------------------------------------------ process and connection

    def start(self) -> None:
        self._shipper = Shipper(SETTINGS)
        self._due_ms = None
        self._alive = True
        self._reconnect_soon()

    def end(self) -> None:
        self._alive = self.connected = False
        self.session += 1

    def cloud_changed(self) -> None:
        """The cloud has gone or come back; the station notices in its own time."""
        self._life.timeline.after(self._life.draw(NOTICE_MS), self._notice, self.session)

    def _notice(self, session: int) -> None:
        if not self._alive or session != self.session:
            return
        if not self._life.cloud.away:
            self._connect(session)
        elif self.connected:
            self.connected = False
            self.session += 1
            self._shipper.disconnected()
            self._life.shell.tell(events.UplinkChanged(False, "broker unreachable"))
            self._reconnect_soon()

    def _reconnect_soon(self) -> None:
        self._life.timeline.after(500 + self._life.draw(NOTICE_MS), self._connect, self.session)

    def _connect(self, session: int) -> None:
        # While the cloud is away nobody counts the tries: its coming back is noticed like its going.
        if not self._alive or session != self.session or self.connected or self._life.cloud.away:
            return
        self.connected = True
        self.session += 1
        self._shipper.connected()
        self._life.shell.tell(events.UplinkChanged(True))
        self._life.shell.clock_may_be_set()
        self.down(self.session, self._desired)
        self.down(self.session, self._roster_head)
        self._pump()

    # ------------------------------------------------ the network

    def _delays(self) -> list[int]:
        """When a message arrives: not at all, once, or twice; now and then very late."""
        life = self._life
        chance = life.luck.random()
        if chance < 0.02:
            return []
        copies = 2 if chance < 0.04 else 1
        return [life.draw(20_000) if life.luck.random() < 0.02 else 30 + life.draw(300) for _ in range(copies)]

    def up(self, what: Callable[..., None], *given: Any) -> None:
        for delay_ms in self._delays():
            self._life.timeline.after(delay_ms, self._at_cloud, what, given)

    def _at_cloud(self, what: Callable[..., None], given: tuple[Any, ...]) -> None:
        if not self._life.cloud.away:
            what(*given)

    def down(self, session: int, what: Callable[..., None], *given: Any) -> None:
        """To the connection of `session`; another one may hear it all the same when it is late."""
        for delay_ms in self._delays():
            self._life.timeline.after(delay_ms, self._at_station, what, given)

    def _at_station(self, what: Callable[..., None], given: tuple[Any, ...]) -> None:
        if self.connected:
            what(*given)

    # ------------------------------------------------ shipping

    def grew(self, epoch: Epoch) -> None:
        if self._alive and not self._pumping:
            self._pumping = True
            self._life.timeline.after(GATHER_MS, self._gathered, self._shipper)

    def _gathered(self, shipper: Shipper) -> None:
        self._pumping = False
        if shipper is self._shipper and self._alive:
            shipper.journal_grew(self._life.storage.journal.epoch)
            self._pump()

    def _pump(self) -> None:
        shipper, life = self._shipper, self._life
        if not self.connected:
            return
        shipper.time_passed(life.timeline.now_ms)
        for _ in range(200):
            if shipper.wants_hello:
                self._hello()
            elif (read := shipper.next_read()) is not None:
                self._ship(read)
            else:
                break
        due_ms = shipper.deadline_ms()
        # An idle line needs no poll: whatever is committed is told.
        if due_ms is not None and life.storage.journal.unacknowledged and self._due_ms is None:
            self._due_ms = max(due_ms, life.timeline.now_ms + 1)
            life.timeline.at(self._due_ms, self._due, shipper)

    def _due(self, shipper: Shipper) -> None:
        if shipper is self._shipper:
            self._due_ms = None
            if self._life.storage.journal.unacknowledged or shipper.wants_hello:
                self._pump()

    def _hello(self) -> None:
        journal = self._life.storage.journal
        heads = [
            StreamHead.model_construct(
                stream=stream,
                oldest_seq=lane.floor_seq + 1,
                head_seq=lane.seq,
                head_digest=text(lane.digest) or "",
                acknowledged_seq=lane.acknowledged_seq,
            )
            for stream, lane in journal.lanes[-1].items()
        ]
        self._shipper.said_hello(journal.epoch, heads, self._life.timeline.now_ms)
        self.up(self._greeted, self.session, journal.epoch)

    def _greeted(self, session: int, epoch: Epoch) -> None:
        for ack in self._life.cloud.greeted(epoch):
            self.down(session, self._acknowledged, ack)

    def _ship(self, read: Read) -> None:
        journal = self._life.storage.journal
        lane = journal.lane(read.stream)
        rows = lane.after(read.after_seq, read.max_records)
        if not rows:
            self._shipper.took(read, None, self._life.timeline.now_ms)
            return
        before = rows[0].covers_from - 1
        batch = Batch(
            journal.epoch, rows[0].covers_from, rows[-1].seq, lane.floor_seq + 1, len(rows),
            text(lane.digest_at(before) or 0) or "", text(rows[-1].digest) or "",
        )  # fmt: skip
        verdict = self._shipper.took(read, batch, self._life.timeline.now_ms)
        if isinstance(verdict, Confirmed):
            self._life.storage.acknowledge(verdict)
        elif verdict is Verdict.SEND:
            self.up(self._received, self.session, batch, read, rows)

    def _received(self, session: int, batch: Batch, read: Read, rows: list[Any]) -> None:
        self.down(
            session, self._acknowledged, self._life.cloud.received(batch.epoch, read.stream, batch.oldest_seq, rows)
        )

    def _acknowledged(self, ack: Ack) -> None:
        confirmed = self._shipper.acknowledged(ack, self._life.timeline.now_ms)
        if confirmed is not None:
            wire_invariants.acknowledged_is_committed(self._life, confirmed)
            self._life.storage.acknowledge(confirmed)
        if self._life.storage.journal.unacknowledged or self._shipper.wants_hello:
            self._pump()

    # ------------------------------------------------ the cloud's will

    def wanted(self) -> None:
        """The cloud's desired state has changed."""
        if not self._life.cloud.away:
            self.down(self.session, self._desired)

    def _desired(self) -> None:
        cloud = self._life.cloud
        if cloud.revision:
            self._life.shell.tell(
                events.DesiredReceived(
                    cloud.revision, cloud.wanted, cloud.seen, cloud.aside, cloud.loads_cut, "operator"
                )
            )

    def command(self, kind: str | None) -> None:
        """A new command, or the latest one once more."""
        cloud = self._life.cloud
        if cloud.away:
            return
        if kind is not None:
            cloud.commands.append(Command(f"c{len(cloud.commands)}", kind, self.session))
        if cloud.commands:
            self.down(self.session, self._commanded, cloud.commands[-1])

    def _commanded(self, command: Command) -> None:
        """As the gate does: a command of another connection is refused before the core hears of it."""
        if command.session != self.session:
            self._life.shell.tell(events.MessageRefused("command", "of another session"))
        else:
            self._life.shell.tell(
                events.CommandReceived(command.id, command.kind, "operator", {"reason": "asked by telephone"})
            )

    # ------------------------------------------------ the roster

    def roster_changed(self) -> None:
        if not self._life.cloud.away:
            self.down(self.session, self._roster_head)

    def _roster_head(self) -> None:
        if self._life.cloud.roster_version > self._life.roster.version:
            self.up(self._pulled, self._life.roster.version)

    def _pulled(self, version: int) -> None:
        cloud = self._life.cloud
        self.down(self.session, self._page, version, cloud.roster_version, cloud.changes[version:])

    def _page(self, first: int, last: int, changes: list[tuple[int, Member | None]]) -> None:
        roster = self._life.roster
        if first <= roster.version < last:
            # A page that begins earlier repeats what is held; what it has beyond is new.
            for card, member in changes[roster.version - first :]:
                roster.cards[card] = member
            roster.version = last
            self._life.shell.tell(events.RosterSwitched(self._life.node, last, len(roster.cards)))
