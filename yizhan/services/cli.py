"""`yizhan services`: look at and command services that run, through their control socket."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from yizhan.services.control import ask

DEFAULT_SOCKET = Path(".run/demo/services.sock")


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="yizhan services", description=__doc__)
    root.add_argument("--socket", type=Path, default=DEFAULT_SOCKET, help=f"control socket (default {DEFAULT_SOCKET})")
    words = root.add_subparsers(dest="word", required=True)
    words.add_parser("status", help="how each service stands")
    for word, text in (("cut", "kill at once and keep down"), ("restore", "start again"), ("stop", "ask to end")):
        words.add_parser(word, help=text).add_argument("name")
    kill = words.add_parser("kill", help="send a signal; the restart policy then decides")
    kill.add_argument("name")
    kill.add_argument("--signal", default="KILL", choices=[s.name.removeprefix("SIG") for s in signal.Signals])
    return root


def main(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    match options.word:
        case "status":
            command: dict[str, object] = {"status": True}
        case "kill":
            command = {"kill": options.name, "signal": int(signal.Signals[f"SIG{options.signal}"])}
        case word:
            command = {word: options.name}
    try:
        answer = ask(options.socket, command)
    except OSError as error:
        print(f"yizhan services: nobody answers at {options.socket}: {error}", file=sys.stderr)
        return 1
    if not answer.get("ok"):
        print(f"yizhan services: {answer.get('error')}", file=sys.stderr)
        return 1
    for name, status in answer.get("services", {}).items():
        print(f"{name:<12} {status['condition']:<9} pid {status['pid'] or '-':<8} starts {status['starts']}")
    return 0
