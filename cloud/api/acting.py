"""What can be done through the API: commands, standing orders, alarms. Each is done once, and written down with a name.

A refusal is answered with status 409 and `{code, why}`, and may be tried again with the same key.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path
from fastapi.responses import JSONResponse
from sqlalchemy import Connection
from starlette.requests import Request

from cloud.api.asked import AcknowledgeAsked, CommandAsked, OrdersAsked, PassAsked, ShelveAsked, UnshelveAsked
from cloud.api.asking import Key
from cloud.api.models import ApiModel, CommandShown, CommandsPage, PassShown, Refused, StationDetail
from cloud.domain import acts, alarm_desk, commands, fleet
from cloud.domain.orders import command_shown
from cloud.domain.refusal import Refusal, RefusalCode
from cloud.domain.scope import Scope
from cloud.roster import desired, visit_passes
from cloud.roster.desired import Author
from cloud.roster.keys import Signer
from cloud.store.database import Database
from contract.ids import StationId
from contract.policy.passes import VisitPass
from contract.topics import STATION_ID

REFUSALS: dict[int | str, dict[str, Any]] = {409: {"model": Refused}}
Station = Annotated[str, Path(pattern=f"^{STATION_ID.pattern}$")]


def add_acting(app: FastAPI, database: Database, signer: Signer | None) -> None:
    """Add what changes something. Without a `signer` no pass is issued."""

    @app.exception_handler(Refusal)
    async def refused(_request: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse(Refused(code=refusal.code, why=refusal.why).model_dump(mode="json"), 409)

    def do(station: str, key: str, asked: ApiModel, by: str, act: Callable[[Connection], ApiModel]) -> dict[str, Any]:
        wanted = acts.Request(key, by, {"station": station, type(asked).__name__: asked.model_dump(mode="json")})

        def answered(connection: Connection) -> Mapping[str, Any]:
            _require_station(connection, station)
            return act(connection).model_dump(mode="json")

        return acts.once(database, wanted, answered)

    _add_commands(app, database, do)
    _add_orders(app, do)
    _add_alarms(app, do)
    _add_passes(app, do, signer)


Do = Callable[[str, str, ApiModel, str, Callable[[Connection], ApiModel]], dict[str, Any]]


def _add_commands(app: FastAPI, database: Database, do: Do) -> None:
    @app.post("/api/v1/stations/{station_id}/commands", responses=REFUSALS, status_code=202)
    def command(station_id: Station, asked: CommandAsked, key: Key) -> CommandShown:
        """Ask a connected station for a momentary act. Refused at once when the station is not connected."""

        def act(connection: Connection) -> CommandShown:
            given = {"slot": asked.slot, "trip": None if asked.trip is None else str(asked.trip)}
            args = {name: value for name, value in given.items() if value is not None}
            row = commands.issue(
                connection, StationId(station_id), asked.kind, reason=asked.reason, by=asked.by, args=args
            )
            acts.show_anew(connection, station_id)
            return command_shown(row)

        return CommandShown.model_validate(do(station_id, key, asked, asked.by, act))

    @app.get("/api/v1/stations/{station_id}/commands")
    def latest_commands(station_id: Station) -> CommandsPage:
        """The latest commands to a station, newest first, and how far each has come."""
        with database.read() as connection:
            _require_station(connection, station_id)
            return CommandsPage(commands=[command_shown(row) for row in commands.newest(connection, station_id)])


def _add_orders(app: FastAPI, do: Do) -> None:
    @app.put("/api/v1/stations/{station_id}/desired", responses=REFUSALS)
    def orders(station_id: Station, asked: OrdersAsked, key: Key) -> StationDetail:
        """Change a station's standing orders; what is not named stays. One that is away follows once it is back."""

        def act(connection: Connection) -> StationDetail:
            author = Author(asked.by, asked.reason)
            if "posture" in asked.model_fields_set:
                desired.set_posture(connection, StationId(station_id), asked.posture, author)
            if asked.loads_cut is not None:
                desired.cut_loads(connection, StationId(station_id), asked.loads_cut, author)
            if asked.cabinet is not None:
                wanted = asked.cabinet.model_dump(exclude_unset=True)
                desired.order_cabinet(connection, StationId(station_id), wanted, author)
            return _detail(connection, station_id)

        return StationDetail.model_validate(do(station_id, key, asked, asked.by, act))


def _add_passes(app: FastAPI, do: Do, signer: Signer | None) -> None:
    @app.post("/api/v1/stations/{station_id}/passes", responses=REFUSALS)
    def visit_pass(station_id: Station, asked: PassAsked, key: Key) -> PassShown:
        """Issue a QR pass for the next minutes. It cannot be taken back."""
        if signer is None:
            raise Refusal(RefusalCode.NOT_POSSIBLE, "this process has no signing key: [signing] key_file")

        def act(connection: Connection) -> _Made:
            made = visit_passes.make(
                connection,
                (StationId(station_id),),
                minutes=asked.minutes,
                once=asked.once,
                by=asked.by,
                reason=asked.reason,
            )
            return _Made(id=made.id, valid_from_ms=made.valid_from_ms, valid_until_ms=made.valid_until_ms)

        made = _Made.model_validate(do(station_id, key, asked, asked.by, act))
        whole = VisitPass(**made.model_dump(), stations=(StationId(station_id),), once=asked.once)
        text = visit_passes.text(whole, signer)
        return PassShown(
            id=made.id,
            text=text,
            svg=visit_passes.svg(text),
            valid_until_ms=made.valid_until_ms,
            once=asked.once,
        )


class _Made(ApiModel):
    """What is kept of a pass for a repeated request: not enough to enter with."""

    id: str
    valid_from_ms: int
    valid_until_ms: int


def _add_alarms(app: FastAPI, do: Do) -> None:
    @app.post("/api/v1/stations/{station_id}/alarms/acknowledge", responses=REFUSALS)
    def acknowledge(station_id: Station, asked: AcknowledgeAsked, key: Key) -> StationDetail:
        """Say that somebody has seen an alarm: the one that began at `since_ms`, and none that came later."""

        def act(connection: Connection) -> StationDetail:
            alarm_desk.acknowledge(
                connection, StationId(station_id), asked.code, asked.source, asked.since_ms, asked.by
            )
            return _detail(connection, station_id)

        return StationDetail.model_validate(do(station_id, key, asked, asked.by, act))

    @app.post("/api/v1/stations/{station_id}/alarms/shelve", responses=REFUSALS)
    def shelve(station_id: Station, asked: ShelveAsked, key: Key) -> StationDetail:
        """Put an alarm aside for some minutes. Alarms about people's lives are never put aside."""
        return _shelve(station_id, key, asked, asked.minutes, asked.reason)

    @app.post("/api/v1/stations/{station_id}/alarms/unshelve", responses=REFUSALS)
    def unshelve(station_id: Station, asked: UnshelveAsked, key: Key) -> StationDetail:
        """Take back an alarm that was put aside."""
        return _shelve(station_id, key, asked, 0, "")

    def _shelve(station_id: str, key: str, asked: UnshelveAsked, minutes: int, reason: str) -> StationDetail:
        def act(connection: Connection) -> StationDetail:
            alarm_desk.shelve(
                connection,
                StationId(station_id),
                asked.code,
                asked.source,
                minutes=minutes,
                by=asked.by,
                reason=reason,
            )
            return _detail(connection, station_id)

        return StationDetail.model_validate(do(station_id, key, asked, asked.by, act))


def _detail(connection: Connection, station_id: str) -> StationDetail:
    return fleet.station_details(connection, Scope.whole(), [station_id])[0].detail


def _require_station(connection: Connection, station_id: str) -> None:
    """Raises 404 for a station that the caller cannot see."""
    if not fleet.is_visible(connection, Scope.whole(), station_id):
        raise HTTPException(404, f"no station {station_id!r}")
