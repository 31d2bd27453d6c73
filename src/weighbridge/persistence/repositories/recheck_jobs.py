"""Which look can tell whether an object came right: its own, or the reading that finds such objects."""

from __future__ import annotations

ALL = "*"
REFERENCES, BOOKS = "references", "books"
"""The flow that reads what both sides have, and its key under which only what Cin7 has is read."""
OF_THEIR_OWN = frozenset(
    {
        "orders",
        "refunds",
        "fulfilment",
        "order_sweep",
        "fulfilment_sweep",
        "references",
        "hooks",
        "stock",
        "stock_fast",
        "stock_fall",
        "stock_parity",
        "catalogue",
        "ghost_allocations",
        "monitors",
    }
)
"""Flows that can be asked to look at one of their keys."""
FOUND_BY = {
    "sku": "references",
    "bill_of_materials": "stock",
    "stock_level": "stock",
    "stock_row": "stock",
    "sellable_at_zero": "stock",
    "shop_location": "stock",
    "stock_drift": "stock_parity",
    "fast_lane": "stock_fast",
    "listing": "catalogue",
    "listing_part": "catalogue",
    "ghost_allocation": "ghost_allocations",
    "silent_feed": "monitors",
    "missed_order": "monitors",
    "late_looks": "monitors",
    "credentials": "monitors",
    "shared_quota": "monitors",
    "late_dispatch": "monitors",
    "untracked_parcel": "monitors",
    "tax_rule": "monitors",
    "account": "monitors",
    "orphaned_sale": "monitors",
    "unfinished_sale": "monitors",
    "kit_drift": "monitors",
    "altered_sale": "fulfilment_sweep",
}
"""Name of held objects -> the recurring flow whose next reading finds them again, or not."""
IN_THE_BOOKS, AT_THE_GATEWAY = "books-", "gateway-"
"""How the last part of the key begins of a refund that is none at the shop, but in Cin7 or at the gateway alone."""
SOLE_KEYS = (IN_THE_BOOKS, AT_THE_GATEWAY)


def look_at(flow: str, key: str) -> tuple[str, str] | None:
    """(flow, key) to put on the agenda so that the object is weighed again; None when only its monitor can tell."""
    if flow in OF_THEIR_OWN:
        return flow, key
    return (FOUND_BY[flow], ALL) if flow in FOUND_BY else None
