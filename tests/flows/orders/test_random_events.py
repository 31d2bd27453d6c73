"""Staff, shoppers and warehouse act in random order and answers get lost: units and money are conserved."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from tests.flows.orders.test_edits import held_units, line_id, units, void_fulfilments
from weighbridge.persistence.repositories.transfers import State

ON_HAND = {"MUG": Decimal(100), "TEA": Decimal(500)}
WRITES = ("POST /sale", "PUT /sale", "DELETE /sale", "POST /sale/order", "DELETE /sale/invoice", "POST /sale/invoice")
REBILL = '\n[connections.main.design.edits]\npolicy = "rebill"\n'


class Life:
    """One order and the random events that happen to it."""

    def __init__(self, trial: Harness, chance: random.Random) -> None:
        self.trial = trial
        self.chance = chance
        self.order_id = trial.place(payment="authorized")
        self.events: list[str] = []

    def next_event(self) -> None:
        acts = {
            self.edit: 4, self.move: 1, self.pick: 2, self.pack: 1, self.ship: 1, self.put_back: 2, self.cancel: 1,
            self.lose_an_answer: 2, self.run_orders: 6, self.sweep: 3,
        }  # fmt: skip
        act = self.chance.choices(list(acts), list(acts.values()))[0]
        self.events.append(act.__name__)
        try:
            act()
        except ValueError:
            self.events[-1] += " (refused)"

    def edit(self) -> None:
        if self.trial.order(self.order_id)["status_id"] == 5:
            return
        change: dict[str, Any] = self.chance.choice(
            [
                {"line": line_id(self.trial, self.order_id, 0), "quantity": self.chance.randint(1, 6)},
                {"add_lines": [{"sku": "TEA", "quantity": self.chance.randint(1, 3)}]},
                {"shipping_cost": str(self.chance.randint(1, 9))},
                {"order_discount": "1.00"},
            ]
        )
        self.trial.twins.act("bigcommerce", "edit_order", {"order_id": self.order_id, **change})

    def move(self) -> None:
        street = {"street_1": f"{self.chance.randint(1, 99)} Dam Rd"}
        change = {"order_id": self.order_id, "shipping_address": ADDRESS | street}
        self.trial.twins.act("bigcommerce", "edit_order", change)

    def pick(self) -> None:
        self.in_the_warehouse("pick")

    def pack(self) -> None:
        self.in_the_warehouse("pack")

    def ship(self) -> None:
        self.in_the_warehouse("ship")

    def in_the_warehouse(self, act: str) -> None:
        for sale in self.trial.sales(self.order_id):
            try:
                self.trial.twins.act("cin7", act, {"sale_id": sale["id"]})
            except Exception as error:
                raise ValueError(act) from error

    def put_back(self) -> None:
        """The warehouse voids the fulfilments that it has not shipped."""
        for sale in self.trial.sales(self.order_id):
            live = [task for task in sale["fulfilments"] if task["Pick"]["Status"] != "VOIDED"]
            if live and not any(task["Ship"]["Status"] == "AUTHORISED" for task in live):
                void_fulfilments(self.trial, sale["id"])

    def cancel(self) -> None:
        self.trial.twins.act("bigcommerce", "cancel_order", {"order_id": self.order_id})

    def lose_an_answer(self) -> None:
        method, _, path = self.chance.choice(WRITES).partition(" ")
        match = {"method": method, "path": f"(?i)/v2{path}$"}
        self.trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})

    def run_orders(self) -> None:
        self.unharmed(self.trial.run)

    def sweep(self) -> None:
        self.unharmed(self.trial.ship)

    def unharmed(self, work: Any) -> None:
        before = {name: self.trial.order(self.order_id)[name] for name in MONEY}
        work()
        assert {name: self.trial.order(self.order_id)[name] for name in MONEY} == before, (
            "amounts at the store never change"
        )


MONEY = ("total_inc_tax", "total_tax", "subtotal_inc_tax", "discount_amount", "shipping_cost_inc_tax")


def on_hand(trial: Harness) -> dict[str, Decimal]:
    rows = trial.twins.run(lambda: list(trial.twins.cin7.company.stock.values()))
    names = trial.twins.run(
        lambda: {product["ID"]: product["SKU"] for product in trial.twins.cin7.company.products.values()}
    )
    on_hand_units: dict[str, Decimal] = {}
    for row in rows:
        on_hand_units[names[row.key[0]]] = on_hand_units.get(names[row.key[0]], Decimal(0)) + row.on_hand
    return on_hand_units


def picked_units(sale: dict[str, Any]) -> dict[str, Decimal]:
    """The units that the warehouse picked for a sale."""
    picked: dict[str, Decimal] = {}
    for task in sale["fulfilments"]:
        for line in task["Pick"]["Lines"] if task["Pick"]["Status"] == "AUTHORISED" else []:
            picked[line["SKU"]] = picked.get(line["SKU"], Decimal(0)) + line["Quantity"]
    return picked


def assert_conserved(trial: Harness, order_id: int) -> None:
    row = by_key(trial.transfers("orders"))[str(order_id)]
    sales = trial.sales(order_id)
    picked = picked_units(sales[0]) if sales else {}
    assert on_hand(trial) == {sku: count - picked.get(sku, 0) for sku, count in ON_HAND.items()}
    if row.state is State.CANCELLED:
        assert (sales, held_units(trial)) == ([], {})
        return
    assert len(sales) == 1
    ordered = units(sales[0]) if sales[0]["order"]["Status"] == "AUTHORISED" else {}
    waiting = {sku: count - picked.get(sku, 0) for sku, count in ordered.items() if count > picked.get(sku, 0)}
    assert held_units(trial) == waiting
    if row.state is State.HELD:
        assert row.owner
        assert sales[0]["number"] in row.reason
        return
    assert row.state is State.POSTED, (row.state, row.reason)
    sale = trial.assert_one_sale(order_id)
    expected: dict[str, Decimal] = {}
    for line in trial.twins.run(
        lambda: [dict(product) for product in trial.twins.bigcommerce.store.orders[order_id].products]
    ):
        expected[line["sku"]] = expected.get(line["sku"], Decimal(0)) + line["quantity"]
    assert units(sale) == expected
    counting = [invoice for invoice in sale["invoices"] if invoice["Status"] != "VOIDED"]
    assert [invoice["Total"] for invoice in counting] == [trial.order(order_id)["total_inc_tax"]] * len(counting)
    assert len(counting) <= 1


@pytest.mark.parametrize(
    ("seed", "post"),
    [
        pytest.param(seed, post, marks=() if (seed, post) == (1, "invoice") else pytest.mark.slow)
        for seed in range(1, 13)
        for post in ("order", "invoice")
    ],
)
def test_units_and_money_are_conserved_whatever_the_order_of_events(tmp_path: Path, seed: int, post: str) -> None:
    with harness(tmp_path, post=post, design=REBILL) as trial:
        life = Life(trial, random.Random(seed))
        for _ in range(12):
            life.next_event()
        trial.twins.clear_faults("cin7")
        for _ in range(2):
            life.sweep()
            life.run_orders()
        assert_conserved(trial, life.order_id)
