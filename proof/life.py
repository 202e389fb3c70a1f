"""One station's life: acts in, the first broken invariant out."""

import random
from collections import Counter
from collections.abc import Callable, Iterator

from contract.ids import NodeId, SensorId
from edge.core import events
from edge.core.config import ExitAction
from edge.core.events import Point
from edge.core.station import initial_state
from proof import city, invariants, swap_invariants, wire_invariants
from proof.access_invariants import AccessTruth
from proof.acts import Act
from proof.battery_world import Cabinet
from proof.building import AIR, METER, METER_REPORT_MS, METER_SELDOM_MS, REPORT_MS, Building
from proof.cabinet_driver import Driver
from proof.cloud_model import CloudModel
from proof.company_invariants import CompanyTruth
from proof.deeds import DEEDS
from proof.energy_invariants import EnergyTruth, metered
from proof.faults import FAULTS
from proof.guard_invariants import GuardTruth
from proof.guests import Guests
from proof.keypads import Keypads
from proof.lived import Lived, Swapped
from proof.people import DAY_MS
from proof.power import Power
from proof.presence_invariants import PresenceTruth
from proof.require import Broken
from proof.riders import Riders
from proof.room import RADAR, RADAR_REPORT_MS, Room
from proof.shell import Shell
from proof.storage import Storage
from proof.swap_invariants import SwapTruth
from proof.timeline import Timeline
from proof.uplink import Uplink
from proof.visits import HOUR_MS
from proof.world import World


class Life:
    """One station, its people, its bad luck and its cloud. Make it by a seed, then `live`."""

    def __init__(self, seed: str) -> None:
        self.luck = random.Random(f"{seed}/luck")
        self.city = city.city(seed)
        self.config = self.city.config
        self.node: NodeId = city.NODE
        self.roster = city.Roster(0, city.members(seed, self.city.wall_0_ms))
        self.timeline = Timeline()
        self.fresh = initial_state(self.config)
        self.cloud = CloudModel()
        # What goes wrong, while it does.
        self.dead_readers: set[str] = set()
        self.pins_away = self.clock_broken = self.roster_away = False
        # What the invariants remember.
        self.held = False
        self.released_ms = self.relocked_ms = self.posture_ms = -DAY_MS
        self.access = AccessTruth()
        self.presence = PresenceTruth()
        self.guard = GuardTruth()
        self.energy = EnergyTruth()
        self.company = CompanyTruth()
        self.met: Counter[str] = Counter()
        self.shelved_ms: dict[str, int] = {}
        self.executed: set[str | None] = set()
        self.cloud_went_back = False
        self.latest_durable = self.fresh.durable
        """What the run remembers, whether or not the storage has it."""
        self.replay_is_exact = True
        self.stopped_in_order: bool | None = True
        self.exit_releases = self.config.door.exit_action is ExitAction.RELEASE
        self.swaps = SwapTruth()
        self.visits = self.faults = self.restarts = self.acknowledged = 0
        self.quiet = False
        self.storage: Storage = Storage(self)
        self.uplink: Uplink = Uplink(self)
        self.shell: Shell = Shell(self)
        self.power: Power = Power(self)
        self.keypads: Keypads = Keypads(self)
        self.guests: Guests = Guests(self, seed)
        self.cabinet: Cabinet = Cabinet(self.config.cabinet, self.luck, self.timeline)
        self.driver: Driver = Driver(self, self.cabinet)
        self.riders: Riders = Riders(self)
        self.world: World = World(self.city.lock_kind, self.luck, self.timeline, self._wire_changed)
        self.world.on_leaf = self._leaf_moved
        points, tell = self.city.points, self.shell.point_changed
        self.building: Building = Building(points, self.luck, self.timeline, self._air_tells, tell)
        self.room: Room = Room(points, self.luck, self.timeline, tell, self._radar_tells)
        self.building.power_of = {load.id: load.power_w for load in self.config.loads.loads}
        self.building.warms = self.city.warms
        self.world.on_bolt = self._bolt_moves
        self.room.on_doorway = self.world.stand_in_doorway

    # ------------------------------------------------ for the parts

    def draw(self, most: int) -> int:
        return 1 + int(self.luck.random() * most)

    @property
    def true_wall_ms(self) -> int:
        return self.city.wall_0_ms + self.timeline.now_ms

    @property
    def contact_is_sound(self) -> bool:
        world = self.world
        return (
            not world.wire_cut
            and not world.worn
            and not world.loose
            and self.timeline.now_ms - world.contact_bad_ms > 1_000
        )

    # ------------------------------------------------ living

    def live(self, days: Iterator[list[Act]]) -> Lived:
        """Live the days' acts, then a quiet hour in which everything is to arrive."""
        broken: Broken | None = None
        day = 0
        try:
            self._sensors_live()
            self.shell.power_came()
            self.shell.start()
            for day, acts in enumerate(days, start=1):
                self.timeline.plan(((act.at_ms, act) for act in acts), self._act)
                self.timeline.run_until(day * DAY_MS)
                self.storage.midnight()
                self.cloud.midnight()
            self._end_in_quiet()
        except Broken as error:
            broken = error
        return Lived(
            days=day if broken is None else self.timeline.now_ms / DAY_MS,
            events=self.shell.events,
            visits=self.visits,
            faults=self.faults,
            restarts=self.restarts,
            records=sum(lane.seq for lanes in self.storage.journal.lanes for lane in lanes.values()),
            acknowledged=self.acknowledged,
            met=dict(self.met),
            swapped=self._swapped(),
            broken=broken,
            broken_ms=self.timeline.now_ms,
        )

    def _end_in_quiet(self) -> None:
        self.quiet = True
        self.power.disarm()
        self.cloud.away = False
        self.uplink.cloud_changed()
        self.storage.slow = False
        self.storage.trouble_ended()
        self.timeline.run_until(self.timeline.now_ms + 3 * HOUR_MS)
        for _ in range(30):
            # What was recorded a moment ago is still on its way.
            if self.storage.journal.unacknowledged:
                self.timeline.run_until(self.timeline.now_ms + 10_000)
        wire_invariants.everything_arrives(self)
        swap_invariants.everything_has_ended(self)

    def _swapped(self) -> Swapped:
        truth, memory = self.swaps, self.latest_durable.cabinet
        return Swapped(
            swaps=truth.begun,
            outcomes=dict(truth.outcomes),
            refused=dict(truth.refused),
            anomalies=dict(truth.anomalies),
            anomalies_standing=len(memory.anomalies),
            batteries=sum(battery.ours for battery in self.cabinet.batteries),
            batteries_unaccounted=len(swap_invariants.unaccounted(self, memory)),
            books_compared=truth.settled_audits,
        )

    def _act(self, act: Act) -> None:
        deed = DEEDS.get(act.kind)
        if deed is None:
            self.faults += 1
            FAULTS[act.kind](self, act)
        else:
            deed(self, act)

    # ------------------------------------------------ sensors

    def _sensors_live(self) -> None:
        """Every sensor reports in its own time, for ever."""
        if RADAR in self.city.sensors:
            self._again(RADAR_REPORT_MS, self.room.radar_reports)
        if AIR in self.city.sensors:
            self._again(REPORT_MS, self.building.air_reports)
        if METER in self.city.sensors:
            self._again(METER_SELDOM_MS if self.city.talkative else METER_REPORT_MS, self.building.meter_reports)

    def _again(self, every_ms: int, report: Callable[[], None]) -> None:
        self.timeline.after(every_ms, self._again, every_ms, report)
        if not self.quiet:
            report()

    def sensors_report(self) -> None:
        """Whoever begins to listen hears all of them soon."""
        sensors = self.city.sensors
        if RADAR in sensors:
            self.room.radar_reports()
        if AIR in sensors:
            self.building.changed()
        if METER in sensors:
            self.building.meter_reports()

    def sensor_told(self, sensor: SensorId, online: bool) -> None:
        """What the driver says of a sensor."""
        self.shell.tell(events.SensorChanged(sensor, online, "" if online else "no reply"))

    def _air_tells(self, event: events.Event) -> None:
        if isinstance(event, events.PowerMeasured):
            if self.shell.up:
                metered(self, event)
            self.shell.tell(event)
        elif AIR in self.city.sensors:
            self.shell.tell(event)

    def _radar_tells(self, event: events.Event) -> None:
        if RADAR in self.city.sensors:
            self.shell.tell(event)

    def _wire_changed(self, wire: str, level: bool) -> None:
        if wire == "contact" and self.shell.pins_ok and self.shell.up:
            self.guard.contact_moved(self.shell.run, self.timeline.now_ms)
        self.shell.wire_changed(wire, level)

    def _bolt_moves(self) -> None:
        if Point.LOCK_SECURED in self.city.points:
            self.timeline.after(5, self._bolt_moved)

    def _bolt_moved(self) -> None:
        """The bolt's own contact: home, in a strike that is there."""
        world = self.world
        self.building.set_point(Point.LOCK_SECURED, not world.lock.bolt_free and not world.leaf.open)

    def _leaf_moved(self, is_open: bool) -> None:
        """An opening whose judgement is beyond doubt is looked at a moment later."""
        self._bolt_moves()
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
        if undisturbed and (how == "released" or max(self.released_ms, world.exit_ms) < opened_ms):
            invariants.an_opening_is_judged_right(self, how)
