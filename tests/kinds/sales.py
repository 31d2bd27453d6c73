"""Stories of sales that exist already: edited or cancelled at the shop, sold out, sent, doubled, forgotten."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.exceptions.test_playbooks import Office, second_sale
from tests.flows.rig import ADDRESS, Rig, rig
from tests.flows.test_edits import held_units, void_fulfilments
from tests.kinds.acts import accept, retry, void_duplicate
from tests.kinds.story import (
    FINANCE,
    POSTED,
    Noted,
    Setting,
    Story,
    edited,
    in_cin7,
    line_id,
    no_sale,
    one_sale,
    one_sale_of,
    order,
    order_total,
)
from weighbridge.domain.finding import FindingKind
from weighbridge.flows import bookkeeping, ghost_allocations, sweeps

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


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.CHANGED_AFTER_POSTING,
        name="is put back",
        setting=BY_HAND,
        cause=order(),
        later=tea_instead,
        title="Order {key} was edited after it crossed",
        owner="ecommerce",
        field="order",
        value="lines: TEA 3 -> 4",
        money="49.06 USD",
        mended=tea_as_before,
        act=retry(),
        proof=POSTED,
        ends=one_sale_of("TEA", 3),
    ),
    Story(
        kind=FindingKind.CHANGED_AFTER_POSTING,
        name="is changed by hand",
        setting=BY_HAND,
        cause=order(lines=[{"sku": "TEA", "quantity": 5}, {"sku": "TEA", "quantity": 3}]),
        later=tea_instead,
        title="Order {key} was edited after it crossed",
        owner="ecommerce",
        field="order",
        value="lines: TEA 8 -> 9",
        act=accept("Ann keyed it into Cin7"),
        proof="otto: accepted as it is. Ann keyed it into Cin7",
        ends=lambda trial, key: _stays(trial, key, "8"),
    ),
    Story(
        kind=FindingKind.CHANGED_AFTER_PICKING,
        setting=ORDINARY,
        cause=order(),
        later=picked_then(tea_instead),
        found_by=BOTH_SIDES,
        title="Order {key} was edited after it was picked",
        owner="operations",
        field="order",
        value="lines: TEA 3 -> 4",
        mended=put_back,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof=POSTED,
        ends=one_sale_of("TEA", 4),
        everyday=True,
    ),
    Story(
        kind=FindingKind.CHANGED_AFTER_BILLING,
        setting=BILLED,
        cause=order(payment="authorized"),
        later=tea_instead,
        title="Order {key} was edited after it was billed",
        owner="finance",
        field="order",
        value="lines: TEA 3 -> 4",
        mended=invoice_voided,
        act=retry(FINANCE),
        proof=POSTED,
        ends=billed_anew,
    ),
    Story(
        kind=FindingKind.CANCELLED_AFTER_POSTING,
        setting=BY_HAND,
        cause=order(),
        later=cancelled,
        title="Order {key} was cancelled after it crossed",
        owner="ecommerce",
        field="sale",
        value="waiting, unbilled",
        mended=voided_by_hand,
        act=retry(),
        proof="ended at the shop: cancelled",
        ends=no_sale,
    ),
    Story(
        kind=FindingKind.CANCELLED_AFTER_PICKING,
        setting=ORDINARY,
        cause=order(),
        later=picked_then(cancelled),
        found_by=BOTH_SIDES,
        title="Order {key} was cancelled after it was picked",
        owner="operations",
        field="sale.picking",
        value="picked",
        mended=put_back,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof="ended at the shop: cancelled",
        ends=no_sale,
    ),
    Story(
        kind=FindingKind.CANCELLED_AFTER_PAYMENT,
        setting=BILLED,
        cause=order(),
        later=cancelled,
        title="Order {key} was cancelled after it was paid in Cin7",
        owner="finance",
        field="sale.payments",
        value="paid",
        mended=payment_removed,
        act=retry(FINANCE),
        proof="ended at the shop: cancelled",
        ends=no_sale,
    ),
    Story(
        kind=FindingKind.CANCELLED_AFTER_DISPATCH,
        name="stands again",
        setting=ORDINARY,
        cause=order_that_left,
        later=cancelled,
        found_by=BOTH_SIDES,
        title="Order {key} was cancelled after it left",
        owner="operations",
        field="sale.shipping",
        value="shipped",
        mended=stands_again,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof=POSTED,
        ends=told_to_the_shop(5),
    ),
    Story(
        kind=FindingKind.CANCELLED_AFTER_DISPATCH,
        name="is called back",
        setting=ORDINARY,
        cause=order_that_left,
        later=cancelled,
        found_by=BOTH_SIDES,
        title="Order {key} was cancelled after it left",
        owner="operations",
        field="sale.shipping",
        value="shipped",
        mended=put_back,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof="ended at the shop: cancelled",
        ends=no_sale,
    ),
    Story(
        kind=FindingKind.DUPLICATE_SALES,
        setting=ORDINARY,
        cause=order(),
        later=sent_twice,
        found_by=BOTH_SIDES,
        title=lambda trial, key: f"Order {key} has a second sale in Cin7: {second_number(trial, key)}",
        owner="operations",
        field="sale",
        value=second_number,
        act=void_duplicate(),
        proven_by=BOTH_SIDES,
        proof="as the one live sale",
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.BACKORDERED,
        setting=ORDINARY,
        cause=jugs,
        found_by=BOTH_SIDES,
        title="Cin7 lacks stock for JUG",
        owner="operations",
        field="sale.JUG",
        value="5",
        mended=jugs_arrive_and_leave,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof="all 25 units of the order have left",
        ends=told_to_the_shop(25),
    ),
    Story(
        kind=FindingKind.PARCEL_UNMATCHED,
        setting=ORDINARY,
        cause=order(**TWO_ADDRESSES),
        later=joined_in_one_box,
        found_by=BOTH_SIDES,
        title="A parcel of order {key} cannot be told to the shop",
        owner="operations",
        money="none",
        field=first_parcel,
        value="2 addresses",
        mended=parted,
        act=retry(),
        proven_by=BOTH_SIDES,
        proof="read back as {key}",
        ends=told_to_the_shop(5),
    ),
    Story(
        kind=FindingKind.GHOST_ALLOCATION,
        setting=OLD,
        cause=order(),
        later=four_days_pass,
        found_by=OLD_SALES,
        title=lambda trial, key: f"Old sale {one_sale(trial, key)['number']} only holds stock",
        owner="operations",
        field=lambda trial, key: f"sale {one_sale(trial, key)['number']}",
        value=lambda trial, key: f"4 days old, worth {order_total(trial, key)}, holds 2 of MUG, 3 of TEA",
        mended=lambda trial, key: shipped(trial, sale_id(trial, key)),
        act=retry(),
        proven_by=OLD_SALES,
        proof="the next reading does not find it any more",
        ends=nothing_held,
    ),
]


def _stays(trial: Rig, key: str, units: str) -> None:
    """The sale is as it was posted: nothing was written on a person's word."""
    [sale] = trial.sales(int(key))
    assert sum(Decimal(str(line["Quantity"])) for line in sale["order"]["Lines"]) == Decimal(units)
