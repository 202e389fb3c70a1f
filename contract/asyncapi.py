"""The wire as an AsyncAPI 3.0 document, generated from topics, messages and records, seen from a station.

Nothing is described twice: sentences are the models' docstrings, bounds are the models' own.
"""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from contract import messages
from contract.records import RECORD_TYPES, TELEMETRY_KINDS
from contract.topics import DOWNWARD, RETAINED, ROOT, STATION_ID, UPWARD, Leaf
from contract.versions import WIRE_VERSION

SCHEMAS: Final = "#/components/schemas/"

PAYLOADS: Final[dict[Leaf, type[messages.Message]]] = {
    Leaf.ONLINE: messages.Online,
    Leaf.STATE: messages.StationState,
    Leaf.HELLO: messages.Hello,
    Leaf.JOURNAL: messages.JournalBatch,
    Leaf.ROSTER_PULL: messages.RosterPull,
    Leaf.ACK: messages.Ack,
    Leaf.COMMAND: messages.Command,
    Leaf.DESIRED: messages.Desired,
    Leaf.ROSTER_HEAD: messages.RosterHead,
    Leaf.ROSTER_PAGE: messages.RosterPage,
}
"""What is said on each leaf. Everything downward but `ack` lies inside an `Envelope`."""

SEALED: Final = frozenset(DOWNWARD) - {Leaf.ACK}

SAID_AGAIN: Final = frozenset({Leaf.STATE, Leaf.JOURNAL, Leaf.ACK})
"""Sent with QoS 0: whoever misses one gets it again without the broker's help. All others are QoS 1."""


def document() -> dict[str, Any]:
    """The whole document, with its keys in reading order."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yizhan station wire",
            "version": f"{WIRE_VERSION}.0.0",
            "description": (
                "What a station and the cloud say to each other over MQTT 5 (clean start, session expiry 0). "
                "Payloads are JSON; a large one is deflated with zlib, told by a first byte that is not `{`. "
                "Unknown fields are ignored, unknown record kinds are stored as they are, "
                "another major version is refused."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {_name(leaf): _channel(leaf) for leaf in Leaf},
        "operations": {_name(leaf): _operation(leaf) for leaf in Leaf},
        "components": {
            "parameters": {"station": {"description": f"A station's id, `{STATION_ID.pattern}`."}},
            "messages": {model.__name__: _message(model) for model in _models()},
            "schemas": _schemas(),
        },
    }


def _models() -> list[type[messages.Message]]:
    return [*PAYLOADS.values(), messages.Envelope, messages.SignedPayload]


def _name(leaf: Leaf) -> str:
    return leaf.replace("/", "-")


def _carrier(leaf: Leaf) -> type[messages.Message]:
    return messages.Envelope if leaf in SEALED else PAYLOADS[leaf]


def _channel(leaf: Leaf) -> dict[str, Any]:
    carrier = _carrier(leaf).__name__
    channel: dict[str, Any] = {
        "address": f"{ROOT}/{{station}}/{leaf}",
        "description": _sentence(PAYLOADS[leaf]),
        "parameters": {"station": {"$ref": "#/components/parameters/station"}},
        "messages": {carrier: {"$ref": f"#/components/messages/{carrier}"}},
    }
    if leaf in SEALED:
        channel["x-sealed-message"] = {"$ref": f"#/components/messages/{PAYLOADS[leaf].__name__}"}
    return channel


def _operation(leaf: Leaf) -> dict[str, Any]:
    return {
        "action": "send" if leaf in UPWARD else "receive",
        "channel": {"$ref": f"#/channels/{_name(leaf)}"},
        "bindings": {
            "mqtt": {"qos": int(leaf not in SAID_AGAIN), "retain": leaf in RETAINED, "bindingVersion": "0.2.0"}
        },
    }


def _message(model: type[messages.Message]) -> dict[str, Any]:
    return {"name": model.__name__, "summary": _sentence(model), "payload": {"$ref": SCHEMAS + model.__name__}}


def _schemas() -> dict[str, Any]:
    """Schemas of the messages and, as `Record.KIND`, of the bodies of all kinds of record."""
    wanted: list[tuple[type[messages.Message], Any]] = [(model, "validation") for model in _models()]
    _, whole = models_json_schema(wanted, ref_template=SCHEMAS + "{model}")
    schemas: dict[str, Any] = dict(whole["$defs"])
    for kind, record in RECORD_TYPES.items():
        schema = TypeAdapter(record).json_schema(ref_template=SCHEMAS + "{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[f"Record.{kind}"] = {**schema, "x-stream": "telemetry" if kind in TELEMETRY_KINDS else "events"}
    return dict(sorted(schemas.items()))


def _sentence(model: type[messages.Message]) -> str:
    return " ".join((model.__doc__ or "").split())
