"""`[console]` of a station's configuration: its own screen, for the browser of this machine.

[console]
port = 8091                     # without this section there is no screen
host = "127.0.0.1"              # a loopback address: the screen asks nobody who he is
pages_dir = "/usr/share/yizhan/kiosk"
"""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from contract.plain import PlainError


@dataclass(frozen=True)
class ConsoleSection:
    port: int = 0
    """0: there is no screen."""
    host: str = "127.0.0.1"
    pages_dir: Path = Path("web/dist/kiosk")

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise PlainError("console.port", f"{self.port} is outside 1–65535 (0: no screen)")
        try:
            is_here = ip_address(self.host).is_loopback
        except ValueError:
            raise PlainError("console.host", f"{self.host!r} is no IP address") from None
        if not is_here:
            raise PlainError("console.host", f"{self.host} is not a loopback address; the screen asks nobody who he is")

    @property
    def is_on(self) -> bool:
        return self.port != 0
