"""A whole working day behind a console: orders, parcels and refunds from morning to afternoon, and a living worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.browser.furnished import RETURNS, VASE, opened, refund, refund_at_the_gateway
from tests.flows.harness import Rig, rig
from tests.web.installation import House
from weighbridge.persistence.repositories.transfers import State

MORNING = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
"""A Monday."""
HOUR = timedelta(hours=1)
FILLING_SPEED = 120.0
ORDERS_BY_HOUR = (1, 2, 4, 3, 5, 2, 3)
NAMES = (("Ada", "Barlow"), ("Grace", "Ortiz"), ("Ken", "Watts"), ("Mina", "Chen"), ("Paul", "Reyes"))
GOODS = (("MUG", 2, "TEA", 3), ("MUG", 1, "TEA", 1), ("TEA", 6, "MUG", 1), ("MUG", 4, "TEA", 2))


def working_day(folder: Path, looks: Callable[[House, Rig], None]) -> None:
    """Plays the day, then opens the console beside a living worker and lets `looks` look at it."""
    with rig(folder, speed=FILLING_SPEED, start=MORNING, post="invoice_and_payment", design=RETURNS) as trial:
        play(trial)
        trial.twins.run(lambda: trial.twins.running.clock.set(speed=1.0))
        with opened(folder, trial) as home:
            trial.listen(lambda _: looks(home, trial), lambda _: True, armed=lambda rig: bool(rig.hooks()))


def play(trial: Rig) -> None:
    """Hour by hour: orders come, some parcels leave, some goods come back, and something always waits for somebody."""
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
        _give_back(trial, hour, [int(row.key) for row in rows if row.state is State.POSTED])
        _pass(trial, MORNING + (hour + 1) * HOUR)
    trial.run()
    trial.push_stock()
    trial.push_stock()


def _order(trial: Rig, number: int) -> None:
    first, last = NAMES[number % len(NAMES)]
    one, units, other, more = GOODS[number % len(GOODS)]
    address = {
        "first_name": first, "last_name": last, "street_1": f"{12 + number} Mill St", "city": "Austin",
        "state": "Texas", "zip": "78701", "country": "United States", "country_iso2": "US",
        "email": f"{first.lower()}@example.com", "phone": "555-0101",
    }  # fmt: skip
    trial.place(
        lines=[{"sku": one, "quantity": units}, {"sku": other, "quantity": more}],
        billing_address=address,
        shipping_addresses=[address],
    )


def _ship(trial: Rig, sale_ids: list[str]) -> None:
    sent = trial.twins.run(lambda: {one["id"] for one in trial.twins.cin7.dump()["sales"] if one["fulfilments"]})
    for number, sale_id in enumerate(one for one in sale_ids if one not in sent):
        tracking = f"1Z999AA1{len(sent) + number:010d}"
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale_id, "carrier": "UPS", "tracking": tracking})
    trial.ship()


def _give_back(trial: Rig, hour: int, posted: list[int]) -> None:
    if hour == 3:
        refund(trial, posted[0], "MUG", 1, "Too small")
    if hour == 4:
        refund(trial, posted[1], "MUG", 1, "Arrived damaged")
    if hour == 5:
        refund_at_the_gateway(trial, posted[3], Decimal("7.00"))


def _pass(trial: Rig, moment: datetime) -> None:
    """Nothing happens until `moment`."""
    clock = trial.twins.running.clock
    if clock.now() < moment:
        trial.twins.run(lambda: clock.set(now=moment))
