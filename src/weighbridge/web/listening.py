"""Listening: takes the address of a server before the process does any work."""

from __future__ import annotations

import errno
import socket

from weighbridge.common.problem import OperationalProblem

UNPRIVILEGED = 1024


class CannotListen(OperationalProblem):
    """The address of a server cannot be taken; the message says why and what to do."""


def listen(server: str, host: str, port: int, section: str) -> socket.socket:
    """A listening socket for `server`, such as "the console", whose address is in `section` of the configuration.

    Port 0 takes any free port. Raises CannotListen.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason, advice = _reason(error, host, port)
        raise CannotListen(f"{server} cannot listen on {host} port {port}: {reason}; {advice} in [{section}]") from None


def _reason(error: OSError, host: str, port: int) -> tuple[str, str]:
    """Why the address is not to be had, and what to do."""
    # The codes of the name service are negative; `create_server` raises them as plain OSError.
    if (error.errno or 0) < 0:
        return "the host name is not found", "correct `host`"
    if error.errno == errno.EADDRINUSE:
        return "another program uses the port", "end that program, or choose another `port`"
    if error.errno in (errno.EACCES, errno.EPERM):
        low = " below 1024" if port < UNPRIVILEGED else ""
        return f"this user may not use a port{low}", "choose another `port`"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}", "correct `host`"
    return error.strerror or str(error), "correct `host` and `port`"
