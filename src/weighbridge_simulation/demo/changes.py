"""How orders changed after they were placed, and whether Cin7 followed; computed from the twins' state alone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
CENT = Decimal("0.01")
LIVE_STATUSES = ("AUTHORISED", "PAID")
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """Edits, cancellations and refunds of orders, compared with their sales."""

    edited_orders: int
    """Orders with a sale whose address or total was changed."""
    edited_equal: int
    """The edited orders whose sale has the order's total and address."""
    ended_orders: int
    """Orders that were cancelled, or refunded in full without a sale."""
    ended_with_sale: int
    refunds: int
    """Refunds of orders that have a sale."""
    credit_notes: int
    refunded_total: str
    credited_total: str
    refunds_equal: bool
    """True when credits equal refunds to the cent for every order that does not wait for a person."""
    units_restocked: str
    edits_equal: bool
    """True when the sale of every edited order that does not wait for a person followed the edit."""

    @property
    def balanced(self) -> bool:
        """True when only orders that wait for a person differ."""
        return self.refunds_equal and self.edits_equal


def changes(
    orders: Mapping[str, State],
    live: Mapping[str, list[State]],
    ended: Set[str],
    edited: Set[str],
    waiting: Set[str],
) -> Changes:
    """The changes of all orders; `live` holds the sales by order, `waiting` the orders that wait for a person."""
    with_sale = {key: live[key][0] for key in orders if key in live}
    refunds = {key: moved_refunds(orders[key]) for key in with_sale}
    notes = {
        key: [note for note in sale["credit_notes"] if note["Status"] in LIVE_STATUSES]
        for key, sale in with_sale.items()
    }
    refunded = {key: sum((decimal(row["total_amount"]) for row in rows), ZERO) for key, rows in refunds.items()}
    credited = {key: sum((decimal(row["Total"]) for row in rows), ZERO) for key, rows in notes.items()}
    restocked = [line for rows in notes.values() for note in rows for line in note["Restock"]]
    changed = {key for key in edited if key in with_sale}
    return Changes(
        edited_orders=len(changed),
        edited_equal=sum(sale_matches_order(orders[key], with_sale[key]) for key in changed),
        ended_orders=len(ended),
        ended_with_sale=sum(key in live for key in ended),
        refunds=sum(map(len, refunds.values())),
        credit_notes=sum(map(len, notes.values())),
        refunded_total=str(sum(refunded.values(), ZERO).quantize(CENT)),
        credited_total=str(sum(credited.values(), ZERO).quantize(CENT)),
        refunds_equal=all(refunded[key] == credited[key] for key in with_sale if key not in waiting),
        edits_equal=all(sale_matches_order(orders[key], with_sale[key]) for key in changed - waiting),
        units_restocked=f"{sum((decimal(line['Quantity']) for line in restocked), ZERO).normalize():f}",
    )


def moved_refunds(order: State) -> list[State]:
    """Refunds with at least one payment that was not declined."""
    return [refund for refund in order["refunds"] if any(not payment["is_declined"] for payment in refund["payments"])]


def is_fully_refunded(order: State) -> bool:
    """True when the whole total of an order was refunded."""
    refunded = sum((decimal(refund["total_amount"]) for refund in moved_refunds(order)), ZERO)
    return bool(order["refunds"]) and refunded >= decimal(order["fields"]["total_inc_tax"])


def sale_matches_order(order: State, sale: State) -> bool:
    """True when a sale has the total and the street of its order."""
    street = str((sale["header"].get("ShippingAddress") or {}).get("Line1") or "")
    return sale_total(sale) == decimal(order["fields"]["total_inc_tax"]) and all(
        street == str(address["street_1"]) for address in order["addresses"][:1]
    )


def sale_total(sale: State) -> Decimal:
    """The total of a sale's order document."""
    return decimal((sale["order"] or {}).get("Total"))


def unwrap(value: Any) -> Any:
    """The plain value: state files wrap timestamps and decimals in a mapping of one key."""
    if isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value.values()))
    return value


def decimal(value: Any) -> Decimal:
    """A number of a state file; zero where it is missing."""
    plain = unwrap(value)
    return Decimal(str(plain)) if plain is not None else ZERO
