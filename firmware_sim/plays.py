"""The plays: each story as a few lines of what its people do. `PLAYS` is the programme."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from firmware_sim.config import StoryName
from firmware_sim.crowd import Doing, Place
from firmware_sim.doorway import THROUGH_MS, Turn
from firmware_sim.hands import DOOR_MS, Hands, Outcome, Visit
from firmware_sim.people import PersonId

Play: TypeAlias = Callable[[Hands, Visit], Awaitable[Outcome]]

FOLLOWING_MS = THROUGH_MS / 2
"""How far a tailgater keeps behind: a beam is free between the two."""


async def rider_at_two(hands: Hands, visit: Visit) -> Outcome:
    """02:00, rain: card, lock, push, in, the door falls shut."""
    async with hands.at_door(visit.person.id):
        if not await hands.show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        return await hands.enter(visit.person.id)


async def unknown_card(hands: Hands, visit: Visit) -> Outcome:
    """A card that no list knows; its owner tries the door all the same."""
    async with hands.at_door(visit.person.id):
        if await hands.show_card_and_wait(visit):
            return Outcome.ADMITTED_UNKNOWN
        return Outcome.DOOR_GAVE_WAY if hands.station.push_door() else Outcome.NOT_ADMITTED


async def push_without_grant(hands: Hands, visit: Visit) -> Outcome:
    """Somebody leans on the door without a card."""
    async with hands.at_door(visit.person.id):
        opened = hands.station.push_door()
        await hands.pause(500)
        return Outcome.DOOR_GAVE_WAY if opened else Outcome.DOOR_STAYED_SHUT


async def forced_door(hands: Hands, visit: Visit) -> Outcome:
    """Somebody breaks the door open, looks in, and runs."""
    async with hands.at_door(visit.person.id):
        hands.station.push_door(force=True)
        await hands.walk(visit.person.id, inward=True, turn=Turn.BOTH_BEAMS)
        await hands.shut()
        return Outcome.FORCED


async def door_left_open(hands: Hands, visit: Visit) -> Outcome:
    """A rider wedges the door to carry boxes and forgets it beyond the time that the station allows."""
    station = hands.station
    async with hands.at_door(visit.person.id):
        if not await hands.show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        if not station.push_door():
            return Outcome.DOOR_STAYED_SHUT
        await hands.walk(visit.person.id, inward=True)
        station.wedge_door(True)
        try:
            station.let_go()
            await hands.wait(hands.config.held_ms)
        finally:
            station.wedge_door(False)
        await hands.shut()
        return Outcome.ENTERED


async def exit_by_button(hands: Hands, visit: Visit) -> Outcome:
    """Somebody inside presses the button and leaves; the lock lets go in its wiring."""
    async with hands.at_door():
        return await hands.leave(visit.person.id)


async def tailgater(hands: Hands, visit: Visit) -> Outcome:
    """A rider enters, and somebody without a card slips in behind."""
    shadow = PersonId(f"shadow-{visit.id}")
    async with hands.at_door(visit.person.id):
        if not await hands.show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        premises = hands.station.world.premises
        premises.come(shadow, hands.station.catch_up())
        try:
            await hands.pause(300)
            if not hands.station.push_door():
                return Outcome.DOOR_STAYED_SHUT
            first_in = hands.walk(visit.person.id, inward=True)
            await _both(hands, first_in, shadow)
        finally:
            body = premises.crowd.find(shadow)
            if body is not None and body.place is Place.OUTSIDE:
                premises.go(shadow, hands.station.catch_up())
        await hands.shut()
        return Outcome.ENTERED


async def _both(hands: Hands, first_in: Awaitable[bool], second: PersonId) -> None:
    """The second follows half a door way behind."""

    async def follow() -> None:
        premises = hands.station.world.premises
        await hands.until(lambda: bool(premises.doorway.people), DOOR_MS)
        await hands.wait(FOLLOWING_MS / hands.station.config.world.pace)
        await hands.walk(second, inward=True)

    await asyncio.gather(first_in, follow())


async def turns_round(hands: Hands, visit: Visit) -> Outcome:
    """A rider is let in, remembers the scooter in the door way and goes back."""
    async with hands.at_door(visit.person.id):
        if not await hands.show_card_and_wait(visit):
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        await hands.pause(300)
        if not hands.station.push_door():
            return Outcome.DOOR_STAYED_SHUT
        await hands.walk(visit.person.id, inward=True, turn=Turn.BOTH_BEAMS)
        await hands.shut()
        return Outcome.LEFT


async def rider_naps(hands: Hands, visit: Visit) -> Outcome:
    """A rider comes in, sleeps on a chair, wakes up and goes."""
    return await _stay(hands, visit, Doing.STILL)


async def lies_still(hands: Hands, visit: Visit) -> Outcome:
    """Somebody comes in, lies down on the floor and answers nobody; in the end somebody helps them up and out. Whoever
    else is inside sleeps."""
    premises = hands.station.world.premises
    others = [body.person for body in premises.crowd.at(Place.INSIDE) if body.person != visit.person.id]
    for other in others:
        premises.do(other, Doing.STILL, hands.station.catch_up())
    try:
        return await _stay(hands, visit, Doing.LYING)
    finally:
        for other in others:
            body = premises.crowd.find(other)
            if body is not None and body.place is Place.INSIDE:
                premises.do(other, Doing.MOVING, hands.station.catch_up())


async def _stay(hands: Hands, visit: Visit, doing: Doing) -> Outcome:
    entered = await rider_at_two(hands, visit)
    if entered is not Outcome.ENTERED:
        return entered
    premises, person = hands.station.world.premises, visit.person.id
    premises.do(person, doing, hands.station.catch_up())
    await hands.wait(hands.config.still_ms)
    premises.do(person, Doing.MOVING, hands.station.catch_up())
    await hands.pause(1_000)
    async with hands.at_door():
        return await hands.leave(person)


async def loiterer(hands: Hands, visit: Visit) -> Outcome:
    """Somebody walks up and down in front of the closed door, and goes away again."""
    async with hands.at_door(visit.person.id):
        await hands.wait(hands.config.loiter_ms)
        return Outcome.HAPPENED


async def smoke_in_room(hands: Hands, visit: Visit) -> Outcome:
    """A charger smoulders, and somebody airs the room."""
    premises = hands.station.world.premises
    premises.set_smoke(True, hands.station.catch_up())
    try:
        await hands.wait(hands.config.smoke_ms)
    finally:
        premises.set_smoke(False, hands.station.catch_up())
    return Outcome.HAPPENED


async def tamper_at_night(hands: Hands, visit: Visit) -> Outcome:
    """Somebody opens the cabinet with the controller in it, and closes it again."""
    hands.station.set_tamper(of_reader=False, opened=True)
    try:
        await hands.wait(hands.config.tamper_ms)
    finally:
        hands.station.set_tamper(of_reader=False, opened=False)
    return Outcome.HAPPENED


async def card_and_pin(hands: Hands, visit: Visit) -> Outcome:
    """Card, then the number at the keypad, each digit with a finger."""
    station = hands.station
    pin = hands.carried(station.pin_files.get(visit.person.id))
    async with hands.at_door(visit.person.id):
        reader = hands.first_reader().id
        station.present_card(reader, visit.person, visit.id)
        await hands.pause(500)
        for key in f"{pin}#":
            station.press_keys(reader, key, visit.person.id, visit.id)
            await hands.pause(150)
        if not await hands.until_free():
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        return await hands.enter(visit.person.id)


async def qr_visitor(hands: Hands, visit: Visit) -> Outcome:
    """A visitor holds the code on the phone to the scanner."""
    visitor = PersonId(f"visitor-{visit.id}")
    async with hands.at_door(visitor):
        hands.station.show_code(None, hands.carried(hands.config.pass_file), f"pass-{visit.id}", visit.id)
        if not await hands.until_free():
            return Outcome.NOT_ADMITTED
        hands.admitted += 1
        return await hands.enter(visitor)


PLAYS: dict[StoryName, Play] = {
    StoryName.RIDER_AT_TWO: rider_at_two,
    StoryName.UNKNOWN_CARD: unknown_card,
    StoryName.PUSH_WITHOUT_GRANT: push_without_grant,
    StoryName.FORCED_DOOR: forced_door,
    StoryName.DOOR_LEFT_OPEN: door_left_open,
    StoryName.EXIT_BY_BUTTON: exit_by_button,
    StoryName.TAILGATER: tailgater,
    StoryName.TURNS_ROUND: turns_round,
    StoryName.RIDER_NAPS: rider_naps,
    StoryName.LIES_STILL: lies_still,
    StoryName.LOITERER: loiterer,
    StoryName.SMOKE_IN_ROOM: smoke_in_room,
    StoryName.TAMPER_AT_NIGHT: tamper_at_night,
    StoryName.CARD_AND_PIN: card_and_pin,
    StoryName.QR_VISITOR: qr_visitor,
}
