"""A console with a day's work behind it: real flows between the twins, so that every page has something to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.console.house import PASSWORD, USERS, House, house
from tests.flows.rig import Rig, rig
from weighbridge.journal.transfers import State

Done = TypeVar("Done")
TRACKING = "1Z999AA10123456784"
SPEED = 60.0
"""Slower than other flows: people look at these pages while the clock runs."""


def apart(work: Callable[[], Done]) -> Done:
    """Does something in a thread of its own: the browser's event loop runs in the one of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@contextmanager
def furnished(folder: Path) -> Iterator[tuple[House, Rig]]:
    """A served console, and the rig whose orders it shows."""
    with rig(folder, speed=SPEED) as trial:
        fill(trial)
        with house(folder, trial.installation(), trial.environment()) as home:
            for name, role in USERS.items():
                home.do(lambda office, name=name, role=role: office.access.users.add(name, role, PASSWORD, "tests"))
            yield home, trial


def fill(trial: Rig) -> None:
    """A few orders that cross, and some that wait for people: a SKU that Cin7 does not know, an odd quantity."""
    strange: dict[str, Any] = {"sku": "VASE-BLUE", "name": "Blue vase", "price": "38.00", "inventory_level": 5}
    trial.twins.act("bigcommerce", "seed_products", [strange])
    trial.push_stock()
    for _ in range(4):
        trial.place()
    for quantity in (1, 2, 5):
        trial.place(lines=[{"sku": "VASE-BLUE", "quantity": quantity}, {"sku": "MUG", "quantity": 1}])
    trial.place(lines=[{"sku": "TEA", "quantity": 12_000}])
    rows = trial.run()
    sent = next(row for row in rows if row.state is State.POSTED)
    parcel = {"sale_id": sent.target_id, "carrier": "UPS", "tracking": TRACKING}
    trial.twins.act("cin7", "pick_pack_ship", parcel)
    trial.ship()
    assert {row.state for row in rows} == {State.POSTED, State.HELD}, [(row.key, row.reason) for row in rows]
    trial.push_stock()
