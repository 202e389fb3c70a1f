"""One station's life: acts in, the first broken invariant out."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from contract.ids import NodeId
from edge.core import events
from edge.core.config import ExitAction
from edge.core.station import initial_state
from proof import city, invariants, wire_invariants
from proof.acts import Act, ActKind
from proof.cloud_model import CloudModel
from proof.lived import Lived
from proof.people import DAY_MS, HOUR_MS, POSTURES
from proof.shell import COMMANDS, READERS, WALL_0_MS, Shell
from proof.storage import Storage
from proof.timeline import Timeline
from proof.uplink import Uplink
from proof.world import World

PEOPLE_ACTS: Final = frozenset(
    {ActKind.CARD, ActKind.PUSH, ActKind.LET_GO, ActKind.WEDGE, ActKind.EXIT, ActKind.DESIRE, ActKind.ROSTER}
    | {ActKind.COMMAND, ActKind.FIRE}
)
"""Ordinary life; every other kind of act is a fault."""


class Life:
    """One station, its people, its bad luck and its cloud. Make it by a seed, then `live`."""

    def __init__(self, seed: str) -> None:
        self.luck = random.Random(f"{seed}/luck")
        drawn = random.Random(f"{seed}/city")
        self.config, lock_kind = city.configuration(drawn)
        self.node: NodeId = city.NODE
        self.opens_hour, self.closes_hour = city.OPENS_HOUR, city.CLOSES_HOUR
        self.roster = city.Roster(0, city.members(drawn))
        self.timeline = Timeline()
        self.fresh = initial_state(self.config)
        self.cloud = CloudModel()
        # What goes wrong, while it does.
        self.dead_readers: set[str] = set()
        self.pins_away = self.clock_broken = self.roster_away = False
        self._cut_after_commits = self._cut_after_effects = 0
        # What the invariants remember.
        self.held = False
        self.released_ms = self.posture_ms = -DAY_MS
        self.executed: set[str | None] = set()
        self.cloud_went_back = False
        self.replay_is_exact = True
        self.stopped_in_order: bool | None = True
        self.exit_releases = self.config.door.exit_action is ExitAction.RELEASE
        self.visits = self.faults = self.restarts = self.acknowledged = 0
        self.quiet = False
        self.storage = Storage(self)
        self.uplink = Uplink(self)
        self.shell = Shell(self)
        self.world = World(lock_kind, self.luck, self.timeline, self.shell.wire_changed)
        self.world.on_leaf = self._leaf_moved

    # ------------------------------------------------ for the parts

    def draw(self, most: int) -> int:
        return 1 + int(self.luck.random() * most)

    @property
    def true_wall_ms(self) -> int:
        return WALL_0_MS + self.timeline.now_ms

    @property
    def contact_is_sound(self) -> bool:
        world = self.world
        return not world.wire_cut and not world.worn and self.timeline.now_ms - world.contact_bad_ms > 1_000

    # ------------------------------------------------ living

    def live(self, days: Iterator[list[Act]]) -> Lived:
        """Live the days' acts, then a quiet hour in which everything is to arrive."""
        broken: invariants.Broken | None = None
        day = 0
        try:
            self.shell.power_came()
            self.shell.start()
            for day, acts in enumerate(days, start=1):
                for act in acts:
                    self.timeline.at(act.at_ms, self._act, act)
                self.timeline.run_until(day * DAY_MS)
                self.storage.midnight()
                self.cloud.midnight()
            self._end_in_quiet()
        except invariants.Broken as error:
            broken = error
        return Lived(
            days=day if broken is None else self.timeline.now_ms / DAY_MS,
            events=self.shell.events,
            visits=self.visits,
            faults=self.faults,
            restarts=self.restarts,
            records=sum(lane.seq for lanes in self.storage.journal.lanes for lane in lanes.values()),
            acknowledged=self.acknowledged,
            broken=broken,
            broken_ms=self.timeline.now_ms,
        )

    def _end_in_quiet(self) -> None:
        self.quiet = True
        self._cut_after_commits = self._cut_after_effects = 0
        self.cloud.away = False
        self.storage.slow = False
        self.storage.trouble_ended()
        self.timeline.run_until(self.timeline.now_ms + 3 * HOUR_MS)
        wire_invariants.everything_arrives(self)

    def _act(self, act: Act) -> None:
        if act.kind is ActKind.CARD:
            self.visits += 1
        elif act.kind not in PEOPLE_ACTS:
            self.faults += 1
        _ACTS[act.kind](self, act)

    # ------------------------------------------------ people and building

    def card(self, act: Act) -> None:
        reader = READERS[act.value]
        shell = self.shell
        if reader in self.dead_readers or not shell.up:
            return
        member = None if self.roster_away else self.roster.cards.get(act.who)
        shown = events.CardPresented(reader, city.card_hash(act.who), member, shell.mono_ms, not self.roster_away)
        shell.tell(shown)

    def fire(self, act: Act) -> None:
        self.world.set_fire(True)
        self.timeline.after(act.value, self.world.set_fire, False)

    def roster_change(self, act: Act) -> None:
        held = self.roster.cards.get(act.who)
        for card, member in self.cloud.changes:
            if card == act.who:
                held = member
        if held is not None:
            self.cloud.change_roster(act.who, replace(held, revoked=not act.value))
            self.uplink.roster_changed()

    def desire(self, act: Act) -> None:
        self.cloud.want(None if act.value < 0 else POSTURES[act.value])
        self.uplink.wanted()

    def command(self, act: Act) -> None:
        self.uplink.command(None if act.value < 0 else COMMANDS[act.value])

    def _leaf_moved(self, is_open: bool) -> None:
        """An opening whose judgement is beyond doubt is looked at a moment later."""
        if not is_open:
            return
        world, shell, now_ms, settle_ms = self.world, self.shell, self.timeline.now_ms, invariants.SETTLE_MS
        levels_read = shell.up and shell.pins_ok and shell.state.volatile.parts.levels_read
        if not levels_read or shell.stalled or not self.contact_is_sound or now_ms - world.closed_ms < settle_ms:
            return
        if now_ms - max(shell.stalled_ms, shell.pins_since_ms) < settle_ms:
            return
        door = self.config.door
        if world.pin:
            if now_ms > world.pin_high_ms:
                self._look_soon("released")
        elif (
            now_ms - world.pin_low_ms > door.release_grace_ms + settle_ms
            and now_ms - world.exit_ms > door.release_ms + door.release_grace_ms + settle_ms
            and not (world.exit_button or world.fire)
            # A release whose effect waits for its commit is one already.
            and shell.state.durable.door.release is None
        ):
            self._look_soon("forced")

    def _look_soon(self, how: str) -> None:
        given = (how, self.shell.run, self.timeline.now_ms, self.shell.pins_since_ms)
        self.timeline.after(invariants.SETTLE_MS, self._look, *given)

    def _look(self, how: str, run: int, opened_ms: int, pins_since_ms: int) -> None:
        shell, world = self.shell, self.world
        undisturbed = (
            shell.up and shell.run == run and shell.pins_ok and shell.pins_since_ms == pins_since_ms
            and not shell.stalled and shell.stalled_ms < opened_ms and self.contact_is_sound
            and world.leaf.open and world.opened_ms == opened_ms and not shell.state.volatile.stopped
        )  # fmt: skip
        if undisturbed and (how == "released" or self.released_ms < opened_ms):
            invariants.an_opening_is_judged_right(self, how)

    # ------------------------------------------------ power and processes

    def cut(self, act: Act) -> None:
        self.cut_power(act.value)

    def cut_power(self, down_ms: int) -> None:
        if self.shell.up:
            self.shell.end(in_order=False)
            self.world.set_mains(False)
            self.timeline.after(down_ms, self._power_back, self.shell.run)

    def _power_back(self, run: int) -> None:
        if run == self.shell.run and not self.shell.up:
            self.world.set_mains(True)
            self.shell.power_came()
            self.shell.start()

    def cut_at_commit(self) -> bool:
        """Whether the power goes with this commit."""
        if self._cut_after_commits:
            self._cut_after_commits -= 1
            if not self._cut_after_commits:
                self.cut_power(self.draw(60_000))
                return True
        return False

    def cut_at_effect(self) -> None:
        if self._cut_after_effects:
            self._cut_after_effects -= 1
            if not self._cut_after_effects:
                self.cut_power(self.draw(60_000))

    def arm_commit(self, act: Act) -> None:
        self._cut_after_commits = act.who

    def arm_effect(self, act: Act) -> None:
        self._cut_after_effects = act.who

    def crash(self, act: Act) -> None:
        if self.shell.up:
            self.shell.end(in_order=False)
            self.timeline.after(act.value, self._process_back, self.shell.run)

    def _process_back(self, run: int) -> None:
        if run == self.shell.run and not self.shell.up and self.world.lock.inputs.mains:
            self.shell.start()

    def stop(self, act: Act) -> None:
        self.stop_in_order(self.shell.run)

    def stop_in_order(self, run: int) -> None:
        shell = self.shell
        if shell.up and shell.run == run and not shell.stalled:
            shell.tell(events.StopRequested("update"))
            if shell.up:
                shell.end(in_order=True)
                self.timeline.after(3_000, self._process_back, run)

    def stall(self, act: Act) -> None:
        if self.shell.up and not self.shell.stalled:
            self.shell.stall(True)
            self.timeline.after(act.value, self._run_on, self.shell.run)

    def _run_on(self, run: int) -> None:
        if run == self.shell.run and self.shell.up:
            self.shell.stall(False)

    # ------------------------------------------------ parts

    def pins(self, act: Act) -> None:
        if not self.pins_away:
            self.pins_away = True
            self.shell.pins_lost(stays=bool(act.who))
            self.timeline.after(act.value, self._pins_back)

    def _pins_back(self) -> None:
        self.pins_away = False
        self.shell.pins_back()

    def reader(self, act: Act) -> None:
        reader = READERS[act.who]
        if reader not in self.dead_readers:
            self.dead_readers.add(reader)
            self.shell.tell(events.ReaderChanged(reader, False, "no reply"))
            self.timeline.after(act.value, self._reader_back, reader)

    def _reader_back(self, reader: Any) -> None:
        self.dead_readers.discard(reader)
        self.shell.tell(events.ReaderChanged(reader, True))

    def child(self, act: Act) -> None:
        self.shell.tell(events.ChildRestarting("vision", "silent"))
        self.timeline.after(act.value, self.shell.tell, events.ChildRunning("vision"))

    def cloud_away(self, act: Act) -> None:
        if not self.cloud.away:
            self.cloud.away = True
            self.uplink.cloud_changed()
            self.timeline.after(act.value, self._cloud_back)

    def _cloud_back(self) -> None:
        self.cloud.away = False

    def cloud_restored(self, act: Act) -> None:
        self.cloud_went_back = True
        self.cloud.restore()

    def trouble(self, status: events.StorageStatus, act: Act) -> None:
        if self.storage.trouble is None:
            self.storage.trouble = status
            self.timeline.after(act.value, self.storage.trouble_ended)

    def slow(self, act: Act) -> None:
        self.storage.slow = True
        self.timeline.after(act.value, self._fast_again)

    def _fast_again(self) -> None:
        self.storage.slow = False

    def contact_cut(self, act: Act) -> None:
        self.world.cut_contact(True)
        self.timeline.after(act.value, self.world.cut_contact, False)

    def contact_worn(self, act: Act) -> None:
        self.world.wear(True)
        self.timeline.after(act.value, self.world.wear, False)

    def damage(self, act: Act) -> None:
        if act.who and self.shell.up:
            self.storage.damage(running=True)
            return
        self.shell.end(in_order=False)
        self.storage.damage(running=False)
        self.timeline.after(1_000, self._process_back, self.shell.run)

    def roll_back(self, act: Act) -> None:
        self.cut_power(5_000)
        if not self.shell.up:
            self.storage.roll_back()

    def damage_snapshot(self, act: Act) -> None:
        snapshots = self.storage.journal.snapshots
        # With both gone, nothing could be right.
        if len(snapshots) == 2 and snapshots[0].state is not None:
            snapshots[-1] = replace(snapshots[-1], state=None)
            # Records that were dropped are in that snapshot alone.
            self.replay_is_exact = not self.storage.ever_diverged

    def clock_lost(self, act: Act) -> None:
        if not self.clock_broken:
            self.clock_broken = True
            self.shell.set_clock(False, act.who * 1_000)
            self.timeline.after(act.value, self._clock_back)

    def _clock_back(self) -> None:
        self.clock_broken = False
        self.shell.clock_may_be_set()

    def lose_roster(self, act: Act) -> None:
        if not self.roster_away:
            self.roster_away = True
            self.shell.tell(events.RosterChanged(False, "locked"))
            self.timeline.after(act.value, self._roster_back)

    def _roster_back(self) -> None:
        self.roster_away = False
        self.shell.tell(events.RosterChanged(True))


_ACTS: Final[dict[ActKind, Callable[[Life, Act], object]]] = {
    ActKind.CARD: Life.card,
    ActKind.PUSH: lambda life, act: life.world.push(act.value),
    ActKind.LET_GO: lambda life, act: life.world.let_go(),
    ActKind.WEDGE: lambda life, act: life.world.wedge(bool(act.value)),
    ActKind.EXIT: lambda life, act: life.world.press_exit(bool(act.value)),
    ActKind.FIRE: Life.fire,
    ActKind.ROSTER: Life.roster_change,
    ActKind.DESIRE: Life.desire,
    ActKind.COMMAND: Life.command,
    ActKind.CUT: Life.cut,
    ActKind.CUT_AT_COMMIT: Life.arm_commit,
    ActKind.CUT_AT_EFFECT: Life.arm_effect,
    ActKind.CRASH: Life.crash,
    ActKind.STOP: Life.stop,
    ActKind.STALL: Life.stall,
    ActKind.PINS: Life.pins,
    ActKind.READER: Life.reader,
    ActKind.CHILD: Life.child,
    ActKind.CLOUD_AWAY: Life.cloud_away,
    ActKind.CLOUD_RESTORED: Life.cloud_restored,
    ActKind.STORAGE_LOCKED: lambda life, act: life.trouble(events.StorageStatus.UNAVAILABLE, act),
    ActKind.STORAGE_FULL: lambda life, act: life.trouble(events.StorageStatus.FULL, act),
    ActKind.STORAGE_SLOW: Life.slow,
    ActKind.CONTACT_CUT: Life.contact_cut,
    ActKind.CONTACT_WORN: Life.contact_worn,
    ActKind.JOURNAL_DAMAGED: Life.damage,
    ActKind.ROLL_BACK: Life.roll_back,
    ActKind.SNAPSHOT_DAMAGED: Life.damage_snapshot,
    ActKind.CLOCK_LOST: Life.clock_lost,
    ActKind.ROSTER_AWAY: Life.lose_roster,
}
