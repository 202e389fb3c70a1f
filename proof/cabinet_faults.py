"""What goes wrong with the cabinet, one function each kind of act, and the technician who puts it in order again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from contract.ids import MemberId
from edge.core import events
from edge.core.events import CabinetPoint, PulseResult
from proof.acts import Act, ActKind
from proof.battery_world import ROOM_DECICELSIUS, Slot
from proof.cabinet_driver import Trouble

if TYPE_CHECKING:
    from proof.life import Life

TECHNICIAN: Final = "技师"
POINTS: Final = tuple(CabinetPoint)
TROUBLES: Final = (
    (True, PulseResult.UNCONFIRMED),
    (False, PulseResult.UNCONFIRMED),
    (False, PulseResult.REFUSED),
)


def _slot(life: "Life", act: Act) -> Slot:
    slots = list(life.cabinet.slots.values())
    return slots[act.who % len(slots)]


def stuck(life: "Life", act: Act) -> None:
    slot = _slot(life, act)
    slot.stuck = True
    life.timeline.after(act.value, _let_go, slot)


def _let_go(slot: Slot) -> None:
    slot.stuck = False


def silent(life: "Life", act: Act) -> None:
    slot = _slot(life, act)
    if slot.number not in life.driver.silent:
        life.driver.set_silent(slot.number, True)
        life.timeline.after(act.value, life.driver.set_silent, slot.number, False)


def away(life: "Life", act: Act) -> None:
    if not life.driver.away:
        life.driver.set_away(True)
        life.timeline.after(act.value, life.driver.set_away, False)


def pulses(life: "Life", act: Act) -> None:
    life.driver.trouble = Trouble(*TROUBLES[act.who], act.value)


def pry(life: "Life", act: Act) -> None:
    """Somebody whom nobody knows: looks, takes what is in, or leaves something there."""
    slot, cabinet = _slot(life, act), life.cabinet
    cabinet.pry(slot)
    if act.value == 1 and slot.battery is not None:
        cabinet.take(slot, None)
    elif act.value == 2 and slot.battery is None:
        cabinet.put(slot, cabinet.new("", 0))
    life.timeline.after(5_000 + life.draw(60_000), cabinet.shut, slot)


def burns(life: "Life", act: Act) -> None:
    slot = _slot(life, act)
    if slot.battery is not None and slot.battery.serial and not slot.battery.rises:
        slot.battery.rises = act.value
        life.cabinet.burn(slot, slot.battery)


def smoke(life: "Life", act: Act) -> None:
    slot = _slot(life, act)
    _set_smoke(life, slot, True)
    life.timeline.after(act.value, _set_smoke, life, slot, False)


def _set_smoke(life: "Life", slot: Slot, smoke: bool) -> None:
    slot.smoke = smoke
    life.cabinet.on_change(slot)


def point(life: "Life", act: Act) -> None:
    name = POINTS[act.who % len(POINTS)]
    life.driver.set_point(name, True)
    life.timeline.after(act.value, life.driver.set_point, name, False)


def asleep(life: "Life", act: Act) -> None:
    battery = _slot(life, act).battery
    if battery is not None and battery.serial and not battery.silent:
        battery.silent = True
        life.driver.disturbed_ms = life.timeline.now_ms
        life.cabinet.on_change(_slot(life, act))
        life.timeline.after(act.value, _wakes, life, battery.serial)


def _wakes(life: "Life", serial: str) -> None:
    for battery in life.cabinet.batteries:
        if battery.serial == serial:
            battery.silent = False
    life.driver.disturbed_ms = life.timeline.now_ms
    for slot in life.cabinet.slots.values():
        life.cabinet.on_change(slot)


OF_THE_CABINET: Final[dict[ActKind, Callable[["Life", Act], object]]] = {
    ActKind.SLOT_STUCK: stuck,
    ActKind.SLOT_SILENT: silent,
    ActKind.CABINET_AWAY: away,
    ActKind.PULSES: pulses,
    ActKind.PRY: pry,
    ActKind.BURNS: burns,
    ActKind.SLOT_SMOKE: smoke,
    ActKind.CABINET_POINT: point,
    ActKind.ASLEEP: asleep,
}


# ---------------------------------------------------------------- the technician


def technician(life: "Life", act: Act) -> None:
    """Begins work, which is refused while a rider is at it, and puts in order what can be."""
    if not life.shell.up or life.quiet:
        return
    life.shell.tell(events.ServiceAsked(TECHNICIAN, on=True))
    life.timeline.after(10_000, _works, life)
    life.timeline.after(act.value, _ends, life)


def _works(life: "Life") -> None:
    """By key: what is no battery of ours comes out, what is hot is carried away, what is missing is brought."""
    memory = life.shell.state.durable.cabinet
    if not life.shell.up or memory.service_by != TECHNICIAN:
        return
    cabinet = life.cabinet
    for slot in cabinet.slots.values():
        battery = slot.battery
        foreign = battery is not None and (not battery.ours or not battery.serial)
        burnt = battery is not None and battery.decicelsius > ROOM_DECICELSIUS + 200
        if foreign or burnt:
            cabinet.pry(slot)
            cabinet.take(slot, MemberId(TECHNICIAN))
        if slot.open:
            life.timeline.after(3_000, cabinet.shut, slot)
    _brings(life)


def _brings(life: "Life") -> None:
    """A cabinet out of which much was stolen is filled up again, and one that is too full for riders made emptier."""
    cabinet = life.cabinet
    most = len(cabinet.slots) - life.config.cabinet.keep_empty - 1
    have = sum(slot.battery is not None for slot in cabinet.slots.values())
    for slot in cabinet.slots.values():
        if slot.battery is not None and have > most and not slot.open:
            have -= 1
            cabinet.pry(slot)
            cabinet.take(slot, MemberId(TECHNICIAN))
            life.timeline.after(3_000, cabinet.shut, slot)
        elif slot.battery is None and have < most - 1 and not slot.open:
            have += 1
            battery = cabinet.new(f"N{len(cabinet.batteries)}", 100)
            life.driver.registers(battery, None)
            cabinet.pry(slot)
            cabinet.put(slot, battery)
            life.timeline.after(3_000, cabinet.shut, slot)


def _ends(life: "Life") -> None:
    """Trips are reset, slots given back, and the work is over."""
    shell, memory = life.shell, life.shell.state.durable.cabinet
    if not shell.up or memory.service_by != TECHNICIAN:
        return
    for tripped in memory.tripped:
        shell.tell(events.TripResetAsked(tripped.slot, tripped.trip, TECHNICIAN))
    for aside in memory.asides:
        shell.tell(events.SlotAsideAsked(aside.slot, TECHNICIAN, aside=False))
    shell.tell(events.ServiceAsked(TECHNICIAN, on=False))
    life.driver.disturbed_ms = life.timeline.now_ms
    # Whoever has looked says so: after a fire nothing charges before that.
    for alarm in shell.state.durable.alarms:
        shell.tell(events.AcknowledgeRequested(events.AlarmSeen(alarm.code, alarm.source, alarm.since_ms, TECHNICIAN)))
