"""`yizhan chaos`: kill parts at random moments; ends with one line of JSON, and with 1 when anything was wrong."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from yizhan.chaos import parts
from yizhan.chaos.evidence import DatabaseAway
from yizhan.chaos.run import Settings, run
from yizhan.chaos.stage import Broker, Database
from yizhan.services import ServiceError
from yizhan.stack.clients import Unanswered
from yizhan.stack.prepare import PreparationFailed

EXIT_FAILED: Final = 1
MAX_ROUNDS: Final = 10_000


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="yizhan chaos",
        description="Kill parts of a station and its cloud at random moments, and look for what is lost or doubled.",
    )
    root.add_argument("--rounds", type=int, default=20, help="how many (20)")
    root.add_argument("--seed", type=int, default=1, help="what happens in which round (1)")
    root.add_argument(
        "--database", type=Database, choices=list(Database), help="default: PostgreSQL where it is installed"
    )
    root.add_argument("--broker", type=Broker, choices=list(Broker), help="default: mosquitto where it is installed")
    root.add_argument("--keep", action="store_true", help="keep the data and logs of a run without findings, too")
    return root


def main(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    if not 1 <= options.rounds <= MAX_ROUNDS:
        parser().error(f"--rounds {options.rounds} is outside 1–{MAX_ROUNDS}")
    database = options.database or (Database.POSTGRESQL if parts.postgresql_directory() else Database.SQLITE)
    broker = options.broker or (Broker.MOSQUITTO if parts.mosquitto_program() else Broker.IOTCORE)
    repeat = f"yizhan chaos --rounds {options.rounds} --seed {options.seed} --database {database} --broker {broker}"
    say(repeat)
    root = Path(tempfile.mkdtemp(prefix="yizhan-chaos-"))
    try:
        result = run(root, Settings(options.rounds, options.seed, database, broker, say))
    except (ServiceError, PreparationFailed, Unanswered, DatabaseAway, parts.PartMissing, TimeoutError) as error:
        say(f"yizhan chaos: not carried through: {error}\n  data and logs: {root}\n  repeat: {repeat}")
        return EXIT_FAILED
    if result.findings:
        say(f"yizhan chaos: {len(result.findings)} findings\n  data and logs: {root}\n  repeat: {repeat}")
    elif not options.keep:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps(result.summary(), ensure_ascii=False), flush=True)
    return EXIT_FAILED if result.findings else 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
