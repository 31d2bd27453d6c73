"""Stories of orders, payments, parcels and webhooks where an open question about a vendor matters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.flows.harness import Harness, by_key
from tests.flows.switch_coverage import Readings
from weighbridge.persistence.repositories.transfers import State

TEA = {"sku": "TEA", "quantity": 2}


def order_with_everything(trial: Harness, readings: Readings) -> None:
    """Line discount, coupon, order discount, fee, wrapping, handling, gift certificate and store credit in one order;
    the same with prices that include tax; an order paid by cheque. Sale, invoice and payments equal it to the cent."""
    lines = [
        {"sku": "MUG", "quantity": 3, "line_total": "10.01", "discount": "1.00"},
        {"sku": "TEA", "quantity": 7, "coupon": "2.00", "coupon_code": "SPRING"},
    ]
    rich: dict[str, Any] = {
        "lines": lines,
        "fees": [{"name": "Signature", "cost": "1.25", "tax_class_id": 0}],
        "wrapping_cost": "2.00",
        "handling_cost": "1.50",
        "order_discount": "3.00",
        "gift_certificate": "5.00",
        "store_credit": "4.00",
    }
    placed = [trial.place(**rich)]
    trial.twins.act("bigcommerce", "settings", {"prices_include_tax": True})
    placed.append(trial.place(**rich))
    trial.twins.act("bigcommerce", "settings", {"prices_include_tax": False})
    placed.append(trial.place(lines=[TEA], payment_method="Cheque"))
    rows = by_key(trial.run())
    for order_id in placed:
        order, (sale,) = trial.order(order_id), trial.sales(order_id)
        tenders = order["gift_certificate_amount"] + order["store_credit_amount"]
        owed = order["total_inc_tax"] + (0 if readings["order_total_includes_tenders"] else tenders)
        assert rows[str(order_id)].state is State.POSTED, rows[str(order_id)].reason
        assert Decimal(str(sale["order"]["Total"])) == owed
        assert [(invoice["Status"], Decimal(str(invoice["Total"]))) for invoice in sale["invoices"]] == [("PAID", owed)]
        assert sum(Decimal(str(payment["Amount"])) for payment in sale["payments"]) == owed


def payment_captured_later(trial: Harness, readings: Readings) -> None:
    """The payment is captured after the order was posted, and no webhook comes: the sale ends paid."""
    order_id = trial.place(payment="authorized")
    trial.run()
    sale = trial.assert_one_sale(order_id)
    assert [invoice["Status"] for invoice in sale["invoices"]] == ["AUTHORISED"]
    assert sale["payments"] == []
    trial.twins.act("bigcommerce", "capture_payment", {"order_id": order_id})
    for _ in range(10):
        trial.run(until=lambda rows: bool(trial.sales(order_id)[0]["payments"]))
    sale = trial.assert_one_sale(order_id)
    assert [Decimal(str(payment["Amount"])) for payment in sale["payments"]] == [trial.order(order_id)["total_inc_tax"]]
    assert [invoice["Status"] for invoice in sale["invoices"]] == ["PAID"]


def refunded_in_part_and_shipped(trial: Harness, readings: Readings) -> None:
    """One of three mugs is refunded after the order was posted. The sale stays unchanged for its credit note; the rest
    is shipped once, and the store gets the levels of Cin7."""
    trial.push_stock()
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 3}, TEA])
    trial.run()
    sale = trial.assert_one_sale(order_id)
    line = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products[0]["id"])
    refund = {"order_id": order_id, "items": [{"item_type": "PRODUCT", "item_id": line, "quantity": 1}]}
    trial.twins.act("bigcommerce", "refund_order", refund)
    trial.run()
    assert trial.assert_one_sale(order_id)["id"] == sale["id"]
    parcel = [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 2}]
    ship = {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-1", "lines": parcel}
    trial.twins.act("cin7", "pick_pack_ship", ship)
    for _ in range(2):
        trial.ship()
    shipments = trial.shipments(order_id)
    assert [shipment["tracking_number"] for shipment in shipments] == ["T-1"]
    assert sum(item["quantity"] for item in shipments[0]["items"]) == 4
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 97, "TEA": 498}


def boxes_that_stay_behind(trial: Harness, readings: Readings) -> None:
    """Two boxes were packed and one left: the store gets one shipment, then the other, then its tracking number."""
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 3}])
    trial.run()
    sale_id = trial.assert_one_sale(order_id)["id"]
    boxes = [{"sku": "MUG", "quantity": 2, "box": "Box 1"}, {"sku": "TEA", "quantity": 3, "box": "Box 2"}]
    trial.twins.act("cin7", "pick", {"sale_id": sale_id})
    trial.twins.act("cin7", "pack", {"sale_id": sale_id, "lines": boxes})
    trial.twins.act("cin7", "ship", {"sale_id": sale_id, "boxes": "Box 1", "carrier": "UPS", "tracking": "T-1"})
    trial.ship()
    assert store_shipments(trial, order_id) == [("T-1", 2)]
    trial.sweep_late()
    assert trial.order(order_id)["status_id"] == 3
    trial.twins.act("cin7", "ship", {"sale_id": sale_id, "boxes": "Box 2", "carrier": "UPS"})
    trial.ship()
    assert store_shipments(trial, order_id) == [("T-1", 2), ("", 3)]
    trial.sweep_late()
    assert trial.order(order_id)["status_id"] == 2
    trial.twins.act("cin7", "add_tracking", {"sale_id": sale_id, "tracking": "T-2", "carrier": "UPS", "box": "Box 2"})
    trial.ship()
    assert store_shipments(trial, order_id) == [("T-1", 2), ("T-2", 3)]


def store_shipments(trial: Harness, order_id: int) -> list[tuple[str, int]]:
    """Tracking number and units of each shipment at the store."""
    return [
        (shipment["tracking_number"], sum(item["quantity"] for item in shipment["items"]))
        for shipment in trial.shipments(order_id)
    ]


def store_that_throttles(trial: Harness, readings: Readings) -> None:
    """The store throttles in one of its forms: orders wait, and each is posted once."""
    trial.run()
    rule: dict[str, Any] = {"fault": "throttle", "match": {"path": "/v2/orders"}, "times": 4}
    trial.twins.fault("bigcommerce", rule | {"style": readings["throttle_form"]})
    placed = [trial.place(lines=[TEA]) for _ in range(2)]
    trial.run()
    for order_id in placed:
        trial.assert_one_sale(order_id)


def webhooks_of_both_sides(trial: Harness, readings: Readings) -> None:
    """The next sweep is a day away: webhooks alone make the sale and the shipment, and no webhook is given up."""
    placed: list[int] = []

    def act(trial: Harness) -> None:
        placed.append(trial.place(lines=[{"sku": "MUG", "quantity": 2}]))

    def shipped(trial: Harness) -> bool:
        sales = trial.sales(placed[0])
        if sales and sales[0]["order"] and not sales[0]["fulfilments"] and trial.order(placed[0])["external_order_id"]:
            parcel = {"sale_id": sales[0]["id"], "carrier": "UPS", "tracking": "T-1"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)
        pending = trial.twins.run(lambda: len(trial.twins.cin7.company.pending_events))
        return bool(trial.shipments(placed[0])) and not pending

    trial.listen(act, shipped)
    trial.assert_one_sale(placed[0])
    assert store_shipments(trial, placed[0]) == [("T-1", 2)]
    assert all(webhook["IsActive"] for webhook in trial.cin7_webhooks())
    tries = trial.twins.run(lambda: [event["attempt"] for event in trial.twins.cin7.company.pending_events])
    assert tries == []


def webhooks_that_the_store_refuses(trial: Harness, readings: Readings) -> None:
    """The store refuses webhooks for this address: the refusal is stored, and sweeps find the order."""
    placed: list[int] = []
    trial.listen(
        lambda trial: placed.append(trial.place()),
        lambda trial: bool(trial.order(placed[0])["external_order_id"]),
        ready=lambda trial: bool(trial.transfers("webhooks")),
    )
    trial.assert_one_sale(placed[0])
