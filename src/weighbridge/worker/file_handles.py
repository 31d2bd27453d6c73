"""File handles: how many a worker needs at most, and whether the machine lets it have them.

At the limit nothing opens any more: no call to a platform, no log, no database connection. So a worker refuses to start
where it would come there.
"""

from __future__ import annotations

import sys

from weighbridge.common.problem import OperationalProblem
from weighbridge.design.schema import SQLITE, Installation

PROCESS = 40
"""Standard streams, the log, the event loop, libraries and certificates that are read for a moment, and a reserve."""
SQLITE_POOL = 12 * 3
"""Ten connections and two of the health checks, with the database, its log (-wal) and its index of the log (-shm)."""
POSTGRESQL_POOL = 20
SERVER = 65
"""A listening socket, and the callers of it at the same time."""
KEPT_ALIVE_PER_CONNECTION = 4
"""Two idle connections to each of the two platforms."""
CALLS_PER_JOB = 4
"""How many calls a job makes at the same time."""


class TooFewFileHandles(OperationalProblem):
    """The limit of file handles is below what this installation needs."""


def needed_handles(installation: Installation) -> int:
    """The most file handles that a worker of the installation has open, its console included."""
    settings = installation.installation
    pool = SQLITE_POOL if settings.database.startswith(SQLITE) else POSTGRESQL_POOL
    servers = 2 if installation.console.enabled else 1
    platforms = len(installation.connections) * KEPT_ALIVE_PER_CONNECTION + settings.concurrency * CALLS_PER_JOB
    return PROCESS + servers * (pool + SERVER) + platforms


def ensure_file_handles(installation: Installation) -> None:
    """Raises the process's own limit as far as it needs and may. Raises TooFewFileHandles if that is not enough."""
    if sys.platform == "win32":
        return
    import resource

    needed = needed_handles(installation)
    soft, hard = (
        sys.maxsize if limit == resource.RLIM_INFINITY else limit
        for limit in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    if needed <= soft:
        return
    if needed > hard:
        raise TooFewFileHandles(
            f"{len(installation.connections)} connections need up to {needed} file handles, and this process may open "
            f"{hard}; raise the limit (ulimit -n, LimitNOFILE of systemd, --ulimit nofile of a container), or spread "
            "the connections over several installations"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
