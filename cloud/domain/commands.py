"""Momentary acts at a station from afar: issued here, sent by the projector's process, answered by the station's
records.

A command is for one connection of the station and holds for a few seconds of it, so that none can come true long after
somebody has asked for it. It is never retained and never repeated: the station remembers the ids of the latest.
A command that is sent and not answered is shown as that, and nothing else is concluded from it.
"""

import secrets
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from cloud.clock import now_ms
from cloud.domain import acts
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.store.tables import command, live_state
from contract.ids import Session, StationId
from contract.messages import Command

LIFETIME_MS: Final = 20_000
"""Somebody waits before the door for it, or has left."""
ANSWER_MS: Final = 30_000
"""A station that has carried out a command says so within this time after it has expired."""
WAITING_MAX: Final = 8
SHOWN: Final = 20
SENT_PER_ROUND: Final = 100


class CommandKind(StrEnum):
    """What can be asked of a station."""

    RELEASE = "release"
    RESTART = "restart"
    OPEN_SLOT = "open_slot"
    LOCK_OUT_SLOT = "lock_out_slot"
    GIVE_BACK_SLOT = "give_back_slot"
    RESET_TRIP = "reset_trip"
    RESUME_CHARGING = "resume_charging"


ABOUT_A_SLOT: Final = frozenset({CommandKind.OPEN_SLOT, CommandKind.LOCK_OUT_SLOT, CommandKind.GIVE_BACK_SLOT})


class CommandStatus(StrEnum):
    """How far a command has come."""

    WAITING = "waiting"
    SENT = "sent"
    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    UNANSWERED = "unanswered"
    ANSWERED = "answered"
    """In a way that this version does not know."""


def issue(
    connection: Connection,
    station_id: StationId,
    kind: CommandKind,
    *,
    reason: str,
    by: str,
    args: Mapping[str, Any] | None = None,
) -> Row[Any]:
    """Issue a command to a station that is connected. `args` say what of it the command is about.

    Raises:
        Refusal: it is not connected, or has not answered earlier ones.
    """
    now = now_ms()
    live = connection.execute(select(live_state).where(live_state.c.station == station_id)).one_or_none()
    if live is None or not live.online or live.session is None:
        raise Refusal(RefusalCode.STATION_OFFLINE, f"station {station_id!r} is not connected; a command cannot wait")
    if live.session_since_ms is None:
        raise Refusal(RefusalCode.SESSION_UNKNOWN, f"station {station_id!r} has just connected; try again in a minute")
    pending = select(func.count()).where(
        command.c.station == station_id, command.c.outcome.is_(None), command.c.expires_at_ms > now
    )
    if (connection.scalar(pending) or 0) >= WAITING_MAX:
        raise Refusal(RefusalCode.TOO_MANY_WAITING, f"{WAITING_MAX} commands wait for station {station_id!r} already")
    values = {
        "id": secrets.token_hex(16),
        "station": station_id,
        "kind": str(kind),
        "reason": reason,
        "args": dict(args or {}),
        "issued_by": by,
        "issued_at_ms": now,
        "expires_at_ms": now + LIFETIME_MS,
        "session": live.session,
        "expires_in_session_ms": max(0, now - live.session_since_ms) + LIFETIME_MS,
    }
    connection.execute(insert(command).values(**values))
    acts.note(connection, by, f"command.{kind}", station=station_id, id=values["id"], reason=reason, **(args or {}))
    return connection.execute(select(command).where(command.c.id == values["id"])).one()


def newest(connection: Connection, station_id: str, limit: int = SHOWN) -> Sequence[Row[Any]]:
    """A station's latest commands, newest first."""
    query = select(command).where(command.c.station == station_id)
    return connection.execute(query.order_by(command.c.issued_at_ms.desc(), command.c.id).limit(limit)).all()


def status(row: Row[Any], now: int) -> CommandStatus:
    """How far a command has come."""
    if row.outcome is not None:
        known = row.outcome in (CommandStatus.DONE, CommandStatus.REFUSED, CommandStatus.INTERRUPTED)
        return CommandStatus(row.outcome) if known else CommandStatus.ANSWERED
    if row.begun_at_ms is not None:
        return CommandStatus.BEGUN
    if now > row.expires_at_ms + ANSWER_MS:
        return CommandStatus.UNANSWERED
    return CommandStatus.WAITING if row.sent_at_ms is None else CommandStatus.SENT


# ---------------------------------------------------------------- for the projector's process


def due(connection: Connection) -> Sequence[Row[Any]]:
    """Commands still to be sent. One that has expired meanwhile is never sent."""
    query = select(command).where(command.c.sent_at_ms.is_(None), command.c.expires_at_ms > now_ms())
    return connection.execute(query.order_by(command.c.issued_at_ms).limit(SENT_PER_ROUND)).all()


def message(row: Row[Any]) -> Command:
    """The command as the station gets it."""
    return Command(
        id=row.id,
        kind=row.kind,
        args={**(row.args or {}), "reason": row.reason},
        session=Session(row.session),
        issued_at_ms=row.issued_at_ms,
        expires_in_session_ms=row.expires_in_session_ms,
        issued_by=row.issued_by,
    )


def mark_sent(connection: Connection, ids: Sequence[str]) -> None:
    """The broker has taken these."""
    connection.execute(update(command).where(command.c.id.in_(ids)).values(sent_at_ms=now_ms()))


def mark_begun(connection: Connection, station_id: str, command_id: str, at_ms: int) -> None:
    """The station has begun it, as its record says."""
    mine = (command.c.id == command_id) & (command.c.station == station_id)
    connection.execute(update(command).where(mine).values(begun_at_ms=at_ms))


def mark_answered(
    connection: Connection, station_id: str, command_id: str, *, outcome: str, answer: str, at_ms: int
) -> None:
    """The station's answer, as its record says."""
    mine = (command.c.id == command_id) & (command.c.station == station_id)
    values = {"outcome": outcome[:16], "answer": answer[:200], "answered_at_ms": at_ms}
    connection.execute(update(command).where(mine).values(**values))
