"""What the panel's page is shown, as types; what it may ask for is in `panel_acts`. Both make the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from firmware_sim.cabinet_slot import Point
from firmware_sim.crowd import Doing, Place
from firmware_sim.devices.cabinet_makes import MakeName
from firmware_sim.devices.osdp_reader import ReaderMode
from firmware_sim.devices.slaves import SlaveModel
from firmware_sim.faults import FaultName
from firmware_sim.lock import LockCause, LockKind
from firmware_sim.people import CardFormat
from firmware_sim.room import LoadKind
from firmware_sim.wires import Wire


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


class BodyView(Model):
    """Somebody at the station. `person` need not be one of the people with cards."""

    person: str
    place: Place
    doing: Doing


class LoadView(Model):
    id: str
    kind: LoadKind
    power_w: float
    wanted: bool
    """What its pin says."""
    on: bool


class RoomView(Model):
    temperature_celsius: float
    outside_celsius: float
    humidity_percent: float
    carbon_monoxide_ppm: float
    smoke: bool
    water: bool
    mains: bool
    battery_low: bool
    reader_tampered: bool
    enclosure_tampered: bool
    beam_outer_broken: bool
    beam_inner_broken: bool
    motion_inside: bool
    motion_outside: bool
    power_w: float
    energy_wh: float
    loads: list[LoadView]
    bodies: list[BodyView]
    inside: int
    """How many people are truly inside."""


class RadarView(Model):
    id: str
    moving_cm: int | None
    still_cm: int | None
    """What it tells, which a fault may make a lie."""


class SlaveView(Model):
    id: str
    model: SlaveModel
    address: int
    answered: int


class ScannerView(Model):
    id: str
    plugged: bool


class SensorsView(Model):
    radars: list[RadarView]
    slaves: list[SlaveView]
    scanners: list[ScannerView]


class ReaderView(Model):
    id: str
    mode: ReaderMode
    online: bool
    secure: bool
    plugged: bool
    powered: bool
    tampered: bool
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
    active: bool


class NetworkView(Model):
    configured: bool
    on: bool
    black_hole: bool
    delay_ms: float
    connections: int


class GpioView(Model):
    listening: bool
    clients: int


class ThingView(Model):
    """A battery as it truly is, whatever its BMS says; or a brick, of which nothing else is known."""

    serial: str
    battery: bool
    model: str = ""
    soc_percent: int = 0
    soh_percent: int = 0
    celsius: float = 0.0
    current_ma: int = 0
    foreign: bool = False
    asleep: bool = False
    burning: bool = False
    smokes: bool = False


class SlotView(Model):
    slot: int
    open: bool
    thing: ThingView | None
    charging: bool
    limit_ma: int
    lamp: int
    smoke: bool
    extinguished: bool
    pulses: int
    lock_stuck: bool


class CarriedView(Model):
    person: str
    things: list[ThingView]


class CabinetView(Model):
    make: MakeName
    reader: str | None
    slots: list[SlotView]
    carried: list[CarriedView]
    points: list[Point]
    """Those that are active."""
    has_contactor: bool
    contactor_closed: bool
    fed: bool
    """The watchdog (or the lease of the contactor) has been renewed lately."""
    fan_on: bool
    powered: bool


class StoryView(Model):
    running: list[str]
    """Names of the stories being played, oldest first."""
    visits: int
    admitted: int


class WorldView(Model):
    mono_ms: float
    operations_url: str | None
    door: DoorView
    lock: LockView
    inputs: InputsView
    room: RoomView
    sensors: SensorsView
    pins: list[PinView]
    readers: list[ReaderView]
    people: list[PersonView]
    faults: list[FaultView]
    network: NetworkView
    gpio: GpioView
    cabinet: CabinetView | None
    power_on: bool
    stories: StoryView
    log: list[dict[str, Any]]
    """The newest 50 lines of the world's log, oldest first."""


class ActDone(Model):
    ok: Literal[True] = True
    opened: bool | None = None
    """After `push_door`: whether the door gave way."""
    warning: str | None = None
    """What did not work, though the act was done."""
