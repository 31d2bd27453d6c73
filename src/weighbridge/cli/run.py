"""`weighbridge run`: the worker, with the console beside it where the installation has one."""

from __future__ import annotations

import gc

import uvloop

from weighbridge.cli.console import run_with_console
from weighbridge.cli.context import DEFAULT_CONFIG, Config, installation_of, service_of


def run_command(config: Config = DEFAULT_CONFIG) -> None:
    """Work until stopped: receive hooks, sweep, post, push stock, report parcels."""
    service, installation = service_of(config), installation_of(config)
    # What is loaded by now stays; without this the collector walks it again and again.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    uvloop.run(run_with_console(service, installation, config) if installation.console.enabled else service.run())
