"""An ordinary invoiced sale, and refunds of it as a shop makes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.domain.builders import NOON, books, charge, line, order, policy, product, tax_row
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.reference_data import Books
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.credit_note_mapping import Credited, credit_note_of
from weighbridge.domain.returns.refund import Refund, RefundItem, RefundPayment, RefundPolicy
from weighbridge.domain.returns.restock import RestockPolicy

POLICY = RefundPolicy(posts_credit_notes=True, goodwill_product="Goodwill", restock=RestockPolicy("", {}))


def with_goodwill(**changes: Any) -> Books:
    """The ordinary books, with the service that carries goodwill."""
    plain = books(**changes)
    goodwill = product("Goodwill", is_service=True)
    return replace(plain, products={**plain.products, "Goodwill": goodwill})


def bought(**changes: Any) -> Order:
    """Two mugs at 12.50 and ten packets of tea, taxed at 10 %, with 6.00 of untaxed shipping: 60.50 in all."""
    plain: dict[str, Any] = {
        "lines": (line(), line(2, "TEA", "10", "27.00")),
        "taxes": (tax_row(1, "2.50"), tax_row(2, "2.45")),
        "charges": (charge(),),
    }
    return order(**(plain | changes))


def invoiced(wanted: Order) -> Sale:
    """The sale that the order became."""
    found = map_order(wanted, with_goodwill(), policy())
    assert isinstance(found, Mapped), [str(one) for one in found.findings]
    return found.sale


def item(
    kind: str = "PRODUCT", item_id: int = 1, quantity: str = "1", amount: str | None = None, **changes: Any
) -> Any:
    plain = RefundItem(kind, item_id, Decimal(quantity), None if amount is None else Decimal(amount))
    return replace(plain, **changes)


def refund(total: str, tax: str, *items: RefundItem, **changes: Any) -> Refund:
    """A refund to the card that paid."""
    plain = Refund(
        id="7",
        order_id=1042,
        created_at=NOON,
        total=Decimal(total),
        total_tax=Decimal(tax),
        items=items,
        payments=(RefundPayment("1", "stripe", Decimal(total), transaction_id="t-9"),),
    )
    return replace(plain, **changes)


def credited(wanted: Refund, of: Order | None = None, before: tuple[CreditNote, ...] = ()) -> Credited | Stopped:
    """What becomes of a refund of the ordinary order, or of another."""
    bought_order = of or bought()
    sale = invoiced(bought_order)
    return credit_note_of(wanted, sale, bought_order.lines, before, with_goodwill(), policy(), POLICY)


def note_of(wanted: Refund, of: Order | None = None, before: tuple[CreditNote, ...] = ()) -> CreditNote:
    """The credit note of a refund that passes."""
    found = credited(wanted, of, before)
    assert isinstance(found, Credited), [str(one) for one in found.findings]
    return found.credit_note
