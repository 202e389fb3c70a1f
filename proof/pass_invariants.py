"""QR passes: what the cloud has not said never opens, one entry is one entry, and what nobody took is good again."""

from typing import TYPE_CHECKING, Final

from contract.ids import MemberId
from contract.policy.model import Factor
from contract.records import AccessDenied, AccessGranted
from edge.core import events
from edge.core.effects import ReleaseLock
from edge.core.events import CardPresented
from edge.core.state import StationState
from proof.require import require

if TYPE_CHECKING:
    from proof.life import Life

SETTLE_MS: Final = 150
OVER_MS: Final = 2_000
"""So long after its release has ended a pass has been given back, or not."""


def objection_to_guest(life: "Life", shown: CardPresented) -> str | None:
    """The invariant that letting this pass in would break; None for one that is good, here and now."""
    guest = life.guests.shown.get(shown.credential)
    if Factor.PASS not in shown.factors:
        return None
    if guest is None or not guest.genuine:
        return "forged_passes_never_open"
    if guest.of_node and not shown.roster_available:
        return "unknown_and_revoked_stay_out"
    return None if guest.here else "foreign_passes_never_open"


def objection_to_hour(life: "Life", shown: CardPresented) -> str | None:
    """A pass needs a time to be judged by: the true one where the station knows it, else the latest that it knew."""
    guest = life.guests.shown[shown.credential]
    if life.shell.clock_trusted:
        good = guest.from_ms <= life.true_wall_ms < guest.until_ms
    else:
        latest_ms = life.shell.latest_trusted_ms
        good = not life.config.access.strict_clock and latest_ms is not None and latest_ms < guest.until_ms
    return None if good else "validity_is_kept"


def one_entry_begins(life: "Life", record: AccessGranted) -> None:
    """Look once the release is over, if nothing else has happened by then."""
    life.met["pass_used"] += 1
    life.access.granted_ms[record.member] = life.timeline.now_ms
    over_ms = life.config.door.extended_release_ms + OVER_MS
    life.timeline.after(over_ms, _was_it_taken, life, record.member, life.shell.run, life.timeline.now_ms)


def _was_it_taken(life: "Life", member: MemberId, run: int, granted_ms: int) -> None:
    """A door that nobody opened has let nobody in."""
    shell, world, state = life.shell, life.world, life.shell.state
    undisturbed = (
        shell.up and shell.run == run and shell.pins_ok and not shell.stalled and life.contact_is_sound
        and max(shell.stalled_ms, shell.pins_since_ms, world.contact_bad_ms) < granted_ms
        and life.access.granted_ms[member] == granted_ms and not state.volatile.stopped
    )  # fmt: skip
    # Another release took the place of this one: what it was taken for nobody can say.
    alone = life.released_ms == granted_ms and max(world.exit_ms, world.fire_ms) < granted_ms and not world.exit_button
    if undisturbed and alone and not world.leaf.open and world.opened_ms < world.closed_ms < granted_ms:
        life.met["pass_not_taken"] += 1
        used = member in state.durable.used_passes
        require(not used, "a_pass_not_taken_is_given_back", f"{member} is used up, and nobody came in")


def returned_unused(event: events.Event, record: AccessDenied) -> None:
    """A pass is given back by a denial only when its release was never carried out."""
    refused = isinstance(event, events.EffectRefused) and isinstance(event.effect, ReleaseLock)
    own = refused and event.effect.member == record.member  # type: ignore[union-attr]
    require(own, "a_pass_taken_is_used", f"{record} by {event}")


def given_back_for_nothing(life: "Life", before: StationState, member: MemberId) -> None:
    """A pass is given back: nobody can have come in on it."""
    granted_ms, world, now_ms = life.access.granted_ms.get(member), life.world, life.timeline.now_ms
    if granted_ms is None or member not in before.durable.used_passes:
        return
    if not (life.contact_is_sound and life.shell.pins_ok):
        return
    calm_ms = max(life.shell.since_ms, life.shell.pins_since_ms, life.shell.stalled_ms, world.contact_bad_ms)
    opened = granted_ms + SETTLE_MS < world.opened_ms < now_ms - SETTLE_MS
    settled = world.flicker_ms < granted_ms and calm_ms < granted_ms
    require(not (opened and settled), "a_pass_taken_is_used", f"{member} is good again, and the door was opened")
