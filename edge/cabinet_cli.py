"""`yizhan edge cabinet …`: what a technician before the swap cabinet sees and does."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from contract.records import SwapKind, Trip
from edge.asking import ask

NO_CABINET: Final = "this station has no swap cabinet"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    cabinet = commands.add_parser("cabinet", help="the battery-swap cabinet: show it, open a slot, reset a trip")
    kinds = cabinet.add_subparsers(required=True)
    show = _command(kinds, "show", "what is in it, and what is wrong", _show)
    show.add_argument("--json", action="store_true", help="as JSON")
    begin = _command(kinds, "begin-service", "stop swaps, to work at it", lambda options: _service(options, on=True))
    _by(begin)
    end = _command(kinds, "end-service", "go on with swaps", lambda options: _service(options, on=False))
    _by(end)
    opened = _command(kinds, "open", "open a slot, in service; what may burn needs --confirm within a minute", _open)
    opened.add_argument("slot", type=int, metavar="SLOT")
    opened.add_argument("--confirm", action="store_true", help="the second step: I stand before it and have looked")
    _by(opened)
    reset = _command(kinds, "reset", "reset a trip whose cause is over", _reset)
    reset.add_argument("trip", choices=[str(trip) for trip in Trip])
    reset.add_argument("--slot", type=int, help="the whole cabinet's if not given")
    _by(reset)
    explained = _command(kinds, "explained", "somebody has found out what became of a battery", _explained)
    explained.add_argument("anomaly", type=int, metavar="NUMBER", help="as `yizhan edge cabinet show` shows it")
    _by(explained)
    choose = _command(kinds, "choose", "what the next card at the cabinet is for", _choose)
    choose.add_argument("kind", choices=[str(kind) for kind in SwapKind])
    _command(kinds, "cancel", "end the swap under way, where it still can be", _cancel)


def _command(
    kinds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, says: str, act: Any
) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=says)
    parser.add_argument("--config", type=Path, required=True)
    parser.set_defaults(act=act)
    return parser


def _by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", metavar="NAME", required=True, help="who says so")


def _show(options: argparse.Namespace) -> int:
    cabinet = ask(options.config, {"ask": "status"})["state"].get("cabinet")
    if options.json:
        print(json.dumps(cabinet, ensure_ascii=False, indent=2))
    elif cabinet is None:
        print(NO_CABINET)
    else:
        print("\n".join(in_words(cabinet)))
    return 0


def in_words(cabinet: dict[str, Any]) -> list[str]:
    """The cabinet of a state message, a line a slot."""
    link = {True: "answers", False: "DOES NOT ANSWER", None: "not heard of yet"}[cabinet["online"]]
    lines = [f"cabinet    {link}; {cabinet['full']} full, {cabinet['empty']} empty"]
    if cabinet["service_by"]:
        lines.append(f"service    {cabinet['service_by']} works at it: no swaps")
    if cabinet["swap"]:
        swap = cabinet["swap"]
        lines.append(
            f"swap       {swap['swap']}: {swap['member']}, {swap['kind']}, {swap['stage']} at slot {swap['slot']}"
        )
    lines += [f"slot {slot['slot']:<5} {_slot_in_words(slot)}" for slot in cabinet["slots"]]
    for anomaly in cabinet["anomalies"]:
        what = ", ".join(
            f"{name} {anomaly[name]}" for name in ("battery", "slot", "member") if anomaly.get(name) is not None
        )
        lines.append(f"anomaly    {anomaly['anomaly']}: {anomaly['kind']} by {anomaly['cause']}; {what}")
    return lines


def _slot_in_words(slot: dict[str, Any]) -> str:
    if slot["lost"]:
        return f"not known: {slot['lost']}"
    door = {True: "OPEN", False: "shut", None: "door not known"}[slot["door_open"]]
    inside = "empty"
    if slot["battery"]:
        degrees = slot["temperature_decicelsius"]
        warmth = "" if degrees is None else f", {degrees / 10:.1f} °C"
        inside = f"{slot['battery']} {slot['soc_percent']} %{warmth}{', charging' if slot['charging'] else ''}"
    elif slot["present"]:
        inside = "something that does not say what it is"
    marks = [*(f"TRIPPED {trip}" for trip in slot["trips"]), *slot["asides"]]
    return f"{door}, {inside}" + (f" ({', '.join(marks)})" if marks else "")


def _service(options: argparse.Namespace, *, on: bool) -> int:
    answer = ask(options.config, {"ask": "service", "on": on, "by": options.by})
    print(f"service by {answer['by']}: no swaps until end-service" if answer["service"] else "swaps go on")
    return 0


def _open(options: argparse.Namespace) -> int:
    question = {"ask": "open_slot", "slot": options.slot, "by": options.by, "confirmed": options.confirm}
    answer = ask(options.config, question)
    if answer["confirm"]:
        print(f"slot {options.slot} may be dangerous: look at it, stand aside, and say so again with --confirm")
    else:
        print(f"slot {options.slot} was told to open")
    return 0


def _reset(options: argparse.Namespace) -> int:
    ask(options.config, {"ask": "reset_trip", "trip": options.trip, "slot": options.slot, "by": options.by})
    print(f"{options.trip}: reset")
    return 0


def _explained(options: argparse.Namespace) -> int:
    ask(options.config, {"ask": "explain_anomaly", "anomaly": options.anomaly, "by": options.by})
    print(f"anomaly {options.anomaly}: closed")
    return 0


def _choose(options: argparse.Namespace) -> int:
    ask(options.config, {"ask": "choose_swap", "kind": options.kind})
    print(f"the next card at the cabinet: {options.kind}")
    return 0


def _cancel(options: argparse.Namespace) -> int:
    ask(options.config, {"ask": "cancel_swap"})
    print("told; what becomes of the battery is on the screen")
    return 0
