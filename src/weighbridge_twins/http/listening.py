"""The socket and the uvicorn server of one twin, without signal handlers and access logs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import uvicorn

from weighbridge_twins.http.app import TwinApp


class QuietServer(uvicorn.Server):
    """A uvicorn server that sets `ready` once it answers; no signal handlers, because two servers share the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_config(app: TwinApp, tls: Mapping[str, Any]) -> uvicorn.Config:
    """Returns the uvicorn configuration of a twin; `tls` holds ssl_certfile and ssl_keyfile, or is empty."""
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=60,
        **tls,
    )


def listen(host: str, port: int) -> socket.socket:
    """Returns a bound socket; port 0 selects a free port. Raises OSError that names the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"port {port} of {host} cannot be used: {error.strerror}") from error
    listener.setblocking(False)
    return listener
