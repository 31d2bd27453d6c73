"""What changed about orders after they were placed, and whether the books followed; from the twins' state alone."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
CENT = Decimal("0.01")
COUNTING = ("AUTHORISED", "PAID")
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """Edits, ends and refunds of orders, against their sales."""

    edited_orders: int
    """Whose address or money was changed, and that have a sale."""
    edited_equal: int
    """Of these: whose sale is worth what the order is, and goes where it goes."""
    ended_orders: int
    """Cancelled, or refunded whole without a sale."""
    ended_with_sale: int
    refunds: int
    """Of orders that have a sale."""
    credit_notes: int
    refunded_total: str
    credited_total: str
    refunds_equal: bool
    """True when for every order, but those that wait for a person, credits equal refunds to the cent."""
    units_restocked: str
    edits_equal: bool
    """True when every edited order was followed, but those that wait for a person."""

    @property
    def balanced(self) -> bool:
        """True when nothing but what waits for a person differs."""
        return self.refunds_equal and self.edits_equal


def changes(
    orders: Mapping[str, State],
    live: Mapping[str, list[State]],
    ended: Set[str],
    edited: Set[str],
    waiting: Set[str],
) -> Changes:
    """The changes of all orders; `live` are the sales by order, `waiting` the orders that a person must act on."""
    with_sale = {key: live[key][0] for key in orders if key in live}
    refunds = {key: moved_refunds(orders[key]) for key in with_sale}
    notes = {key: [one for one in sale["credit_notes"] if one["Status"] in COUNTING] for key, sale in with_sale.items()}
    refunded = {key: sum((decimal(one["total_amount"]) for one in rows), ZERO) for key, rows in refunds.items()}
    credited = {key: sum((decimal(one["Total"]) for one in rows), ZERO) for key, rows in notes.items()}
    restocked = [line for rows in notes.values() for one in rows for line in one["Restock"]]
    changed = {key for key in edited if key in with_sale}
    return Changes(
        edited_orders=len(changed),
        edited_equal=sum(same(orders[key], with_sale[key]) for key in changed),
        ended_orders=len(ended),
        ended_with_sale=sum(key in live for key in ended),
        refunds=sum(map(len, refunds.values())),
        credit_notes=sum(map(len, notes.values())),
        refunded_total=str(sum(refunded.values(), ZERO).quantize(CENT)),
        credited_total=str(sum(credited.values(), ZERO).quantize(CENT)),
        refunds_equal=all(refunded[key] == credited[key] for key in with_sale if key not in waiting),
        edits_equal=all(same(orders[key], with_sale[key]) for key in changed - waiting),
        units_restocked=f"{sum((decimal(line['Quantity']) for line in restocked), ZERO).normalize():f}",
    )


def moved_refunds(order: State) -> list[State]:
    """Refunds of which a payment was not declined."""
    return [one for one in order["refunds"] if any(not payment["is_declined"] for payment in one["payments"])]


def refunded_whole(order: State) -> bool:
    """True when all money of an order went back."""
    back = sum((decimal(one["total_amount"]) for one in moved_refunds(order)), ZERO)
    return bool(order["refunds"]) and back >= decimal(order["fields"]["total_inc_tax"])


def same(order: State, sale: State) -> bool:
    """Whether a sale is worth what its order is, and goes where it goes."""
    street = str((sale["header"].get("ShippingAddress") or {}).get("Line1") or "")
    return worth(sale) == decimal(order["fields"]["total_inc_tax"]) and all(
        street == str(address["street_1"]) for address in order["addresses"][:1]
    )


def worth(sale: State) -> Decimal:
    """What the order document of a sale comes to."""
    return decimal((sale["order"] or {}).get("Total"))


def plain(value: Any) -> Any:
    """State files mark moments and decimals; this is the value itself."""
    if isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value.values()))
    return value


def decimal(value: Any) -> Decimal:
    """A number of a state file, zero for nothing."""
    bare = plain(value)
    return Decimal(str(bare)) if bare is not None else ZERO
