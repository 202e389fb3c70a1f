"""`python -m edge.console --config F --channel FD`, started by the controller."""

import asyncio
import logging
import sys

from edge.console.process import Console
from edge.runtime.child_process import start_child

EXIT_FAILED = 1


async def _main() -> int:
    start = start_child("console")
    try:
        await Console(start).run()
    except OSError as error:
        section = start.config.console
        logging.getLogger("console").error("%s:%d: %s", section.host, section.port, error)
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
