"""What goes wrong with the station's parts, one function each kind of act, and what ends it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from contract.ids import ReaderId, SensorId
from edge.core import events
from edge.core.events import Point
from proof import alarm_invariants
from proof.acts import Act, ActKind
from proof.building import AIR, METER, SUPERVISED
from proof.cabinet_faults import OF_THE_CABINET
from proof.city import READERS
from proof.room import BEAMS, RADAR

if TYPE_CHECKING:
    from proof.life import Life


CHILDREN: Final = ("vision", "reader", "sensors", "uplink")


def stop(life: "Life", act: Act) -> None:
    life.power.stop_in_order(life.shell.run)


def pins(life: "Life", act: Act) -> None:
    if not life.pins_away:
        life.pins_away = True
        life.energy.unclear_ms += act.value
        life.shell.pins_lost(stays=bool(act.who))
        life.timeline.after(act.value, _pins_back, life)


def _pins_back(life: "Life") -> None:
    life.pins_away = False
    life.shell.pins_back()


def reader(life: "Life", act: Act) -> None:
    name = life.config.readers[act.who]
    if name not in life.dead_readers:
        life.dead_readers.add(name)
        life.shell.tell(events.ReaderChanged(name, False, "no reply"))
        life.timeline.after(act.value, _reader_back, life, name)


def _reader_back(life: "Life", name: ReaderId) -> None:
    life.dead_readers.discard(name)
    life.shell.tell(events.ReaderChanged(name, True))


def child(life: "Life", act: Act) -> None:
    name = CHILDREN[act.who % len(CHILDREN)]
    life.shell.tell(events.ChildRestarting(name, "silent"))
    life.timeline.after(act.value, life.shell.tell, events.ChildRunning(name))


def storm(life: "Life", act: Act) -> None:
    """Each drop-out is long enough to be an alarm, and each return for it to be over."""
    at_ms = 0
    for _ in range(act.value):
        for number in range(len(READERS)):
            lost = Act(0, ActKind.READER, number, 2_500 + life.draw(2_000))
            life.timeline.after(at_ms + life.draw(6_000), reader, life, lost)
        at_ms += 16_000 + life.draw(8_000)


def cloud_away(life: "Life", act: Act) -> None:
    if not life.cloud.away:
        life.cloud.away = True
        life.uplink.cloud_changed()
        life.timeline.after(act.value, _cloud_back, life)


def _cloud_back(life: "Life") -> None:
    life.cloud.away = False
    life.uplink.cloud_changed()


def cloud_restored(life: "Life", act: Act) -> None:
    life.cloud_went_back = True
    life.cloud.restore()


def storage_locked(life: "Life", act: Act) -> None:
    _trouble(life, events.StorageStatus.UNAVAILABLE, act)


def storage_full(life: "Life", act: Act) -> None:
    _trouble(life, events.StorageStatus.FULL, act)


def _trouble(life: "Life", status: events.StorageStatus, act: Act) -> None:
    if life.storage.trouble is None:
        life.storage.trouble = status
        life.timeline.after(act.value, life.storage.trouble_ended)


def storage_slow(life: "Life", act: Act) -> None:
    life.storage.slow = True
    life.timeline.after(act.value, _fast_again, life)


def _fast_again(life: "Life") -> None:
    life.storage.slow = False


def contact_cut(life: "Life", act: Act) -> None:
    life.world.cut_contact(True)
    life.timeline.after(act.value, life.world.cut_contact, False)


def contact_worn(life: "Life", act: Act) -> None:
    life.world.wear(True)
    life.timeline.after(act.value, life.world.wear, False)


def contact_flaps(life: "Life", act: Act) -> None:
    # An even number of times: as it was before.
    life.world.flap_contact(act.value // 2 * 2)


def journal_damaged(life: "Life", act: Act) -> None:
    if act.who and life.shell.up:
        life.storage.damage(running=True)
        return
    life.shell.end(in_order=False)
    life.storage.damage(running=False)
    life.timeline.after(1_000, life.power.process_back, life.shell.run)


def roll_back(life: "Life", act: Act) -> None:
    life.power.cut(5_000)
    if not life.shell.up:
        life.storage.roll_back()


def snapshot_damaged(life: "Life", act: Act) -> None:
    snapshots = life.storage.journal.snapshots
    # With both gone, nothing could be right.
    if len(snapshots) == 2 and snapshots[0].state is not None:
        snapshots[-1] = replace(snapshots[-1], state=None)
        # Records that were dropped are in that snapshot alone.
        life.replay_is_exact = not life.storage.ever_diverged


def clock_lost(life: "Life", act: Act) -> None:
    if not life.clock_broken:
        life.clock_broken = True
        life.shell.set_clock(False, act.who * 1_000)
        life.timeline.after(act.value, _clock_back, life)


def _clock_back(life: "Life") -> None:
    life.clock_broken = False
    life.shell.clock_may_be_set()


def roster_away(life: "Life", act: Act) -> None:
    if not life.roster_away:
        life.roster_away = True
        life.shell.tell(events.RosterChanged(False, "locked"))
        life.timeline.after(act.value, _roster_back, life)


def _roster_back(life: "Life") -> None:
    life.roster_away = False
    life.shell.tell(events.RosterChanged(True))


# ---------------------------------------------------------------- sensors and points

SEEING: Final = (*BEAMS, Point.MOTION_INSIDE, Point.MOTION_OUTSIDE)
SENSORS: Final = (AIR, METER, RADAR)
LIES: Final = ((False, False), (True, False), (False, True))


def smoke(life: "Life", act: Act) -> None:
    life.building.set_smoke(True)
    shell, now_ms = life.shell, life.timeline.now_ms
    life.timeline.after(alarm_invariants.SEES_MS, alarm_invariants.smoke_is_seen, life, shell.run, now_ms)
    life.timeline.after(act.value, life.building.set_smoke, False)


def water(life: "Life", act: Act) -> None:
    life.building.set_water(True)
    life.timeline.after(act.value, life.building.set_water, False)


def carbon_monoxide(life: "Life", act: Act) -> None:
    life.building.set_carbon_monoxide(act.who)
    life.timeline.after(act.value, life.building.set_carbon_monoxide, 0)


def weather(life: "Life", act: Act) -> None:
    life.building.outside_offset_decicelsius = act.who
    life.timeline.after(act.value, _usual_weather, life)


def _usual_weather(life: "Life") -> None:
    life.building.outside_offset_decicelsius = 0


def sensor(life: "Life", act: Act) -> None:
    name = SENSORS[act.who]
    if name not in life.building.dead and name in life.city.sensors:
        life.building.fails(name, True)
        if name == RADAR:
            life.room.radar_fails(True)
        life.sensor_told(name, False)
        life.timeline.after(act.value, _sensor_back, life, name)


def _sensor_back(life: "Life", name: SensorId) -> None:
    life.building.fails(name, False)
    if name == RADAR:
        life.room.radar_fails(False)
    life.sensor_told(name, True)
    life.sensors_report()


def radar_lies(life: "Life", act: Act) -> None:
    if life.room.radar_says is None:
        life.room.lie(LIES[act.who])
        life.timeline.after(act.value, life.room.lie, None)


def stuck(life: "Life", act: Act) -> None:
    point = SEEING[act.who % len(SEEING)]
    if point not in life.room.stuck:
        life.room.stick(point, act.who >= len(SEEING))
        life.timeline.after(act.value, life.room.stick, point, None)


def covered(life: "Life", act: Act) -> None:
    for beam in BEAMS:
        if beam not in life.room.stuck:
            life.room.stick(beam, True)
            life.timeline.after(act.value, life.room.stick, beam, None)


def point(life: "Life", act: Act) -> None:
    name = SUPERVISED[act.who]
    life.building.set_point(name, True)
    life.timeline.after(act.value, life.building.set_point, name, False)


def flap(life: "Life", act: Act) -> None:
    # An even number of times: as it was before.
    name = (*SUPERVISED, Point.LOCK_SECURED)[act.who]
    life.building.flap(name, act.value // 2 * 2)


def bolt(life: "Life", act: Act) -> None:
    life.world.stick_bolt(True)
    life.timeline.after(act.value, life.world.stick_bolt, False)


def load_disobeys(life: "Life", act: Act) -> None:
    loads = life.city.loads
    if loads:
        load = loads[act.who % len(loads)]
        life.shell.tell(events.LoadChecked(load, obeys=False))
        life.timeline.after(act.value, life.shell.tell, events.LoadChecked(load, obeys=True))


def lid(life: "Life", act: Act) -> None:
    name = life.config.readers[act.who]
    life.shell.tell(events.ReaderTampered(name, tampered=True))
    life.timeline.after(act.value, life.shell.tell, events.ReaderTampered(name, tampered=False))


FAULTS: Final[dict[ActKind, Callable[["Life", Act], object]]] = {
    ActKind.CUT: lambda life, act: life.power.cut(act.value),
    ActKind.CUT_AT_COMMIT: lambda life, act: life.power.arm_commit(act),
    ActKind.CUT_AT_EFFECT: lambda life, act: life.power.arm_effect(act),
    ActKind.CRASH: lambda life, act: life.power.crash(act.value),
    ActKind.STOP: stop,
    ActKind.STALL: lambda life, act: life.power.stall(act.value),
    ActKind.PINS: pins,
    ActKind.READER: reader,
    ActKind.CHILD: child,
    ActKind.STORM: storm,
    ActKind.CLOUD_AWAY: cloud_away,
    ActKind.CLOUD_RESTORED: cloud_restored,
    ActKind.STORAGE_LOCKED: storage_locked,
    ActKind.STORAGE_FULL: storage_full,
    ActKind.STORAGE_SLOW: storage_slow,
    ActKind.CONTACT_CUT: contact_cut,
    ActKind.CONTACT_WORN: contact_worn,
    ActKind.CONTACT_FLAPS: contact_flaps,
    ActKind.JOURNAL_DAMAGED: journal_damaged,
    ActKind.ROLL_BACK: roll_back,
    ActKind.SNAPSHOT_DAMAGED: snapshot_damaged,
    ActKind.CLOCK_LOST: clock_lost,
    ActKind.ROSTER_AWAY: roster_away,
    ActKind.SMOKE: smoke,
    ActKind.WATER: water,
    ActKind.CARBON_MONOXIDE: carbon_monoxide,
    ActKind.WEATHER: weather,
    ActKind.SPARK: lambda life, act: life.building.spark(),
    ActKind.SENSOR: sensor,
    ActKind.RADAR_LIES: radar_lies,
    ActKind.STUCK: stuck,
    ActKind.COVERED: covered,
    ActKind.POINT: point,
    ActKind.FLAP: flap,
    ActKind.BOLT: bolt,
    ActKind.LOAD_DISOBEYS: load_disobeys,
    ActKind.LID: lid,
    ActKind.METER_EXCHANGED: lambda life, act: life.building.exchange_meter(),
    **OF_THE_CABINET,
}
