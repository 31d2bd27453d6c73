"""A console with sample data: real flows between the twins, so that every page has content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tests.flows.harness import Harness, harness
from tests.web.installation import PASSWORD, USERS, RunningInstallation, running_installation
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.tenders import add_transaction

Done = TypeVar("Done")
TRACKING = "1Z999AA10123456784"
SPEED = 60.0
"""Slower than in other tests: the pages are opened while the clock runs."""
VASE: dict[str, Any] = {"sku": "VASE-BLUE", "name": "Blue vase", "price": "38.00", "inventory_level": 5}
"""Sold in the store, and unknown in Cin7."""
RETURNS = """
[connections.main.design.refunds]
mode = "credit_note"
restock = "dispatched"
restock_reasons = { damaged = "" }
"""
"""Refunds become credit notes; dispatched goods are restocked, except damaged ones."""


def in_thread(work: Callable[[], Done]) -> Done:
    """Runs `work` in its own thread: the browser's event loop runs in the thread of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextmanager
def installation_with_sample_data(folder: Path, database: str = "") -> Iterator[tuple[RunningInstallation, Harness]]:
    """A served console, and the harness with its orders."""
    with harness(folder, speed=SPEED, post="invoice_and_payment", design=RETURNS, database=database) as trial:
        add_sample_data(trial)
        with open_installation(folder, trial) as home:
            yield home, trial


@contextmanager
def open_installation(folder: Path, trial: Harness) -> Iterator[RunningInstallation]:
    """The console of a harness, with the four users."""
    with running_installation(folder, trial.installation(), trial.environment()) as home:
        for name, role in USERS.items():
            home.do(lambda app, name=name, role=role: app.access.users.add(name, role, PASSWORD, "tests"))
        yield home


def add_sample_data(trial: Harness) -> None:
    """Posted and held orders, parcels, and refunds, one of them without an explanation."""
    trial.twins.act("bigcommerce", "seed_products", [VASE])
    trial.push_stock()
    for _ in range(4):
        trial.place()
    for quantity in (1, 2, 5):
        trial.place(lines=[{"sku": "VASE-BLUE", "quantity": quantity}, {"sku": "MUG", "quantity": 1}])
    trial.place(lines=[{"sku": "TEA", "quantity": 12_000}])
    rows = trial.run()
    posted = sorted((row for row in rows if row.state is State.POSTED), key=lambda row: int(row.key))
    for row, tracking in zip(posted, (TRACKING, "1Z999AA10123456785", "1Z999AA10123456786"), strict=False):
        parcel = {"sale_id": row.target_id, "carrier": "UPS", "tracking": tracking}
        trial.twins.act("cin7", "pick_pack_ship", parcel)
    trial.ship()
    refund(trial, int(posted[1].key), "MUG", 1, "Too small")
    refund(trial, int(posted[2].key), "MUG", 1, "Arrived damaged")
    refund_at_the_gateway(trial, int(posted[3].key), Decimal("7.00"))
    rows = trial.run()
    assert {row.state for row in rows} == {State.POSTED, State.HELD}, [(row.key, row.reason) for row in rows]
    trial.push_stock()


def refund(trial: Harness, order_id: int, sku: str, quantity: int, reason: str) -> None:
    """Refunds units of an order in the store."""
    lines = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products)
    item = next(line["id"] for line in lines if line["sku"] == sku)
    action = {
        "order_id": order_id,
        "items": [{"item_type": "PRODUCT", "item_id": item, "quantity": quantity, "reason": reason}],
        "reason": reason,
    }
    trial.twins.act("bigcommerce", "refund_order", action)


def refund_at_the_gateway(trial: Harness, order_id: int, amount: Decimal) -> None:
    """Refunds an order at the gateway: the store knows the amount, but no document explains it."""

    def add_refund() -> None:
        store = trial.twins.bigcommerce.store
        add_transaction(store, store.orders[order_id], "refund", "credit_card", amount)

    trial.twins.run(add_refund)
    status = {"order_id": order_id, "payment_status": "partially refunded"}
    trial.twins.act("bigcommerce", "set_payment_status", status)


def sell_unknown_sku(trial: Harness, sku: str) -> int:
    """Sells a SKU that Cin7 does not know, so that the order is held. Returns the order's number."""
    product = {"sku": sku, "name": sku.title(), "price": "20.00", "inventory_level": 5}
    trial.twins.act("bigcommerce", "seed_products", [product])
    order_id = trial.place(lines=[{"sku": sku, "quantity": 1}])
    trial.run()
    return order_id
