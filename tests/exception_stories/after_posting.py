"""Actions of people and platforms on orders that are posted already, for stories."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.exception_stories.story import (
    Setting,
    edited,
    in_cin7,
    line_id,
    one_sale,
    order,
)
from tests.exceptions.test_playbooks import Operator, second_sale
from tests.flows.harness import ADDRESS, Harness, harness
from tests.flows.orders.test_edits import held_units, void_fulfilments
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import stale_allocations as stale_allocations

BOTH_SIDES = (reference_data.FLOW, sweeps.ORDER_SWEEP, sweeps.FULFILMENT_SWEEP)
"""The sweeps of the store's orders and then of Cin7's sales."""
OLD_SALES = (reference_data.FLOW, sweeps.ORDER_SWEEP, stale_allocations.FLOW)
EDITS = "\n[connections.main.design.edits]\n"
SUGGEST_DUPLICATES = '\n[connections.main.design.autonomy]\nduplicate_sales = "suggest"\n'
OTHER_ADDRESS = ADDRESS | {"street_1": "7 Weaver Rd", "city": "Dallas", "zip": "75201"}
TWO_ADDRESSES: dict[str, Any] = {
    "lines": [{"sku": "MUG", "quantity": 2, "address": 0}, {"sku": "TEA", "quantity": 3, "address": 1}],
    "shipping_addresses": [ADDRESS, OTHER_ADDRESS],
}

ORDINARY = Setting("sales", lambda folder: harness(folder, design=SUGGEST_DUPLICATES))
BILLED = Setting("sales-billed", lambda folder: harness(folder, post="invoice_and_payment"))
BY_HAND = Setting(
    "sales-by-hand", lambda folder: harness(folder, design=f'{EDITS}policy = "hold"\ncancelled = "hold"\n')
)
OLD = Setting("sales-old", lambda folder: harness(folder, stock="stale_allocation_days = 3"))


def sale_id(trial: Harness, key: str) -> str:
    return str(one_sale(trial, key)["id"])


def cancelled(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "cancel_order", {"order_id": int(key)})


def tea_instead(trial: Harness, key: str) -> None:
    """Staff change the tea from three packets to four."""
    edited(trial, key, line=line_id(trial, key, 1), quantity=4)


def tea_as_before(trial: Harness, key: str) -> None:
    edited(trial, key, line=line_id(trial, key, 1), quantity=3)


def picked_then(change: Any) -> Any:
    """The warehouse picks the order, and then it is changed in the store."""

    def later(trial: Harness, key: str) -> None:
        trial.twins.act("cin7", "pick", {"sale_id": sale_id(trial, key)})
        change(trial, key)

    return later


def put_back(trial: Harness, key: str) -> None:
    """The warehouse puts the goods back into stock."""
    void_fulfilments(trial, trial.sales(int(key))[0]["id"])


def shipped(trial: Harness, sale: str, **parcel: Any) -> None:
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS", "tracking": "T-1", **parcel})


def order_that_left(trial: Harness) -> str:
    """An order whose parcel is reported to the store."""
    order_id = trial.place()
    trial.run()
    shipped(trial, sale_id(trial, str(order_id)))
    trial.ship()
    return str(order_id)


def status_restored(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "set_status", {"order_id": int(key), "status_id": 2})


def voided_by_hand(trial: Harness, key: str) -> None:
    trial.twins.act("cin7", "void_sale", {"sale_id": trial.sales(int(key))[0]["id"]})


def invoice_voided(trial: Harness, key: str) -> None:
    """Finance voids the invoice in Cin7."""
    _change_sale_in_cin7(trial, key, lambda sale: sale.invoices[0].update({"Status": "VOIDED"}))


def payment_removed(trial: Harness, key: str) -> None:
    """Finance takes the payment off the invoice in Cin7."""

    def removed(sale: Any) -> None:
        sale.payments.clear()
        sale.invoices[0]["Status"] = "AUTHORISED"

    _change_sale_in_cin7(trial, key, removed)


def _change_sale_in_cin7(trial: Harness, key: str, change: Any) -> None:
    sale_id = trial.sales(int(key))[0]["id"]

    def act() -> None:
        company = trial.twins.cin7.company
        change(company.sales[sale_id])
        company.touch(company.sales[sale_id])

    trial.twins.run(act)


def billed_again(trial: Harness, key: str) -> None:
    sale = one_sale(trial, key)
    assert [invoice["Status"] for invoice in sale["invoices"]] == ["VOIDED", "AUTHORISED"]
    assert Decimal(str(sale["invoices"][1]["Total"])) == trial.order(int(key))["total_inc_tax"]


def sent_twice(trial: Harness, key: str) -> None:
    """The request for the sale arrives at Cin7 once more."""
    second_sale(trial, Operator(trial), int(key))


def second_number(trial: Harness, key: str) -> str:
    own = trial.order(int(key))["external_order_id"]
    [number] = [sale["number"] for sale in trial.sales(int(key)) if sale["id"] != own]
    return str(number)


def jugs(trial: Harness) -> str:
    """Twenty jugs are in stock, and a shopper orders 25."""
    in_cin7(sku="JUG", name="Jug")(trial, "")
    return order(lines=[{"sku": "JUG", "name": "Jug", "quantity": 25, "price": "9.00"}])(trial)


def jugs_received_and_shipped(trial: Harness, key: str) -> None:
    trial.twins.act("cin7", "receive_stock", {"sku": "JUG", "quantity": 5})
    shipped(trial, sale_id(trial, key))


def reported_to_store(units: int) -> Any:
    """The store shows parcels with this number of units in total."""

    def ends(trial: Harness, key: str) -> None:
        assert sum(item["quantity"] for shipment in trial.shipments(int(key)) for item in shipment["items"]) == units
        one_sale(trial, key)

    return ends


def shipped_in_one_parcel(trial: Harness, key: str) -> None:
    shipped(trial, sale_id(trial, key))


def shipped_separately(trial: Harness, key: str) -> None:
    """The warehouse voids the parcel and makes one for each address."""
    put_back(trial, key)
    for sku, units in (("MUG", 2), ("TEA", 3)):
        shipped(trial, sale_id(trial, key), tracking=sku, lines=[{"sku": sku, "quantity": units}])


def first_parcel(trial: Harness, key: str) -> str:
    task = one_sale(trial, key)["fulfilments"][0]
    return f"parcel {task['TaskID']}:{task['Ship']['Lines'][0]['ID']}"


def four_days_pass(trial: Harness, key: str) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(days=4)))


def nothing_held(trial: Harness, key: str) -> None:
    one_sale(trial, key)
    assert held_units(trial) == {}
