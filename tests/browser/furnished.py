"""A console with a day's work behind it: real flows between the twins, so that every page has something to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from tests.flows.harness import Rig, rig
from tests.web.installation import PASSWORD, USERS, House, house
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.tenders import add_transaction

Done = TypeVar("Done")
TRACKING = "1Z999AA10123456784"
SPEED = 60.0
"""Slower than other flows: people look at these pages while the clock runs."""
VASE: dict[str, Any] = {"sku": "VASE-BLUE", "name": "Blue vase", "price": "38.00", "inventory_level": 5}
"""Sold at the shop, and unknown in Cin7."""
RETURNS = """
[connections.main.design.refunds]
mode = "credit_note"
restock = "dispatched"
restock_reasons = { damaged = "" }
"""
"""Refunds become credit notes; goods that left come back to their shelf, but for damaged ones."""


def apart(work: Callable[[], Done]) -> Done:
    """Does something in a thread of its own: the browser's event loop runs in the one of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextmanager
def furnished(folder: Path, database: str = "") -> Iterator[tuple[House, Rig]]:
    """A served console, and the rig whose orders it shows."""
    with rig(folder, speed=SPEED, post="invoice_and_payment", design=RETURNS, database=database) as trial:
        fill(trial)
        with opened(folder, trial) as home:
            yield home, trial


@contextmanager
def opened(folder: Path, trial: Rig) -> Iterator[House]:
    """The console of a rig, with the four users."""
    with house(folder, trial.installation(), trial.environment()) as home:
        for name, role in USERS.items():
            home.do(lambda office, name=name, role=role: office.access.users.add(name, role, PASSWORD, "tests"))
        yield home


def fill(trial: Rig) -> None:
    """Orders that cross, and some that wait for people; a parcel, and refunds of which one is nowhere explained."""
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


def refund(trial: Rig, order_id: int, sku: str, quantity: int, reason: str) -> None:
    """Staff refund units of an order at the shop."""
    lines = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[order_id].products)
    item = next(line["id"] for line in lines if line["sku"] == sku)
    wanted = {
        "order_id": order_id,
        "items": [{"item_type": "PRODUCT", "item_id": item, "quantity": quantity, "reason": reason}],
        "reason": reason,
    }
    trial.twins.act("bigcommerce", "refund_order", wanted)


def refund_at_the_gateway(trial: Rig, order_id: int, amount: Decimal) -> None:
    """Somebody gives money back at the gateway; the shop hears of it, and no document says for what."""

    def give() -> None:
        shop = trial.twins.bigcommerce.shop
        add_transaction(shop, shop.orders[order_id], "refund", "credit_card", amount)

    trial.twins.run(give)
    told = {"order_id": order_id, "payment_status": "partially refunded"}
    trial.twins.act("bigcommerce", "set_payment_status", told)


def sell_a_stranger(trial: Rig, sku: str) -> int:
    """The shop sells something that Cin7 does not know; the order waits. Answers its number."""
    product = {"sku": sku, "name": sku.title(), "price": "20.00", "inventory_level": 5}
    trial.twins.act("bigcommerce", "seed_products", [product])
    order_id = trial.place(lines=[{"sku": sku, "quantity": 1}])
    trial.run()
    return order_id
