"""Where everything lies and which ports it takes."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Self

from yizhan.services.probe import free_ports, is_free

STATION: Final = "yz-bj-0001"
STATION_NAME: Final = "朝阳门外街道驿站"
READER: Final = "entry"
CLOUD_KEY: Final = "cloud-1"
TIMEZONE: Final = "Asia/Shanghai"
REPOSITORY: Final = Path(__file__).resolve().parents[2]


class PortTaken(RuntimeError):
    """A port is in use. The message names it and its purpose."""


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    api: int
    """The cloud's API and its page for operations."""
    panel: int
    """The simulated station's page."""
    broker: int
    link: int
    """The station's way to the broker, which the panel can cut."""
    gpio: int
    screen: int
    """The station's own screen, where it has one."""

    @classmethod
    def from_base(cls, base: int) -> Self:
        """`base` and those above it."""
        return cls(*range(base, base + len(fields(cls))))

    @classmethod
    def free(cls) -> Self:
        """Ports that are free now."""
        return cls(*free_ports(len(fields(cls))))

    def check(self) -> None:
        """Raises `PortTaken` for the first that is in use."""
        for field in fields(self):
            port = getattr(self, field.name)
            if not is_free(port):
                raise PortTaken(f"port {port} (for {field.name}) on 127.0.0.1 is taken by another program")


@dataclass(frozen=True)
class Layout:
    """All paths under one directory, absolute."""

    root: Path
    ports: Ports

    @property
    def control_socket(self) -> Path:
        return self.root / "services.sock"

    @property
    def world_log(self) -> Path:
        return self.root / "world.jsonl"

    @property
    def reader_device(self) -> Path:
        return self.root / "reader-entry"

    @property
    def reader_key(self) -> Path:
        return self.root / "reader-entry.key"

    @property
    def radar_device(self) -> Path:
        return self.root / "radar-ceiling"

    @property
    def modbus_device(self) -> Path:
        return self.root / "modbus"

    @property
    def cabinet_device(self) -> Path:
        return self.root / "cabinet"

    @property
    def cabinet_reader_device(self) -> Path:
        return self.root / "reader-cabinet"

    @property
    def cabinet_reader_key(self) -> Path:
        return self.root / "reader-cabinet.key"

    @property
    def scanner_device(self) -> Path:
        return self.root / "scanner"

    @property
    def visit_pass(self) -> Path:
        """The text of the pass that the scripted visitor shows."""
        return self.root / "visit-pass.txt"

    @property
    def member_number(self) -> Path:
        """The number that the first of the people types after their card."""
        return self.root / "member-number.txt"

    @property
    def cloud_config(self) -> Path:
        return self.root / "cloud.toml"

    @property
    def sim_config(self) -> Path:
        return self.root / "sim.toml"

    @property
    def edge_config(self) -> Path:
        return self.root / "edge.toml"

    @property
    def edge_data(self) -> Path:
        return self.root / "edge-data"

    @property
    def signing_key(self) -> Path:
        return self.root / "cloud-signing.key"

    @property
    def signing_public_key(self) -> Path:
        return self.root / "cloud-signing.pub"

    @property
    def members_file(self) -> Path:
        return self.root / "members.csv"

    @property
    def batteries_file(self) -> Path:
        return self.root / "batteries.csv"

    @property
    def database_url(self) -> str:
        """The default; a stack on PostgreSQL is given another."""
        return f"sqlite:///{self.root / 'cloud.db'}"

    def log_file(self, service: str) -> Path:
        return self.root / "log" / f"{service}.log"


def quoted(value: object) -> str:
    """A TOML basic string (JSON's escapes are TOML's)."""
    return json.dumps(str(value), ensure_ascii=False)
