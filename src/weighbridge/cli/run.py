"""`weighbridge run`: the worker, with the console in the same process if it is enabled."""

from __future__ import annotations

import gc

import uvloop

from weighbridge.cli.console import run_with_console
from weighbridge.cli.context import DEFAULT_CONFIG, Config, installation_of, worker_of


def run_command(config: Config = DEFAULT_CONFIG) -> None:
    """Run the worker until stopped: receive webhooks, sweep, post orders, publish stock, report shipments."""
    worker, installation = worker_of(config), installation_of(config)
    # Objects loaded so far are permanent; freezing them keeps the garbage collector from scanning them repeatedly.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(run_with_console(worker, installation, config) if installation.console.enabled else worker.run())
