"""One order history: orders are placed, posted, cancelled, shipped in parts and tracked late, and stock is published.

Whatever a vendor's documentation leaves open, the outcome must be the same; `play` asserts it in the twins' state.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.harness import Harness, harness
from weighbridge_simulation.demo.summary import Summary, summarise

LOCATIONS = frozenset({"Main Warehouse", "Overflow"})
MAX_RUNS = 4
"""How many stock runs a change may take until it is published."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of one history, named after what is special about them."""

    discounted: int
    with_gift: int
    offline: int
    ordinary: int


def play(folder: Path, *, post: str, **twins: Any) -> None:
    """Plays the history on twins with these switches and asserts every outcome.

    When sales are not invoiced, one order is cancelled; otherwise invoices and payments are asserted instead.
    """
    with harness(folder, post=post, **twins) as trial:
        trial.push_stock()
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        orders = _buy(trial)
        trial.run()
        for order_id in (orders.discounted, orders.offline, orders.ordinary):
            trial.assert_one_sale(order_id)
        assert _total(trial, orders.with_gift) == Decimal("33.00"), "27.00 of tea and 6.00 of shipping"
        if post == "order":
            trial.twins.act("bigcommerce", "cancel_order", {"order_id": orders.ordinary})
            trial.run()
            assert trial.sales(orders.ordinary) == []
        _ship(trial, orders.discounted)
        _publish_stock(trial)
        _assert_balanced(trial, post)


def _buy(trial: Harness) -> Orders:
    tea = {"sku": "TEA", "quantity": 7, "discount": "1.00"}
    return Orders(
        discounted=trial.place(lines=[{"sku": "MUG", "quantity": 3, "line_total": "10.01"}, tea]),
        with_gift=trial.place(gift_certificate="5.00", lines=[tea]),
        offline=trial.place(lines=[{"sku": "TEA", "quantity": 2}], payment_method="Cheque"),
        ordinary=trial.place(lines=[{"sku": "MUG", "quantity": 5}]),
    )


def _total(trial: Harness, order_id: int) -> Decimal:
    sales = trial.sales(order_id)
    assert len(sales) == 1
    return Decimal(str(sales[0]["order"]["Total"]))


def _ship(trial: Harness, order_id: int) -> None:
    """Ships two parcels; the second gets its tracking number later."""
    sale_id = trial.assert_one_sale(order_id)["id"]
    mugs = {"sale_id": sale_id, "carrier": "FedEx", "tracking": "T-1", "lines": [{"sku": "MUG", "quantity": 3}]}
    trial.twins.act("cin7", "pick_pack_ship", mugs)
    trial.ship()
    assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1"]
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS"})
    trial.ship()
    late = {"sale_id": sale_id, "fulfilment_number": 2, "tracking": "T-2", "carrier": "UPS"}
    trial.twins.act("cin7", "add_tracking", late)
    trial.ship()
    assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1", "T-2"]
    trial.sweep_late()
    assert trial.order(order_id)["status_id"] == 2


def _publish_stock(trial: Harness) -> None:
    for _ in range(MAX_RUNS):
        trial.push_stock()
        if not _summary(trial).ats_different:
            return


def _summary(trial: Harness) -> Summary:
    store = trial.twins.run(lambda: trial.twins.bigcommerce.dump())
    company = trial.twins.run(lambda: trial.twins.cin7.dump())
    quotas = trial.twins.quota("bigcommerce"), trial.twins.quota("cin7")
    return summarise(store, company, *quotas, {}, LOCATIONS)


def _assert_balanced(trial: Harness, post: str) -> None:
    summary = _summary(trial)
    live = 3 if post == "order" else 4
    assert summary.orders_with_one_sale == summary.orders_to_post == summary.live_sales == live, summary
    assert summary.ats_different == (), summary
    assert summary.parcels_in_cin7 == summary.parcels_in_store == summary.parcels_tracked == 2, summary
    if post != "order":
        assert summary.invoiced_total == summary.paid_total == summary.cin7_total, summary
        invoices = [invoice["Status"] for sale in trial.sales() for invoice in sale["invoices"]]
        assert invoices == ["PAID"] * live
