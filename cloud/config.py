"""The one model of the cloud's configuration, read once at start from a TOML file.

Every key is known or refused, by file, section and key. `config/cloud.example.toml` shows them all.
"""

import ipaddress
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from contract.plain import PlainError, build


class ConfigError(ValueError):
    """The configuration cannot be used. The message names file, section and key."""


@dataclass(frozen=True)
class DatabaseSection:
    """`sqlite:////absolute/path` (one process that ingests) or `postgresql+psycopg://…` (production)."""

    url: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise PlainError("database.url", "must begin with sqlite:/// or postgresql+psycopg://")


@dataclass(frozen=True)
class TlsSection:
    """How the cloud's own processes prove themselves to the broker."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True)
class BrokerSection:
    """The broker that stations and cloud meet at. Without `host` the embedded one is started."""

    host: str | None = None
    port: int = 1883
    tls: TlsSection | None = None
    username: str | None = None
    password_file: Path | None = None

    def __post_init__(self) -> None:
        _check_port("broker.port", self.port)


@dataclass(frozen=True)
class EmbeddedBrokerSection:
    """iotcore on 127.0.0.1 without accounts: for one machine, never for a network."""

    port: int = 1883

    def __post_init__(self) -> None:
        _check_port("embedded_broker.port", self.port)


@dataclass(frozen=True)
class ApiSection:
    """There are no accounts yet, so anything but a loopback address must be asked for in so many words."""

    host: str = "127.0.0.1"
    port: int = 8080
    pages_dir: Path = Path("web/dist/ops")
    allow_unauthenticated_network: bool = False
    names: tuple[str, ...] = ()
    """Host names (of a proxy, say) by which pages that act may address the API, beside numbers and localhost."""

    def __post_init__(self) -> None:
        _check_port("api.port", self.port, zero_ok=True)
        if not self.allow_unauthenticated_network and not _is_loopback(self.host):
            raise PlainError(
                "api.host",
                f"{self.host!r} is reachable from the network and the API has no accounts yet; use 127.0.0.1, "
                "or set allow_unauthenticated_network = true where the network itself is trusted",
            )


@dataclass(frozen=True)
class SigningSection:
    """The Ed25519 key by which stations know the cloud. `yizhan cloud keys create` makes it."""

    key_file: Path
    key_id: str = "cloud-1"

    def __post_init__(self) -> None:
        if not 1 <= len(self.key_id) <= 64:
            raise PlainError("signing.key_id", "must have 1–64 characters")


@dataclass(frozen=True)
class MetricsSection:
    """Where `ingest` and `projector`, run apart, show their counters (127.0.0.1). 0: nowhere; `api` and `serve` show
    theirs at /metrics."""

    port: int = 0

    def __post_init__(self) -> None:
        _check_port("metrics.port", self.port, zero_ok=True)


@dataclass(frozen=True)
class Config:
    database: DatabaseSection
    signing: SigningSection
    broker: BrokerSection = field(default_factory=BrokerSection)
    embedded_broker: EmbeddedBrokerSection = field(default_factory=EmbeddedBrokerSection)
    api: ApiSection = field(default_factory=ApiSection)
    metrics: MetricsSection = field(default_factory=MetricsSection)

    @property
    def embeds_broker(self) -> bool:
        return self.broker.host is None

    @property
    def broker_address(self) -> tuple[str, int]:
        """Where the cloud's own processes connect."""
        if self.broker.host is None:
            return "127.0.0.1", self.embedded_broker.port
        return self.broker.host, self.broker.port


def load(path: Path) -> Config:
    """Read and check a configuration. Raises `ConfigError`."""
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from None
    try:
        return build(Config, table, unknown_ok=False)
    except PlainError as error:
        section, _, key = error.where.rpartition(".")
        place = f"section [{section}], key {key!r}" if section else f"section or key {key!r}"
        raise ConfigError(f"{path}: {place}: {error.why}") from None


def _check_port(where: str, port: int, *, zero_ok: bool = False) -> None:
    if not (0 if zero_ok else 1) <= port <= 65_535:
        raise PlainError(where, f"{port} is no TCP port")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
