"""`python -m edge.uplink --config F --channel FD`, started by the controller."""

import asyncio
import logging
import os

from edge.runtime.child_process import start_child
from edge.uplink.process import Uplink


async def _main() -> None:
    await Uplink(start_child("uplink")).run()
    # Not by way of the interpreter's end, which would wait for worker threads.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_main())
