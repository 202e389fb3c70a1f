"""`yizhan edge alarms`, `acknowledge`, `shelve`, `attend`: what a technician at the station does about alarms."""

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.asking import ask


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The subcommands, each with `act`."""
    alarms = commands.add_parser("alarms", help="what stands, what nobody has seen yet, what is put aside")
    alarms.add_argument("--config", type=Path, required=True)
    alarms.add_argument("--json", action="store_true", help="as JSON")
    alarms.set_defaults(act=_alarms)
    acknowledge = commands.add_parser("acknowledge", help="say that an alarm has been seen")
    _of_alarm(acknowledge)
    acknowledge.set_defaults(act=_acknowledge)
    shelve = commands.add_parser("shelve", help="put an alarm aside for a while: it neither sounds nor calls anybody")
    _of_alarm(shelve)
    shelve.add_argument("--minutes", type=int, required=True, help="1–1440; 0 takes the shelf back")
    shelve.add_argument("--reason", default="", help="why; not needed to take it back")
    shelve.set_defaults(act=_shelve)
    attend = commands.add_parser("attend", help="say that somebody has looked after whoever lay still")
    attend.add_argument("--config", type=Path, required=True)
    attend.set_defaults(act=_attend)


def in_words(alarm: dict[str, Any]) -> str:
    """One listed alarm on a line."""
    marks = []
    if not alarm.get("active", True):
        marks.append("over")
    shelved_until_ms = alarm.get("shelved_until_ms")
    if shelved_until_ms is not None:
        marks.append(f"shelved until {_time(shelved_until_ms)}")
    elif alarm.get("acknowledged"):
        marks.append(f"seen by {alarm.get('acknowledged_by') or 'somebody'}")
    else:
        marks.append("not seen yet")
    if alarm.get("first_out"):
        marks.append("first")
    if alarm.get("suppressed_by"):
        marks.append(f"follows from {alarm['suppressed_by']}")
    detail = f": {alarm['detail']}" if alarm["detail"] else ""
    return f"{alarm['priority']:<7} {alarm['code']} {alarm['source']} ({', '.join(marks)}){detail}"


def _of_alarm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", help="as `yizhan edge alarms` shows it, for example door_forced")
    parser.add_argument("source", metavar="SOURCE", help="as `yizhan edge alarms` shows it, for example door")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--by", metavar="NAME", required=True, help="who says so")


def _alarms(options: argparse.Namespace) -> int:
    answer = ask(options.config, {"ask": "alarms"})
    if options.json:
        print(json.dumps(answer["alarms"], ensure_ascii=False, indent=2))
        return 0
    rank = ["urgent", "high", "low"]
    alarms = sorted(answer["alarms"], key=lambda alarm: (bool(alarm["suppressed_by"]), rank.index(alarm["priority"])))
    print("\n".join(f"{_time(alarm['since_ms'])}  {in_words(alarm)}" for alarm in alarms) or "no alarms")
    return 0


def _acknowledge(options: argparse.Namespace) -> int:
    question = {"ask": "acknowledge", "code": options.code, "source": options.source, "by": options.by}
    answer = ask(options.config, question)
    still = "it stands, and ends with its condition" if answer["listed"] else "it is over and no longer listed"
    print(f"{options.code} {options.source}: seen by {answer['by']}; {still}")
    return 0


def _shelve(options: argparse.Namespace) -> int:
    question = {"ask": "shelve", "code": options.code, "source": options.source, "by": options.by}
    answer = ask(options.config, {**question, "minutes": options.minutes, "reason": options.reason})
    if answer["shelved"]:
        print(f"{options.code} {options.source}: shelved until {_time(answer['until_ms'])}")
    else:
        print(f"{options.code} {options.source}: not shelved")
    return 0


def _attend(options: argparse.Namespace) -> int:
    answer = ask(options.config, {"ask": "attend"})
    print("noted: somebody has looked" if answer["attended"] else "nobody is being asked whether all is well")
    return 0


def _time(at_ms: int) -> str:
    """In the technician's own zone."""
    try:
        return datetime.fromtimestamp(at_ms / 1_000).astimezone().isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{at_ms} ms"
