"""Plays a week: twins, people, faults at their times, and the product as a real worker on an empty database.

The clock moves by some minutes whenever no job is due, so that a week takes minutes and no job is skipped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.worker.worker import Worker
from weighbridge_simulation.demo.run import free_port
from weighbridge_simulation.week.fault import InjectedFault
from weighbridge_simulation.week.judge import ReportedException, fetch_exceptions
from weighbridge_simulation.week.options import FAULT_BASKETS, HOP, MONDAY, SPEED, WeekOptions, is_clean
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script, Wait
from weighbridge_twins.baskets import Basket, read_baskets, read_products
from weighbridge_twins.http.server import TwinServer
from weighbridge_twins.world.world import World

NAMES: Final = ("access_token", "client_secret", "account_id", "application_key", "webhooks")
SECRETS: Final = {name: f"WEEK_{name.upper()}" for name in NAMES}
WEBHOOK_SECRET: Final = "week-webhook-secret-not-for-real-use"
CONNECTION: Final = "main"
READY_WALL_SECONDS: Final = 120.0
WEBHOOK_POLLS: Final = 60
"""How often the clock is held for due webhooks before it moves: a signature that is minutes old is refused."""
POLL_WALL_SECONDS: Final = 0.02
DESIGN: Final = """
[connections.main.design.cadence]
orders_seconds = 3600
fulfilment_seconds = 3600
webhooks_seconds = 21600

[connections.main.design.monitors]
cadence_seconds = 3600

[connections.main.design.edits]
policy = "rebill"

[connections.main.design.refunds]
mode = "credit_note"
restock = "dispatched"
restock_reasons = { damaged = "" }

[connections.main.design.retry]
schedules = { unreachable = [60, 300, 900] }
"""
"""Differences from the example: sweeps and monitors run less often, so that a week passes in minutes; sales follow
edits, refunds become credit notes, damaged goods are not restocked, and calls are retried three times."""
STOCK: Final = "cadence_seconds = 14400\nstale_allocation_days = 3\n"
SALE: Final = "unusual_quantity = 500\n"
ReportProgress = Callable[[str, int, int], None]
Result = TypeVar("Result")


class WeekFailed(Exception):
    """The week could not be played to its end."""


@dataclass
class Outcome:
    """The result of a week."""

    options: WeekOptions
    injected: Sequence[InjectedFault]
    exceptions: Sequence[ReportedException] = ()
    tolerated: dict[str, bool] = field(default_factory=dict)
    """By name of a tolerated fault, whether its expectation is met."""
    orders: int = 0
    sales: int = 0
    calls: int = 0
    ended_at: datetime = MONDAY
    wall_seconds: float = 0.0


def play(
    options: WeekOptions, injected: Sequence[InjectedFault], folder: Path, report_progress: ReportProgress
) -> Outcome:
    """Plays the week once.

    `report_progress` is called with a message, the hours so far and the hours of the week. Raises WeekFailed.
    """
    began, outcome = time.monotonic(), Outcome(options, injected)
    with TwinServer(speed=SPEED, seed=options.seed, start=MONDAY) as twins:
        week = twins.run(lambda: Week.prepared(twins, options, injected))
        week.folder = folder
        asyncio.run(week.run(report_progress))
        week.finish(outcome)
        outcome.exceptions = asyncio.run(fetch_exceptions(week.installation(), folder, week.environment()))
    outcome.wall_seconds = time.monotonic() - began
    return outcome


@dataclass
class Week:
    """A week while it is played."""

    twins: TwinServer
    options: WeekOptions
    world: World
    scene: Scene
    injected: Sequence[InjectedFault]
    folder: Path = Path()
    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    waits: dict[str, Wait | datetime] = field(default_factory=dict)

    @classmethod
    def prepared(cls, twins: TwinServer, options: WeekOptions, injected: Sequence[InjectedFault]) -> Week:
        """Seeds the products on both platforms, without shoppers yet. Must be called in the twins' thread."""
        products = read_products(options.products)
        known = frozenset(products)
        clean = [basket for basket in read_baskets(options.baskets) if is_clean(basket, known)]
        needed = options.orders + FAULT_BASKETS
        if len(clean) < needed:
            raise WeekFailed(
                f"{options.baskets} has {len(clean)} baskets that a store could sell; the week needs {needed}: "
                "use fewer --orders"
            )
        app, world_options = twins.running.world_runner, options.world()
        ordinary: list[Basket] = clean[: options.orders]
        world = World(app.bigcommerce, app.cin7, twins.running.clock, clean[:needed], products, world_options)
        ordinary_ids = {basket.id for basket in ordinary}
        minutes = world_options.span_minutes or 0.0
        plans = [plan for plan in world.plans if plan.basket.id in ordinary_ids]
        spread = needed / max(1, len(plans))
        world.plans = [replace(plan, arrives_at=min(plan.arrives_at * spread, minutes * 60.0)) for plan in plans]
        world.seed()
        scene = Scene(twins, world, clean[options.orders : needed], options.seed)
        scene.seed_products()
        return cls(twins, options, world, scene, injected)

    def configuration(self) -> str:
        """The text of this installation's `weighbridge.toml`, with the current time of the twins."""
        self.port = self.port or free_port()
        text = example_toml(
            Example(
                bigcommerce_api=self.twins.bigcommerce_url.partition("/stores/")[0],
                store_hash=self.twins.credentials.store_hash,
                cin7_api=self.twins.cin7_url,
                secrets=SECRETS,
                clock=str(self.twins.clock),
                connection=CONNECTION,
                port=self.port,
                public_url=f"http://127.0.0.1:{self.port}",
                installation={"polling_seconds": 0.04},
            )
        )
        for table, lines in (("stock", STOCK), ("sale", SALE)):
            heading = f"[connections.{CONNECTION}.design.{table}]\n"
            text = text.replace(heading, heading + lines)
        rules = 'rules = { "Tax on Sales" = "Tax on Sales", '
        return text.replace(rules, rules + '"Zero rate" = "Zero Rated", ') + DESIGN

    def installation(self) -> Installation:
        return parse_installation(self.configuration()).resolved(self.folder)

    def environment(self) -> dict[str, str]:
        keys = self.twins.credentials
        return {SECRETS[name]: WEBHOOK_SECRET if name == "webhooks" else str(getattr(keys, name)) for name in NAMES}

    @asynccontextmanager
    async def product(self) -> AsyncIterator[Worker]:
        """The product in this process, on the twins' clock, so that one move of the clock applies to all."""
        installation = self.installation()
        secrets = resolve_secrets(installation, self.folder, self.environment())
        worker = Worker(installation, secrets, clock=self.twins.running.clock)
        async with worker.receiving() as stopped:
            self._stopped = stopped
            yield worker

    async def run(self, report_progress: ReportProgress) -> None:
        """Starts the product on an empty database and plays the week."""
        async with self.product() as worker:
            await self.until_ready(worker)
            await self.run_hops(worker, report_progress)

    async def until_ready(self, worker: Worker) -> None:
        """Waits until the stock is published and the webhooks are registered. Raises WeekFailed."""
        until = time.monotonic() + READY_WALL_SECONDS
        while not await self._in_twins(self._is_ready):
            if time.monotonic() > until:
                raise WeekFailed(
                    f"the product did not publish stock and register webhooks within {READY_WALL_SECONDS:.0f} seconds"
                )
            await self._hop(worker)
        await self._in_twins(self.world.start)

    def _is_ready(self) -> bool:
        bigcommerce, cin7 = self.scene.bigcommerce, self.scene.cin7
        has_webhooks = bigcommerce.store.webhooks and cin7.company.webhooks
        return bool(has_webhooks and any(bigcommerce.act("stock_levels", {}).values()))

    async def run_hops(self, worker: Worker, report_progress: ReportProgress) -> None:
        """Plays the whole week, one step of the clock at a time."""
        opened = self.scene.now()
        hours = int(self.options.length / timedelta(hours=1))
        while (passed := self.scene.now() - opened) < self.options.length:
            await self._in_twins(partial(self._act, passed))
            occurred = sum(injected.occurred_at is not None for injected in self.injected)
            message = f"Day {passed.days + 1}, {occurred} of {len(self.injected)} faults occurred"
            report_progress(message, int(passed / timedelta(hours=1)), hours)
            await self._hop(worker)

    async def _hop(self, worker: Worker) -> None:
        """Waits until no job is due, then moves the clock."""
        if self._stopped.done():
            raise WeekFailed("the worker stopped")
        for _ in range(WEBHOOK_POLLS):
            if not await self._in_twins(self.scene.has_due_webhooks):
                break
            await asyncio.sleep(POLL_WALL_SECONDS)
        await worker.settle(excluded_reasons=())
        clock = self.twins.running.clock
        clock.set(now=clock.now() + HOP)

    def _act(self, passed: timedelta) -> None:
        """Plays the actions of people and the faults that are due."""
        while self.world.run_due():
            pass
        for injected in self.injected:
            name = injected.fault.name
            if passed >= injected.begins and name not in self.scripts:
                self.scripts[name] = injected.fault.script(self.scene, injected)
                self.waits[name] = self.scene.now()
            try:
                while name in self.waits and self._is_over(self.waits[name]):
                    self._step(name)
            except (ValueError, KeyError, IndexError) as refused:
                # A twin refused an action of the script; the verdict reports it.
                injected.problem = f"{type(refused).__name__}: {refused}"
                del self.waits[name]

    def _is_over(self, wait: Wait | datetime) -> bool:
        return self.scene.now() >= wait if isinstance(wait, datetime) else not isinstance(wait, timedelta) and wait()

    def _step(self, name: str) -> None:
        try:
            wait = next(self.scripts[name])
        except StopIteration:
            del self.waits[name]
            return
        self.waits[name] = self.scene.now() + wait if isinstance(wait, timedelta) else wait

    def finish(self, outcome: Outcome) -> None:
        """Reads the end of the week from the twins."""

        def collect() -> None:
            for injected in self.injected:
                if injected.fault.is_met is not None:
                    met = injected.occurred_at is not None and injected.fault.is_met(self.scene, injected)
                    outcome.tolerated[injected.fault.name] = met
                # Exceptions about old sales name the sale's number instead of the order's.
                orders = [int(name) for name in injected.names if name.isdigit()]
                injected.names += [sale.number for order in orders for sale in self.scene.sales(order)]
            outcome.orders = len(self.scene.bigcommerce.store.orders)
            outcome.sales = sum(not sale.voided for sale in self.scene.cin7.company.sales.values())
            outcome.ended_at = self.scene.now()

        self.twins.run(collect)
        outcome.calls = int(self.twins.quota("cin7")["calls"])

    async def _in_twins(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(self.twins.run, work)
