"""Whose certificates this process believes when it calls somebody."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2


@cache
def trusted() -> ssl.SSLContext:
    """Those that the machine or the HTTP library has, read once for all clients: reading takes a twentieth of a second
    of the processor's time, during which nothing else of this process moves."""
    return httpx2.create_ssl_context()
