"""The console's own process, its channel held by the test in the controller's place."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.runtime.ipc import Channel, Child, DoorNotice, Heartbeat, Message, StateChanged, channel_pair
from yizhan.services.probe import free_ports

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 15.0

CONFIG = """
[station]
id = "yz-bj-0001"
data_dir = "{root}"
run_dir = "{root}"
[gpio]
lock_pin = 17
contact_pin = 27
exit_pin = 22
fire_pin = 23
[door]
[[readers]]
id = "entry"
device = "{root}/none"
key_file = "{root}/none"
[access]
capacity = 20
[uplink]
host = "127.0.0.1"
[console]
port = {port}
pages_dir = "{pages}"
"""


def picture(**changes: Any) -> dict[str, Any]:
    """The live picture of a healthy station with three people inside."""
    door = {"mode": "secured", "contact_open": False, "lock_released": False, "fire": False}
    state = {"posture": "secure", "people": 3, "people_sure": True, "alarms": [], "hazard": False}
    return {**state, "welfare_asked": False, **changes, "door": {**door, **changes.get("door", {})}}


class ConsoleChild:
    """`said` are the messages that the console has sent, without its heartbeats."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, port: int) -> None:
        self.process = process
        self.channel = channel
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.said: list[Message] = []
        self.heartbeats = 0

    def tell(self, message: StateChanged | DoorNotice) -> None:
        self.channel.send(message)

    def listen(self) -> None:
        while (message := self.channel.receive()) is not None:
            if isinstance(message, Heartbeat):
                self.heartbeats += 1
            else:
                self.said.append(message)

    def wait(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
            self.listen()
            time.sleep(0.01)

    @contextmanager
    def pictures(self) -> Iterator[Iterator[dict[str, Any]]]:
        """What the stream shows, one picture after the other."""
        with urllib.request.urlopen(f"{self.url}/api/screen", timeout=PATIENCE_S) as stream:
            yield (json.loads(line[6:]) for line in stream if line.startswith(b"data: "))

    def press(self, **headers: str) -> int:
        """The button; the answer's status."""
        request = urllib.request.Request(
            f"{self.url}/api/screen/all-right", method="POST", headers=headers or {"X-Yizhan-Screen": "1"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status)


@contextmanager
def console_child(root: Path, *, port: int | None = None, pages: Path = Path("none")) -> Iterator[ConsoleChild]:
    """A console that has given a sign of life, unless it has ended before."""
    port = port or free_ports(1)[0]
    config = root / "edge.toml"
    config.write_text(CONFIG.format(root=root, port=port, pages=pages))
    ours, theirs = channel_pair(Child.CONSOLE)
    with theirs:
        argv = [sys.executable, "-m", "edge.console", "--config", str(config), "--channel", str(theirs.fileno())]
        process = subprocess.Popen(argv, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    child = ConsoleChild(process, ours, port)
    try:
        yield child
    finally:
        process.kill()
        process.wait()
        ours.close()
