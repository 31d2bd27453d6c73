"""Starts and stops the world of a running pair of twins."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from weighbridge_twins.baskets import UnreadableBaskets, read_baskets, read_products
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import Clock
from weighbridge_twins.http.call import Json
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.world import World


class WorldRunner:
    """Runs at most one world at a time, in the event loop that serves the twins."""

    def __init__(self, bigcommerce: BigCommerceTwin, cin7: Cin7Twin, clock: Clock, options: WorldOptions) -> None:
        self.bigcommerce = bigcommerce
        self.cin7 = cin7
        self._clock = clock
        self._options = options
        self._world: World | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def world(self) -> World | None:
        """The world that is prepared or running."""
        return self._world

    def prepare(self) -> None:
        """Reads the baskets and adds products and stock to both twins. Raises UnreadableBaskets."""
        baskets = read_baskets(self._options.baskets, skip=self._options.skip, limit=self._options.orders)
        products = read_products(self._options.products)
        self._world = World(self.bigcommerce, self.cin7, self._clock, baskets, products, self._options)
        self._world.seed()

    def start_world(self) -> None:
        """Starts the world, prepared first if necessary. Raises ValueError when a world is running already."""
        if self._task is not None and not self._task.done():
            raise ValueError("world: already running; stop it first")
        if self._world is None:
            self.prepare()
        assert self._world is not None
        self._world.start()
        self._task = asyncio.get_running_loop().create_task(self._world.run())

    def start(self, options: Json) -> Json:
        """Starts the world, with changed options if given. Raises ValueError for unknown options."""
        if options:
            chosen = {**asdict(self._options), **options}
            self._options = WorldOptions.read(chosen)
            self._world = None
        try:
            self.start_world()
        except UnreadableBaskets as error:
            raise ValueError(str(error)) from error
        return self.status()

    def stop(self) -> Json:
        """Stops the world; its orders and sales stay, and the stopped world cannot be resumed."""
        status = self.status()
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._world = None
        return {**status, "running": False}

    def status(self) -> Json:
        """Returns counts of what the simulated people did; `failed` holds the error of a world that failed."""
        if self._world is None:
            return {"running": False, "done": False}
        status = self._world.status()
        if self._task is not None and self._task.done() and not self._task.cancelled():
            failure = self._task.exception()
            return {**status, "running": False, "failed": repr(failure)}
        return {**status, "running": self._task is not None}
