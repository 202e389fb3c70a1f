"""`yizhan cloud …`: the cloud's processes and its administration.

Exit codes: 0 done, 1 refused (the reason is printed), 2 wrong use, or a process that cannot start.
"""

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeAlias

from sqlalchemy.exc import DBAPIError

from cloud import config as configuration
from cloud.config import Config, ConfigError
from cloud.domain import administration, fleet
from cloud.domain.administration import AdministrationError
from cloud.domain.refusal import Refusal
from cloud.domain.scope import Scope
from cloud.roster import batteries, csv_import, desired, keys, members, numbers, visit_passes
from cloud.roster.desired import Author
from cloud.roster.keys import SigningKeyError
from cloud.roster.numbers import NotIssued
from cloud.service.broker import BrokerFailed
from cloud.service.program import ALL, Part, StartError, run
from cloud.store.database import Database, DatabaseRefused
from cloud.store.migrations import migrate, require_newest
from contract.ids import BatteryId, MemberId, NodeId, StationId
from contract.records import Posture
from contract.topics import TopicError

REFUSED = 1
CANNOT_START = 2
Action = Callable[[argparse.Namespace, Config], None]
Group: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(argv: list[str]) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if arguments.action is _openapi:
        _openapi(arguments)
        return 0
    try:
        arguments.action(arguments, configuration.load(arguments.config))
    except (ConfigError, StartError, DatabaseRefused, BrokerFailed, SigningKeyError) as error:
        print(f"yizhan cloud: {error}", file=sys.stderr)
        return CANNOT_START
    except (AdministrationError, Refusal, NotIssued, TopicError, csv_import.CsvError, LookupError) as error:
        print(f"yizhan cloud: {error}", file=sys.stderr)
        return REFUSED
    except DBAPIError as error:
        print(f"yizhan cloud: [database] url: {str(error).splitlines()[0]}", file=sys.stderr)
        return CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yizhan cloud", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, required=True, metavar="FILE", help="the cloud's configuration (TOML)")

    def add(name: str, action: Action, help_text: str, to: Group) -> argparse.ArgumentParser:
        command = to.add_parser(name, parents=[common], help=help_text, description=help_text)
        command.set_defaults(action=action)
        return command

    def group(name: str, help_text: str) -> Group:
        return commands.add_parser(name, help=help_text).add_subparsers(required=True, metavar="COMMAND")

    add("serve", _run(ALL), "everything in one process, with the embedded broker when none is configured", commands)
    add("ingest", _run(frozenset({Part.INGEST})), "only take in journals", commands)
    add("project", _run(frozenset({Part.PROJECTOR})), "only make the live picture", commands)
    add("api", _run(frozenset({Part.API})), "only serve the API and the pages", commands)
    add("broker", _run(frozenset({Part.BROKER})), "only run the embedded broker", commands)
    add("migrate", _migrate, "bring the database to the newest schema", commands)
    commands.add_parser("openapi", help="print the API's OpenAPI document").set_defaults(action=_openapi)

    command = add("add", _organisations_add, "add a node to the tree", group("organisations", "the organisation tree"))
    command.add_argument("id")
    command.add_argument("--name", required=True)
    command.add_argument("--kind", required=True, help="national, province, city, district, street …")
    command.add_argument("--parent", help="the node above; without it, the top of the tree")

    stations = group("stations", "stations")
    command = add("add", _stations_add, "register a station", stations)
    command.add_argument("id")
    command.add_argument("--name", required=True)
    command.add_argument("--organisation", required=True, metavar="NODE")
    command.add_argument("--timezone", default="Asia/Shanghai")
    command = add("desired", _stations_desired, "give a station standing orders", stations)
    command.add_argument("id")
    postures = [str(posture) for posture in Posture]
    command.add_argument("--posture", required=True, choices=[*postures, "schedule"], help="schedule: its own")
    command.add_argument("--reason", default="", help="why; operators see it")
    command.add_argument("--by", default=_operator(), help="who; the operating system's user")

    _roster_commands(add, group)
    command = add("issue", _passes_issue, "issue a QR pass, and print it once", group("passes", "passes for visitors"))
    command.add_argument("--station", required=True, action="append", metavar="ID", help="may be said up to four times")
    command.add_argument("--minutes", type=int, required=True, help=f"at most {visit_passes.LONGEST_MINUTES}")
    command.add_argument("--once", action="store_true", help="for one entry at each station")
    command.add_argument("--reason", default="", help="why; it is written down")
    command.add_argument("--svg", type=Path, metavar="FILE", help="draw the code into a file")
    add("create", _keys_create, "make the signing key", group("keys", "the signing key"))
    return parser


def _roster_commands(
    add: Callable[[str, Action, str, Group], argparse.ArgumentParser], group: Callable[[str, str], Group]
) -> None:
    """Members and batteries: what stations are told of."""
    people = group("members", "who may enter")
    command = add("import", _members_import, "import members from a CSV file, all or nothing", people)
    command.add_argument("file", type=Path)
    command.add_argument("--organisation", required=True, metavar="NODE")
    command.add_argument("--replace", action="store_true", help="remove members that the file does not name")
    command = add("revoke", _members_revoke, "shut a member out everywhere", people)
    command.add_argument("id")
    command = add("pin", _members_pin, "draw a number that goes with a member's card, and print it once", people)
    command.add_argument("id")
    command.add_argument("--digits", type=int, default=numbers.PIN_DIGITS)
    command = add("code", _members_code, "draw a number that opens by itself, and print it once", people)
    command.add_argument("id")
    command.add_argument("--digits", type=int, default=numbers.CODE_DIGITS)
    command = add("forget-numbers", _members_forget_numbers, "make all numbers of a member void", people)
    command.add_argument("id")
    packs = group("batteries", "the batteries of the swap cabinets")
    command = add("import", _batteries_import, "import batteries from a CSV file: serial, model", packs)
    command.add_argument("file", type=Path)
    command.add_argument("--organisation", required=True, metavar="NODE")
    command = add("list", _batteries_list, "print the batteries and where each is, as far as stations have told", packs)
    command.add_argument("--organisation", metavar="NODE", help="only this one's")
    command = add("recall", _batteries_recall, "take a battery out of use everywhere", packs)
    command.add_argument("serial")
    command = add("allow", _batteries_allow, "take a recall back", packs)
    command.add_argument("serial")


def _run(parts: frozenset[Part]) -> Action:
    def action(_arguments: argparse.Namespace, config: Config) -> None:
        if parts == {Part.BROKER} and not config.embeds_broker:
            raise StartError("[broker] host is configured, so there is no embedded broker to run")
        try:
            asyncio.run(run(config, parts))
        except* (StartError, DatabaseRefused, BrokerFailed, SigningKeyError, DBAPIError) as errors:
            _raise_first(errors)

    return action


def _raise_first(errors: BaseExceptionGroup[BaseException]) -> NoReturn:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    raise error


def _openapi(_arguments: argparse.Namespace, _config: Config | None = None) -> None:
    from cloud.api.app import openapi

    print(json.dumps(openapi(), indent=2, ensure_ascii=False, sort_keys=True))


def _open(config: Config) -> Database:
    database = Database(config.database.url)
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    return database


def _ready(config: Config) -> Database:
    """The database for administration; an empty one is made first, so that set-up needs no separate step."""
    database = _open(config)
    if database.is_empty():
        migrate(database)
    require_newest(database)
    return database


def _migrate(_arguments: argparse.Namespace, config: Config) -> None:
    migrate(_open(config))
    print("the schema is the newest")


def _organisations_add(arguments: argparse.Namespace, config: Config) -> None:
    parent = None if arguments.parent is None else NodeId(arguments.parent)
    with _ready(config).write() as connection:
        node = NodeId(arguments.id)
        added = administration.add_organisation(
            connection, node, name=arguments.name, kind=arguments.kind, parent=parent
        )
    print(f"organisation {arguments.id} {'added' if added else 'was there; name and kind are as said'}")


def _stations_add(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        added = administration.add_station(
            connection,
            StationId(arguments.id),
            name=arguments.name,
            organisation_id=NodeId(arguments.organisation),
            timezone=arguments.timezone,
        )
    print(f"station {arguments.id} {'added' if added else 'was there; it is as said'}")


def _stations_desired(arguments: argparse.Namespace, config: Config) -> None:
    posture = None if arguments.posture == "schedule" else Posture(arguments.posture)
    with _ready(config).write() as connection:
        author = Author(arguments.by, arguments.reason)
        orders = desired.set_posture(connection, StationId(arguments.id), posture, author)
    print(f"station {arguments.id}: {arguments.posture}, revision {orders.revision}")


def _members_import(arguments: argparse.Namespace, config: Config) -> None:
    people = csv_import.read(arguments.file)
    with _ready(config).write() as connection:
        done = members.import_members(connection, NodeId(arguments.organisation), people, replace=arguments.replace)
    print(
        f"{done.added} added, {done.changed} changed, {done.removed} removed, {done.unchanged} unchanged; "
        f"roster version {done.version}"
    )


def _members_revoke(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        nodes = members.revoke(connection, MemberId(arguments.id))
    print(f"member {arguments.id} revoked in {', '.join(nodes)}" if nodes else f"member {arguments.id} was revoked")


def _members_pin(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        issued = numbers.issue_pin(connection, MemberId(arguments.id), _operator(), arguments.digits)
    _print_number(arguments.id, "with the card", issued)


def _members_code(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        issued = numbers.issue_code(connection, MemberId(arguments.id), _operator(), arguments.digits)
    _print_number(arguments.id, "without a card", issued)


def _batteries_import(arguments: argparse.Namespace, config: Config) -> None:
    packs = batteries.read(arguments.file)
    with _ready(config).write() as connection:
        done = batteries.import_batteries(connection, NodeId(arguments.organisation), packs)
    print(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged; roster version {done.version}")


def _batteries_list(arguments: argparse.Namespace, config: Config) -> None:
    node = None if arguments.organisation is None else NodeId(arguments.organisation)
    with _ready(config).read() as connection:
        found = batteries.shown(connection, node)
    for row in found:
        battery = row.wire["battery"]
        if row.slot is not None:
            place = f"{row.station} slot {row.slot}"
        elif row.station is None:
            place = "never seen"
        else:
            place = f"with {row.member}" if row.member else f"nobody knows, last at {row.station}"
        recalled = "recalled" if battery["recalled"] else ""
        print("\t".join((battery["serial"], battery["model"], row.organisation, place, recalled)).rstrip())


def _batteries_recall(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        nodes = batteries.recall(connection, BatteryId(arguments.serial))
    print(f"battery {arguments.serial} is recalled in {', '.join(nodes)}")


def _batteries_allow(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        nodes = batteries.recall(connection, BatteryId(arguments.serial), recalled=False)
    print(f"battery {arguments.serial} may be used again in {', '.join(nodes)}")


def _print_number(member: str, use: str, issued: numbers.Issued) -> None:
    print(f"member {member}, {', '.join(issued.nodes)}: {issued.digits} ({use})")
    print(f"under duress: {issued.duress} opens as well and calls for help without a sign")
    print("Neither is kept and neither can be shown again.")


def _members_forget_numbers(arguments: argparse.Namespace, config: Config) -> None:
    with _ready(config).write() as connection:
        nodes = numbers.take_back(connection, MemberId(arguments.id), _operator())
    print(f"member {arguments.id} has no numbers any more in {', '.join(nodes)}")


def _passes_issue(arguments: argparse.Namespace, config: Config) -> None:
    signer = keys.load(config.signing)
    stations = tuple(StationId(name) for name in arguments.station)
    with _ready(config).write() as connection:
        for name in stations:
            if not fleet.is_visible(connection, Scope.whole(), name):
                raise LookupError(f"no station {name!r}")
        made = visit_passes.make(
            connection,
            stations,
            minutes=arguments.minutes,
            once=arguments.once,
            by=_operator(),
            reason=arguments.reason,
        )
    shown = visit_passes.text(made, signer)
    print(shown)
    if arguments.svg is not None:
        arguments.svg.write_text(visit_passes.svg(shown))
    elif sys.stdout.isatty():
        print(visit_passes.terminal(shown))


def _operator() -> str:
    """Who sits at the command line, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"[:64]
    except (OSError, KeyError):
        # A user id without a name, as in a container.
        return f"cli:{os.getuid()}"


def _keys_create(_arguments: argparse.Namespace, config: Config) -> None:
    public = keys.create(config.signing)
    print(f"key {config.signing.key_file}; stations get {public} as {config.signing.key_id!r}")
