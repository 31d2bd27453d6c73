"""Plays one run of a storm: twins, the product as a separate process, and shoppers who buy what the store shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from weighbridge.domain.stock.available import LevelKey
from weighbridge.domain.stock.oversell import bound
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.monitoring_facts import ORDERS
from weighbridge.persistence.repositories.oversell_risk import LastLevel
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge_simulation.storm.cadence_copy import CadenceCopy
from weighbridge_simulation.storm.ledger import Ledger
from weighbridge_simulation.storm.outcome import Outcome, Protocol
from weighbridge_simulation.storm.people import People
from weighbridge_simulation.storm.plan import MINUTE, Movement, Plan, Shopper, StormOptions
from weighbridge_simulation.storm.product import CONNECTION, Product
from weighbridge_twins.http.server import TwinServer

QUOTA: Final = 60
NEVER_SECONDS: Final = 30 * 86400
READY_SECONDS: Final = 120.0
SAMPLE_SECONDS: Final = 15.0
"""Seconds of the twins' time between two samples of the store's levels and the reported bounds."""
ReportProgress = Callable[[str, int, int], None]
"""Called with a message, the number of shoppers so far and the number of all shoppers."""


async def play(
    plan: Plan, protocol: Protocol, options: StormOptions, folder: Path, report_progress: ReportProgress
) -> Outcome:
    """Plays the storm once. Raises StormFailed when the product exits, TimeoutError when it does not keep up."""
    outcome = Outcome(protocol, Ledger())
    with TwinServer(speed=options.speed, seed=options.seed) as twins:
        people = People(twins, outcome.ledger, options.seed)
        people.seed_goods(plan)
        product = Product(twins, folder, stock_design(plan, protocol, options))
        storm = Storm(twins, people, product, plan, options, outcome, report_progress)
        async with product.running():
            await storm.until_stock_is_published()
            storm.add_faults()
            async with storm.copying():
                await storm.run()
        outcome.orders, outcome.throttled = people.orders, int(twins.quota("cin7")["throttled"])
    return outcome


def stock_design(plan: Plan, protocol: Protocol, options: StormOptions) -> str:
    """The product's stock settings; beside the plain copy, the product publishes stock once, at the start."""
    if protocol is not Protocol.WEIGHBRIDGE:
        return f"cadence_seconds = {NEVER_SECONDS}\n"
    design = f"cadence_seconds = {options.cadence_minutes * MINUTE}\n"
    if options.fast_lane_seconds:
        skus = ", ".join(f'"{sku}"' for sku in plan.hot)
        design += f"fast_lane = [{skus}]\nfast_lane_seconds = {options.fast_lane_seconds}\n"
    return design


@dataclass
class Storm:
    """A storm while it is played."""

    twins: TwinServer
    people: People
    product: Product
    plan: Plan
    options: StormOptions
    outcome: Outcome
    report_progress: ReportProgress

    @property
    def _is_weighbridge(self) -> bool:
        return self.outcome.protocol is Protocol.WEIGHBRIDGE

    async def until_stock_is_published(self) -> None:
        """Waits, without faults, until the store shows the warehouse's stock. Raises StormFailed, TimeoutError."""
        expected = {goods.sku: goods.on_hand for goods in self.plan.goods}
        self.report_progress("Publishing the stock", 0, len(self.plan.shoppers))
        async with asyncio.timeout(READY_SECONDS):
            while self.twins.act("bigcommerce", "stock_levels") != expected:
                self.product.check()
                await asyncio.sleep(0.1)

    def add_faults(self) -> None:
        """Webhooks get lost, lists lag and drift, levels show late, and Cin7 leaves a small share of its quota."""
        options, twins = self.options, self.twins
        for platform in ("bigcommerce", "cin7"):
            rule = {"fault": "webhook_lost", "probability": options.webhooks_lost, "seed": options.seed}
            twins.fault(platform, rule)
        lag = {"delayed_visibility_seconds": options.lag_seconds, "inventory_delay_spread": options.lag_seconds}
        twins.set_switches("bigcommerce", lag)
        calls = max(1, round(QUOTA * options.quota_share))
        twins.set_switches("cin7", {"page_drift": options.page_drift, "calls_per_minute": calls})

    @asynccontextmanager
    async def copying(self) -> AsyncIterator[None]:
        """Runs the plain copy beside the product where the protocol is the copy."""
        if self._is_weighbridge:
            yield
            return
        keys, twins = self.twins.credentials, self.twins
        copy = CadenceCopy(
            twins.bigcommerce_url,
            keys.access_token,
            twins.cin7_url,
            {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key},
            twins.clock,
            self.options.cadence_minutes * MINUTE,
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

    async def run(self) -> None:
        """Plays shoppers and movements as planned and samples between them; ends when the product has read all of it.

        Raises StormFailed when the product exits, TimeoutError when it has not read everything in time.
        """
        clock = self.twins.clock
        started = clock.now()
        events: list[Shopper | Movement] = [*self.plan.shoppers, *self.plan.movements]
        events.sort(key=lambda event: event.at_seconds)
        end = self.options.minutes * MINUTE + self.options.lag_seconds
        async with self.product.repositories() as repositories:
            sampled, shoppers = -SAMPLE_SECONDS, 0
            while (elapsed := (clock.now() - started).total_seconds()) < end:
                while events and events[0].at_seconds <= elapsed:
                    event = events.pop(0)
                    self.outcome.late_seconds = max(self.outcome.late_seconds, elapsed - event.at_seconds)
                    self.people.purchase(event) if isinstance(event, Shopper) else self.people.move(event)
                    shoppers += isinstance(event, Shopper)
                if elapsed - sampled >= SAMPLE_SECONDS:
                    sampled = elapsed
                    self.product.check()
                    await self._take_sample(repositories)
                    message = f"Storm, with {self.outcome.protocol}"
                    self.report_progress(message, shoppers, len(self.plan.shoppers))
                upcoming = min(sampled + SAMPLE_SECONDS, events[0].at_seconds if events else end)
                await clock.sleep(max(0.5, upcoming - elapsed))
            await self._until_read(repositories, started + timedelta(seconds=end))

    async def _until_read(self, repositories: Repositories, since: datetime) -> None:
        """Samples until the product has evaluated every order and read every oversold SKU again after `since`."""
        if not self._is_weighbridge:
            return
        async with asyncio.timeout(READY_SECONDS):
            while await self._has_unread_levels(repositories, since) or await self._has_unprocessed_orders(
                repositories
            ):
                self.product.check()
                await self._take_sample(repositories)
                await self.twins.clock.sleep(SAMPLE_SECONDS)
        await self._take_sample(repositories)

    async def _has_unread_levels(self, repositories: Repositories, since: datetime) -> bool:
        levels = await self._levels(repositories)
        oversold = {sku for sku, units in self.outcome.ledger.oversold.items() if units > 0}
        unread = [level for level in levels.values() if level.read_at < since]
        return len(unread) == len(levels) or any(level.sku in oversold for level in unread)

    async def _has_unprocessed_orders(self, repositories: Repositories) -> bool:
        placed = self.twins.run(lambda: set(self.twins.bigcommerce.store.orders))
        columns = transfers.c
        evaluated = await repositories.transfers.select((columns.flow == ORDERS) & (columns.state != State.NEW))
        return not placed <= {int(transfer.key) for transfer in evaluated}

    async def _levels(self, repositories: Repositories) -> dict[LevelKey, LastLevel]:
        return await repositories.oversell_risk.levels_before(CONNECTION, self.twins.clock.now())

    async def _take_sample(self, repositories: Repositories) -> None:
        """Compares the levels that the store shows with the ledger, and reads the bounds that the product reports."""
        levels: Any = self.twins.act("bigcommerce", "stock_levels")
        outcome = self.outcome
        claims = {sku: outcome.ledger.record_store_level(sku, int(level)) for sku, level in levels.items()}
        outcome.samples += 1
        if not self._is_weighbridge:
            return
        for sku, units in outcome.ledger.oversold.items():
            if units > outcome.bounds[sku]:
                outcome.beyond[sku] = (units, outcome.bounds[sku])
        hours = self.product.sales_hours()
        for sku, factors in (await repositories.oversell_risk.by_sku(CONNECTION, (CONNECTION,), hours)).items():
            units = bound(factors).units
            if units > max([0, *outcome.bounds.values()]):
                outcome.worst = factors
            outcome.bounds[sku] = max(outcome.bounds[sku], units)
            outcome.exceeded[sku] = max(outcome.exceeded[sku], claims.get(sku, 0) - units)
