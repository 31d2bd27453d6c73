"""Starts and stops the world of a running pair of twins."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from weighbridge_twins.baskets import UnreadableBaskets, read_baskets, read_products
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.call import Json
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import Clock
from weighbridge_twins.world import World
from weighbridge_twins.world_options import WorldOptions


class WorldOffice:
    """Holds at most one world at a time; lives in the loop that serves the twins."""

    def __init__(self, shop: BigCommerceTwin, company: Cin7Twin, clock: Clock, options: WorldOptions) -> None:
        self.shop = shop
        self.company = company
        self._clock = clock
        self._options = options
        self._world: World | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def world(self) -> World | None:
        """The world that was prepared or runs."""
        return self._world

    def prepare(self) -> None:
        """Reads the baskets and puts products and stock into both twins. Raises UnreadableBaskets."""
        baskets = read_baskets(self._options.baskets, skip=self._options.skip, limit=self._options.orders)
        products = read_products(self._options.products)
        self._world = World(self.shop, self.company, self._clock, baskets, products, self._options)
        self._world.seed()

    def begin(self) -> None:
        """Opens the shop; prepares first when nobody did. Raises ValueError when the world runs already."""
        if self._task is not None and not self._task.done():
            raise ValueError("the world runs already; stop it first")
        if self._world is None:
            self.prepare()
        assert self._world is not None
        self._world.begin()
        self._task = asyncio.get_running_loop().create_task(self._world.run())

    def start(self, options: Json) -> Json:
        """Opens the shop, with other options when given. Raises ValueError on options that do not exist."""
        if options:
            chosen = {**asdict(self._options), **options}
            self._options = WorldOptions.read(chosen)
            self._world = None
        try:
            self.begin()
        except UnreadableBaskets as error:
            raise ValueError(str(error)) from error
        return self.status()

    def stop(self) -> Json:
        """Sends everybody home; what was placed stays, the world that stopped does not go on."""
        status = self.status()
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._world = None
        return {**status, "running": False}

    def status(self) -> Json:
        """Counts of what people did; `failed` when the world broke."""
        if self._world is None:
            return {"running": False, "done": False}
        status = self._world.status()
        if self._task is not None and self._task.done() and not self._task.cancelled():
            failure = self._task.exception()
            return {**status, "running": False, "failed": repr(failure)}
        return {**status, "running": self._task is not None}
