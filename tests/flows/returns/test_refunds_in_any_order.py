"""The same refunds in sequence, or repeated, late, shuffled and with lost answers: same credit notes, same stock."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness
from tests.flows.orders.test_random_events import on_hand
from tests.flows.returns.test_refunds import line, refund
from weighbridge.persistence.repositories.transfers import State

RETURNS = '\n[connections.main.design.refunds]\nmode = "credit_note"\nrestock = "dispatched"\n'
ORDERS = 2
POOL = (("MUG", 1), ("MUG", 1), ("TEA", 1), ("TEA", 2), ("SHIPPING", "2.00"), ("SHIPPING", "3.50"), ("ORDER", "0.50"))
"""Possible refunds of an order with 3 mugs, 3 packets of tea and 6.00 of shipping."""
RefundPlan = list[tuple[int, tuple[str, Any]]]


def drawn(seed: int) -> RefundPlan:
    """Up to three refunds of each order; those of several orders are mixed."""
    chance = random.Random(seed)
    plan = [(number, what) for number in range(ORDERS) for what in chance.sample(POOL, chance.randint(1, 3))]
    chance.shuffle(plan)
    return plan


def shipped(trial: Harness) -> list[int]:
    """Orders that are paid, posted, invoiced and shipped."""
    lines = [{"sku": "MUG", "quantity": 3}, {"sku": "TEA", "quantity": 3}]
    orders = [trial.place(lines=lines, shipping_cost="6.00") for _ in range(ORDERS)]
    trial.run()
    for order_id in orders:
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T"})
    trial.ship()
    return orders


def refund_item(trial: Harness, order_id: int, what: str, how_much: Any) -> None:
    """Staff refund one product, the shipping or an amount of the order."""
    if what in ("MUG", "TEA"):
        item = line(trial, order_id, what, how_much)
    else:
        address = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].addresses[0]["id"])
        item = {"item_type": what, "item_id": address if what == "SHIPPING" else order_id, "amount": how_much}
    refund(trial, order_id, item)


def end_of(trial: Harness, order_id: int) -> tuple[Any, ...]:
    """Credited amounts and restocked units of one order. Asserts that no more than the invoiced total is paid back."""
    sale = trial.assert_one_sale(order_id)
    notes = [credit_note for credit_note in sale["credit_notes"] if credit_note["Status"] != "VOIDED"]
    credited = [Decimal(str(credit_note["Total"])) for credit_note in notes]
    rows = trial.twins.run(lambda: list(trial.twins.bigcommerce.store.orders[order_id].refunds))
    refunds = [row["total_amount"] for row in rows]
    paid_back = [Decimal(str(payment["Amount"])) for payment in sale["payments"] if payment["Type"] == "Refund"]
    assert sorted(credited) == sorted(refunds) == sorted(paid_back)
    assert sum(credited) <= sum(
        Decimal(str(invoice["Total"])) for invoice in sale["invoices"] if invoice["Status"] != "VOIDED"
    )
    restocked: dict[str, Decimal] = {}
    for credit_note in notes:
        for row in credit_note["Restock"]:
            restocked[row["SKU"]] = restocked.get(row["SKU"], Decimal(0)) + Decimal(str(row["Quantity"]))
    assert all(units <= 3 for units in restocked.values())
    return sorted(credited), restocked


def ends(trial: Harness, orders: list[int]) -> tuple[Any, ...]:
    """How all orders ended. Asserts that stock is lower by the shipped units and higher by the restocked units."""
    outcomes = [end_of(trial, order_id) for order_id in orders]
    back = {sku: sum((units.get(sku, Decimal(0)) for _, units in outcomes), Decimal(0)) for sku in ("MUG", "TEA")}
    assert on_hand(trial) == {"MUG": 100 - 3 * ORDERS + back["MUG"], "TEA": 500 - 3 * ORDERS + back["TEA"]}
    return tuple(outcomes)


def refund_in_sequence(folder: Path, plan: RefundPlan) -> tuple[Any, ...]:
    """Each refund is processed before the next is made."""
    with harness(folder, post="invoice_and_payment", design=RETURNS) as trial:
        orders = shipped(trial)
        for number, what in plan:
            refund_item(trial, orders[number], *what)
            trial.run()
        return ends(trial, orders)


def refund_shuffled(folder: Path, plan: RefundPlan, seed: int) -> tuple[Any, ...]:
    """All refunds at once, each webhook three times and in any order, and some answers of Cin7 lost."""
    with harness(folder, post="invoice_and_payment", design=RETURNS) as trial:
        orders = shipped(trial)
        trial.twins.fault("bigcommerce", {"fault": "webhook_duplicate", "copies": 3})
        trial.twins.fault("bigcommerce", {"fault": "webhook_reorder", "seconds": 20, "seed": seed})
        for path in ("creditnote", "payment"):
            match = {"method": "POST", "path": f"(?i)/v2/sale/{path}$"}
            rule = {"fault": "drop_after", "match": match, "skip": seed % 2, "times": 1}
            trial.twins.fault("cin7", rule)

        def act(trial: Harness) -> None:
            for number, what in plan:
                refund_item(trial, orders[number], *what)

        def done(trial: Harness) -> bool:
            rows = trial.transfers("refunds")
            return len(rows) == len(plan) and all(row.state is State.POSTED for row in rows)

        trial.listen(act, done)
        trial.twins.clear_faults("cin7")
        trial.run()
        return ends(trial, orders)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_refunds_end_the_same_in_any_order_of_events(tmp_path: Path, seed: int) -> None:
    plan = drawn(seed)
    (tmp_path / "sequence").mkdir()
    (tmp_path / "shuffled").mkdir()
    assert refund_in_sequence(tmp_path / "sequence", plan) == refund_shuffled(tmp_path / "shuffled", plan, seed)
