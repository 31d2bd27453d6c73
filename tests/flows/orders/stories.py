"""Stories of orders, payments, parcels and hooks in which an open question decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.flows.harness import Rig, by_key
from tests.flows.requests import Readings
from weighbridge.persistence.repositories.transfers import State

TEA = {"sku": "TEA", "quantity": 2}


def order_with_everything(trial: Rig, readings: Readings) -> None:
    """Line discount, coupon, order discount, fee, wrapping, handling, gift certificate and store credit in one order;
    the same with prices that include tax; and one paid by cheque. Sale, invoice and payments equal each to the cent."""
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
        assert [(one["Status"], Decimal(str(one["Total"]))) for one in sale["invoices"]] == [("PAID", owed)]
        assert sum(Decimal(str(one["Amount"])) for one in sale["payments"]) == owed


def payment_captured_later(trial: Rig, readings: Readings) -> None:
    """Authorised at checkout, captured after the order was posted, and no hook told: the sale ends paid."""
    order_id = trial.place(payment="authorized")
    trial.run()
    sale = trial.assert_one_sale(order_id)
    assert [one["Status"] for one in sale["invoices"]] == ["AUTHORISED"]
    assert sale["payments"] == []
    trial.twins.act("bigcommerce", "capture_payment", {"order_id": order_id})
    for _ in range(10):
        trial.run(until=lambda rows: bool(trial.sales(order_id)[0]["payments"]))
    sale = trial.assert_one_sale(order_id)
    assert [Decimal(str(one["Amount"])) for one in sale["payments"]] == [trial.order(order_id)["total_inc_tax"]]
    assert [one["Status"] for one in sale["invoices"]] == ["PAID"]


def refunded_in_part_and_shipped(trial: Rig, readings: Readings) -> None:
    """A mug of three is refunded after the order was posted. The sale stays as it was, for its credit note; the rest is
    shipped once, and the shop may sell what the books have."""
    trial.push_stock()
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 3}, TEA])
    trial.run()
    sale = trial.assert_one_sale(order_id)
    line = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].products[0]["id"])
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
    assert [one["tracking_number"] for one in shipments] == ["T-1"]
    assert sum(item["quantity"] for item in shipments[0]["items"]) == 4
    trial.push_stock()
    assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 97, "TEA": 498}


def boxes_that_stay_behind(trial: Rig, readings: Readings) -> None:
    """Two boxes were packed and one left: the shop hears of one, then of the other, then of its tracking number."""
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 3}])
    trial.run()
    sale_id = trial.assert_one_sale(order_id)["id"]
    boxes = [{"sku": "MUG", "quantity": 2, "box": "Box 1"}, {"sku": "TEA", "quantity": 3, "box": "Box 2"}]
    trial.twins.act("cin7", "pick", {"sale_id": sale_id})
    trial.twins.act("cin7", "pack", {"sale_id": sale_id, "lines": boxes})
    trial.twins.act("cin7", "ship", {"sale_id": sale_id, "boxes": "Box 1", "carrier": "UPS", "tracking": "T-1"})
    trial.ship()
    assert told(trial, order_id) == [("T-1", 2)]
    assert trial.order(order_id)["status_id"] == 3
    trial.twins.act("cin7", "ship", {"sale_id": sale_id, "boxes": "Box 2", "carrier": "UPS"})
    trial.ship()
    assert told(trial, order_id) == [("T-1", 2), ("", 3)]
    assert trial.order(order_id)["status_id"] == 2
    trial.twins.act("cin7", "add_tracking", {"sale_id": sale_id, "tracking": "T-2", "carrier": "UPS", "box": "Box 2"})
    trial.ship()
    assert told(trial, order_id) == [("T-1", 2), ("T-2", 3)]


def told(trial: Rig, order_id: int) -> list[tuple[str, int]]:
    """Tracking number and units of each shipment that the shop has."""
    return [
        (one["tracking_number"], sum(item["quantity"] for item in one["items"])) for one in trial.shipments(order_id)
    ]


def shop_that_throttles(trial: Rig, readings: Readings) -> None:
    """The shop refuses calls in one of its forms: orders wait their turn, and each crosses once."""
    trial.run()
    rule: dict[str, Any] = {"fault": "throttle", "match": {"path": "/v2/orders"}, "times": 4}
    trial.twins.fault("bigcommerce", rule | {"style": readings["throttle_form"]})
    placed = [trial.place(lines=[TEA]) for _ in range(2)]
    trial.run()
    for order_id in placed:
        trial.assert_one_sale(order_id)


def hooks_of_both_sides(trial: Rig, readings: Readings) -> None:
    """Sweeps are a day away: hooks alone bring the order over and its parcel back; no hook is given up."""
    placed: list[int] = []

    def act(trial: Rig) -> None:
        placed.append(trial.place(lines=[{"sku": "MUG", "quantity": 2}]))

    def shipped(trial: Rig) -> bool:
        sales = trial.sales(placed[0])
        if sales and sales[0]["order"] and not sales[0]["fulfilments"] and trial.order(placed[0])["external_order_id"]:
            parcel = {"sale_id": sales[0]["id"], "carrier": "UPS", "tracking": "T-1"}
            trial.twins.act("cin7", "pick_pack_ship", parcel)
        pending = trial.twins.run(lambda: len(trial.twins.cin7.company.pending_events))
        return bool(trial.shipments(placed[0])) and not pending

    trial.listen(act, shipped)
    trial.assert_one_sale(placed[0])
    assert told(trial, placed[0]) == [("T-1", 2)]
    assert all(hook["IsActive"] for hook in trial.books_hooks())
    tries = trial.twins.run(lambda: [event["attempt"] for event in trial.twins.cin7.company.pending_events])
    assert tries == []


def hooks_that_the_shop_does_not_take(trial: Rig, readings: Readings) -> None:
    """The shop takes no hook for this address: the refusal is told, and sweeps bring the order over."""
    placed: list[int] = []
    trial.listen(
        lambda trial: placed.append(trial.place()),
        lambda trial: bool(trial.order(placed[0])["external_order_id"]),
        armed=lambda trial: bool(trial.transfers("hooks")),
    )
    trial.assert_one_sale(placed[0])
