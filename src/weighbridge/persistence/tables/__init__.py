"""Every table of Weighbridge. Importing this package registers them all in `metadata`."""

from weighbridge.persistence.tables import (
    access,
    alerts,
    budget,
    decisions,
    exceptions,
    http_log,
    stock,
    transfers,
    work,
)
from weighbridge.persistence.types import metadata

__all__ = [
    "access",
    "alerts",
    "budget",
    "decisions",
    "exceptions",
    "http_log",
    "metadata",
    "stock",
    "transfers",
    "work",
]
