"""`yizhan demo`: starts everything, says where the pages are, and ends it all together."""

import argparse
import fcntl
import json
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.runtime.clock import kernel_synchronised
from yizhan.demo.script import play_stories, summarise
from yizhan.services import ServiceError, Services
from yizhan.stack.clients import Unanswered
from yizhan.stack.files import Options, write_files
from yizhan.stack.handing_out import NUMBER_HOLDER, hand_out
from yizhan.stack.layout import Layout, Ports, PortTaken
from yizhan.stack.prepare import PreparationFailed, prepare
from yizhan.stack.table import cloud, station

DEFAULT_DIRECTORY: Final = Path(".run/demo")
DEFAULT_PORTS: Final = 8700
IMPATIENT: Final = "longest_retry_ms = 2000\n"
"""For the end of the edge's `[uplink]`: in a fleet a station waits longer, but here somebody watches it come back."""
UNSYNCHRONISED: Final = (
    "  本机时钟未同步：驿站不能核对通行码的有效期，会拒绝通行码；同步后（如 timedatectl set-ntp true）即可使用\n"
    "  This machine's clock is not synchronised, so the station cannot tell whether a visitor's pass is valid and\n"
    "  refuses it (clock_untrusted); it takes passes once the clock is, for example by: timedatectl set-ntp true\n"
)
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="yizhan demo", description="One station end to end, with pages to play in.")
    root.add_argument("--seconds", type=float, help="play scripted visits for so long, then end; else until Ctrl-C")
    root.add_argument("--json", action="store_true", help="end with one line of JSON (implies --seconds 45)")
    root.add_argument("--seed", type=int, default=1, help="order of the scripted visits")
    root.add_argument("--dir", type=Path, default=DEFAULT_DIRECTORY, help=f"data and logs ({DEFAULT_DIRECTORY})")
    root.add_argument("--ports", type=int, default=DEFAULT_PORTS, help=f"first of six ports ({DEFAULT_PORTS})")
    return root


def main(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    if options.json and options.seconds is None:
        options.seconds = 45.0
    layout = Layout(options.dir.resolve(), Ports.from_base(options.ports))
    # SIGINT too: a shell starts what it puts into the background with that signal ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with alone(layout.root):
            return run(layout, options)
    except PortTaken as error:
        other = options.ports + 100
        return fail(f"{error}; choose others with --ports {other} (six in a row from there)", EXIT_USAGE)
    except (DirectoryBusy, PreparationFailed, ServiceError, Unanswered) as error:
        return fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        print("\n已结束 · ended", file=sys.stderr)
        return 0


def fail(why: str, code: int) -> int:
    print(f"yizhan demo: {why}", file=sys.stderr)
    return code


def run(layout: Layout, options: argparse.Namespace) -> int:
    layout.ports.check()
    write_files(layout, Options(edge_extra=IMPATIENT, equipped=True))
    prepare(layout)
    hand_out(layout)
    with Services([*cloud(layout), *station(layout)], control_socket=layout.control_socket) as services:
        services.start()
        announce(layout)
        if options.seconds is None:
            threading.Event().wait()
        result = summarise(play_stories(layout, options.seconds, options.seed))
    if options.json:
        print(json.dumps(result), flush=True)
    else:
        for name, value in result.items():
            print(f"  {name:<16} {value}")
    return 0 if result["lost"] == result["duplicated"] == 0 and result["entries"] else EXIT_FAILED


def announce(layout: Layout) -> None:
    print(
        f"驿站已启动 · the station is up\n"
        f"  运营 operations    http://127.0.0.1:{layout.ports.api}/\n"
        f"  模拟驿站 panel     http://127.0.0.1:{layout.ports.panel}/\n"
        f"  驿站屏幕 screen    http://127.0.0.1:{layout.ports.screen}/\n"
        f"  数据与日志 data    {layout.root}\n"
        f"  {NUMBER_HOLDER.name}的号码 number {layout.member_number.read_text().strip()}"
        f" · 访客通行码 visitor's pass {layout.visit_pass}\n"
        f"{'' if kernel_synchronised() else UNSYNCHRONISED}"
        f"按 Ctrl-C 结束 · Ctrl-C ends it",
        flush=True,
    )


class DirectoryBusy(RuntimeError):
    """Another demo runs in the same directory."""


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the directory for this process. Raises `DirectoryBusy`."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryBusy(f"another demo runs in {directory}; end it, or choose another --dir") from None
        yield
