"""The world around the twins: shoppers who place a real month's baskets, and a warehouse that ships them.

Everything that people do is decided by the seed and the basket, never by how a connector behaves.
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
from weighbridge_twins.call import Json
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import Clock, seconds_between
from weighbridge_twins.world_assortment import Article, assortment
from weighbridge_twins.world_customer_service import CustomerService
from weighbridge_twins.world_options import WorldOptions
from weighbridge_twins.world_plan import OrderPlan, Payment, plan_orders
from weighbridge_twins.world_shoppers import Shoppers
from weighbridge_twins.world_warehouse import MAIN, OVERFLOW, Warehouse

_TURN_SECONDS: Final = 0.01
"""Wall time that people may take before the twins answer calls again."""
_REST_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 30.0
"""Time of the twins' clock between two looks of the warehouse at Cin7."""
_LOOK_WALL_SECONDS: Final = 0.25


class World:
    """Shoppers and warehouse of one pair of twins. `seed` once, then `run`; `status` and `done` at any time."""

    def __init__(
        self,
        shop: BigCommerceTwin,
        company: Cin7Twin,
        clock: Clock,
        baskets: list[Basket],
        products: Mapping[str, Product],
        options: WorldOptions,
    ) -> None:
        self._shop = shop
        self._company = company
        self._clock = clock
        self._options = options
        self._articles = assortment(baskets, products, options)
        self.plans = plan_orders(baskets, options)
        self.checkout_works = True
        """False: whoever comes to the checkout leaves again."""
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._placed = 0
        self._began: datetime | None = None
        self._last_act = clock.now()
        self._looked = (0.0, 0.0)
        self.shoppers = Shoppers(shop, self._later)
        goods = {article.sku for article in self._articles}
        self.service = CustomerService(shop, self.shoppers, self._later, options)
        self.warehouse = Warehouse(company, clock, options, goods, self.shoppers.basket_of, self.service)

    def seed(self) -> None:
        """Puts products into both systems and stock into Cin7; the shop's stock starts at 0.

        What an earlier world has left stays as it is: what is short by now will be received.
        """
        new = [article for article in self._articles if self._shop.shop.variant_by_sku(article.sku) is None]
        self._shop.act("seed_products", [_shop_product(article) for article in new])
        known = self._company.company.product_by_sku
        held = [article for article in self._articles if article.in_cin7 and known(article.sku) is None]
        self._company.act("seed", {"products": [_company_product(one) for one in held], "stock": _stock(held)})

    def begin(self) -> None:
        """Opens the shop at the present moment of the clock: all orders go on the agenda."""
        self._began = self._clock.now()
        for plan in self.plans:
            self._at(plan.arrives, self._arrival(plan))

    def turn(self) -> bool:
        """Does what is due, for a short moment of wall time; True when more is due at once."""
        if self._began is None:
            return False
        until = time.perf_counter() + _TURN_SECONDS

        def over() -> bool:
            return time.perf_counter() >= until

        elapsed = self._elapsed()
        while self._agenda and self._agenda[0][0] <= elapsed:
            heapq.heappop(self._agenda)[2]()
            self._last_act = self._clock.now()
            if over():
                return True
        if not self._options.warehouse:
            return False
        wall = time.monotonic()
        if elapsed - self._looked[0] >= _LOOK_SECONDS and wall - self._looked[1] >= _LOOK_WALL_SECONDS:
            self._looked = (elapsed, wall)
            self.warehouse.look()
        return self.warehouse.work(over)

    async def run(self) -> None:
        """Lets the people act until cancelled; call `begin` first."""
        while True:
            busy = self.turn()
            await asyncio.sleep(_TURN_SECONDS / 2 if busy else _REST_SECONDS)

    @property
    def shopped(self) -> bool:
        """True when all orders are placed and nobody wants anything more, as far as it can be done by now."""
        waiting = self.shoppers.pending + self.service.pending
        return self._began is not None and self._placed == len(self.plans) and not waiting

    @property
    def complete(self) -> bool:
        """True when besides that every order that can be shipped was shipped, and all that follows has happened."""
        shipped = self.warehouse.counts["shipped"] >= self.expected_shipments
        followed = self.service.acts >= self.expected_acts
        return self.shopped and self.warehouse.idle and ((shipped and followed) or not self._options.warehouse)

    @property
    def done(self) -> bool:
        """True when `complete`, or when every sale in Cin7 is shipped and none came for `patience_minutes`.

        The patience ends a trial whose connector holds orders that the world expected to ship.
        """
        if self.complete or not self.shopped or not self.warehouse.idle:
            return self.complete
        waited = seconds_between(max(self._last_act, self.warehouse.last_news), self._clock.now())
        return waited >= self._options.patience_minutes * 60.0

    @cached_property
    def expected_shipments(self) -> int:
        """Orders that a flawless connector brings to dispatch: paid, not cancelled, every product known to Cin7."""
        return sum(not plan.ends for plan in self.plans if self._reaches_cin7(plan))

    @cached_property
    def expected_acts(self) -> int:
        """What happens to orders once they are in Cin7, given a flawless connector."""
        return sum(plan.afterwards is not None for plan in self.plans if self._reaches_cin7(plan))

    @cached_property
    def _known(self) -> set[str]:
        return {article.sku for article in self._articles if article.in_cin7}

    def _reaches_cin7(self, plan: OrderPlan) -> bool:
        lines = plan.basket.lines
        known = all(sku_of(line.product_id) in self._known for line in lines)
        return plan.payment is not Payment.NEVER and known and any(line.quantity for line in lines)

    def status(self) -> dict[str, Any]:
        """Counts of what people did so far."""
        return {
            "running": self._began is not None,
            "began": self._began.isoformat() if self._began else None,
            "planned": len(self.plans),
            "placed": self._placed,
            "pending_acts": self.shoppers.pending + self.service.pending,
            "expected_shipments": self.expected_shipments,
            "expected_acts": self.expected_acts,
            "shoppers": dict(self.shoppers.counts),
            "afterwards": dict(self.service.counts),
            "edited_orders": sorted(self.shoppers.edited),
            "warehouse": dict(self.warehouse.counts),
            "warehouse_idle": self.warehouse.idle,
            "shopped": self.shopped,
            "complete": self.complete,
            "done": self.done,
        }

    def _elapsed(self) -> float:
        return seconds_between(self._began, self._clock.now()) if self._began else 0.0

    def _at(self, seconds: float, step: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (seconds, next(self._order), step))

    def _later(self, seconds: float, step: Callable[[], None]) -> None:
        self._at(self._elapsed() + seconds, step)

    def _arrival(self, plan: OrderPlan) -> Callable[[], None]:
        def arrive() -> None:
            self._placed += 1
            if self.checkout_works:
                self.shoppers.arrive(plan)

        return arrive


def _shop_product(article: Article) -> Json:
    return {
        "sku": article.sku,
        "name": article.name,
        "price": article.price,
        "tax_class_id": 0 if article.taxable else 1,
        "tracking": "product",
        "inventory_level": 0,
    }


def _company_product(article: Article) -> Json:
    return {
        "sku": article.sku,
        "name": article.name,
        "type": "Stock",
        "tier_price": article.price,
        "tax": "Tax on Sales" if article.taxable else "Tax Exempt",
    }


def _stock(articles: list[Article]) -> list[Json]:
    rows: list[Json] = []
    for article in articles:
        cost = (article.price * Decimal("0.6")).quantize(Decimal("0.0001"))
        for location, units in ((MAIN, article.main_stock), (OVERFLOW, article.overflow_stock)):
            if units:
                rows.append({"sku": article.sku, "location": location, "on_hand": units, "unit_cost": cost})
    return rows
