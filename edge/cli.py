"""`yizhan edge`: run a station, ask it how it is, follow what it does, look back, check its configuration."""

import argparse
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any, Final

from edge import alarm_cli, cabinet_cli
from edge.asking import NoAnswer, Refused, ask, follow
from edge.runtime.config import ConfigError, LoadedConfig, load

EXIT_FAILED: Final = 1
EXIT_CONFIG: Final = 2


def main(argv: list[str]) -> int:
    """Returns the exit code: 0, 1 for a failure, 2 for a configuration or command line that cannot be used."""
    options = _parser().parse_args(argv)
    try:
        return int(options.act(options))
    except ConfigError as error:
        print(f"yizhan edge: {error}", file=sys.stderr)
        return EXIT_FAILED if isinstance(error, NoAnswer) else EXIT_CONFIG
    except Refused as error:
        print(f"yizhan edge: {error}", file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        # `yizhan edge tail | head` is no failure; keep the interpreter from flushing into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yizhan edge", description="The station's program.")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run the station until SIGTERM or Ctrl-C")
    run.add_argument("--config", type=Path, required=True)
    run.set_defaults(act=_run)
    status = commands.add_parser("status", help="how a running station is")
    status.add_argument("--config", type=Path, required=True)
    status.add_argument("--json", action="store_true", help="as JSON")
    status.set_defaults(act=_status)
    tail = commands.add_parser("tail", help="follow what a running station records and does, as JSON lines")
    tail.add_argument("--config", type=Path, required=True)
    tail.set_defaults(act=_tail)
    check = commands.add_parser("check-config", help="read a configuration and say what is wrong with it")
    check.add_argument("config", type=Path)
    check.set_defaults(act=_check_config)
    replay = commands.add_parser("replay", help="what a journal holds, event by event, with what each changed")
    replay.add_argument("file", type=Path, help="a station's journal.db, live or a copy; it is only read")
    replay.add_argument("--until", type=int, metavar="SEQ", help="stop behind this event of the newest epoch")
    replay.add_argument("--json", action="store_true", help="as JSON lines, the last one the state")
    replay.set_defaults(act=_replay)
    explain = commands.add_parser("explain", help="why a card would be let in or not; nothing is opened or recorded")
    explain.add_argument("--config", type=Path, required=True)
    explain.add_argument("--card", required=True, metavar="FORMAT:BITS:HEX", help="for example wiegand:26:02b3c4c0")
    explain.add_argument(
        "--at", metavar="TIME", help="ISO 8601, in the station's zone if it names none; now if not given"
    )
    explain.add_argument("--pin-factor", action="store_true", help="the card with its right number")
    explain.add_argument("--reader", metavar="ID", help="the station's first reader if not given")
    explain.add_argument("--json", action="store_true", help="as JSON")
    explain.set_defaults(act=_explain)
    alarm_cli.add_commands(commands)
    cabinet_cli.add_commands(commands)
    return parser


# ---------------------------------------------------------------- run


def _run(options: argparse.Namespace) -> int:
    from edge.journal.errors import SchemaTooNew
    from edge.roster.errors import KeyUnusable
    from edge.runtime import wiring
    from edge.runtime.child_process import set_up_logging
    from edge.runtime.last_good import load_or_last_good
    from edge.runtime.start import ControllerFailed

    set_up_logging("controller")
    loaded, refused = load_or_last_good(options.config)
    try:
        controller = wiring.build_controller(loaded, refused)
    except (KeyUnusable, SchemaTooNew, OSError) as error:
        print(f"yizhan edge: {error}", file=sys.stderr)
        return EXIT_FAILED

    def ready() -> None:
        try:
            print(json.dumps({"ready": True, "station": loaded.config.station.id}), flush=True)
        except OSError:
            logging.getLogger(__name__).warning("nobody reads what is printed")

    try:
        wiring.run_controller(controller, ready)
    except ControllerFailed as error:
        print(f"yizhan edge: ended by a mistake: {error}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _check_config(options: argparse.Namespace) -> int:
    from edge.runtime.last_good import load_usable
    from edge.runtime.wiring import register_map

    loaded = load_usable(options.config)
    for section in loaded.config.sensors:
        if section.is_modbus:
            register_map(section)
    print(f"{options.config}: station {loaded.config.station.id}, digest {loaded.digest}: can be used")
    return 0


# ---------------------------------------------------------------- look back


def _replay(options: argparse.Namespace) -> int:
    from edge.journal.errors import JournalError
    from edge.journal.history import open_history
    from edge.runtime.replay import Replay, ReplayError, show

    try:
        show(Replay(open_history(options.file), options.until), print, as_json=options.json)
    except (JournalError, ReplayError) as error:
        print(f"yizhan edge replay: {error}", file=sys.stderr)
        return EXIT_FAILED
    return 0


# ---------------------------------------------------------------- ask


def _status(options: argparse.Namespace) -> int:
    answer = ask(options.config, {"ask": "status"})
    print(json.dumps(answer, ensure_ascii=False, indent=2) if options.json else _in_words(answer))
    return 0


def _explain(options: argparse.Namespace) -> int:
    """The running station's answer, or what its files say when none runs."""
    from edge.runtime import explaining

    asked = {"card": options.card, "at": options.at, "reader": options.reader, "pin": options.pin_factor}
    loaded = load(options.config)
    try:
        try:
            answer = ask(options.config, {"ask": "explain", **asked})
        except NoAnswer:
            answer = _explained_from_files(loaded, asked)
    except (ValueError, OSError) as error:
        print(f"yizhan edge explain: {error}", file=sys.stderr)
        return EXIT_FAILED
    print(json.dumps(answer, ensure_ascii=False, indent=2) if options.json else explaining.in_words(answer))
    return 0


def _explained_from_files(loaded: LoadedConfig, asked: dict[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` for a question or a file that cannot be used."""
    from edge.journal.errors import JournalError
    from edge.roster.errors import KeyUnusable
    from edge.runtime.offline import explain_from_files

    try:
        return explain_from_files(loaded.config, asked)
    except (JournalError, KeyUnusable) as error:
        raise ValueError(str(error)) from None


def _tail(options: argparse.Namespace) -> int:
    for line in follow(options.config):
        print(line, flush=True)
    return 0


def _in_words(answer: dict[str, Any]) -> str:
    state = answer["state"]
    door = state["door"]
    contact = {True: "open", False: "closed", None: "not known"}[door["contact_open"]]
    lines = [
        f"station    {answer['station']}, software {state['software']}, boot {state['boot']}",
        f"door       {door['mode']}; leaf {contact}; lock {'released' if door['lock_released'] else 'at rest'}"
        + ("; FIRE" if door["fire"] else ""),
        f"posture    {state['posture']}",
        f"people     {state['people']}{'' if state['people_sure'] else ' (not sure)'}",
        "readers    "
        + ", ".join(f"{reader['id']} {'online' if reader['online'] else 'OFFLINE'}" for reader in state["readers"]),
        f"roster     {state['roster_members']} members; "
        + (", ".join(f"{node} at {version}" for node, version in state["roster"].items()) or "none yet"),
        f"journal    epoch {state['epoch'][:8]}, storage {state['storage']}, {state['unacknowledged']} unacknowledged",
        f"clock      {'trusted' if state['clock_trusted'] else 'not synchronised'}",
    ]
    if state.get("cabinet"):
        lines += cabinet_cli.in_words(state["cabinet"])
    lines += [f"alarm      {alarm_cli.in_words(alarm)}" for alarm in state["alarms"]] or ["alarms     none"]
    return "\n".join(lines)
