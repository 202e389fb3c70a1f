"""Sets and takes back the faults of `faults` on a running station, and knows which ones are on."""

import asyncio
import logging
from collections.abc import Iterator, Mapping

from firmware_sim.cabinet_faults import set_cabinet_fault, slot_of
from firmware_sim.devices.modbus_line import Fault
from firmware_sim.devices.osdp_reader import OsdpReader, ReaderMode
from firmware_sim.devices.radar import Radar, Targets
from firmware_sim.devices.slaves import SensorLie
from firmware_sim.faults import (
    CABINET_PREFIXES,
    MOMENTARY,
    NEEDS_LINK,
    NEEDS_WIRE,
    FaultArgs,
    FaultError,
    FaultName,
    PlannedFault,
)
from firmware_sim.log import FactKind, monotonic_ms
from firmware_sim.station import ActError, Station
from firmware_sim.wires import DOOR_WIRES, Wire

logger = logging.getLogger(__name__)

DEFAULT_DELAY_MS = 200.0
DEFAULT_LATE_MS = 1_000.0
"""Longer than anybody waits for an answer."""
DEFAULT_NOISE_BYTES = 64
WORN_BOUNCE_MS = (5.0, 30.0)
GHOST_CM = 200
SLAVE_FAULTS = {
    FaultName.SLAVE_SILENT: Fault.SILENT,
    FaultName.SLAVE_GARBAGE: Fault.GARBAGE,
    FaultName.SLAVE_LATE: Fault.LATE,
}


class FaultBoard:
    def __init__(self, station: Station) -> None:
        self._station = station
        self.active: dict[tuple[FaultName, str], FaultArgs] = {}
        """By kind and target: a reader's id, a wire's name, or empty. A cut link is not in here: it is the network
        switch, which has a state of its own."""

    async def set(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        """Raises FaultError when something needed is missing, or names nothing that exists."""
        target = self._target(name, args)
        if (name, target) in self.active and on and self.active[name, target] == args:
            return
        if name.startswith("reader_"):
            self._on_reader(self._reader(args), name, on, args)
        elif name in NEEDS_LINK:
            await self._on_link(name, on, args)
        elif name.startswith("gpio_"):
            await self._on_gpio(name, on, args)
        elif name.startswith(("radar_", "slave_", "scanner_")):
            self._on_sensor(name, on, args)
        elif name.startswith(CABINET_PREFIXES):
            self._on_cabinet(name, on, args)
        else:
            self._on_world(name, on, args)
        if on and name not in MOMENTARY and name is not FaultName.LINK_CUT:
            self.active[name, target] = args
        else:
            self.active.pop((name, target), None)
        self._station.log.write(
            FactKind.FAULT, name=name.value, on=on, target=target or None, ms=args.ms, count=args.count
        )

    async def run_schedule(self, plan: Iterator[PlannedFault]) -> None:
        """Until cancelled: set one planned fault after the other, each taken back after its time. One that finds
        nothing to break (the BMS of an empty slot) is left out."""
        for fault in plan:
            await asyncio.sleep(fault.after_ms / 1000.0)
            try:
                await self.set(fault.name, True, fault.args)
            except FaultError as error:
                logger.info("faults: %s is left out: %s", fault.name, error)
                continue
            try:
                await asyncio.sleep(fault.last_ms / 1000.0)
            finally:
                await self.set(fault.name, False, fault.args)

    def _reader(self, args: FaultArgs) -> OsdpReader:
        try:
            return self._station.reader(args.reader)
        except ActError as error:
            raise FaultError(str(error)) from None

    def _target(self, name: FaultName, args: FaultArgs) -> str:
        if name.startswith("reader_"):
            return self._reader(args).id
        if name in NEEDS_WIRE:
            return self._wire(name, args).value
        if name.startswith(("radar_", "slave_", "scanner_")):
            return self._sensor_name(name, args)
        if name.startswith(CABINET_PREFIXES):
            slot = slot_of(self._station.cabinet, name, args)
            return "" if slot is None else str(slot)
        if name in NEEDS_LINK and self._station.link is None:
            raise FaultError("no [link] is configured")
        return ""

    def _wire(self, name: FaultName, args: FaultArgs) -> Wire:
        wires = [wire for wire in self._station.pins if name is FaultName.CUT_WIRE or wire not in DOOR_WIRES]
        if args.wire not in wires:
            raise FaultError(f"args.wire: which wire: {', '.join(wires) or 'there is none of this kind'}")
        return args.wire

    def _sensor_name(self, name: FaultName, args: FaultArgs) -> str:
        sensors = self._station.sensors
        kind = name.partition("_")[0]
        there: dict[str, Mapping[str, object]] = {
            "radar": sensors.radars, "slave": sensors.slaves, "scanner": sensors.scanners,
        }  # fmt: skip
        names = list(there[kind])
        if args.sensor is None and len(names) == 1:
            return names[0]
        if args.sensor not in names:
            raise FaultError(f"args.sensor: which {kind}: {', '.join(names) or 'there is none'}")
        return str(args.sensor)

    def _on_sensor(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        sensors, target = self._station.sensors, self._sensor_name(name, args)
        if name.startswith("radar_"):
            self._on_radar(sensors.radars[target], name, on, args)
        elif name is FaultName.SCANNER_UNPLUGGED:
            sensors.scanners[target].set_plugged(not on)
        elif name is FaultName.SLAVE_LYING:
            lie = SensorLie.STUCK_HIGH if args.active else SensorLie.STUCK_LOW
            sensors.lies.update({target: lie}) if on else sensors.lies.pop(target, None)
        else:
            sensors.slaves[target].fault = SLAVE_FAULTS[name] if on else None
            sensors.slaves[target].late_ms = args.ms or DEFAULT_LATE_MS

    def _on_radar(self, radar: Radar, name: FaultName, on: bool, args: FaultArgs) -> None:
        match name:
            case FaultName.RADAR_SILENT:
                radar.silent = on
            case FaultName.RADAR_NOISE:
                radar.noisy = on
            case _:
                ghost = Targets(still_cm=GHOST_CM) if args.active else Targets()
                radar.lying = ghost if on else None

    def _on_cabinet(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        room = self._station.swap_cabinet()
        set_cabinet_fault(room, name, on, args, self._station.catch_up())

    def _on_reader(self, reader: OsdpReader, name: FaultName, on: bool, args: FaultArgs) -> None:
        match name:
            case FaultName.READER_LOST_REPLIES:
                reader.line.lose_replies = (args.count or 1) if on else 0
            case FaultName.READER_CORRUPT:
                reader.line.corrupt_replies = (args.count or 1) if on else 0
            case FaultName.READER_NOISE:
                if on:
                    reader.inject_noise(args.count or DEFAULT_NOISE_BYTES)
            case FaultName.READER_DELAY:
                reader.line.delay_ms = (args.ms or DEFAULT_DELAY_MS) if on else 0.0
            case FaultName.READER_UNPLUGGED:
                reader.set_plugged(not on)
            case FaultName.READER_KEYLESS:
                reader.set_mode(ReaderMode.KEYLESS if on else reader.configured_mode)
            case FaultName.READER_WRONG_KEY:
                reader.set_mode(ReaderMode.WRONG_KEY if on else reader.configured_mode)
            case _:
                raise AssertionError(name)

    async def _on_link(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        link = self._station.link
        assert link is not None
        match name:
            case FaultName.LINK_CUT:
                await self._station.set_network(not on)
            case FaultName.LINK_BLACK_HOLE:
                link.set_black_hole(on)
            case _:
                link.delay_ms = (args.ms or DEFAULT_DELAY_MS) if on else 0.0

    async def _on_gpio(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        match name:
            case FaultName.GPIO_DEAD:
                self._station.gpio_dead = on
                await self._station.sync_gpio()
            case FaultName.GPIO_HUNG:
                self._station.gpio.set_hung(on)
            case _:
                self._station.gpio.delay_ms = (args.ms or DEFAULT_DELAY_MS) if on else 0.0

    def _on_world(self, name: FaultName, on: bool, args: FaultArgs) -> None:
        now_ms = self._station.catch_up()
        match name:
            case FaultName.LOCK_STUCK:
                self._station.world.set_lock_stuck(on, now_ms)
            case FaultName.CUT_WIRE:
                self._station.world.set_wire_cut(self._wire(name, args), on, monotonic_ms())
            case FaultName.POINT_STUCK:
                said = args.active if on else None
                self._station.world.premises.set_stuck(self._wire(name, args), said, now_ms)
            case _:
                self._station.world.set_bounce(WORN_BOUNCE_MS if on else None)
