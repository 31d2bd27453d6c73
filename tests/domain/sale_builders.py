"""The outcome of mapping an order: its sale, or the finding that stops it."""

from __future__ import annotations

from typing import Any

from tests.domain.builders import policy, reference_data
from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order


def sale_of(store_order: Order, **changes: Any) -> Sale:
    """The sale of an order that passes; `changes` may name another `reference_data` or `policy`."""
    outcome = _mapped(store_order, changes)
    assert isinstance(outcome, Mapped), outcome
    return outcome.sale


def stopped_by(store_order: Order, **changes: Any) -> Finding:
    """The only finding of an order that is stopped."""
    outcome = _mapped(store_order, changes)
    assert isinstance(outcome, Stopped)
    (finding,) = outcome.findings
    return finding


def _mapped(store_order: Order, changes: dict[str, Any]) -> Mapped | Stopped:
    return map_order(store_order, changes.get("reference_data", reference_data()), changes.get("policy", policy()))
