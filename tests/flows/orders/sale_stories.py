"""Stories of sales where an open question about Cin7 Core matters; all end the same, or as their reading demands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx2

from tests.flows.harness import ADDRESS, Harness, by_key
from tests.flows.switch_coverage import Readings
from weighbridge.persistence.repositories.transfers import State, Transfer

TEA = {"sku": "TEA", "quantity": 1}


def cin7_call(trial: Harness, method: str, path: str, **more: Any) -> Any:
    """A call of another program with the company's keys."""
    keys = trial.twins.credentials
    headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    answer = httpx2.request(method, f"{trial.twins.cin7_url}/{path}", headers=headers, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def lose_answers(trial: Harness, *paths: str) -> None:
    """The next write to each of these paths is done, and its answer is lost."""
    for path in paths:
        match = {"method": "POST", "path": f"(?i)/externalapi/v2/{path}$"}
        trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})


def our_sales(trial: Harness, order_id: int) -> list[dict[str, Any]]:
    """The live sales with exactly the external id that we write."""
    own = f"bc:{trial.twins.credentials.store_hash}:{order_id}"
    return [sale for sale in trial.sales() if sale["header"]["ExternalID"] == own]


def lost_header_among_strangers(trial: Harness, readings: Readings) -> None:
    """The answer to a header is lost; one stranger's sale differs from ours only in case, another was voided."""
    order_id = trial.place()
    own = f"bc:{trial.twins.credentials.store_hash}:{order_id}"
    header = {"Customer": "Stranger", "Location": "Main Warehouse", "SkipQuote": True}
    trial.twins.act("cin7", "seed", {"customers": [{"Name": "Stranger"}]})
    stranger = cin7_call(trial, "POST", "sale", json=header | {"ExternalID": own.upper()})["ID"]
    voided = cin7_call(trial, "POST", "sale", json=header | {"ExternalID": own})["ID"]
    trial.twins.act("cin7", "void_sale", {"sale_id": voided})
    lose_answers(trial, "sale")
    trial.run()
    (sale,) = our_sales(trial, order_id)
    assert sale["id"] not in (stranger, voided)
    assert sale["order"]["Status"] == "AUTHORISED"
    assert Decimal(str(sale["order"]["Total"])) == trial.order(order_id)["total_inc_tax"]
    assert trial.order(order_id)["external_order_id"] == sale["id"]


def simple_sale_with_lost_answers(trial: Harness, readings: Readings) -> None:
    """A Simple sale's invoice and payment lose their answers; its one parcel reaches the store."""
    order_id = trial.place(lines=[{"sku": "MUG", "quantity": 2}])
    lose_answers(trial, "sale/invoice", "sale/payment")
    trial.run()
    sale = trial.assert_one_sale(order_id)
    assert sale["type"] == "Simple Sale"
    assert [invoice["Status"] for invoice in sale["invoices"]] == ["PAID"]
    assert [Decimal(str(payment["Amount"])) for payment in sale["payments"]] == [trial.order(order_id)["total_inc_tax"]]
    trial.ship()
    assert trial.shipments(order_id) == [], "nothing was dispatched yet"
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T-1"})
    trial.ship()
    assert [shipment["tracking_number"] for shipment in trial.shipments(order_id)] == ["T-1"]


def totals_that_cin7_computes_differently(trial: Harness, readings: Readings) -> None:
    """Six lines whose tax is rounded up for each line, and 999 mugs whose price has more than four decimals.

    When Cin7 computes the tax on the document again, the total is lower: the document is reverted and posted with a
    rounding line. The sale's allocation is correct whether or not its kit was disassembled.
    """
    seed_set(trial)
    trial.twins.act("cin7", "seed", {"stock": [{"sku": "MUG", "on_hand": 2000}]})
    lines = [
        *({"sku": "SET", "quantity": 1, "line_total": "0.55"} for _ in range(6)),
        {"sku": "MUG", "quantity": 999, "line_total": "71.99"},
    ]
    order_id = trial.place(lines=lines, shipping_cost="0")
    row = by_key(trial.run())[str(order_id)]
    assert row.state is State.POSTED, row.reason
    trial.assert_one_sale(order_id)
    assert ("DELETE /sale" in trial.writes()) is (readings["tax_check"] == "recompute")
    trial.push_stock()
    levels = trial.twins.act("bigcommerce", "stock_levels")
    assert 2 * levels["SET"] + levels["MUG"] == 2000 - 2 * 6 - 999
    assert 4 * levels["SET"] + levels["TEA"] == 500 - 4 * 6


def seed_set(trial: Harness) -> None:
    """A kit of two mugs and four packets of tea, assembled when it is sold."""
    goods = [{"sku": "SET", "name": "Breakfast set", "price": "30.00", "tax_class_id": 0}]
    trial.twins.act("bigcommerce", "seed_products", goods)
    bill = [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 4}]
    trial.twins.act("cin7", "seed", {"products": [{"sku": "SET", "name": "Set", "bom": bill}]})


def sales_that_cin7_may_refuse(trial: Harness, readings: Readings) -> None:
    """Too many lines, and a product that was just deprecated: posted, or held with Cin7's message.

    A refused order is posted once its cause is gone, and delays no other order meanwhile.
    """
    first = trial.place()
    trial.run()
    trial.assert_one_sale(first)
    trial.twins.act("cin7", "deprecate_product", {"sku": "MUG"})
    with_mug = trial.place(lines=[{"sku": "MUG", "quantity": 1}, TEA])
    long = trial.place(lines=[TEA for _ in range(51)])
    good = trial.place(lines=[TEA])
    rows = {order_id: trial.run_order(order_id) for order_id in (with_mug, long, good)}
    trial.assert_one_sale(good)
    refused = {with_mug: readings["unsellable_products"] == "reject", long: bool(readings["maximum_lines"])}
    for order_id, is_refused in refused.items():
        if is_refused:
            assert_refused(trial, rows[order_id], order_id)
            line = trial.twins.run(lambda order_id=order_id: trial.twins.bigcommerce.store.orders[order_id].products[0])
            trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, "remove_line": line["id"]})
            trial.run_order(order_id)
        trial.assert_one_sale(order_id)
    assert len(trial.sales()) == 4


def assert_refused(trial: Harness, row: Transfer, order_id: int) -> None:
    """Held with Cin7's message for operations, without an order document and without allocated stock."""
    assert (row.state, row.reason_kind, row.owner) == (State.HELD, "refused_by_cin7", "operations"), row.reason
    assert "cin7 refused" in row.reason
    assert [sale["order"] for sale in trial.sales(order_id)] == [None]


def customer_on_credit_hold(trial: Harness, readings: Readings) -> None:
    """The web customer is on hold or above its credit limit: the order is held, and posted once finance releases it."""
    first = trial.place()
    trial.run()
    trial.assert_one_sale(first)
    name = "Web customer USD"
    hold = {"on_hold": "credit_hold" in readings, "credit_limit": 1 if "credit_limit" in readings else 0}
    trial.twins.act("cin7", "hold_customer", {"customer": name, **hold})
    order_id = trial.place()
    row = trial.run_order(order_id)
    if "reject" in readings.values():
        assert_refused(trial, row, order_id)
        trial.twins.act("cin7", "hold_customer", {"customer": name, "on_hold": False, "credit_limit": 0})
        trial.run_order(order_id)
    trial.assert_one_sale(order_id)


def address_with_a_country_code_only(trial: Harness, readings: Readings) -> None:
    """The store has only the country code; Cin7 gets the country name."""
    bare = ADDRESS | {"country": ""}
    order_id = trial.place(billing_address=bare, shipping_addresses=[bare])
    trial.run()
    sale = trial.assert_one_sale(order_id)
    assert sale["header"]["BillingAddress"]["Country"] == "United States"


def web_customer_whose_answer_was_lost(trial: Harness, readings: Readings) -> None:
    """The web customer is created once, although the answer was lost."""
    lose_answers(trial, "customer")
    order_id = trial.place()
    trial.run()
    trial.assert_one_sale(order_id)
    names = trial.twins.run(lambda: [customer["Name"] for customer in trial.twins.cin7.company.customers.values()])
    assert names.count("Web customer USD") == 1


def company_that_throttles(trial: Harness, readings: Readings) -> None:
    """Another program of the company uses up the quota: orders wait, and each is posted once."""
    trial.run()
    trial.twins.act("cin7", "use_quota", {"calls": 60, "same_application": readings["throttle_scope"] == "application"})
    placed = [trial.place(lines=[TEA]) for _ in range(2)]
    trial.run()
    for order_id in placed:
        trial.assert_one_sale(order_id)
    style = int(readings["throttle_style"])
    assert style in [call["status"] for call in trial.twins.calls("cin7")], "a call must have been throttled"
