"""What the Modbus slaves of a station hold in their registers, by the makers' published maps.

Written from the makers' papers and not from the station's own maps under `config/sensors/`, so that a mistake in one of
them shows.

- `xy_md02`: temperature and humidity transmitter XY-MD02 (SHT20): input registers 0x0001 temperature, signed, 0.1 °C,
  0x0002 relative humidity, 0.1 %.
- `cmd5b4`: carbon monoxide transmitter Greystone CMD5B4: holding registers +0 status (1 abnormal), +1 ppm (0–500),
  +2 temperature, 0.1 °C, +3 buzzer, +4 and +5 relays, +6 test, +7 fault.
- `di8`: Waveshare Modbus RTU IO 8CH: discrete inputs 0x0000–0x0007. A smoke detector's relay closes input 0, a leak
  detector's relay input 1.
- `sdm120`: single-phase meter Eastron SDM120: input registers as pairs, IEEE 754 big-endian: 0x0000 V, 0x0006 A,
  0x000C W, 0x0012 VA, 0x001E power factor, 0x0046 Hz, 0x0048 imported kWh, 0x0156 total kWh; unused pairs read 0.
"""

import struct
from collections.abc import Callable
from enum import StrEnum

from firmware_sim.devices.modbus_answers import Function, Registers
from firmware_sim.room import MAINS_V, Room

SMOKE_INPUT, LEAK_INPUT, INPUTS = 0, 1, 8
CO_MAX_PPM = 500
CO_ABNORMAL_PPM = 25
"""At which this transmitter's own relay would switch, as delivered."""
METER_RANGES = ((0x0000, 0x0060), (0x0156, 0x015A))


class SlaveModel(StrEnum):
    XY_MD02 = "xy_md02"
    CMD5B4 = "cmd5b4"
    DI8 = "di8"
    SDM120 = "sdm120"


class SensorLie(StrEnum):
    """How a sensor measures wrongly while it answers rightly."""

    STUCK_HIGH = "stuck_high"
    """At the end of its range; a contact closed."""
    STUCK_LOW = "stuck_low"


def reading(model: SlaveModel, room: Room, now_ms: float, lie: SensorLie | None = None) -> Registers:
    """The registers of such a slave in this room at this moment."""
    readers: dict[SlaveModel, Callable[[Room, float, SensorLie | None], Registers]] = {
        SlaveModel.XY_MD02: _climate,
        SlaveModel.CMD5B4: _carbon_monoxide,
        SlaveModel.DI8: _contacts,
        SlaveModel.SDM120: _meter,
    }
    return readers[model](room, now_ms, lie)


def _lied(value: float, least: float, most: float, lie: SensorLie | None) -> float:
    return {None: min(most, max(least, value)), SensorLie.STUCK_HIGH: most, SensorLie.STUCK_LOW: least}[lie]


def _climate(room: Room, now_ms: float, lie: SensorLie | None) -> Registers:
    decicelsius = round(_lied(room.temperature_celsius(now_ms), -40.0, 80.0, lie) * 10)
    humidity = round(_lied(room.humidity_percent, 0.0, 100.0, lie) * 10)
    return {(Function.READ_INPUT, 0x0001): decicelsius & 0xFFFF, (Function.READ_INPUT, 0x0002): humidity}


def _carbon_monoxide(room: Room, now_ms: float, lie: SensorLie | None) -> Registers:
    ppm = round(_lied(room.carbon_monoxide_ppm, 0, CO_MAX_PPM, lie))
    abnormal = int(ppm >= CO_ABNORMAL_PPM)
    decicelsius = round(max(0.0, min(50.0, room.temperature_celsius(now_ms))) * 10)
    return {
        (Function.READ_HOLDING, address): value
        for address, value in enumerate((abnormal, ppm, decicelsius, abnormal, abnormal, 0, 0, 0))
    }


def _contacts(room: Room, now_ms: float, lie: SensorLie | None) -> Registers:
    inputs = {SMOKE_INPUT: _lied(room.smoke, 0, 1, lie), LEAK_INPUT: _lied(room.water, 0, 1, lie)}
    return {(Function.READ_DISCRETE_INPUTS, address): int(inputs.get(address, 0)) for address in range(INPUTS)}


def _meter(room: Room, now_ms: float, lie: SensorLie | None) -> Registers:
    power_w = _lied(room.power_w(), 0.0, 10_000.0, lie)
    volts = MAINS_V if room.mains else 0.0
    kilowatt_hours = room.energy_wh(now_ms) / 1000.0
    values = {
        0x0000: volts,
        0x0006: power_w / volts if volts else 0.0,
        0x000C: power_w,
        0x0012: power_w,
        0x001E: 1.0,
        0x0046: 50.0 if volts else 0.0,
        0x0048: kilowatt_hours,
        0x0156: kilowatt_hours,
    }
    registers: dict[tuple[Function, int], int] = {}
    for first, end in METER_RANGES:
        for address in range(first, end, 2):
            high, low = struct.unpack(">HH", struct.pack(">f", values.get(address, 0.0)))
            registers[Function.READ_INPUT, address] = high
            registers[Function.READ_INPUT, address + 1] = low
    return registers
