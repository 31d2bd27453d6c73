"""A small world: shoppers in the store, a warehouse in Cin7, and a connector that stops and restarts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.twins.world.test_warehouse import ManualClock
from weighbridge_twins.baskets import read_baskets, read_products
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.bigcommerce.state import Order
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.http.call import Call
from weighbridge_twins.http.calls_log import render
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.shoppers import AWAITING_FULFILLMENT
from weighbridge_twins.world.world import World

CANCELLED, REFUNDED, PARTIALLY_REFUNDED = 5, 4, 14

LIVELY = WorldOptions(
    seed=11,
    arrivals_per_minute=4.0,
    cancel_share=0.1,
    edit_share=0.2,
    incomplete_share=0.1,
    abandoned_share=0.05,
    awaiting_payment_share=0.1,
    partial_share=0.3,
    late_tracking_share=0.3,
    scarce_share=0.05,
)


class Town:
    """A world with a tiny connector that a test can stop."""

    def __init__(self, options: WorldOptions = LIVELY, orders: int = 60, *, reports: bool = False) -> None:
        self.clock = ManualClock()
        self.reports = reports
        self.bigcommerce = BigCommerceTwin(self.clock, store_hash="s", access_token="t", client_secret="c")
        self.cin7 = Cin7Twin(self.clock, account_id="a", application_key="k")
        self.cin7.act("seed", {"customers": [{"Name": "Web", "TaxRule": "Tax Exempt"}]})
        baskets = read_baskets(limit=orders)
        self.world = World(self.bigcommerce, self.cin7, self.clock, baskets, read_products(), options)
        self.world.seed()
        self.world.start()
        self.sales: dict[int, str] = {}

    @property
    def orders(self) -> dict[int, Order]:
        return self.bigcommerce.store.orders

    def saved_orders(self) -> list[dict[str, Any]]:
        """Returns all orders in the form that the twin saves."""
        saved: list[dict[str, Any]] = json.loads(render(self.bigcommerce.dump()))["orders"]
        return saved

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        raw = b"" if body is None else render(body)
        answer = self.cin7.answer(Call(method, f"/ExternalApi/v2{path}", query, {}, raw))
        assert answer.status == 200, answer.body
        return answer.body

    def pass_minutes(self, minutes: int, *, connected: bool = True) -> None:
        for _ in range(minutes):
            self.clock.current_time += timedelta(minutes=1)
            self.world._last_poll = (self.world._last_poll[0], 0.0)
            while self.world.run_due():
                pass
            if connected:
                self.connect()

    def connect(self) -> None:
        for order_id, order in self.orders.items():
            snapshot = order.fields["payment_status"] in ("captured", "paid")
            if snapshot and order.fields["status_id"] == AWAITING_FULFILLMENT and order_id not in self.sales:
                self.sales[order_id] = self.post(order)
            elif order.fields["status_id"] in (CANCELLED, REFUNDED) and self.sales.get(order_id):
                if not self.in_hand(self.sales[order_id]):
                    self.call("DELETE", "/sale", ID=self.sales[order_id], Void="true")
                    self.sales[order_id] = ""
            elif (
                self.reports and self.sales.get(order_id) and not order.shipments and self.in_hand(self.sales[order_id])
            ):
                self.report(order)

    def in_hand(self, sale_id: str) -> bool:
        """Tells whether goods of a sale have been picked."""
        tasks = self.call("GET", "/sale", ID=sale_id)["Fulfilments"] if sale_id else []
        return any(task["Pick"]["Status"] == "AUTHORISED" for task in tasks)

    def report(self, order: Order) -> None:
        """Posts the only parcel of a sale to the store."""
        items = [{"order_product_id": line["id"], "quantity": line["quantity"]} for line in order.products]
        body = render({"order_address_id": order.addresses[0]["id"], "tracking_number": "T", "items": items})
        call = Call("POST", f"/stores/s/v2/orders/{order.id}/shipments", {}, {}, body)
        assert self.bigcommerce.answer(call).status in (200, 201)

    def post(self, order: Order) -> str:
        header = {
            "Customer": "Web", "Location": "Main Warehouse", "SkipQuote": True, "TaxRule": "Tax Exempt",
            "CustomerReference": str(order.id), "SaleType": "Simple",
            "BillingAddress": {"Line1": "1 Elm St", "Country": "United States"},
        }  # fmt: skip
        lines = [line for line in order.products if line["quantity"] and self.product(line["sku"])]
        sale: str = self.call("POST", "/sale", header)["ID"]
        body = {
            "SaleID": sale, "CombineAdditionalCharges": False, "Memo": "", "Status": "AUTHORISED",
            "Lines": [
                {
                    "ProductID": self.product(line["sku"])["ID"], "SKU": line["sku"], "Name": line["sku"],
                    "Quantity": line["quantity"], "Price": Decimal(1), "Discount": 0, "Tax": 0,
                    "TaxRule": "Tax Exempt", "Total": Decimal(line["quantity"]),
                }
                for line in lines
            ],
        }  # fmt: skip
        self.call("POST", "/sale/order", body)
        return sale

    def product(self, sku: str) -> Any:
        products = self.call("GET", "/product", Sku=sku, Page="1", Limit="10")["Products"]
        return next((row for row in products if row["SKU"] == sku), None)

    def run(self, minutes: int = 400) -> None:
        for _ in range(minutes):
            self.pass_minutes(1)
            if self.world.done:
                return


def test_a_world_runs_until_everything_is_shipped() -> None:
    town = Town()
    town.run()
    status = town.world.status()
    assert status["done"], status
    assert status["placed"] == 60
    assert status["warehouse"]["shipped"] >= status["expected_shipments"] > 30
    assert status["warehouse"]["late_tracking"] > 0
    assert status["warehouse"]["parcels"] > status["warehouse"]["shipped"]
    assert status["shoppers"]["cancelled"] > 0
    shipped = town.call("GET", "/saleList", CombinedShippingStatus="SHIPPED", Page="1", Limit="1000")
    assert shipped["Total"] == status["warehouse"]["shipped"]
    assert all(row["CombinedTrackingNumbers"] for row in shipped["SaleList"])


def test_shoppers_do_the_same_whether_the_connector_works_or_not() -> None:
    working, dead = Town(), Town()
    for _ in range(60):
        working.pass_minutes(1)
        dead.pass_minutes(1, connected=False)
    assert working.saved_orders() == dead.saved_orders()
    assert len(working.saved_orders()) == 60


def test_a_world_whose_connector_died_and_restarted_ships_the_same_parcels() -> None:
    def parcels(town: Town) -> Counter[str]:
        rows = town.call("GET", "/saleList", CombinedShippingStatus="SHIPPED", Page="1", Limit="1000")["SaleList"]
        return Counter(row["CombinedTrackingNumbers"] for row in rows)

    quiet = replace(LIVELY, cancel_share=0.0)
    smooth, bumpy = Town(quiet, orders=30), Town(quiet, orders=30)
    smooth.run()
    bumpy.pass_minutes(40, connected=False)
    bumpy.run()
    assert smooth.world.done
    assert bumpy.world.done
    assert parcels(smooth) == parcels(bumpy)


WITH_FOLLOW_UPS = replace(
    LIVELY,
    cancel_share=0.0,
    edit_share=0.0,
    abandoned_share=0.0,
    awaiting_payment_share=0.0,
    partial_share=0.0,
    scarce_share=0.0,
    posted_cancel_share=0.1,
    picked_cancel_share=0.2,
    whole_refund_share=0.2,
    return_share=0.2,
    shipping_refund_share=0.2,
    invoice_at_dispatch=True,
)


def ends(town: Town) -> dict[str, tuple[Any, ...]]:
    """Returns the outcome of each basket: status and refunds of the order, invoice of the live sale, picked goods."""
    endings = {}
    for order_id, order in town.orders.items():
        sale = town.call("GET", "/sale", ID=town.sales[order_id]) if town.sales.get(order_id) else {}
        invoices = [invoice["Status"] for invoice in sale.get("Invoices", [])]
        basket = town.world.shoppers.basket_of(str(order_id))
        assert basket is not None
        refunds = [refund["total_amount"] for refund in order.refunds]
        endings[basket] = (order.fields["status_id"], refunds, sale.get("CombinedShippingStatus"), invoices)
    return endings


def test_orders_end_the_same_whether_the_connector_is_quick_or_was_dead_for_a_while() -> None:
    quick, late = Town(WITH_FOLLOW_UPS, orders=30, reports=True), Town(WITH_FOLLOW_UPS, orders=30, reports=True)
    quick.run()
    for minutes in (35, 25):
        late.pass_minutes(minutes, connected=False)
        late.pass_minutes(15)
    late.run()
    assert quick.world.complete
    assert late.world.complete
    assert ends(quick) == ends(late)
    status = quick.world.status()
    assert status["follow_ups"] == late.world.status()["follow_ups"]
    assert set(status["follow_ups"]) == {
        "cancelled",
        "cancelled_picked",
        "refunded_whole",
        "returned",
        "shipping_refunded",
    }
    assert (
        status["warehouse"]["put_back"]
        == status["warehouse"]["picked_only"]
        == status["follow_ups"]["cancelled_picked"]
    )
    assert status["warehouse"]["invoiced"] == status["warehouse"]["shipped"] == status["expected_shipments"]
    statuses = Counter(end[0] for end in ends(quick).values())
    assert statuses[PARTIALLY_REFUNDED] == status["follow_ups"]["returned"] + status["follow_ups"]["shipping_refunded"]


def test_a_sale_that_does_not_match_the_edited_order_is_shipped_when_patience_ends() -> None:
    town = Town(replace(WITH_FOLLOW_UPS, amend_share=1.0, hold_back_minutes=30.0), orders=5, reports=True)
    town.run()
    status = town.world.status()
    assert status["complete"]
    assert status["warehouse"]["lost_patience_wait"] == len(status["edited_orders"]) == 5


def test_the_world_is_not_done_before_the_last_order_is_placed() -> None:
    town = Town(replace(LIVELY, warehouse=False), orders=20)
    done = []
    for _ in range(60):
        done.append(town.world.done)
        town.pass_minutes(1)
    assert done == sorted(done)
    assert done[:6] == [False] * 6
    assert town.world.done
    assert town.world.status()["warehouse"] == {}


def test_without_a_connector_the_world_ends_its_patience_and_reports_what_was_not_shipped() -> None:
    town = Town(replace(LIVELY, patience_minutes=45), orders=20)
    town.pass_minutes(40, connected=False)
    waiting = town.world.status()
    town.pass_minutes(60, connected=False)
    given_up = town.world.status()
    assert waiting["shopped"]
    assert (waiting["done"], waiting["complete"]) == (False, False)
    assert (given_up["done"], given_up["complete"]) == (True, False)
    assert given_up["warehouse"].get("shipped", 0) == 0 < given_up["expected_shipments"]


def test_the_store_sells_products_unknown_to_cin7_and_starts_without_stock() -> None:
    town = Town(orders=600)
    levels = town.bigcommerce.act("stock_levels", {})
    known = town.cin7.company.product_by_sku
    assert [sku for sku in levels if known(sku) is None] == ["W05978656"]
    assert set(levels.values()) == {0}
    assert town.world.expected_shipments < 600


def test_shoppers_pay_the_amounts_of_their_baskets() -> None:
    town = Town(replace(LIVELY, money_edit_share=0.0), orders=60)
    town.pass_minutes(60, connected=False)
    for plan, order in zip(town.world.plans, town.orders.values(), strict=True):
        assert order.fields["total_ex_tax"] == plan.basket.paid + plan.shipping_cost
        assert (order.fields["customer_id"] == 0) == plan.guest
        assert order.fields["billing_address"]["last_name"] == plan.person.last_name
    taxed = [order for order in town.orders.values() if order.fields["total_tax"]]
    assert 5 < len(taxed) < 60


def test_abandoned_orders_stay_incomplete_and_others_do_not() -> None:
    town = Town()
    town.pass_minutes(120, connected=False)
    incomplete = [order for order in town.orders.values() if order.fields["status_id"] == 0]
    assert len(incomplete) == town.world.status()["shoppers"]["abandoned"] > 0
    assert {order.fields["payment_status"] for order in incomplete} == {""}
