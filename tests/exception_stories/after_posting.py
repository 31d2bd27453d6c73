"""What people and platforms do to sales that exist already, in the words of stories."""

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
from tests.exceptions.test_playbooks import Office, second_sale
from tests.flows.harness import ADDRESS, Rig, rig
from tests.flows.orders.test_edits import held_units, void_fulfilments
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import stale_allocations as ghost_allocations

BOTH_SIDES = (bookkeeping.FLOW, sweeps.ORDER_SWEEP, sweeps.FULFILMENT_SWEEP)
"""The shop's orders and then the sales of Cin7."""
OLD_SALES = (bookkeeping.FLOW, sweeps.ORDER_SWEEP, ghost_allocations.FLOW)
EDITS = "\n[connections.main.design.edits]\n"
TOLD_FIRST = '\n[connections.main.design.autonomy]\nduplicate_sales = "suggest"\n'
ELSEWHERE = ADDRESS | {"street_1": "7 Weaver Rd", "city": "Dallas", "zip": "75201"}
TWO_ADDRESSES: dict[str, Any] = {
    "lines": [{"sku": "MUG", "quantity": 2, "address": 0}, {"sku": "TEA", "quantity": 3, "address": 1}],
    "shipping_addresses": [ADDRESS, ELSEWHERE],
}

ORDINARY = Setting("sales", lambda folder: rig(folder, design=TOLD_FIRST))
BILLED = Setting("sales-billed", lambda folder: rig(folder, post="invoice_and_payment"))
BY_HAND = Setting("sales-by-hand", lambda folder: rig(folder, design=f'{EDITS}policy = "hold"\ncancelled = "hold"\n'))
OLD = Setting("sales-old", lambda folder: rig(folder, stock="ghost_after_days = 3"))


def sale_id(trial: Rig, key: str) -> str:
    return str(one_sale(trial, key)["id"])


def cancelled(trial: Rig, key: str) -> None:
    trial.twins.act("bigcommerce", "cancel_order", {"order_id": int(key)})


def tea_instead(trial: Rig, key: str) -> None:
    """Staff make of three packets of tea four."""
    edited(trial, key, line=line_id(trial, key, 1), quantity=4)


def tea_as_before(trial: Rig, key: str) -> None:
    edited(trial, key, line=line_id(trial, key, 1), quantity=3)


def picked_then(change: Any) -> Any:
    """The warehouse picks the order, and then it is changed at the shop."""

    def later(trial: Rig, key: str) -> None:
        trial.twins.act("cin7", "pick", {"sale_id": sale_id(trial, key)})
        change(trial, key)

    return later


def put_back(trial: Rig, key: str) -> None:
    """The warehouse puts the goods back on their shelf."""
    void_fulfilments(trial, trial.sales(int(key))[0]["id"])


def shipped(trial: Rig, sale: str, **parcel: Any) -> None:
    trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale, "carrier": "UPS", "tracking": "T-1", **parcel})


def order_that_left(trial: Rig) -> str:
    """An order whose parcel the shop knows of."""
    order_id = trial.place()
    trial.run()
    shipped(trial, sale_id(trial, str(order_id)))
    trial.ship()
    return str(order_id)


def stands_again(trial: Rig, key: str) -> None:
    trial.twins.act("bigcommerce", "set_status", {"order_id": int(key), "status_id": 2})


def voided_by_hand(trial: Rig, key: str) -> None:
    trial.twins.act("cin7", "void_sale", {"sale_id": trial.sales(int(key))[0]["id"]})


def invoice_voided(trial: Rig, key: str) -> None:
    """Finance voids the invoice in Cin7."""
    _in_the_books(trial, key, lambda sale: sale.invoices[0].update({"Status": "VOIDED"}))


def payment_removed(trial: Rig, key: str) -> None:
    """Finance takes the payment off the invoice in Cin7."""

    def removed(sale: Any) -> None:
        sale.payments.clear()
        sale.invoices[0]["Status"] = "AUTHORISED"

    _in_the_books(trial, key, removed)


def _in_the_books(trial: Rig, key: str, work: Any) -> None:
    of = trial.sales(int(key))[0]["id"]

    def act() -> None:
        company = trial.twins.cin7.company
        work(company.sales[of])
        company.touch(company.sales[of])

    trial.twins.run(act)


def billed_anew(trial: Rig, key: str) -> None:
    sale = one_sale(trial, key)
    assert [one["Status"] for one in sale["invoices"]] == ["VOIDED", "AUTHORISED"]
    assert Decimal(str(sale["invoices"][1]["Total"])) == trial.order(int(key))["total_inc_tax"]


def sent_twice(trial: Rig, key: str) -> None:
    """The request for the sale arrives at Cin7 once more."""
    second_sale(trial, Office(trial), int(key))


def second_number(trial: Rig, key: str) -> str:
    own = trial.order(int(key))["external_order_id"]
    [number] = [sale["number"] for sale in trial.sales(int(key)) if sale["id"] != own]
    return str(number)


def jugs(trial: Rig) -> str:
    """Twenty jugs are there, and a shopper wants 25."""
    in_cin7(sku="JUG", name="Jug")(trial, "")
    return order(lines=[{"sku": "JUG", "name": "Jug", "quantity": 25, "price": "9.00"}])(trial)


def jugs_arrive_and_leave(trial: Rig, key: str) -> None:
    trial.twins.act("cin7", "receive_stock", {"sku": "JUG", "quantity": 5})
    shipped(trial, sale_id(trial, key))


def told_to_the_shop(units: int) -> Any:
    """The shop shows parcels with so many units in all."""

    def ends(trial: Rig, key: str) -> None:
        assert sum(item["quantity"] for one in trial.shipments(int(key)) for item in one["items"]) == units
        one_sale(trial, key)

    return ends


def joined_in_one_box(trial: Rig, key: str) -> None:
    shipped(trial, sale_id(trial, key))


def parted(trial: Rig, key: str) -> None:
    """The warehouse takes the parcel back and makes one for each address."""
    put_back(trial, key)
    for sku, units in (("MUG", 2), ("TEA", 3)):
        shipped(trial, sale_id(trial, key), tracking=sku, lines=[{"sku": sku, "quantity": units}])


def first_parcel(trial: Rig, key: str) -> str:
    task = one_sale(trial, key)["fulfilments"][0]
    return f"parcel {task['TaskID']}:{task['Ship']['Lines'][0]['ID']}"


def four_days_pass(trial: Rig, key: str) -> None:
    clock = trial.twins.running.clock
    trial.twins.run(lambda: clock.set(now=clock.now() + timedelta(days=4)))


def nothing_held(trial: Rig, key: str) -> None:
    one_sale(trial, key)
    assert held_units(trial) == {}
