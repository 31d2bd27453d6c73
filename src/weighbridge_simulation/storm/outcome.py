"""The result of one run of a storm."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from weighbridge.domain.stock.oversell import OversellFactors
from weighbridge_simulation.storm.ledger import Ledger


class Protocol(StrEnum):
    """Which program publishes the stock to the store. The product transfers the orders in both runs."""

    WEIGHBRIDGE = "weighbridge"
    CADENCE_COPY = "cadence copy"


@dataclass
class Outcome:
    """The result of one run."""

    protocol: Protocol
    ledger: Ledger
    orders: int = 0
    bounds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the largest oversell bound that the product reported at any time."""
    worst: OversellFactors | None = None
    """The factors of the largest bound of all SKUs."""
    samples: int = 0
    beyond: dict[str, tuple[int, int]] = field(default_factory=dict)
    """SKUs that were oversold, at the time of a sample, by more than the largest bound reported before it: (units
    oversold, that bound)."""
    exceeded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the most units that could have been oversold beyond the bound of the same sample."""
    throttled: int = 0
    late_seconds: float = 0.0
    """The largest delay of a shopper, in seconds of the twins' time: how far the machine fell behind."""
