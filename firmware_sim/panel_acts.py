"""What a person may do to the station on the panel's page, as types."""

from typing import Annotated, Literal

from pydantic import Field

from firmware_sim.cabinet_slot import Point
from firmware_sim.config import StoryName
from firmware_sim.crowd import Doing
from firmware_sim.devices.osdp_reader import MAX_KEYS
from firmware_sim.devices.scanner import MAX_TEXT
from firmware_sim.doorway import Turn
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.panel_models import Model

PersonName = Annotated[str, Field(min_length=1, max_length=64)]


class PresentCard(Model):
    act: Literal["present_card"]
    card_id: str
    reader: str | None = None


class PushDoor(Model):
    act: Literal["push_door"]
    force: bool = False
    from_inside: bool = False


class LetGo(Model):
    act: Literal["let_go"]


class HoldDoor(Model):
    """Put a wedge under the open door, or take it away."""

    act: Literal["hold_door"]
    on: bool


class ExitButton(Model):
    """Either hold or let go (`pressed`), or one press of so many milliseconds."""

    act: Literal["exit_button"]
    pressed: bool | None = None
    press_ms: Annotated[float, Field(gt=0, le=60_000)] | None = None


class Fire(Model):
    act: Literal["fire"]
    active: bool


class Network(Model):
    act: Literal["network"]
    on: bool


class Power(Model):
    act: Literal["power"]
    on: bool


class Fault(Model):
    act: Literal["fault"]
    name: FaultName
    on: bool
    args: FaultArgs = FaultArgs()


class Story(Model):
    act: Literal["story"]
    name: StoryName


class Come(Model):
    """Somebody comes to the door and waits there."""

    act: Literal["come"]
    person: PersonName


class Go(Model):
    """Somebody who waits outside goes away."""

    act: Literal["go"]
    person: PersonName


class Walk(Model):
    """Walk through the open door, or turn round in it."""

    act: Literal["walk"]
    person: PersonName
    inward: bool
    turn: Turn | None = None


class Do(Model):
    """Move about, sit still, lie down."""

    act: Literal["do"]
    person: PersonName
    doing: Doing


class Air(Model):
    act: Literal["air"]
    what: Literal["temperature_celsius", "outside_celsius", "humidity_percent", "carbon_monoxide_ppm"]
    value: float


class Smoke(Model):
    act: Literal["smoke"]
    there: bool


class Water(Model):
    act: Literal["water"]
    there: bool


class Mains(Model):
    """The building's mains; the battery carries the station without them."""

    act: Literal["mains"]
    on: bool


class Battery(Model):
    act: Literal["battery"]
    low: bool


class Tamper(Model):
    act: Literal["tamper"]
    what: Literal["reader", "enclosure"]
    open: bool


class Keys(Model):
    """Type at a reader's keypad."""

    act: Literal["keys"]
    keys: Annotated[str, Field(min_length=1, max_length=MAX_KEYS)]
    reader: str | None = None


class ShowCode(Model):
    """Hold a code to a scanner: the text of a pass, or a card's number."""

    act: Literal["show_code"]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    scanner: str | None = None


SlotNumber = Annotated[int, Field(ge=1, le=120)]


class SlotPut(Model):
    """Somebody puts what they carry into an open slot; `serial` None: whatever they took last."""

    act: Literal["slot_put"]
    slot: SlotNumber
    person: PersonName
    serial: str | None = None


class SlotTake(Model):
    act: Literal["slot_take"]
    slot: SlotNumber
    person: PersonName


class SlotShut(Model):
    act: Literal["slot_shut"]
    slot: SlotNumber


class SlotForce(Model):
    """Break a slot open."""

    act: Literal["slot_force"]
    slot: SlotNumber


class SlotSmoke(Model):
    act: Literal["slot_smoke"]
    slot: SlotNumber
    there: bool


class SlotBurn(Model):
    """What lies in a slot begins to burn."""

    act: Literal["slot_burn"]
    slot: SlotNumber


class SlotRenew(Model):
    """A technician puts a new extinguisher in."""

    act: Literal["slot_renew"]
    slot: SlotNumber


class CabinetPoint(Model):
    """Smoke, water, the back door, the emergency stop."""

    act: Literal["cabinet_point"]
    point: Point
    active: bool


class Bring(Model):
    """Somebody comes with something that does not belong here."""

    act: Literal["bring"]
    person: PersonName
    what: Literal["brick", "foreign"]


class Ride(Model):
    """A while on the scooter: what somebody carries is emptier afterwards."""

    act: Literal["ride"]
    person: PersonName


DoorAct = PresentCard | PushDoor | LetGo | HoldDoor | ExitButton | Fire | Network | Power | Fault | Story
PremisesAct = Come | Go | Walk | Do | Air | Smoke | Water | Mains | Battery | Tamper | Keys | ShowCode
CabinetAct = (
    SlotPut | SlotTake | SlotShut | SlotForce | SlotSmoke | SlotBurn | SlotRenew | CabinetPoint | Bring | Ride
)  # fmt: skip
Act = Annotated[DoorAct | PremisesAct | CabinetAct, Field(discriminator="act")]
