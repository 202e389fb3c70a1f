"""Sets and takes back the faults of `faults` on a running station, and knows which ones are on."""

import asyncio
import logging
from collections.abc import Iterator

from firmware_sim.devices.osdp_reader import OsdpReader, ReaderMode
from firmware_sim.faults import MOMENTARY, NEEDS_LINK, FaultArgs, FaultError, FaultName, PlannedFault
from firmware_sim.log import FactKind, monotonic_ms
from firmware_sim.station import ActError, Station

logger = logging.getLogger(__name__)

DEFAULT_DELAY_MS = 200.0
DEFAULT_NOISE_BYTES = 64
WORN_BOUNCE_MS = (5.0, 30.0)


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
        """Until cancelled: set one planned fault after the other, each taken back after its time."""
        for fault in plan:
            await asyncio.sleep(fault.after_ms / 1000.0)
            await self.set(fault.name, True, fault.args)
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
        if name is FaultName.CUT_WIRE:
            if args.wire is None:
                raise FaultError("args.wire: which wire is to be cut: lock, contact, exit or fire")
            return args.wire.value
        if name in NEEDS_LINK and self._station.link is None:
            raise FaultError("no [link] is configured")
        return ""

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
                assert args.wire is not None
                self._station.world.set_wire_cut(args.wire, on, monotonic_ms())
            case _:
                self._station.world.set_bounce(WORN_BOUNCE_MS if on else None)
