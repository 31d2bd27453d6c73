"""The same refunds, told in turn, or thrice, late, in any order and with answers lost: the same books and shelves."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, rig
from tests.flows.orders.test_whatever_happens import on_hand
from tests.flows.returns.test_refunds import line, refund
from weighbridge.persistence.repositories.transfers import State

RETURNS = '\n[connections.main.design.refunds]\nmode = "credit_note"\nrestock = "dispatched"\n'
ORDERS = 2
POOL = (("MUG", 1), ("MUG", 1), ("TEA", 1), ("TEA", 2), ("SHIPPING", "2.00"), ("SHIPPING", "3.50"), ("ORDER", "0.50"))
"""What of an order of 3 mugs, 3 packets of tea and 6.00 of shipping may be refunded."""
Wanted = list[tuple[int, tuple[str, Any]]]


def drawn(seed: int) -> Wanted:
    """Up to three refunds of each order, those of several orders mixed."""
    chance = random.Random(seed)
    wanted = [(number, one) for number in range(ORDERS) for one in chance.sample(POOL, chance.randint(1, 3))]
    chance.shuffle(wanted)
    return wanted


def shipped(trial: Rig) -> list[int]:
    """Orders that are paid, posted, billed, and whose parcels the shop knows."""
    lines = [{"sku": "MUG", "quantity": 3}, {"sku": "TEA", "quantity": 3}]
    orders = [trial.place(lines=lines, shipping_cost="6.00") for _ in range(ORDERS)]
    trial.run()
    for order_id in orders:
        sale = trial.assert_one_sale(order_id)
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", "tracking": "T"})
    trial.ship()
    return orders


def give_back(trial: Rig, order_id: int, what: str, how_much: Any) -> None:
    """Staff refund one thing."""
    if what in ("MUG", "TEA"):
        item = line(trial, order_id, what, how_much)
    else:
        address = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].addresses[0]["id"])
        item = {"item_type": what, "item_id": address if what == "SHIPPING" else order_id, "amount": how_much}
    refund(trial, order_id, item)


def end_of(trial: Rig, order_id: int) -> tuple[Any, ...]:
    """Credits and units on shelves of one order; money is conserved, and never above what was invoiced."""
    sale = trial.assert_one_sale(order_id)
    notes = [one for one in sale["credit_notes"] if one["Status"] != "VOIDED"]
    credited = [Decimal(str(one["Total"])) for one in notes]
    rows = trial.twins.run(lambda: list(trial.twins.bigcommerce.shop.orders[order_id].refunds))
    refunds = [one["total_amount"] for one in rows]
    paid_back = [Decimal(str(one["Amount"])) for one in sale["payments"] if one["Type"] == "Refund"]
    assert sorted(credited) == sorted(refunds) == sorted(paid_back)
    assert sum(credited) <= sum(Decimal(str(one["Total"])) for one in sale["invoices"] if one["Status"] != "VOIDED")
    shelved: dict[str, Decimal] = {}
    for one in notes:
        for row in one["Restock"]:
            shelved[row["SKU"]] = shelved.get(row["SKU"], Decimal(0)) + Decimal(str(row["Quantity"]))
    assert all(units <= 3 for units in shelved.values())
    return sorted(credited), shelved


def ends(trial: Rig, orders: list[int]) -> tuple[Any, ...]:
    """How all orders ended, and the warehouse: what left is gone, what came back is there, nothing else moved."""
    found = [end_of(trial, order_id) for order_id in orders]
    back = {sku: sum((shelved.get(sku, Decimal(0)) for _, shelved in found), Decimal(0)) for sku in ("MUG", "TEA")}
    assert on_hand(trial) == {"MUG": 100 - 3 * ORDERS + back["MUG"], "TEA": 500 - 3 * ORDERS + back["TEA"]}
    return tuple(found)


def told_in_turn(folder: Path, wanted: Wanted) -> tuple[Any, ...]:
    """Each refund is looked at before the next."""
    with rig(folder, post="invoice_and_payment", design=RETURNS) as trial:
        orders = shipped(trial)
        for number, one in wanted:
            give_back(trial, orders[number], *one)
            trial.run()
        return ends(trial, orders)


def told_anyhow(folder: Path, wanted: Wanted, seed: int) -> tuple[Any, ...]:
    """All refunds at once, each hook three times and in any order, some answers of Cin7 lost."""
    with rig(folder, post="invoice_and_payment", design=RETURNS) as trial:
        orders = shipped(trial)
        trial.twins.fault("bigcommerce", {"fault": "hook_duplicate", "copies": 3})
        trial.twins.fault("bigcommerce", {"fault": "hook_reorder", "seconds": 20, "seed": seed})
        for path in ("creditnote", "payment"):
            match = {"method": "POST", "path": f"(?i)/v2/sale/{path}$"}
            rule = {"fault": "drop_after", "match": match, "skip": seed % 2, "times": 1}
            trial.twins.fault("cin7", rule)

        def act(trial: Rig) -> None:
            for number, one in wanted:
                give_back(trial, orders[number], *one)

        def done(trial: Rig) -> bool:
            rows = trial.transfers("refunds")
            return len(rows) == len(wanted) and all(row.state is State.POSTED for row in rows)

        trial.listen(act, done)
        trial.twins.clear_faults("cin7")
        trial.run()
        return ends(trial, orders)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
def test_refunds_end_in_the_same_books_however_they_are_told(tmp_path: Path, seed: int) -> None:
    wanted = drawn(seed)
    (tmp_path / "turn").mkdir()
    (tmp_path / "anyhow").mkdir()
    assert told_in_turn(tmp_path / "turn", wanted) == told_anyhow(tmp_path / "anyhow", wanted, seed)
