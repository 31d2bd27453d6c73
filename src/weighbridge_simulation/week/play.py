"""A week as it passes: twins, people, faults at their moments, and the product as a real worker on an empty database.

The clock is moved by some minutes whenever nothing is left to do, so that a week takes minutes and nothing is skipped.
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
from weighbridge.worker.worker import Service
from weighbridge_simulation.demo.run import free_port
from weighbridge_simulation.week.fault import Injected, Script, Wait
from weighbridge_simulation.week.judge import Case, cases_of
from weighbridge_simulation.week.options import FAULT_BASKETS, HOP, MONDAY, SPEED, WeekOptions, is_clean
from weighbridge_simulation.week.scene import Scene
from weighbridge_twins.baskets import Basket, read_baskets, read_products
from weighbridge_twins.server import TwinServer
from weighbridge_twins.world import World

NAMES: Final = ("access_token", "client_secret", "account_id", "application_key", "hooks")
SECRETS: Final = {name: f"WEEK_{name.upper()}" for name in NAMES}
HOOK_SECRET: Final = "week-hook-secret-not-for-real-use"
CONNECTION: Final = "main"
READY_WALL_SECONDS: Final = 120.0
HOOK_LOOKS: Final = 60
"""So many moments the clock waits for hooks that are on their way: a signature of minutes ago is not taken."""
POLL_WALL_SECONDS: Final = 0.02
DESIGN: Final = """
[connections.main.design.cadence]
orders_seconds = 3600
fulfilment_seconds = 3600
hooks_seconds = 21600

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
"""What differs from the example: sweeps and monitors look less often, so that a week passes in minutes; sales follow
edits, refunds are credited, damaged goods are not restocked, and three tries do."""
STOCK: Final = "cadence_seconds = 14400\nghost_after_days = 3\n"
SALE: Final = "unusual_quantity = 500\n"
Tell = Callable[[str, int, int], None]
Result = TypeVar("Result")


class WeekFailed(Exception):
    """The week could not be played to its end."""


@dataclass
class Outcome:
    """What came of a week."""

    options: WeekOptions
    injected: Sequence[Injected]
    cases: Sequence[Case] = ()
    borne: dict[str, bool] = field(default_factory=dict)
    """By fault that had to be borne: whether what must be true is."""
    orders: int = 0
    sales: int = 0
    calls: int = 0
    ended_at: datetime = MONDAY
    wall_seconds: float = 0.0


def play(options: WeekOptions, injected: Sequence[Injected], folder: Path, tell: Tell) -> Outcome:
    """Plays the week once; `tell` is told words, how much is done, of how much. Raises WeekFailed."""
    began, outcome = time.monotonic(), Outcome(options, injected)
    with TwinServer(speed=SPEED, seed=options.seed, start=MONDAY) as twins:
        week = twins.run(lambda: Week.prepared(twins, options, injected))
        week.folder = folder
        asyncio.run(week.passing(tell))
        week.finish(outcome)
        # A loop of its own: the engine closes the one that it worked in.
        outcome.cases = asyncio.run(cases_of(week.installation(), folder, week.environment()))
    outcome.wall_seconds = time.monotonic() - began
    return outcome


@dataclass
class Week:
    """The week while it passes."""

    twins: TwinServer
    options: WeekOptions
    world: World
    scene: Scene
    injected: Sequence[Injected]
    folder: Path = Path()
    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    waits: dict[str, Wait | datetime] = field(default_factory=dict)

    @classmethod
    def prepared(cls, twins: TwinServer, options: WeekOptions, injected: Sequence[Injected]) -> Week:
        """Goods on both sides, nobody in the shop yet. Call it in the twins' thread."""
        products = read_products(options.products)
        known = frozenset(products)
        clean = [one for one in read_baskets(options.baskets) if is_clean(one, known)]
        needed = options.orders + FAULT_BASKETS
        if len(clean) < needed:
            raise WeekFailed(f"{options.baskets} has {len(clean)} baskets that a shop could sell, of {needed} needed")
        office, chosen = twins.running.office, options.world()
        ordinary: list[Basket] = clean[: options.orders]
        world = World(office.shop, office.company, twins.running.clock, clean[:needed], products, chosen)
        own = {one.id for one in ordinary}
        minutes = chosen.span_minutes or 0.0
        kept = [plan for plan in world.plans if plan.basket.id in own]
        spread = needed / max(1, len(kept))
        world.plans = [replace(plan, arrives=min(plan.arrives * spread, minutes * 60.0)) for plan in kept]
        world.seed()
        scene = Scene(twins, world, clean[options.orders : needed], options.seed)
        scene.furnish()
        return cls(twins, options, world, scene, injected)

    def configuration(self) -> str:
        """The text of this installation's `weighbridge.toml`, with the time as it stands."""
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
        return {SECRETS[name]: HOOK_SECRET if name == "hooks" else str(getattr(keys, name)) for name in NAMES}

    @asynccontextmanager
    async def product(self) -> AsyncIterator[Service]:
        """The product in this process, on the twins' own clock: it moves for both at once."""
        installation = self.installation()
        secrets = resolve_secrets(installation, self.folder, self.environment())
        service = Service(installation, secrets, clock=self.twins.running.clock)
        async with service.receiving() as stopped:
            self._stopped = stopped
            yield service

    async def passing(self, tell: Tell) -> None:
        """The product begins on empty tables, and the week passes."""
        async with self.product() as service:
            await self.until_ready(service)
            await self.pass_over(service, tell)

    async def until_ready(self, service: Service) -> None:
        """Until both sides were read, the shop shows its stock, and hooks are armed."""
        until = time.monotonic() + READY_WALL_SECONDS
        while not await self._in_twins(self._is_ready):
            if time.monotonic() > until:
                raise WeekFailed("the shop was not told its stock")
            await self._hop(service)
        await self._in_twins(self.world.begin)

    def _is_ready(self) -> bool:
        shop, books = self.scene.shop, self.scene.books
        return bool(shop.shop.hooks and books.company.webhooks and any(shop.act("stock_levels", {}).values()))

    async def pass_over(self, service: Service, tell: Tell) -> None:
        """The whole week, a hop at a time."""
        opened = self.scene.now()
        hours = int(self.options.length / timedelta(hours=1))
        while (passed := self.scene.now() - opened) < self.options.length:
            await self._in_twins(partial(self._act, passed))
            struck = sum(one.struck_at is not None for one in self.injected)
            words = f"Day {passed.days + 1}, {struck} of {len(self.injected)} faults struck"
            tell(words, int(passed / timedelta(hours=1)), hours)
            await self._hop(service)

    async def _hop(self, service: Service) -> None:
        """Lets everything come to rest, then moves the clock."""
        if self._stopped.done():
            raise WeekFailed("the product ended by itself, or was told to")
        for _ in range(HOOK_LOOKS):
            if not await self._in_twins(self.scene.hooks_are_due):
                break
            await asyncio.sleep(POLL_WALL_SECONDS)
        await service.settle(besides=())
        clock = self.twins.running.clock
        clock.set(now=clock.now() + HOP)

    def _act(self, passed: timedelta) -> None:
        """What people do until now, and what goes wrong."""
        while self.world.turn():
            pass
        for one in self.injected:
            name = one.fault.name
            if passed >= one.begins and name not in self.scripts:
                self.scripts[name] = one.fault.script(self.scene, one)
                self.waits[name] = self.scene.now()
            try:
                while name in self.waits and self._is_over(self.waits[name]):
                    self._step(name)
            except (ValueError, KeyError, IndexError) as refused:
                # What people wanted to do and were not let: told in the verdict.
                one.problem = f"{type(refused).__name__}: {refused}"
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
        """What stands in the twins at the end."""

        def look() -> None:
            for one in self.injected:
                if one.fault.holds is not None:
                    outcome.borne[one.fault.name] = one.struck_at is not None and one.fault.holds(self.scene, one)
                # What stands for long is told by the number of its sale.
                orders = [int(name) for name in one.names if name.isdigit()]
                one.names += [sale.number for order in orders for sale in self.scene.sales(order)]
            outcome.orders = len(self.scene.shop.shop.orders)
            outcome.sales = sum(not sale.voided for sale in self.scene.books.company.sales.values())
            outcome.ended_at = self.scene.now()

        self.twins.run(look)
        outcome.calls = int(self.twins.quota("cin7")["calls"])

    async def _in_twins(self, work: Callable[[], Result]) -> Result:
        return await asyncio.to_thread(self.twins.run, work)
