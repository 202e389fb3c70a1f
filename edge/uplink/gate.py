"""What may pass from the broker to the station. The broker is not trusted; no I/O and no clock here.

Everything but `ack` must be in an envelope signed by the cloud, for this station and this use. A command must also be
of this connection's session, unretained, unseen and within its lifetime, which counts on the monotonic clock from the
session's start. `ack` is unsigned: the worst a lie can do is checked in `shipper` and by the journal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.cabinet_parts import CabinetOrders
from contract.codec import decode
from contract.envelope import open_sealed
from contract.ids import LoadId, Session, SlotNumber, StationId
from contract.messages import Ack, Command, Desired, RosterHead, RosterPage
from contract.records import AlarmCode
from contract.topics import DOWNWARD, Leaf, Topic, parse
from edge.core.events import AlarmAside, AlarmSeen, CabinetWill
from edge.runtime.ipc import CommandArrived, DesiredArrived

MAX_COMMANDS_REMEMBERED: Final = 1_024
MAX_ARGUMENT_BYTES: Final = 4 * 1024
MAX_COMMAND_KIND: Final = 64
MAX_DESIRED_BYTES: Final = 48 * 1024
"""Fits into one message to the controller."""
MAX_LIFETIME_MS: Final = 24 * 3600 * 1000

Passed = Ack | CommandArrived | DesiredArrived | RosterHead | RosterPage


class Refused(ValueError):
    """A message that must not be followed; its text says why."""


@dataclass
class Gate:
    """Judges the messages of one session, which began at `began_ms`."""

    station: StationId
    keys: Mapping[str, Ed25519PublicKey]
    session: Session
    began_ms: int
    _seen: dict[str, int] = field(default_factory=dict)
    """Ids of commands that passed, with the moment until which each could be repeated."""

    def judge(self, topic: str, payload: bytes, retained: bool, now_ms: int) -> Passed:
        """The message, once everything about it is right. Raises `Refused`."""
        try:
            place = parse(topic)
            if place.station != self.station or place.leaf not in DOWNWARD:
                raise Refused("not a topic of this station's downward half")
            return self._opened(place, payload, retained, now_ms)
        except ValueError as error:
            # CodecError, EnvelopeError, UnsupportedVersion, TopicError and what the standard library says of odd text.
            raise Refused(str(error)) from None

    def _opened(self, place: Topic, payload: bytes, retained: bool, now_ms: int) -> Passed:
        if place.leaf is Leaf.ACK:
            if retained:
                raise Refused("retained, which an acknowledgement never is")
            return decode(Ack, payload)
        if place.leaf is Leaf.COMMAND:
            if retained:
                raise Refused("retained, which a command never is")
            return self._command(open_sealed(Command, payload, place, keys=self.keys), now_ms)
        if place.leaf is Leaf.DESIRED:
            return _will(open_sealed(Desired, payload, place, keys=self.keys))
        if place.leaf is Leaf.ROSTER_HEAD:
            return open_sealed(RosterHead, payload, place, keys=self.keys)
        page = open_sealed(RosterPage, payload, place, keys=self.keys)
        if page.session != self.session:
            raise Refused("roster page of another session")
        return page

    def _command(self, command: Command, now_ms: int) -> CommandArrived:
        if command.session != self.session:
            raise Refused(f"command {command.id!r} is of another session")
        expires_ms = self.began_ms + command.expires_in_session_ms
        if now_ms >= expires_ms:
            raise Refused(f"command {command.id!r} expired {now_ms - expires_ms} ms ago")
        if expires_ms - now_ms > MAX_LIFETIME_MS:
            raise Refused(f"command {command.id!r} is to hold for more than {MAX_LIFETIME_MS // 1_000} s")
        if command.id in self._seen:
            raise Refused(f"command {command.id!r} is a replay")
        if len(command.kind) > MAX_COMMAND_KIND or len(json.dumps(command.args)) > MAX_ARGUMENT_BYTES:
            raise Refused(f"command {command.id!r} is larger than {MAX_ARGUMENT_BYTES} bytes")
        self._remember(command.id, expires_ms, now_ms)
        return CommandArrived(command.id, str(command.kind), command.args, command.issued_by)

    def _remember(self, command_id: str, expires_ms: int, now_ms: int) -> None:
        if len(self._seen) >= MAX_COMMANDS_REMEMBERED:
            # An expired one would be refused by its age, so it may be forgotten.
            self._seen = {seen: until_ms for seen, until_ms in self._seen.items() if until_ms > now_ms}
        if len(self._seen) >= MAX_COMMANDS_REMEMBERED:
            raise Refused(f"command {command_id!r} is one of more than {MAX_COMMANDS_REMEMBERED} at once")
        self._seen[command_id] = expires_ms


def _will(desired: Desired) -> DesiredArrived:
    """The standing will without what this version does not know. Raises `Refused`."""
    if len(json.dumps(desired.model_dump(mode="json"))) > MAX_DESIRED_BYTES:
        raise Refused(f"standing orders are larger than {MAX_DESIRED_BYTES} bytes")
    known = {str(code): code for code in AlarmCode}
    return DesiredArrived(
        revision=desired.revision,
        posture=desired.posture,
        acknowledged=tuple(
            AlarmSeen(known[seen.code], seen.source, seen.raised_at_ms, seen.by)
            for seen in desired.acknowledged
            if seen.code in known
        ),
        shelved=tuple(
            AlarmAside(known[aside.code], aside.source, aside.until_ms, aside.by, aside.reason)
            for aside in desired.shelved
            if aside.code in known
        ),
        loads_cut=tuple(LoadId(load) for load in desired.loads_cut),
        by=desired.by,
        cabinet=None if desired.cabinet is None else _cabinet(desired.cabinet),
    )


def _cabinet(orders: CabinetOrders) -> CabinetWill:
    return CabinetWill(
        recalled=tuple(orders.recalled),
        locked_out=tuple(SlotNumber(slot) for slot in orders.slots_locked_out),
        power_budget_w=orders.power_budget_w,
        keep_full=orders.keep_full,
    )
