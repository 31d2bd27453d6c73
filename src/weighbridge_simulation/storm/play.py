"""One run of a storm: twins, the real product as a process of its own, shoppers who buy what they are shown."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import load_installation
from weighbridge.domain.stock.available import Slot
from weighbridge.domain.stock.oversell import Exposure, bound
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.monitoring_facts import ORDERS
from weighbridge.persistence.repositories.oversell_risk import Level
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.tables.transfers import transfers
from weighbridge_simulation.demo.run import free_port
from weighbridge_simulation.storm.cadence_copy import CadenceCopy
from weighbridge_simulation.storm.ledger import Ledger
from weighbridge_simulation.storm.people import People
from weighbridge_simulation.storm.plan import MINUTE, Movement, Plan, Shopper, StormOptions
from weighbridge_twins.server import TwinServer

SECRETS: Final = {
    name: f"STORM_{name.upper()}"
    for name in ("access_token", "client_secret", "account_id", "application_key", "hooks")
}
HOOK_SECRET: Final = "storm-hook-secret-not-for-real-use"
CONNECTION: Final = "main"
QUOTA: Final = 60
NEVER_SECONDS: Final = 30 * 86400
READY_SECONDS: Final = 120.0
PLACES: Final = 100
"""Orders that wait for a call to Cin7 keep their places; with the usual twelve, new ones would wait to be heard of."""
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
    worst: Exposure | None = None
    """What the largest bound of all was made of."""
    looks: int = 0
    beyond: dict[str, tuple[int, int]] = field(default_factory=dict)
    """SKUs of which more was oversold at some look than had ever been published as possible before it: units oversold,
    and the largest bound until then."""
    exceeded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By SKU, by how much more could have been oversold at one moment than the bound of that moment said."""
    throttled: int = 0
    late_seconds: float = 0.0
    """Of the twins' time, the longest that a shopper came late: the machine was too busy to keep the time."""


async def play(plan: Plan, protocol: Protocol, options: StormOptions, folder: Path, tell: Tell) -> Outcome:
    """Plays the storm once; `tell` is told words, how much is done, of how much. Raises StormFailed."""
    outcome = Outcome(protocol, Ledger())
    with TwinServer(speed=options.speed, seed=options.seed) as twins:
        people = People(twins, outcome.ledger, options.seed)
        people.open(plan)
        storm = Storm(twins, people, plan, options, outcome, folder, tell)
        async with storm.product():
            await storm.until_stock_is_shown()
            storm.bad_weather()
            async with storm.copying():
                await storm.pass_over()
        outcome.orders, outcome.throttled = people.orders, int(twins.quota("cin7")["throttled"])
    return outcome


class Storm:
    """The storm while it passes."""

    def __init__(
        self,
        twins: TwinServer,
        people: People,
        plan: Plan,
        options: StormOptions,
        outcome: Outcome,
        folder: Path,
        tell: Tell,
    ) -> None:
        self._twins = twins
        self._people = people
        self._plan = plan
        self._options = options
        self._outcome = outcome
        self._folder = folder
        self._tell = tell
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def _ours(self) -> bool:
        return self._outcome.protocol is Protocol.WEIGHBRIDGE

    @asynccontextmanager
    async def product(self) -> AsyncIterator[None]:
        """The product as a process of its own; without its stock cadence where the copy tells the shop its stock."""
        worker = self._worker = self._started()
        try:
            yield
        finally:
            worker.send_signal(signal.SIGTERM)
            await asyncio.to_thread(_wait_for_the_end, worker)

    def _started(self) -> subprocess.Popen[bytes]:
        config = self._folder / "weighbridge.toml"
        config.write_text(self._configuration(), encoding="utf-8")
        keys = self._twins.credentials
        secrets = {name: HOOK_SECRET if name == "hooks" else str(getattr(keys, name)) for name in SECRETS}
        environment = {**os.environ, **{SECRETS[name]: value for name, value in secrets.items()}}
        command = [sys.executable, "-m", "weighbridge", "run", "--config", str(config)]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

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
                    self._outcome.late_seconds = max(self._outcome.late_seconds, elapsed - one.at)
                    self._people.shop(one) if isinstance(one, Shopper) else self._people.move(one)
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
        """Looks until the product has weighed every order, and has read since `moment` all that was oversold."""
        if not self._ours:
            return
        async with asyncio.timeout(READY_SECONDS):
            while await self._is_unread(journal, moment) or await self._is_unheard(journal):
                self._check()
                await self._look(journal)
                await self._twins.clock.sleep(LOOK_SECONDS)
        await self._look(journal)

    async def _is_unread(self, journal: Journal, moment: datetime) -> bool:
        levels = await self._levels(journal)
        short = {sku for sku, units in self._outcome.ledger.short.items() if units > 0}
        unread = [level for level in levels.values() if level.read_at < moment]
        return len(unread) == len(levels) or any(level.sku in short for level in unread)

    async def _is_unheard(self, journal: Journal) -> bool:
        placed = self._twins.run(lambda: set(self._twins.bigcommerce.shop.orders))
        of = transfers.c
        weighed = await journal.transfers.select((of.flow == ORDERS) & (of.state != State.NEW))
        return not placed <= {int(one.key) for one in weighed}

    async def _levels(self, journal: Journal) -> dict[Slot, Level]:
        return await journal.exposures.before(CONNECTION, self._twins.clock.now())

    async def _look(self, journal: Journal) -> None:
        """What the shop shows, against the truth; and what the product publishes as its bound at this moment."""
        levels: Any = self._twins.act("bigcommerce", "stock_levels")
        claims = {sku: self._outcome.ledger.show(sku, int(shown)) for sku, shown in levels.items()}
        self._outcome.looks += 1
        if not self._ours:
            return
        for sku, units in self._outcome.ledger.short.items():
            if units > self._outcome.bounds[sku]:
                self._outcome.beyond[sku] = (units, self._outcome.bounds[sku])
        hours = load_installation(self._folder / "weighbridge.toml").connections[CONNECTION].design.stock.sales_hours
        for sku, exposure in (await journal.exposures.of(CONNECTION, (CONNECTION,), hours)).items():
            units = bound(exposure).units
            if units > max([0, *self._outcome.bounds.values()]):
                self._outcome.worst = exposure
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
                installation={"concurrency": PLACES},
            )
        )
        stock = f"cadence_seconds = {cadence}\n"
        if self._ours and self._options.fast_lane_seconds:
            names = ", ".join(f'"{sku}"' for sku in self._plan.hot)
            stock += f"fast_lane = [{names}]\nfast_lane_seconds = {self._options.fast_lane_seconds}\n"
        table = f"[connections.{CONNECTION}.design.stock]\n"
        return text.replace(table, table + stock)

    @property
    def _log(self) -> Path:
        return self._folder / "product.log"

    def _check(self) -> None:
        if self._worker is not None and self._worker.poll() is not None:
            raise StormFailed(f"the product ended by itself: {self._log.read_text()[-3000:]}")


def _wait_for_the_end(worker: subprocess.Popen[bytes]) -> None:
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)
