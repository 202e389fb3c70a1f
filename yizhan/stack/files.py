"""Writes the configurations, keys and members of a stack. Keys are made once and kept; the rest is written anew."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yizhan.stack.cabinet import write_batteries
from yizhan.stack.hardware import edge_hardware, sim_hardware
from yizhan.stack.layout import CLOUD_KEY, READER, REPOSITORY, STATION, TIMEZONE, Layout, quoted
from yizhan.stack.people import PEOPLE, write_members

LOCK_PIN: Final = 17
CONTACT_PIN: Final = 27
EXIT_PIN: Final = 22
FIRE_PIN: Final = 23


@dataclass(frozen=True)
class Options:
    """What differs between stacks."""

    database_url: str | None = None
    """None: SQLite in the stack's directory."""
    broker_apart: bool = False
    """The broker is a process of its own, and the cloud does not embed one."""
    world_seed: int = 1
    world_pace: float = 1.0
    release_ms: int = 5_000
    held_pre_alarm_ms: int = 20_000
    held_ms: int = 30_000
    equipped: bool = False
    """With everything beside the door: beams, radar, sensors, loads, scanner."""
    edge_extra: str = ""
    """More TOML for the end of the edge's configuration."""


def write_files(layout: Layout, options: Options | None = None) -> None:
    """Everything that programs read, but what the cloud makes itself (its signing key, its database)."""
    options = options or Options()
    layout.root.mkdir(parents=True, exist_ok=True)
    layout.root.chmod(0o700)
    layout.edge_data.mkdir(exist_ok=True)
    for key in (layout.reader_key, layout.cabinet_reader_key):
        if not key.exists():
            write_secret(key, secrets.token_hex(16))
    write_members(layout.members_file)
    write_batteries(layout.batteries_file)
    layout.cloud_config.write_text(cloud_config(layout, options), encoding="utf-8")
    layout.sim_config.write_text(sim_config(layout, options), encoding="utf-8")
    layout.edge_config.write_text(edge_config(layout, options), encoding="utf-8")


def write_secret(path: Path, text: str) -> None:
    """A new file that only its owner may read, from its first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")


def cloud_config(layout: Layout, options: Options) -> str:
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {layout.ports.broker}' if options.broker_apart else ""
    return f"""[database]
url = {quoted(options.database_url or layout.database_url)}
{broker}
[embedded_broker]
port = {layout.ports.broker}
[api]
host = "127.0.0.1"
port = {layout.ports.api}
pages_dir = {quoted(REPOSITORY / "web/dist/ops")}
[signing]
key_file = {quoted(layout.signing_key)}
key_id = {quoted(CLOUD_KEY)}
"""


def sim_config(layout: Layout, options: Options) -> str:
    text = f"""[world]
seed = {options.world_seed}
pace = {options.world_pace}
log = {quoted(layout.world_log)}
[gpio]
port = {layout.ports.gpio}
[pins]
lock = {LOCK_PIN}
contact = {CONTACT_PIN}
exit = {EXIT_PIN}
fire = {FIRE_PIN}
[lock]
kind = "fail_safe"
[[readers]]
id = {quoted(READER)}
device = {quoted(layout.reader_device)}
address = 1
key_file = {quoted(layout.reader_key)}
baud = 115200
[link]
listen_port = {layout.ports.link}
broker_host = "127.0.0.1"
broker_port = {layout.ports.broker}
[panel]
port = {layout.ports.panel}
pages_dir = {quoted(REPOSITORY / "web/dist/panel")}
operations_url = "http://127.0.0.1:{layout.ports.api}/"
[power]
control = {quoted(layout.control_socket)}
[stories]
held_ms = {options.held_ms + 5_000}
still_ms = 60000
loiter_ms = 60000
smoke_ms = 5000
tamper_ms = 2500
pass_file = {quoted(layout.visit_pass)}
"""
    for person in PEOPLE:
        text += f"""[[people]]
id = {quoted(person.id)}
name = {quoted(person.name)}
known = {str(person.known).lower()}
card = {{ format = {quoted(person.format)}, bits = {person.bits}, data = {quoted(person.data)} }}
"""
        if person is PEOPLE[0]:
            text += f"pin_file = {quoted(layout.member_number)}\n"
    return text + (sim_hardware(layout) if options.equipped else "")


def edge_config(layout: Layout, options: Options) -> str:
    return f"""[station]
id = {quoted(STATION)}
data_dir = {quoted(layout.edge_data)}
run_dir = {quoted(layout.root / "edge-run")}
timezone = {quoted(TIMEZONE)}
[gpio]
pin_factory = "pigpio"
host = "127.0.0.1"
port = {layout.ports.gpio}
lock_pin = {LOCK_PIN}
contact_pin = {CONTACT_PIN}
exit_pin = {EXIT_PIN}
fire_pin = {FIRE_PIN}
[door]
lock_kind = "fail_safe"
release_ms = {options.release_ms}
held_pre_alarm_ms = {options.held_pre_alarm_ms}
held_ms = {options.held_ms}
relock_on = "open"
exit_action = "release"
[[readers]]
id = {quoted(READER)}
driver = "osdp"
device = {quoted(layout.reader_device)}
baud = 115200
address = 1
key_file = {quoted(layout.reader_key)}
keypad = true
[uplink]
host = "127.0.0.1"
port = {layout.ports.link}
cloud_keys = {{ {quoted(CLOUD_KEY)} = {quoted(layout.signing_public_key)} }}
{options.edge_extra}
{edge_hardware(layout) if options.equipped else ""}"""
