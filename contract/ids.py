"""Names of things as distinct types, so that one is never passed for another."""

from enum import StrEnum
from typing import NewType

StationId = NewType("StationId", str)
"""Also the common name of the station's certificate and a level of its MQTT topics: `[a-z0-9-]{1,64}`."""

MemberId = NewType("MemberId", str)
NodeId = NewType("NodeId", str)
"""A node of the organisation tree (national → province → city → district → street)."""

ReaderId = NewType("ReaderId", str)

SensorId = NewType("SensorId", str)
"""A radar, an environment sensor or a meter of the station, as its configuration names it."""

LoadId = NewType("LoadId", str)
"""Something that the station switches: a light, a heater, the sockets, the sign."""

SlotNumber = NewType("SlotNumber", int)
"""A slot of the swap cabinet, from 1, as it stands on its door."""

BatteryId = NewType("BatteryId", str)
"""A battery's serial number, as its BMS tells it."""

CredentialHash = NewType("CredentialHash", str)
"""A credential as the station knows it: keyed hash of (format, bit length, bits), hex. Never a card number."""

Epoch = NewType("Epoch", str)
"""Random UUID, hex, of one life of a journal's storage."""

Session = NewType("Session", str)
"""Random hex naming one MQTT connection of a station."""

Seq = NewType("Seq", int)
"""Position of a record in its stream, from 1, without gaps."""


class Stream(StrEnum):
    """The journal's two streams. Events are what happened and must not be lost; telemetry may be thinned first."""

    EVENTS = "events"
    TELEMETRY = "telemetry"
