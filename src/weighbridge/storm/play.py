"""One run of a storm: twins, the real product as a process of its own, shoppers who buy what they are shown."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from weighbridge.database import Database
from weighbridge.demo import free_port
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import load_installation
from weighbridge.domain.oversell import bound
from weighbridge.journal import Journal
from weighbridge.journal.exposures import Level
from weighbridge.storm.cadence_copy import CadenceCopy
from weighbridge.storm.ledger import Ledger
from weighbridge.storm.plan import MINUTE, Movement, Plan, Shopper, StormOptions
from weighbridge.twins.bigcommerce.inventory import level
from weighbridge.twins.server import TwinServer
from weighbridge.twins.world_people import person_of

SECRETS: Final = {
    name: f"STORM_{name.upper()}"
    for name in ("access_token", "client_secret", "account_id", "application_key", "hooks")
}
HOOK_SECRET: Final = "storm-hook-secret-not-for-real-use"
CONNECTION: Final = "main"
QUOTA: Final = 60
NEVER_SECONDS: Final = 30 * 86400
READY_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 15.0
"""Of the twins' time, between two looks at what is shown and what bound is published."""
Tell = Callable[[str, int, int], None]


class StormFailed(Exception):
    """The storm could not be played to its end."""


class Protocol(StrEnum):
    """Who tells the shop its stock. Orders are carried by the product in both runs."""

    WEIGHBRIDGE = "weighbridge"
    CADENCE_COPY = "cadence copy"


@dataclass
class Outcome:
    """What came of one run."""

    protocol: Protocol
    ledger: Ledger
    orders: int = 0
    bounds: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, the largest oversell that the product published as possible at any moment."""
    looks: int = 0
    exceeded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, by how much more could have been oversold at one moment than the bound of that moment said."""
    throttled: int = 0


async def play(plan: Plan, protocol: Protocol, options: StormOptions, folder: Path, tell: Tell) -> Outcome:
    """Plays the storm once; `tell` is told words, how much is done, of how much. Raises StormFailed."""
    outcome = Outcome(protocol, Ledger())
    with TwinServer(speed=options.speed, seed=options.seed) as twins:
        _open(twins, plan, outcome.ledger)
        storm = Storm(twins, plan, options, outcome, folder, tell)
        with storm.product():
            await storm.until_stock_is_shown()
            storm.bad_weather()
            async with storm.copying():
                await storm.pass_over()
        quota = twins.quota("cin7")
        outcome.throttled = int(quota["throttled"])
    return outcome


class Storm:
    """The storm while it passes."""

    def __init__(
        self, twins: TwinServer, plan: Plan, options: StormOptions, outcome: Outcome, folder: Path, tell: Tell
    ) -> None:
        self._twins = twins
        self._plan = plan
        self._options = options
        self._outcome = outcome
        self._folder = folder
        self._tell = tell
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def _ours(self) -> bool:
        return self._outcome.protocol is Protocol.WEIGHBRIDGE

    @contextmanager
    def product(self) -> Iterator[None]:
        """The product as a process of its own; without its stock cadence where the copy tells the shop its stock."""
        config = self._folder / "weighbridge.toml"
        config.write_text(self._configuration(), encoding="utf-8")
        keys = self._twins.credentials
        secrets = {name: HOOK_SECRET if name == "hooks" else str(getattr(keys, name)) for name in SECRETS}
        environment = {**os.environ, **{SECRETS[name]: value for name, value in secrets.items()}}
        command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
        with self._log.open("ab") as log:
            self._worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            self._worker.send_signal(signal.SIGTERM)
            try:
                self._worker.wait(30)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait(10)

    async def until_stock_is_shown(self) -> None:
        """Fair weather until the shop shows what the warehouse has. Raises StormFailed."""
        wanted = {one.sku: one.on_hand for one in self._plan.goods}
        self._tell("Telling the shop its stock", 0, len(self._plan.shoppers))
        async with asyncio.timeout(READY_SECONDS):
            while self._twins.act("bigcommerce", "stock_levels") != wanted:
                self._check()
                await asyncio.sleep(0.1)

    def bad_weather(self) -> None:
        """Hooks get lost, lists lag and drift, levels show late, and Cin7 leaves little of its quota."""
        options, twins = self._options, self._twins
        for platform in ("bigcommerce", "cin7"):
            rule = {"fault": "hook_lost", "probability": options.hooks_lost, "seed": options.seed}
            twins.fault(platform, rule)
        lag = {"delayed_visibility_seconds": options.lag_seconds, "inventory_delay_spread": options.lag_seconds}
        twins.set_switches("bigcommerce", lag)
        calls = max(1, round(QUOTA * options.quota_share))
        twins.set_switches("cin7", {"page_drift": options.page_drift, "calls_per_minute": calls})

    @asynccontextmanager
    async def copying(self) -> AsyncIterator[None]:
        """The plain copy beside the product, where it is its turn."""
        if self._ours:
            yield
            return
        keys, twins = self._twins.credentials, self._twins
        copy = CadenceCopy(
            twins.bigcommerce_url,
            keys.access_token,
            twins.cin7_url,
            {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key},
            twins.clock,
            self._options.cadence_minutes * MINUTE,
        )
        task = asyncio.create_task(copy.run())
        try:
            yield
            if task.done():
                task.result()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def pass_over(self) -> None:
        """Shoppers and movements as planned, looks between them, and at the end until the product has read once more
        all that happened. Raises StormFailed when it does not."""
        clock = self._twins.clock
        began = clock.now()
        happenings: list[Shopper | Movement] = [*self._plan.shoppers, *self._plan.movements]
        happenings.sort(key=lambda one: one.at)
        end = self._options.minutes * MINUTE + self._options.lag_seconds
        async with self._journal() as journal:
            looked, done = -LOOK_SECONDS, 0
            while (elapsed := (clock.now() - began).total_seconds()) < end:
                while happenings and happenings[0].at <= elapsed:
                    one = happenings.pop(0)
                    self._shop(one) if isinstance(one, Shopper) else self._move(one)
                    done += isinstance(one, Shopper)
                if elapsed - looked >= LOOK_SECONDS:
                    looked = elapsed
                    self._check()
                    await self._look(journal)
                    self._tell(f"Storm, with {self._outcome.protocol}", done, len(self._plan.shoppers))
                upcoming = min(looked + LOOK_SECONDS, happenings[0].at if happenings else end)
                await clock.sleep(max(0.5, upcoming - elapsed))
            await self._until_read(journal, began + timedelta(seconds=end))

    async def _until_read(self, journal: Journal, moment: datetime) -> None:
        if not self._ours:
            return
        async with asyncio.timeout(READY_SECONDS):
            while all(level.read_at < moment for level in (await self._levels(journal)).values()):
                self._check()
                await self._look(journal)
                await self._twins.clock.sleep(LOOK_SECONDS)
        await self._look(journal)

    async def _levels(self, journal: Journal) -> dict[str, Level]:
        return await journal.exposures.before(CONNECTION, self._twins.clock.now())

    def _shop(self, shopper: Shopper) -> None:
        """The shopper sees the levels and buys in one moment: checkouts do not sell what is not shown."""
        bought, order = self._twins.run(lambda: self._buy(shopper))
        for wish in shopper.wishes:
            self._outcome.ledger.shop(wish.sku, wanted=wish.units, bought=bought.get(wish.sku, 0), order=order)
        self._outcome.orders += bool(bought)

    def _buy(self, shopper: Shopper) -> tuple[dict[str, int], int]:
        shop = self._twins.bigcommerce
        lines: list[dict[str, Any]] = []
        for wish in shopper.wishes:
            units = min(wish.units, max(0, level(shop.shop, wish.sku)))
            if units and wish.line is not None and units == wish.units:
                line = wish.line
                money = {"line_total": line.shelf_total, "discount": line.promotion, "coupon": line.coupon}
                lines.append({"sku": wish.sku, "quantity": units, **money})
            elif units:
                lines.append({"sku": wish.sku, "quantity": units})
        if not lines:
            return {}, 0
        address = person_of(shopper.household_id, self._options.seed, 0.1).address()
        spec = {"lines": lines, "shipping_cost": "4.99", "billing_address": address, "shipping_addresses": [address]}
        placed: Any = shop.act("place_order", spec)
        return {line["sku"]: line["quantity"] for line in lines}, int(placed["id"])

    def _move(self, movement: Movement) -> None:
        if movement.units > 0:
            self._twins.act("cin7", "receive_stock", {"sku": movement.sku, "quantity": movement.units})
            self._outcome.ledger.move(movement.sku, movement.units)
        else:
            taken = self._twins.run(lambda: self._sell_over_the_counter(movement.sku, -movement.units))
            self._outcome.ledger.move(movement.sku, -taken)

    def _sell_over_the_counter(self, sku: str, units: int) -> int:
        """Another channel sells what Cin7 has free, which it knows at once."""
        books = self._twins.cin7
        product = books.company.product_by_sku(sku)
        assert product is not None
        (row,) = books.company.rows_of(product["ID"])
        taken = min(units, max(0, int(row.available)))
        if taken:
            books.act("count_stock", {"sku": sku, "quantity": row.on_hand - taken})
        return taken

    async def _look(self, journal: Journal) -> None:
        """What the shop shows, against the truth; and what the product publishes as its bound at this moment."""
        levels: Any = self._twins.act("bigcommerce", "stock_levels")
        claims = {sku: self._outcome.ledger.show(sku, int(shown)) for sku, shown in levels.items()}
        self._outcome.looks += 1
        if not self._ours:
            return
        hours = load_installation(self._folder / "weighbridge.toml").connections[CONNECTION].design.stock.sales_hours
        for sku, exposure in (await journal.exposures.of(CONNECTION, (CONNECTION,), hours)).items():
            units = bound(exposure).units
            self._outcome.bounds[sku] = max(self._outcome.bounds[sku], units)
            self._outcome.exceeded[sku] = max(self._outcome.exceeded[sku], claims.get(sku, 0) - units)

    @asynccontextmanager
    async def _journal(self) -> AsyncIterator[Journal]:
        database = Database(f"sqlite:///{self._folder}/weighbridge.db")
        try:
            yield Journal.of(database, self._twins.clock)
        finally:
            await database.close()

    def _configuration(self) -> str:
        port, twins = free_port(), self._twins
        cadence = self._options.cadence_minutes * MINUTE if self._ours else NEVER_SECONDS
        text = example_toml(
            Example(
                bigcommerce_api=twins.bigcommerce_url.partition("/stores/")[0],
                store_hash=twins.credentials.store_hash,
                cin7_api=twins.cin7_url,
                secrets=SECRETS,
                database=f"sqlite:///{self._folder}/weighbridge.db",
                clock=str(twins.clock),
                connection=CONNECTION,
                port=port,
                public_url=f"http://127.0.0.1:{port}",
                locations=("Main Warehouse",),
            )
        )
        table = f"[connections.{CONNECTION}.design.stock]\n"
        return text.replace(table, f"{table}cadence_seconds = {cadence}\n")

    @property
    def _log(self) -> Path:
        return self._folder / "product.log"

    def _check(self) -> None:
        if self._worker is not None and self._worker.poll() is not None:
            raise StormFailed(f"the product ended by itself: {self._log.read_text()[-3000:]}")


def _open(twins: TwinServer, plan: Plan, ledger: Ledger) -> None:
    """The same goods at both sides; the shop shows none of them yet."""
    for some in _parts(plan.goods, 1000):
        shop = [{"sku": one.sku, "name": one.name, "price": one.price, "tax_class_id": 1} for one in some]
        twins.act("bigcommerce", "seed_products", shop)
        products = [{"sku": one.sku, "name": one.name, "tier_price": one.price, "tax": "Tax Exempt"} for one in some]
        stock = [{"sku": one.sku, "on_hand": one.on_hand} for one in some]
        twins.act("cin7", "seed", {"products": products, "stock": stock})
    for one in plan.goods:
        ledger.move(one.sku, one.on_hand)


def _parts(goods: tuple[Any, ...], size: int) -> Iterable[tuple[Any, ...]]:
    return (goods[start : start + size] for start in range(0, len(goods), size))
