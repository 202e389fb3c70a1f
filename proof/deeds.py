"""What people do, one function each kind of act: at the door, inside, at the screen, and far away."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from contract.ids import LoadId
from contract.policy.model import Member
from edge.core import events
from edge.core.state import Alarm
from proof import city
from proof.acts import Act, ActKind, Typed
from proof.cabinet_faults import technician
from proof.keypads import Shown
from proof.people import POSTURES
from proof.room import Way
from proof.shell import COMMANDS

if TYPE_CHECKING:
    from proof.life import Life

TRIES_AGAIN_MS: Final = 20_000


def visit(life: "Life", act: Act) -> None:
    life.visits += 1
    life.room.arrives(act.who, act.value)


def card(life: "Life", act: Act) -> None:
    shell, readers = life.shell, life.config.readers
    if act.value >= len(readers) or readers[act.value] in life.dead_readers or not shell.up:
        return
    reader, hashed = readers[act.value], city.card_hash(act.who)
    member = None if life.roster_away else life.roster.cards.get(act.who)
    life.keypads.shown[reader] = Shown(act.who, member, life.timeline.now_ms)
    shell.tell(events.CardPresented(reader, hashed, member, shell.mono_ms, not life.roster_away))


def visit_pass(life: "Life", act: Act) -> None:
    shell, readers = life.shell, life.config.readers
    if shell.up and act.value < len(readers) and readers[act.value] not in life.dead_readers:
        shell.tell(life.guests.shows(act.who, readers[act.value]))


def typed(life: "Life", act: Act) -> None:
    if act.who < len(life.config.readers):
        life.keypads.type(life.config.readers[act.who], Typed(act.value))


def go(life: "Life", act: Act) -> None:
    """Through the open door. Whoever is inside and finds it shut tries again until they are out."""
    way, body = Way(act.value), act.who
    room = life.room
    if life.world.leaf.open:
        room.cross(body, way)
    elif way is Way.OUT and body in room.inside:
        life.timeline.after(TRIES_AGAIN_MS, _try_again, life, body)


def _try_again(life: "Life", body: int) -> None:
    """Press, push, go, let go: in this order the wiring lets everybody out."""
    timeline, world = life.timeline, life.world
    if body not in life.room.inside:
        return
    pressed = world.exit_button
    world.press_exit(True)
    timeline.after(400, _push, life)
    if not pressed:
        timeline.after(1_200, world.press_exit, False)
    timeline.after(1_400, go, life, Act(0, ActKind.GO, body, Way.OUT))
    timeline.after(2_900, world.let_go)


def _push(life: "Life") -> None:
    life.world.push(1)


def lie(life: "Life", act: Act) -> None:
    life.room.lie_down(act.who, act.value)


def answer(life: "Life", act: Act) -> None:
    life.presence.answered_ms = life.timeline.now_ms
    life.shell.tell(events.WelfareAnswerGiven(attended=bool(act.value)))


def fire(life: "Life", act: Act) -> None:
    life.world.set_fire(True)
    life.timeline.after(act.value, life.world.set_fire, False)


# ---------------------------------------------------------------- far away


def roster_change(life: "Life", act: Act) -> None:
    held = life.roster.cards.get(act.who)
    for number, member in life.cloud.changes:
        if number == act.who:
            held = member
    if held is not None:
        life.cloud.change_roster(act.who, _changed(held, revoked=not act.value, version=life.cloud.roster_version))
        life.uplink.roster_changed()


def _changed(held: Member, *, revoked: bool, version: int) -> Member:
    """Revoked or admitted again; a pass for one entry is a new pass then."""
    name = city.pass_name(held.id, version) if held.once and not revoked else held.id
    return replace(held, id=name, revoked=revoked)


def desire(life: "Life", act: Act) -> None:
    life.cloud.want(None if act.value < 0 else POSTURES[act.value])
    life.uplink.wanted()


def command(life: "Life", act: Act) -> None:
    life.uplink.command(None if act.value < 0 else COMMANDS[act.value])


def cut_load(life: "Life", act: Act) -> None:
    loads = life.city.loads
    if loads:
        load = loads[act.who % len(loads)]
        _set_cut(life, load, True)
        life.timeline.after(act.value, _set_cut, life, load, False)


def _set_cut(life: "Life", load: LoadId, cut: bool) -> None:
    life.cloud.cut_load(load, cut)
    life.uplink.wanted()


# ---------------------------------------------------------------- alarms


def _alarm(life: "Life", number: int) -> Alarm | None:
    """One of those that the station shows now."""
    alarms = life.shell.state.durable.alarms
    return alarms[number % len(alarms)] if alarms and life.shell.up else None


def acknowledge(life: "Life", act: Act) -> None:
    """Somebody has seen an alarm, and says so at once (at the station) or when the message arrives (the cloud)."""
    alarm = _alarm(life, act.who)
    if alarm is None:
        return
    seen = events.AlarmSeen(alarm.code, alarm.source, alarm.since_ms, "operator" if act.value else "technician")
    if act.value:
        life.cloud.saw(seen)
        life.uplink.wanted()
    else:
        life.shell.tell(events.AcknowledgeRequested(seen))


def shelve(life: "Life", act: Act) -> None:
    alarm = _alarm(life, act.who)
    if alarm is None:
        return
    until_ms = life.shell.wall_ms() + act.value
    aside = events.AlarmAside(alarm.code, alarm.source, until_ms, "operator", "known, a part is on its way")
    if act.value % 2:
        life.cloud.put_aside(aside)
        life.uplink.wanted()
    else:
        life.shell.tell(events.ShelveRequested(aside))


DEEDS: Final[dict[ActKind, Callable[["Life", Act], object]]] = {
    ActKind.VISIT: visit,
    ActKind.CARD: card,
    ActKind.PASS: visit_pass,
    ActKind.TYPE: typed,
    ActKind.PUSH: lambda life, act: life.world.push(act.value),
    ActKind.LET_GO: lambda life, act: life.world.let_go(),
    ActKind.WEDGE: lambda life, act: life.world.wedge(bool(act.value)),
    ActKind.EXIT: lambda life, act: life.world.press_exit(bool(act.value)),
    ActKind.GO: go,
    ActKind.LIE: lie,
    ActKind.ANSWER: answer,
    ActKind.FIRE: fire,
    ActKind.ROSTER: roster_change,
    ActKind.DESIRE: desire,
    ActKind.COMMAND: command,
    ActKind.CUT_LOAD: cut_load,
    ActKind.ACKNOWLEDGE: acknowledge,
    ActKind.SHELVE: shelve,
    ActKind.RIDER: lambda life, act: life.riders.comes(act),
    ActKind.TECHNICIAN: technician,
}
"""Ordinary life; every other kind of act is a fault."""
