"""A whole working day for the console: orders, parcels and refunds from morning to afternoon, and a running worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.browser.sample_data import RETURNS, VASE, open_installation, refund, refund_at_the_gateway
from tests.flows.harness import Harness, harness
from tests.web.installation import RunningInstallation
from weighbridge.persistence.repositories.transfers import State

MORNING = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
"""A Monday."""
HOUR = timedelta(hours=1)
FILLING_SPEED = 120.0
ORDERS_BY_HOUR = (1, 2, 4, 3, 5, 2, 3)
NAMES = (("Ada", "Barlow"), ("Grace", "Ortiz"), ("Ken", "Watts"), ("Mina", "Chen"), ("Paul", "Reyes"))
GOODS = (("MUG", 2, "TEA", 3), ("MUG", 1, "TEA", 1), ("TEA", 6, "MUG", 1), ("MUG", 4, "TEA", 2))


def working_day(folder: Path, visit: Callable[[RunningInstallation, Harness], None]) -> None:
    """Plays the day, then calls `visit` with the console and a running worker."""
    with harness(folder, speed=FILLING_SPEED, start=MORNING, post="invoice_and_payment", design=RETURNS) as trial:
        play(trial)
        trial.twins.run(lambda: trial.twins.running.clock.set(speed=1.0))
        with open_installation(folder, trial) as home:
            trial.listen(
                lambda _: visit(home, trial),
                lambda _: True,
                ready=lambda listening: bool(listening.bigcommerce_webhooks()),
            )


def play(trial: Harness) -> None:
    """Hour by hour: orders arrive, some parcels ship, some goods come back, and some objects need action."""
    trial.twins.act("bigcommerce", "seed_products", [VASE])
    trial.push_stock()
    number = 0
    for hour, orders in enumerate(ORDERS_BY_HOUR):
        for _ in range(orders):
            _order(trial, number)
            number += 1
        if hour in (1, 3, 5):
            trial.place(lines=[{"sku": "VASE-BLUE", "quantity": hour}, {"sku": "MUG", "quantity": 1}])
        if hour == 4:
            trial.place(lines=[{"sku": "TEA", "quantity": 600}])
        rows = trial.run()
        _ship(trial, [row.target_id for row in rows if row.state is State.POSTED][: 2 * hour])
        if hour == 2:
            trial.push_stock()
        _refund_some(trial, hour, [int(row.key) for row in rows if row.state is State.POSTED])
        _wait_until(trial, MORNING + (hour + 1) * HOUR)
    trial.run()
    trial.push_stock()
    trial.push_stock()


def _order(trial: Harness, number: int) -> None:
    first, last = NAMES[number % len(NAMES)]
    sku, units, other_sku, other_units = GOODS[number % len(GOODS)]
    address = {
        "first_name": first, "last_name": last, "street_1": f"{12 + number} Mill St", "city": "Austin",
        "state": "Texas", "zip": "78701", "country": "United States", "country_iso2": "US",
        "email": f"{first.lower()}@example.com", "phone": "555-0101",
    }  # fmt: skip
    trial.place(
        lines=[{"sku": sku, "quantity": units}, {"sku": other_sku, "quantity": other_units}],
        billing_address=address,
        shipping_addresses=[address],
    )


def _ship(trial: Harness, sale_ids: list[str]) -> None:
    shipped = trial.twins.run(lambda: {sale["id"] for sale in trial.twins.cin7.dump()["sales"] if sale["fulfilments"]})
    for number, sale_id in enumerate(sale_id for sale_id in sale_ids if sale_id not in shipped):
        tracking = f"1Z999AA1{len(shipped) + number:010d}"
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": tracking})
    trial.ship()


def _refund_some(trial: Harness, hour: int, posted: list[int]) -> None:
    if hour == 3:
        refund(trial, posted[0], "MUG", 1, "Too small")
    if hour == 4:
        refund(trial, posted[1], "MUG", 1, "Arrived damaged")
    if hour == 5:
        refund_at_the_gateway(trial, posted[3], Decimal("7.00"))


def _wait_until(trial: Harness, timestamp: datetime) -> None:
    """Moves the clock to `timestamp`, unless it is later already."""
    clock = trial.twins.running.clock
    if clock.now() < timestamp:
        trial.twins.run(lambda: clock.set(now=timestamp))
