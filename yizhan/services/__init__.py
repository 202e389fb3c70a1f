"""A small service manager: on laptops, in CI and in tests what systemd is on a station.

It speaks systemd's own protocol to the programs (`NOTIFY_SOCKET`, `WATCHDOG_USEC`), so that they are the same there and
here, and it starts, watches, restarts and ends each of them with everything that they have started. `config/systemd/`
says the same for a real station.

- `table`: what a service is. `manager.Services`: the table at work. `runner`: one service's life.
- `control`: a Unix socket for commands from outside (the simulator's power switch). `guard`: nobody outlives us.
"""

from yizhan.services.manager import Services
from yizhan.services.table import Condition, RestartPolicy, Service, ServiceError, ServiceStatus

__all__ = ["Condition", "RestartPolicy", "Service", "ServiceError", "ServiceStatus", "Services"]
