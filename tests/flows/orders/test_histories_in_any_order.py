"""Orders that are edited, cancelled, shipped in parts and refunded end the same in any sequence of webhooks.

One plan is played twice. In sequence, Weighbridge runs after every action. Shuffled, all actions of a stage happen at
once and those of several orders are mixed, each webhook arrives three times in any sequence or not at all, and answers
get lost.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from tests.flows.orders.test_edits import held_units, line_id, units
from tests.flows.orders.test_random_events import ON_HAND, on_hand, picked_units
from tests.flows.returns.test_refunds import line, refund
from weighbridge.persistence.repositories.transfers import State

ORDERS = 3
LINES = [{"sku": "MUG", "quantity": 3}, {"sku": "TEA", "quantity": 4}]
DESIGN = """
[connections.main.design.edits]
policy = "{edits}"

[connections.main.design.refunds]
mode = "credit_note"
restock = "dispatched"
"""
CANCELLED_STATUS_ID = 5
WRITES = ("POST /sale", "POST /sale/order", "POST /sale/invoice", "POST /sale/payment", "POST /sale/creditnote")
Act = tuple[str, Any]
Action = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens to one order: before it is shipped, its parcels, and afterwards."""

    before: tuple[Act, ...]
    parcels: tuple[tuple[tuple[str, int], ...], ...]
    """The goods of each parcel; other goods are not shipped."""
    after: tuple[Act, ...]


def drawn(chance: random.Random) -> Planned:
    """A random plan."""
    changes: tuple[Act, ...] = (
        ("mugs", chance.randint(1, 3)), ("mugs", chance.randint(1, 5)), ("add", chance.randint(1, 3)),
        ("shipping", f"{chance.randint(1, 9)}.00"), ("discount", "1.00"), ("street", f"{chance.randint(1, 99)} Dam Rd"),
    )  # fmt: skip
    before = tuple(chance.sample(changes, chance.choice((0, 0, 1, 2))))
    if chance.random() < 0.15:
        before = (*before, ("cancel", None))
    parcels = chance.choice(
        (((("MUG", 1), ("TEA", 4)),), ((("MUG", 1),), (("TEA", 2),)), ((("TEA", 1),), (("TEA", 1), ("MUG", 1))), ())
    )
    pool: tuple[Act, ...] = (
        ("MUG", 1), ("TEA", 1), ("TEA", 2), ("SHIPPING", "0.50"), ("SHIPPING", "0.40"), ("ORDER", "0.50"),
        ("ORDER", "0.25"),
    )  # fmt: skip
    after = tuple(chance.sample(pool, chance.randint(0, 3)))
    return Planned(before, parcels, (*after, ("cancel", None)) if chance.random() < 0.15 else after)


class World:
    """The orders of one run of a plan."""

    def __init__(self, trial: Harness, plan: tuple[Planned, ...]) -> None:
        self.trial = trial
        self.plan = plan
        self.orders = [trial.place(lines=LINES, shipping_cost="6.00") for _ in plan]

    def stages(self, chance: random.Random) -> Iterator[list[Action]]:
        """The actions of people by stage; those of several orders are mixed at random."""
        numbered = list(enumerate(self.plan))
        yield _mixed([[self._action_for(number, act) for act in plan.before] for number, plan in numbered], chance)
        yield _mixed([[self._parcel(number, goods) for goods in plan.parcels] for number, plan in numbered], chance)
        yield _mixed([[self._action_for(number, act) for act in plan.after] for number, plan in numbered], chance)

    def _action_for(self, number: int, act: Act) -> Action:
        return lambda: self._act(self.orders[number], *act)

    def _act(self, order_id: int, what: str, how_much: Any) -> None:
        if self.trial.order(order_id)["status_id"] == CANCELLED_STATUS_ID:
            return
        changes: dict[str, Callable[[], dict[str, Any]]] = {
            "mugs": lambda: {"line": line_id(self.trial, order_id, 0), "quantity": how_much},
            "add": lambda: {"add_lines": [{"sku": "TEA", "quantity": how_much}]},
            "shipping": lambda: {"shipping_cost": how_much},
            "discount": lambda: {"order_discount": how_much},
            "street": lambda: {"shipping_address": ADDRESS | {"street_1": how_much}},
        }
        if what in changes:
            self.trial.twins.act("bigcommerce", "edit_order", {"order_id": order_id, **changes[what]()})
        elif what == "cancel":
            self.trial.twins.act("bigcommerce", "cancel_order", {"order_id": order_id})
        else:
            self._refund(order_id, what, how_much)

    def _refund(self, order_id: int, what: str, how_much: Any) -> None:
        if what in ("MUG", "TEA"):
            item = line(self.trial, order_id, what, how_much)
        else:
            orders = self.trial.twins.bigcommerce.store.orders
            address = self.trial.twins.run(lambda: orders[order_id].addresses[0]["id"])
            item = {"item_type": what, "item_id": address if what == "SHIPPING" else order_id, "amount": how_much}
        refund(self.trial, order_id, item)

    def _parcel(self, number: int, goods: tuple[tuple[str, int], ...]) -> Action:
        def ship() -> None:
            for sale in self.trial.sales(self.orders[number]):
                lines = [{"sku": sku, "quantity": quantity} for sku, quantity in goods]
                parcel = {"sale_id": sale["id"], "lines": lines, "carrier": "UPS", "tracking": f"T{number}"}
                self.trial.twins.act("cin7", "pick_pack_ship", parcel)

        return ship


def _mixed(by_order: list[list[Action]], chance: random.Random) -> list[Action]:
    left, mixed = [list(acts) for acts in by_order], []
    while any(left):
        mixed.append(chance.choice([acts for acts in left if acts]).pop(0))
    return mixed


def play_in_sequence(folder: Path, plan: tuple[Planned, ...], post: str, edits: str) -> list[dict[str, Any]]:
    with _harness(folder, post, edits) as trial:
        world = World(trial, plan)
        trial.run()
        for acts in world.stages(random.Random(0)):
            for act in acts:
                act()
                trial.run()
            trial.ship()
        return ends(world)


def play_shuffled(folder: Path, plan: tuple[Planned, ...], post: str, edits: str, seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    with _harness(folder, post, edits) as trial:
        world = World(trial, plan)
        trial.run()
        trial.twins.fault("bigcommerce", {"fault": "webhook_duplicate", "copies": 3, "probability": 0.7, "seed": seed})
        trial.twins.fault("bigcommerce", {"fault": "webhook_reorder", "seconds": 20, "seed": seed})
        for acts in world.stages(chance):
            method, _, path = chance.choice(WRITES).partition(" ")
            match = {"method": method, "path": f"(?i)/v2{path}$"}
            trial.twins.fault("cin7", {"fault": "drop_after", "match": match, "times": 1})
            trial.listen(_all_at_once(acts), _refunds_are_known)
            trial.run()
            trial.ship()
            trial.twins.clear_faults("cin7")
        trial.twins.clear_faults("bigcommerce")
        trial.run()
        return ends(world)


def _all_at_once(actions: list[Action]) -> Callable[[Harness], None]:
    def act(trial: Harness) -> None:
        for action in actions:
            action()

    return act


def _refunds_are_known(trial: Harness) -> bool:
    rows = trial.transfers("refunds")
    made = trial.twins.run(lambda: sum(len(order.refunds) for order in trial.twins.bigcommerce.store.orders.values()))
    return len(rows) >= made and all(row.state not in (State.NEW, State.WAITING) for row in rows)


@contextmanager
def _harness(folder: Path, post: str, edits: str) -> Iterator[Harness]:
    folder.mkdir()
    with harness(folder, post=post, design=DESIGN.format(edits=edits)) as trial:
        yield trial


def ends(world: World) -> list[dict[str, Any]]:
    """How each order ended. Asserts units, money and owners, whatever the plan."""
    trial, outcomes, shipped = world.trial, [], {sku: Decimal(0) for sku in ON_HAND}
    orders, refunds = by_key(trial.transfers("orders")), trial.transfers("refunds")
    waiting: dict[str, Decimal] = {}
    for order_id in world.orders:
        row, sales = orders[str(order_id)], trial.sales(order_id)
        assert row.state in (State.POSTED, State.CANCELLED, State.HELD), (row.state, row.reason)
        assert row.state is not State.HELD or row.owner
        assert len(sales) == (0 if row.state is State.CANCELLED else 1), (row.state, row.reason)
        end: dict[str, Any] = {"state": row.state, "reason": row.reason_kind}
        end["status"] = trial.order(order_id)["status_id"]
        for sale in sales:
            end |= _sale_outcome(trial, order_id, sale, exact=row.state is State.POSTED)
            ordered = units(sale) if sale["order"]["Status"] == "AUTHORISED" else {}
            for sku, picked in picked_units(sale).items():
                shipped[sku] += picked - end["restocked"].get(sku, 0)
            for sku, count in ordered.items():
                waiting[sku] = waiting.get(sku, Decimal(0)) + count - picked_units(sale).get(sku, Decimal(0))
        own_refunds = [refund for refund in refunds if refund.key.partition(":")[0] == str(order_id)]
        assert all(own.state in (State.POSTED, State.CANCELLED) or own.owner for own in own_refunds)
        end["refunds"] = sorted((str(own.amount), str(own.state), own.reason_kind) for own in own_refunds)
        end["parcels"] = sorted(
            sum(item["quantity"] for item in shipment["items"]) for shipment in trial.shipments(order_id)
        )
        if row.state is State.HELD:
            # A person decides; the state of its sale until then depends on when the reason was found.
            end = {"state": row.state, "reason": row.reason_kind, "owner": row.owner, "refunds": end["refunds"]}
        outcomes.append(end)
    assert on_hand(trial) == {sku: count - shipped[sku] for sku, count in ON_HAND.items()}
    assert held_units(trial) == {sku: count for sku, count in waiting.items() if count}
    return outcomes


def _sale_outcome(trial: Harness, order_id: int, sale: dict[str, Any], *, exact: bool) -> dict[str, Any]:
    invoices = [Decimal(str(invoice["Total"])) for invoice in sale["invoices"] if invoice["Status"] != "VOIDED"]
    credits = [credit_note for credit_note in sale["credit_notes"] if credit_note["Status"] != "VOIDED"]
    restocked: dict[str, Decimal] = {}
    for note in credits:
        for row in note["Restock"]:
            restocked[row["SKU"]] = restocked.get(row["SKU"], Decimal(0)) + Decimal(str(row["Quantity"]))
    credited = sorted(Decimal(str(credit_note["Total"])) for credit_note in credits)
    assert sum(credited) <= sum(invoices)
    shipped = picked_units(sale)
    assert all(count <= shipped.get(sku, 0) for sku, count in restocked.items()), "only shipped units are restocked"
    total = Decimal(str(sale["order"]["Total"]))
    if exact:
        assert total == trial.order(order_id)["total_inc_tax"]
        refunded = trial.twins.run(lambda: [refund["total_amount"] for refund in _refunds(trial, order_id)])
        assert not credited or sorted(refunded) == credited
    return {
        "total": total,
        "units": units(sale),
        "invoices": invoices,
        "credited": credited,
        "restocked": restocked,
        "paid": sorted((payment["Type"], Decimal(str(payment["Amount"]))) for payment in sale["payments"]),
        "street": sale["header"]["ShippingAddress"]["Line1"],
    }


def _refunds(trial: Harness, order_id: int) -> list[dict[str, Any]]:
    return list(trial.twins.bigcommerce.store.orders[order_id].refunds)


SHORT = (5, "invoice_and_payment", "rebill")
DESIGNS = (("order", "amend"), ("invoice", "rebill"), ("invoice_and_payment", "rebill"))


@pytest.mark.parametrize(
    ("seed", "post", "edits"),
    [
        pytest.param(seed, post, edits, marks=() if (seed, post, edits) == SHORT else pytest.mark.slow)
        for seed in range(1, 11)
        for post, edits in DESIGNS
    ],
)
def test_order_histories_end_the_same_in_any_order_of_events(tmp_path: Path, seed: int, post: str, edits: str) -> None:
    plan = tuple(drawn(random.Random(f"{seed}/{number}")) for number in range(ORDERS))
    in_sequence = play_in_sequence(tmp_path / "sequence", plan, post, edits)
    assert play_shuffled(tmp_path / "shuffled", plan, post, edits, seed) == in_sequence
