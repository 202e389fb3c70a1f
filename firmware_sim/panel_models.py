"""The panel's API as types: what the page is shown and what it may ask for. Its OpenAPI document is made of these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from firmware_sim.config import StoryName
from firmware_sim.devices.osdp_reader import ReaderMode
from firmware_sim.faults import FaultArgs, FaultName
from firmware_sim.lock import LockCause, LockKind
from firmware_sim.people import CardFormat
from firmware_sim.world import Wire


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DoorView(Model):
    angle_degrees: float
    open: bool
    hand: bool
    """A hand holds it open."""
    wedge: bool


class LockView(Model):
    kind: LockKind
    released: bool
    cause: LockCause
    """What the last change came from."""
    pin: bool
    """The controller asks for release, as it arrives at the relay."""
    bolt_free: bool
    stuck: bool


class InputsView(Model):
    exit_pressed: bool
    fire_active: bool


class PinView(Model):
    wire: Wire
    pin: int
    mode: str
    level: bool
    cut: bool


class ReaderView(Model):
    id: str
    mode: ReaderMode
    online: bool
    secure: bool
    plugged: bool
    powered: bool
    feedback: dict[str, dict[str, Any]]
    """Newest command by device: `led`, `buzzer`, `text`."""


class CardView(Model):
    id: str
    format: CardFormat
    bits: int


class PersonView(Model):
    id: str
    name: str
    known: bool
    card: CardView


class FaultView(Model):
    name: FaultName
    target: str
    ms: float | None
    count: int | None


class NetworkView(Model):
    configured: bool
    on: bool
    black_hole: bool
    delay_ms: float
    connections: int


class GpioView(Model):
    listening: bool
    clients: int


class StoryView(Model):
    running: list[str]
    """Names of the stories being played, oldest first."""
    visits: int
    admitted: int


class WorldView(Model):
    mono_ms: float
    door: DoorView
    lock: LockView
    inputs: InputsView
    pins: list[PinView]
    readers: list[ReaderView]
    people: list[PersonView]
    faults: list[FaultView]
    network: NetworkView
    gpio: GpioView
    power_on: bool
    stories: StoryView
    log: list[dict[str, Any]]
    """The newest 50 lines of the world's log, oldest first."""


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


Act = Annotated[
    PresentCard | PushDoor | LetGo | HoldDoor | ExitButton | Fire | Network | Power | Fault | Story,
    Field(discriminator="act"),
]


class ActDone(Model):
    ok: Literal[True] = True
    opened: bool | None = None
    """After `push_door`: whether the door gave way."""
    warning: str | None = None
    """What did not work, though the act was done."""
