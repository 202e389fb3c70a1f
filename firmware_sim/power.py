"""The station's power switch, as far as it concerns other processes.

Cutting the power of a real station ends the controller between two instructions. Whoever runs the controller here
(the demo's service manager) listens on a Unix socket, is told `{"cut": "edge"}` or `{"restore": "edge"}` as one line
of JSON, and answers with one line, `{"ok": true}`.
"""

import asyncio
import json
from pathlib import Path

ANSWER_TIMEOUT_S = 5.0


class PowerError(Exception):
    """The controller's power could not be switched; the message says why."""


async def switch_controller(control: Path | None, on: bool) -> None:
    """Raises PowerError when nobody is there or the answer is not a yes."""
    if control is None:
        raise PowerError("no [power] control socket is configured, so the controller keeps running")
    verb = "restore" if on else "cut"
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(control)
            try:
                writer.write(json.dumps({verb: "edge"}).encode() + b"\n")
                await writer.drain()
                answer = json.loads(await reader.readline())
            finally:
                writer.close()
    except TimeoutError:
        raise PowerError(f"{control}: no answer within {ANSWER_TIMEOUT_S:.0f} s") from None
    except (OSError, ValueError) as error:
        raise PowerError(f"{control}: the controller's power could not be switched: {error}") from None
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise PowerError(f"{control}: answered {answer!r}")
