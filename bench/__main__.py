"""`python -m bench`: measure, print in words, and end with one line of JSON."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import journal, station, swap


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measurements beside their floors.")
    parser.add_argument("--cards", type=int, default=100, help="how many cards are shown")
    parser.add_argument("--members", type=int, default=100_000, help="how many members the station holds beside a few")
    parser.add_argument("--idle-seconds", type=float, default=20.0)
    parser.add_argument("--swap", action="store_true", help="the swap cabinet, and nothing else")
    parser.add_argument("--swaps", type=int, default=30, help="with --swap: how many")
    parser.add_argument("--baud", type=int, default=115_200, help="with --swap: the cabinet's line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yizhan-bench-") as name:
        directory = Path(name)
        figures: dict[str, Any]
        if options.swap:
            figures = swap.measure(directory / "stack", options.swaps, options.baud)
        else:
            figures = journal.measure(directory)
            figures |= station.measure(directory / "stack", options.cards, options.members, options.idle_seconds)
    for key, value in figures.items():
        print(f"  {key:<24} {value}")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
