"""Keys of refund transfers: one for each refund of the store, and two forms for money that only one side knows of."""

from __future__ import annotations

CIN7_ONLY, GATEWAY_ONLY = "cin7-", "gateway-"
"""How the last part of the key begins when there is no refund at the store, but a credit note in Cin7 or a refund at
the payment gateway."""
ONE_SIDED_PREFIXES = (CIN7_ONLY, GATEWAY_ONLY)


def refund_key(order_id: int | str, refund_id: int | str) -> str:
    """The key of a refund's transfer."""
    return f"{order_id}:{refund_id}"
