"""An ordinary invoiced sale, and refunds of it as the store makes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.domain.builders import NOON, charge, line, order, policy, product, reference_data, tax_row
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.credit_note_mapping import Credited, credit_note_of
from weighbridge.domain.returns.refund import Refund, RefundItem, RefundPayment, RefundPolicy
from weighbridge.domain.returns.restock import RestockPolicy

POLICY = RefundPolicy(posts_credit_notes=True, goodwill_product="Goodwill", restock=RestockPolicy("", {}))


def with_goodwill(**changes: Any) -> ReferenceData:
    """The ordinary reference data, with the Service product for goodwill."""
    plain = reference_data(**changes)
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


def invoiced(store_order: Order) -> Sale:
    """The sale that the order became."""
    mapped = map_order(store_order, with_goodwill(), policy())
    assert isinstance(mapped, Mapped), [str(finding) for finding in mapped.findings]
    return mapped.sale


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


def credited(
    store_refund: Refund, store_order: Order | None = None, before: tuple[CreditNote, ...] = ()
) -> Credited | Stopped:
    """The outcome of a refund of the ordinary order, or of another."""
    bought_order = store_order or bought()
    sale = invoiced(bought_order)
    return credit_note_of(store_refund, sale, bought_order.lines, before, with_goodwill(), policy(), POLICY)


def note_of(store_refund: Refund, store_order: Order | None = None, before: tuple[CreditNote, ...] = ()) -> CreditNote:
    """The credit note of a refund that passes."""
    outcome = credited(store_refund, store_order, before)
    assert isinstance(outcome, Credited), [str(finding) for finding in outcome.findings]
    return outcome.credit_note
