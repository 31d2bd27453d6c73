"""The web customer: guests and registered shoppers alike are billed to one Cin7 customer for each currency.

A Cin7 customer has one currency, so the design names one web customer for each that the store sells in.
"""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.reference_data import ReferenceData


def customer_id_of(order: Order, reference_data: ReferenceData) -> str | Finding:
    """The id of the Cin7 customer that the order is billed to; a finding when its currency has none."""
    customer_id = reference_data.customers.get(order.currency)
    if customer_id is not None:
        return customer_id
    known = ", ".join(sorted(reference_data.customers)) or "none"
    return hold(FindingKind.CURRENCY_UNKNOWN, "currency", order.currency, f"a currency of the design: {known}")
