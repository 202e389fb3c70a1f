"""What the station's parts report, as the core's events. Pure; the controller does what is more than an event."""

from typing import Final

from edge.core import events
from edge.core.config import StationConfig
from edge.core.events import Point
from edge.drivers.door_gpio import Input
from edge.runtime import gpio_thread, ipc

POLLED_WITHIN_MS: Final = 1_000
"""A reader is asked 20 times a second; one reset of its line takes less than this."""


def input_event(report: gpio_thread.InputChanged) -> events.Event:
    """An edge at a pin."""
    if isinstance(report.input, Point):
        return events.PointChanged(report.input, report.value, report.mono_ns // 1_000_000)
    if report.input is Input.CONTACT_OPEN:
        return events.ContactChanged(report.value, report.mono_ns // 1_000_000)
    if report.input is Input.EXIT_PRESSED:
        return events.ExitChanged(report.value)
    return events.FireChanged(report.value)


def pin_events(report: gpio_thread.PinReport) -> tuple[events.Event, ...]:
    """What the GPIO thread said of the pins."""
    match report:
        case gpio_thread.InputChanged():
            return (input_event(report),)
        case gpio_thread.PinsRead(levels, points):
            read = events.LevelsRead(levels.contact_open, levels.exit_pressed, levels.fire_active, points)
            return (events.GpioChanged(available=True), read)
        case gpio_thread.PinsLost(detail):
            return (events.GpioChanged(available=False, detail=detail), events.ContactLost())
        case gpio_thread.LoadChecked(load, obeys):
            return (events.LoadChecked(load, obeys),)
        case _:
            return ()


def child_event(message: ipc.Message) -> events.Event | None:
    """What a child said, where it is an event as it stands. A card is not: its credential is to be looked up."""
    match message:
        case ipc.ReaderStatus():
            return events.ReaderChanged(message.reader, message.online, message.detail)
        case ipc.ReaderLid():
            return events.ReaderTampered(message.reader, message.tampered)
        case ipc.UplinkStatus():
            return events.UplinkChanged(message.connected, message.detail)
        case ipc.DesiredArrived():
            return events.DesiredReceived(
                revision=message.revision,
                posture=message.posture,
                acknowledged=message.acknowledged,
                shelved=message.shelved,
                loads_cut=message.loads_cut,
                by=message.by,
                cabinet=message.cabinet,
            )
        case ipc.CommandArrived():
            return events.CommandReceived(message.id, message.kind, message.issued_by, message.args)
        case ipc.DownwardRefused():
            return events.MessageRefused(message.topic, message.reason)
        case ipc.RosterSwitchedTo():
            return events.RosterSwitched(message.node, message.version, message.members)
        case ipc.RosterTrouble():
            return events.RosterChanged(message.available, message.detail)
        case ipc.AllRight():
            return events.WelfareAnswerGiven()
        case ipc.PresenceSensed(sensor, moving, still, distance_cm):
            return events.PresenceMeasured(sensor, moving, still, distance_cm)
        case ipc.EnvironmentSensed():
            return events.EnvironmentMeasured(**vars(message))
        case ipc.PowerSensed(sensor, power_w, energy_wh):
            return events.PowerMeasured(sensor, power_w, energy_wh)
        case ipc.SensorStatus(sensor, online, detail):
            return events.SensorChanged(sensor, online, detail)
        case ipc.SwapWanted(kind):
            return events.SwapChosen(kind)
        case ipc.SwapUnwanted():
            return events.SwapCancelled()
        case (
            events.CabinetChanged() | events.SlotRead() | events.SlotLost() | events.SlotPulsed()
            | events.CabinetPointRead() | events.ChargerChecked() | events.ContactorRead()
        ):  # fmt: skip
            return message
        case _:
            return None


def child_lost_events(config: StationConfig, child: ipc.Child, detail: str) -> tuple[events.Event, ...]:
    """What is not known any more while a child is away."""
    match child:
        case ipc.Child.READER:
            return tuple(events.ReaderChanged(reader, online=False, detail=detail) for reader in config.readers)
        case ipc.Child.UPLINK:
            return (events.UplinkChanged(connected=False, detail=detail),)
        case ipc.Child.CONSOLE:
            return ()
        case ipc.Child.SENSORS:
            sensors = config.presence.radars + config.environment.sensors + config.environment.meters
            return tuple(events.SensorChanged(sensor, online=False, detail=detail) for sensor in sensors)
        case ipc.Child.CABINET:
            return (events.CabinetChanged(online=False, detail=detail),)


def presented_ms(card: ipc.CardRead | ipc.PinTyped) -> int:
    """When a card was presented, as far as that is known: when it was read, unless the reader had not been asked for so
    long that the card may be older; then the earliest moment that is possible, so that the core can call it stale."""
    received_ms = card.received_mono_ns // 1_000_000
    certain = received_ms - card.not_before_mono_ms <= POLLED_WITHIN_MS
    return received_ms if certain else card.not_before_mono_ms
