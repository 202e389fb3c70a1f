"""Asking a running station at its socket, for the command line."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from edge.runtime.config import ConfigError, load
from edge.runtime.station_socket import SOCKET_NAME

ASK_TIMEOUT_S: Final = 5.0
TURNED_AWAY: Final = (
    "the station closed the connection without an answer: it is stopping, or it is asked by too many at a time, or by "
    "somebody who is neither root nor the station's own user"
)


class NoAnswer(ConfigError):
    """There is no station to be asked where the configuration says, or it does not answer."""


class Refused(ValueError):
    """The station has understood the question, and says no; the message says why."""


def connected(config: Path) -> socket.socket:
    """A connection to the station of a configuration. Raises `ConfigError`, `NoAnswer`."""
    path = load(config).config.station.run_dir / SOCKET_NAME
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(ASK_TIMEOUT_S)
    try:
        end.connect(str(path))
    except OSError as error:
        end.close()
        raise NoAnswer(f"no station answers at {path}: {error.strerror or error}") from None
    return end


def ask(config: Path, question: dict[str, Any]) -> dict[str, Any]:
    """The one answer to one question. Raises `ConfigError`, `NoAnswer`, `Refused`."""
    with connected(config) as end:
        try:
            end.sendall(json.dumps(question).encode() + b"\n")
            line = end.makefile("rb").readline()
        except TimeoutError:
            raise NoAnswer(f"the station does not answer within {ASK_TIMEOUT_S:g} s") from None
        except OSError:
            raise NoAnswer(TURNED_AWAY) from None
    if not line.endswith(b"\n"):
        raise NoAnswer(TURNED_AWAY)
    try:
        answer = json.loads(line)
    except ValueError:
        raise NoAnswer("what answers is no station: it does not speak JSON lines") from None
    if not isinstance(answer, dict):
        raise NoAnswer("what answers is no station: its answer is no JSON object")
    if "error" in answer:
        raise Refused(str(answer["error"]))
    return answer


def follow(config: Path) -> Iterator[str]:
    """The lines that a station says of what it records and does, until it ends. Raises `ConfigError`, `NoAnswer`."""
    with connected(config) as end:
        heard = False
        try:
            end.sendall(b'{"ask":"tail"}\n')
            end.settimeout(None)
            for line in end.makefile("rb"):
                heard = True
                yield line.decode().rstrip()
        except OSError:
            # It was killed; before the first line, it had turned us away.
            pass
        if not heard:
            raise NoAnswer(TURNED_AWAY)
