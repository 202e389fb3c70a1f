"""The plays at the swap cabinet: riders who do it right, riders who do everything wrong, and what breaks meanwhile."""

import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from firmware_sim.batteries import Battery
from firmware_sim.cabinet_slot import LockFault, Slot
from firmware_sim.config import StoryName
from firmware_sim.hands import Hands, Outcome, Visit
from firmware_sim.rider import Rider, at_cabinet, shut_all
from firmware_sim.station import ActError

CabinetPlay: TypeAlias = Callable[[Hands, Visit], Awaitable[Outcome]]
BURNS_MS: Final = 180_000.0


async def swap_well(hands: Hands, visit: Visit) -> Outcome:
    """Card, own battery in, door shut, full battery out, door shut."""
    async with at_cabinet(hands, visit) as rider:
        return await _swap(rider, _own(rider))


async def swap_foreign(hands: Hands, visit: Visit) -> Outcome:
    """Another operator's battery: it is given back."""
    async with at_cabinet(hands, visit) as rider:
        return await _swap_strange(rider, rider.room.bring_foreign(rider.person, rider.station.catch_up()))


async def swap_brick(hands: Hands, visit: Visit) -> Outcome:
    """Something of the size of a battery, wrapped in tape."""
    async with at_cabinet(hands, visit) as rider:
        return await _swap_strange(rider, rider.room.bring_brick(rider.person, rider.station.catch_up()))


async def swap_nothing(hands: Hands, visit: Visit) -> Outcome:
    """The rider shuts the empty slot with nothing in it, as often as it opens."""
    async with at_cabinet(hands, visit) as rider:
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        while slot is not None and slot.thing is None:
            await rider.shut(slot)
            slot = await rider.next_door()
        return Outcome.CHANGED_MIND


async def swap_takes_nothing(hands: Hands, visit: Visit) -> Outcome:
    """The rider gives a battery and shuts the door of the full one without having taken it, as often as it opens."""
    async with at_cabinet(hands, visit) as rider:
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        second = await rider.give(slot, _own(rider))
        while second is not None:
            await rider.shut(second)
            second = await rider.next_door()
        return Outcome.EMPTY_HANDED


async def swap_takes_two(hands: Hands, visit: Visit) -> Outcome:
    """The rider takes the full one, and breaks the next slot open for another."""
    async with at_cabinet(hands, visit) as rider:
        outcome = await _swap(rider, _own(rider))
        victim = next((slot for slot in rider.cabinet.slots.values() if slot.thing is not None), None)
        if outcome is Outcome.SWAPPED and victim is not None:
            rider.cabinet.force_door(victim.number, rider.station.catch_up())
            await rider.take(victim)
            await rider.shut(victim)
            return Outcome.TOOK_TWO
        return outcome


async def swap_left_open(hands: Hands, visit: Visit) -> Outcome:
    """The rider is happy with the full one and leaves its door open; somebody shuts it at last."""
    async with at_cabinet(hands, visit) as rider:
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        brought = _own(rider)
        second = await rider.give(slot, brought)
        taken = await rider.take(second) if second is not None and second.thing is not None else None
        await hands.wait(hands.config.ajar_ms)
        await shut_all(rider)
        if taken is None:
            return Outcome.EMPTY_HANDED
        return Outcome.GOT_BACK if taken == brought else Outcome.SWAPPED


async def swap_walks_away(hands: Hands, visit: Visit) -> Outcome:
    """A call comes in: the rider goes at one step or another, and somebody shuts the door much later."""
    async with at_cabinet(hands, visit) as rider:
        step = random.Random(f"{hands.config.seed}/{visit.id}").randrange(4)
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        if step == 1:
            await rider.put(slot, _own(rider))
        if step >= 2:
            second = await rider.give(slot, _own(rider))
            if step == 3 and second is not None and second.thing is not None:
                await rider.take(second)
        await hands.wait(hands.config.ajar_ms)
        await shut_all(rider)
        return Outcome.WALKED_AWAY


async def swap_careless(hands: Hands, visit: Visit) -> Outcome:
    """Any of the others' mistakes, by seed; most often none."""
    choice = random.Random(f"{hands.config.seed}/{visit.id}/careless").choices(
        [swap_well, swap_foreign, swap_brick, swap_nothing, swap_takes_nothing, swap_takes_two, swap_walks_away],
        [60, 8, 8, 8, 6, 4, 6],
    )[0]
    return await choice(hands, visit)


async def swap_stuck_lock(hands: Hands, visit: Visit) -> Outcome:
    """The lock of the full slot that is chosen does not move; another one has to serve."""
    async with at_cabinet(hands, visit) as rider:
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        brought = _own(rider)
        await rider.put(slot, brought)
        full = [one for one in rider.cabinet.slots.values() if one is not slot and one.thing is not None]
        pulses = {one.number: one.pulses for one in full}
        for one in full:
            one.lock_fault = LockFault.STUCK_SHUT
        try:
            await rider.shut(slot)
            patience_ms = hands.config.served_ms
            await hands.until(lambda: any(one.pulses > pulses[one.number] for one in full), patience_ms)
            _free(one for one in full if one.pulses == pulses[one.number])
            return await rider.finish(slot, brought, await rider.next_door())
        finally:
            _free(full)


def _free(slots: Iterable[Slot]) -> None:
    for slot in slots:
        slot.lock_fault = None


async def swap_power_cut(hands: Hands, visit: Visit) -> Outcome:
    """The power goes just as the rider's battery is in and its door still open. The rider waits until it is back."""
    async with at_cabinet(hands, visit) as rider:
        slot = await rider.begin()
        if slot is None:
            return Outcome.NOT_SERVED
        brought = _own(rider)
        await rider.put(slot, brought)
        await rider.station.set_power(False)
        try:
            await hands.wait(hands.config.dark_ms / 2)
            await rider.shut(slot)
            await hands.wait(hands.config.dark_ms / 2)
        finally:
            await rider.station.set_power(True)
        return await rider.finish(slot, brought, await rider.next_door())


async def slot_forced(hands: Hands, visit: Visit) -> Outcome:
    """Somebody with a crowbar takes a battery, and leaves the door open."""
    async with hands.cabinet_queue:
        cabinet = hands.station.swap_cabinet().cabinet
        slot = _some_full(hands, visit)
        cabinet.force_door(slot.number, hands.station.catch_up())
        await hands.pause(1_500)
        cabinet.take_out(slot.number, visit.person.id, hands.station.catch_up())
        await hands.wait(hands.config.ajar_ms)
        cabinet.close_door(slot.number, hands.station.catch_up())
        return Outcome.HAPPENED


async def battery_overheats(hands: Hands, visit: Visit) -> Outcome:
    """A cell fails: the pack heats itself, smokes, and the slot's own extinguisher bursts."""
    cabinet = hands.station.swap_cabinet().cabinet
    slot = _some_full(hands, visit)
    cabinet.set_runaway(slot.number, hands.station.catch_up())
    await hands.until(lambda: slot.extinguished or slot.battery is None, BURNS_MS)
    return Outcome.HAPPENED


# ---------------------------------------------------------------- parts


async def _swap(rider: Rider, brought: str) -> Outcome:
    slot = await rider.begin()
    if slot is None:
        return Outcome.NOT_SERVED
    return await rider.finish(slot, brought, await rider.give(slot, brought))


async def _swap_strange(rider: Rider, brought: str) -> Outcome:
    try:
        return await _swap(rider, brought)
    finally:
        rider.room.take_home(rider.person, brought, rider.station.catch_up())


def _own(rider: Rider) -> str:
    own = rider.own()
    if own is None:
        raise ActError(f"story: {rider.person} has no battery")
    return own


def _some_full(hands: Hands, visit: Visit) -> Slot:
    """A slot with a battery in it, those that are being charged first."""
    slots = list(hands.station.swap_cabinet().cabinet.slots.values())
    full = [slot for slot in slots if isinstance(slot.thing, Battery) and not slot.extinguished]
    charging = [slot for slot in full if slot.charging]
    if not full:
        raise ActError("story: there is no battery in the cabinet")
    return random.Random(f"{hands.config.seed}/{visit.id}").choice(charging or full)


CABINET_PLAYS: dict[StoryName, CabinetPlay] = {
    StoryName.SWAP_WELL: swap_well,
    StoryName.SWAP_FOREIGN: swap_foreign,
    StoryName.SWAP_BRICK: swap_brick,
    StoryName.SWAP_NOTHING: swap_nothing,
    StoryName.SWAP_TAKES_NOTHING: swap_takes_nothing,
    StoryName.SWAP_TAKES_TWO: swap_takes_two,
    StoryName.SWAP_LEFT_OPEN: swap_left_open,
    StoryName.SWAP_WALKS_AWAY: swap_walks_away,
    StoryName.SWAP_CARELESS: swap_careless,
    StoryName.SWAP_STUCK_LOCK: swap_stuck_lock,
    StoryName.SWAP_POWER_CUT: swap_power_cut,
    StoryName.SLOT_FORCED: slot_forced,
    StoryName.BATTERY_OVERHEATS: battery_overheats,
}
NEEDS_BATTERY = frozenset(CABINET_PLAYS) - {
    StoryName.SWAP_FOREIGN,
    StoryName.SWAP_BRICK,
    StoryName.SWAP_NOTHING,
    StoryName.SLOT_FORCED,
    StoryName.BATTERY_OVERHEATS,
}
"""Whoever is in one of these has a battery of their own."""
