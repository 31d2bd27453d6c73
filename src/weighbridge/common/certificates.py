"""The certificates that this process trusts for outgoing connections."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2


@cache
def ssl_context() -> ssl.SSLContext:
    """The certificates of the machine or the HTTP library, read once for all clients: reading blocks the process for a
    twentieth of a second."""
    return httpx2.create_ssl_context()
