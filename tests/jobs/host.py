"""The command line on a host of its own, whose clock is wrong: `python -m tests.jobs.host SECONDS_AHEAD ARGUMENTS`."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from uuid import uuid4

from weighbridge.jobs import sessions


def _become_another_host(ahead: timedelta) -> None:
    """Moves the clock of this process, and separates its process numbers from those of the others."""
    machine_time = time.time
    time.time = lambda: machine_time() + ahead.total_seconds()
    space = str(uuid4())
    sessions.process_space = lambda: space


if __name__ == "__main__":
    _become_another_host(timedelta(seconds=float(sys.argv.pop(1))))
    from weighbridge.cli.main import main

    main()
