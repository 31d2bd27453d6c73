"""The world: simulated shoppers who order real baskets, and a simulated warehouse that ships the orders.

The seed and the basket decide every action of the simulated people; the behaviour of a connector never does.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import count
from typing import Any, Final

from weighbridge_twins.baskets import Basket, Product, sku_of
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import Clock, seconds_between
from weighbridge_twins.http.call import Json
from weighbridge_twins.world.assortment import StoreProduct, assortment
from weighbridge_twins.world.customer_service import CustomerService
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.plan import OrderPlan, Payment, plan_orders
from weighbridge_twins.world.shoppers import Shoppers
from weighbridge_twins.world.warehouse import MAIN, OVERFLOW, Warehouse

_MAX_RUN_SECONDS: Final = 0.01
"""Wall time that the world may take before the twins answer calls again."""
_REST_SECONDS: Final = 0.02
_POLL_SECONDS: Final = 30.0
"""Seconds of the twins' clock between two polls of the warehouse."""
_POLL_WALL_SECONDS: Final = 0.25


class World:
    """Shoppers and warehouse of one pair of twins. Call `seed` once, `start`, then `run`; `status` at any time."""

    def __init__(
        self,
        bigcommerce: BigCommerceTwin,
        cin7: Cin7Twin,
        clock: Clock,
        baskets: list[Basket],
        products: Mapping[str, Product],
        options: WorldOptions,
    ) -> None:
        self._bigcommerce = bigcommerce
        self._cin7 = cin7
        self._clock = clock
        self._options = options
        self._store_products = assortment(baskets, products, options)
        self.plans = plan_orders(baskets, options)
        self.checkout_works = True
        """False: shoppers leave at the checkout without an order."""
        self._scheduled_steps: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._placed = 0
        self._started_at: datetime | None = None
        self._last_action_at = clock.now()
        self._last_poll = (0.0, 0.0)
        self.shoppers = Shoppers(bigcommerce, self._schedule_in)
        goods = {product.sku for product in self._store_products}
        self.customer_service = CustomerService(bigcommerce, self.shoppers, self._schedule_in, options)
        self.warehouse = Warehouse(cin7, clock, options, goods, self.shoppers.basket_of, self.customer_service)

    def seed(self) -> None:
        """Adds products to both systems and stock to Cin7; the store's stock starts at 0.

        Products of an earlier world stay as they are: the warehouse receives units that have become short.
        """
        missing_in_store = [
            product for product in self._store_products if self._bigcommerce.store.variant_by_sku(product.sku) is None
        ]
        self._bigcommerce.act("seed_products", [_bigcommerce_product(product) for product in missing_in_store])
        product_by_sku = self._cin7.company.product_by_sku
        missing_in_cin7 = [
            product for product in self._store_products if product.in_cin7 and product_by_sku(product.sku) is None
        ]
        self._cin7.act(
            "seed",
            {"products": [_cin7_product(product) for product in missing_in_cin7], "stock": _stock(missing_in_cin7)},
        )

    def start(self) -> None:
        """Starts the world at the clock's current time and schedules all orders."""
        self._started_at = self._clock.now()
        for plan in self.plans:
            self._schedule_at(plan.arrives_at, self._checkout(plan))

    def run_due(self) -> bool:
        """Runs due steps for at most a few milliseconds of wall time; returns True when more steps are due."""
        if self._started_at is None:
            return False
        until = time.perf_counter() + _MAX_RUN_SECONDS

        def time_is_up() -> bool:
            return time.perf_counter() >= until

        elapsed = self._elapsed()
        while self._scheduled_steps and self._scheduled_steps[0][0] <= elapsed:
            heapq.heappop(self._scheduled_steps)[2]()
            self._last_action_at = self._clock.now()
            if time_is_up():
                return True
        if not self._options.warehouse:
            return False
        wall = time.monotonic()
        if elapsed - self._last_poll[0] >= _POLL_SECONDS and wall - self._last_poll[1] >= _POLL_WALL_SECONDS:
            self._last_poll = (elapsed, wall)
            self.warehouse.poll()
        return self.warehouse.work(time_is_up)

    async def run(self) -> None:
        """Runs due steps until cancelled; call `start` first."""
        while True:
            busy = self.run_due()
            await asyncio.sleep(_MAX_RUN_SECONDS / 2 if busy else _REST_SECONDS)

    @property
    def shopped(self) -> bool:
        """True when all orders are placed and no action of a shopper or of customer service is pending."""
        waiting = self.shoppers.pending + self.customer_service.pending
        return self._started_at is not None and self._placed == len(self.plans) and not waiting

    @property
    def complete(self) -> bool:
        """True when `shopped`, every order that can ship has shipped, and all follow-ups are completed."""
        shipped = self.warehouse.counts["shipped"] >= self.expected_shipments
        followed = self.customer_service.completed_follow_ups >= self.expected_follow_ups
        return self.shopped and self.warehouse.idle and ((shipped and followed) or not self._options.warehouse)

    @property
    def done(self) -> bool:
        """True when `complete`, or when every sale in Cin7 is shipped and no sale arrived for `patience_minutes`.

        The timeout ends a trial whose connector holds orders that the world expected to ship.
        """
        if self.complete or not self.shopped or not self.warehouse.idle:
            return self.complete
        waited = seconds_between(max(self._last_action_at, self.warehouse.last_change_at), self._clock.now())
        return waited >= self._options.patience_minutes * 60.0

    @cached_property
    def expected_shipments(self) -> int:
        """Orders that ship given a flawless connector: paid, not cancelled, every product known to Cin7."""
        return sum(not plan.ends for plan in self.plans if self._reaches_cin7(plan))

    @cached_property
    def expected_follow_ups(self) -> int:
        """Follow-ups of orders once they are in Cin7, given a flawless connector."""
        return sum(plan.follow_up is not None for plan in self.plans if self._reaches_cin7(plan))

    @cached_property
    def _known(self) -> set[str]:
        return {product.sku for product in self._store_products if product.in_cin7}

    def _reaches_cin7(self, plan: OrderPlan) -> bool:
        lines = plan.basket.lines
        known = all(sku_of(line.product_id) in self._known for line in lines)
        return plan.payment is not Payment.NEVER and known and any(line.quantity for line in lines)

    def status(self) -> dict[str, Any]:
        """Returns counts of what the simulated people did so far."""
        return {
            "running": self._started_at is not None,
            "started_at": self._started_at.isoformat() if self._started_at else None,
            "planned": len(self.plans),
            "placed": self._placed,
            "pending_actions": self.shoppers.pending + self.customer_service.pending,
            "expected_shipments": self.expected_shipments,
            "expected_follow_ups": self.expected_follow_ups,
            "shoppers": dict(self.shoppers.counts),
            "follow_ups": dict(self.customer_service.counts),
            "edited_orders": sorted(self.shoppers.edited),
            "warehouse": dict(self.warehouse.counts),
            "warehouse_idle": self.warehouse.idle,
            "shopped": self.shopped,
            "complete": self.complete,
            "done": self.done,
        }

    def _elapsed(self) -> float:
        return seconds_between(self._started_at, self._clock.now()) if self._started_at else 0.0

    def _schedule_at(self, seconds: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._scheduled_steps, (seconds, next(self._order), step))

    def _schedule_in(self, seconds: float, step: Callable[[], None]) -> None:
        self._schedule_at(self._elapsed() + seconds, step)

    def _checkout(self, plan: OrderPlan) -> Callable[[], None]:
        def check_out() -> None:
            self._placed += 1
            if self.checkout_works:
                self.shoppers.check_out(plan)

        return check_out


def _bigcommerce_product(product: StoreProduct) -> Json:
    return {
        "sku": product.sku,
        "name": product.name,
        "price": product.price,
        "tax_class_id": 0 if product.taxable else 1,
        "tracking": "product",
        "inventory_level": 0,
    }


def _cin7_product(product: StoreProduct) -> Json:
    return {
        "sku": product.sku,
        "name": product.name,
        "type": "Stock",
        "tier_price": product.price,
        "tax": "Tax on Sales" if product.taxable else "Tax Exempt",
    }


def _stock(products: list[StoreProduct]) -> list[Json]:
    rows: list[Json] = []
    for product in products:
        cost = (product.price * Decimal("0.6")).quantize(Decimal("0.0001"))
        for location, units in ((MAIN, product.main_stock), (OVERFLOW, product.overflow_stock)):
            if units:
                rows.append({"sku": product.sku, "location": location, "on_hand": units, "unit_cost": cost})
    return rows
