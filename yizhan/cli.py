"""The one command: `yizhan PROGRAM …` hands its arguments to that program, which alone is imported.

A station's Raspberry Pi has only the edge's packages installed, so nothing else may be loaded to start it.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

EXIT_USAGE: Final = 2


@dataclass(frozen=True)
class Program:
    """Where a program's `main(argv) -> int` is, and what it is for."""

    module: str
    extra: str
    purpose: str


PROGRAMS: Final = {
    "edge": Program("edge.cli", "edge", "the station's program"),
    "cloud": Program("cloud.cli", "cloud", "the fleet's program"),
    "sim": Program("firmware_sim.cli", "sim", "a station's hardware, simulated on its real wires"),
    "demo": Program("yizhan.demo.cli", "sim", "one station end to end: hardware, edge and cloud together"),
    "chaos": Program("yizhan.chaos.cli", "sim", "kill parts at random moments and look for what is lost or doubled"),
    "services": Program("yizhan.services.cli", "sim", "look at and command running services (those of the demo)"),
}


def usage() -> str:
    """What the command can do."""
    lines = ["usage: yizhan PROGRAM …", "       yizhan --version", "", "programs:"]
    lines += [f"  {name:<9} {program.purpose}" for name, program in PROGRAMS.items()]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one program; gives its exit code, or 2 for a command line that is not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else EXIT_USAGE
    word, *rest = arguments
    if word == "--version":
        print(f"yizhan {importlib.metadata.version('yizhan')}")
        return 0
    program = PROGRAMS.get(word)
    if program is None:
        print(f"yizhan: unknown program {word!r}; it is one of {', '.join(PROGRAMS)}", file=sys.stderr)
        return EXIT_USAGE
    try:
        run: Callable[[list[str]], int] = importlib.import_module(program.module).main
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("edge", "cloud", "firmware_sim", "yizhan", "contract"):
            raise
        print(
            f"yizhan {word}: the Python package {error.name!r} is missing; install yizhan[{program.extra}]",
            file=sys.stderr,
        )
        return EXIT_USAGE
    return run(rest)
