"""The whole world at one moment, as the panel shows it."""

from firmware_sim import panel_models as models
from firmware_sim.batteries import Battery, Thing
from firmware_sim.doorway import Beam
from firmware_sim.fault_board import FaultBoard
from firmware_sim.log import monotonic_ms
from firmware_sim.station import Station
from firmware_sim.stories import Stories
from firmware_sim.wires import Wire


def snapshot(station: Station, faults: FaultBoard, stories: Stories) -> models.WorldView:
    now_ms = monotonic_ms()
    world, leaf, lock, link = station.world, station.world.leaf, station.world.lock, station.link
    return models.WorldView(
        mono_ms=round(now_ms, 3),
        operations_url=station.config.panel.operations_url,
        door=models.DoorView(
            angle_degrees=round(leaf.angle(now_ms), 1), open=leaf.open, hand=leaf.hand, wedge=leaf.wedge
        ),
        lock=models.LockView(
            kind=lock.kind,
            released=lock.released,
            cause=lock.cause,
            pin=lock.inputs.pin,
            bolt_free=lock.bolt_free,
            stuck=lock.stuck,
        ),
        inputs=models.InputsView(exit_pressed=world.exit_pressed, fire_active=world.fire_active),
        room=_room(station, now_ms),
        sensors=_sensors(station),
        pins=[
            models.PinView(
                wire=wire,
                pin=pin,
                mode=station.bank.mode(pin).name.lower(),
                level=station.bank.level(pin),
                cut=wire in world.cut_wires,
            )
            for wire, pin in station.pins.items()
        ],
        readers=[_reader(station, reader_id) for reader_id in station.readers],
        people=[
            models.PersonView(
                id=person.id,
                name=person.name,
                known=person.known,
                card=models.CardView(id=person.card.id, format=person.card.format, bits=person.card.bits),
            )
            for person in station.people.values()
        ],
        faults=[
            models.FaultView(name=name, target=target, ms=args.ms, count=args.count, active=args.active)
            for (name, target), args in faults.active.items()
        ],
        network=models.NetworkView(
            configured=link is not None,
            on=station.network_on,
            black_hole=link is not None and link.black_hole,
            delay_ms=link.delay_ms if link else 0.0,
            connections=link.connections if link else 0,
        ),
        gpio=models.GpioView(listening=station.gpio.listening, clients=station.gpio.client_count),
        cabinet=_cabinet(station),
        power_on=world.power_on,
        stories=models.StoryView(running=stories.playing, visits=stories.visits, admitted=stories.admitted),
        log=station.log.tail(),
    )


def _room(station: Station, now_ms: float) -> models.RoomView:
    premises = station.world.premises
    room = premises.room
    return models.RoomView(
        temperature_celsius=round(room.temperature_celsius(now_ms), 1),
        outside_celsius=room.outside_celsius,
        humidity_percent=room.humidity_percent,
        carbon_monoxide_ppm=room.carbon_monoxide_ppm,
        smoke=room.smoke,
        water=room.water,
        mains=room.mains,
        battery_low=premises.is_active(Wire.BATTERY_LOW),
        reader_tampered=premises.is_active(Wire.READER_TAMPER),
        enclosure_tampered=premises.is_active(Wire.ENCLOSURE_TAMPER),
        beam_outer_broken=premises.doorway.is_broken(Beam.OUTER),
        beam_inner_broken=premises.doorway.is_broken(Beam.INNER),
        motion_inside=premises.is_active(Wire.MOTION_INSIDE),
        motion_outside=premises.is_active(Wire.MOTION_OUTSIDE),
        power_w=room.power_w(),
        energy_wh=round(room.energy_wh(now_ms), 1),
        loads=[
            models.LoadView(id=load.id, kind=load.kind, power_w=load.power_w, wanted=load.wanted, on=room.is_on(load))
            for load in room.loads.values()
        ],
        bodies=[
            models.BodyView(person=body.person, place=body.place, doing=body.doing) for body in premises.crowd.bodies
        ],
        inside=premises.crowd.inside_count,
    )


def _cabinet(station: Station) -> models.CabinetView | None:
    if station.cabinet is None:
        return None
    cabinet = station.cabinet.cabinet
    return models.CabinetView(
        make=station.cabinet.config.make,
        reader=station.cabinet.config.reader,
        slots=[
            models.SlotView(
                slot=slot.number,
                open=slot.door_open,
                thing=None if slot.thing is None else _thing(slot.thing),
                charging=slot.charging,
                limit_ma=slot.limit_ma,
                lamp=slot.lamp,
                smoke=slot.smokes,
                extinguished=slot.extinguished,
                pulses=slot.pulses,
                lock_stuck=slot.lock_fault is not None,
            )
            for slot in cabinet.slots.values()
        ],
        carried=[
            models.CarriedView(person=person, things=[_thing(thing) for thing in cabinet.carried.of(person)])
            for person in cabinet.carried.people()
        ],
        points=[point for point in cabinet.points if cabinet.reads(point)],
        has_contactor=cabinet.has_contactor,
        contactor_closed=cabinet.contactor_closed,
        fed=cabinet.watchdog_runs,
        fan_on=cabinet.fan_on,
        powered=cabinet.powered,
    )


def _thing(thing: Thing) -> models.ThingView:
    if not isinstance(thing, Battery):
        return models.ThingView(serial=thing.serial, battery=False)
    return models.ThingView(
        serial=thing.serial,
        battery=True,
        model=thing.model.name,
        soc_percent=round(thing.soc * 100),
        soh_percent=round(thing.soh * 100),
        celsius=round(thing.celsius, 1),
        current_ma=round(thing.current_a * 1000),
        foreign=thing.foreign,
        asleep=thing.asleep,
        burning=thing.runaway,
        smokes=thing.vents,
    )


def _sensors(station: Station) -> models.SensorsView:
    sensors = station.sensors
    return models.SensorsView(
        radars=[
            models.RadarView(id=radar.id, moving_cm=radar.targets.moving_cm, still_cm=radar.targets.still_cm)
            for radar in sensors.radars.values()
        ],
        slaves=[
            models.SlaveView(
                id=slave.id, model=sensors.models[slave.id], address=slave.address, answered=slave.answered
            )
            for slave in sensors.slaves.values()
        ],
        scanners=[models.ScannerView(id=scanner.id, plugged=scanner.plugged) for scanner in sensors.scanners.values()],
    )


def _reader(station: Station, reader_id: str) -> models.ReaderView:
    state = station.readers[reader_id].state
    return models.ReaderView(
        id=reader_id,
        mode=state.mode,
        online=state.online,
        secure=state.secure,
        plugged=state.plugged,
        powered=state.powered,
        tampered=state.tampered,
        feedback=state.feedback,
    )
