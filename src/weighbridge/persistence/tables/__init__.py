"""Every table of the product. Importing this package registers them all in `metadata`."""

from weighbridge.persistence.tables import (
    access,
    alerts,
    budget,
    exceptions,
    http_log,
    remedies,
    stock,
    transfers,
    work,
)
from weighbridge.persistence.types import metadata

__all__ = [
    "access",
    "alerts",
    "budget",
    "exceptions",
    "http_log",
    "metadata",
    "remedies",
    "stock",
    "transfers",
    "work",
]
