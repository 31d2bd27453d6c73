"""The scene: what faults can do, all of it through the twins as shoppers, staff, carriers or weather would.

Lives in the twins' thread. Nothing here knows the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from weighbridge_simulation.week.fault import Script, Wait
from weighbridge_twins.baskets import Basket, sku_of
from weighbridge_twins.cin7.state import Sale
from weighbridge_twins.server import TwinServer
from weighbridge_twins.world import World
from weighbridge_twins.world_people import person_of
from weighbridge_twins.world_screen import Screen

ENOUGH = 60
"""Units on the shelf of a product made for a fault."""


QUIET, KITS = 8, 2


@dataclass(frozen=True, slots=True)
class Kit:
    """A product that is made of others when it is sold."""

    sku: str
    parts: tuple[str, ...]


class Scene:
    """Both twins, the people around them, and a stack of real baskets that nobody has ordered yet."""

    def __init__(self, twins: TwinServer, world: World, baskets: Sequence[Basket], seed: int) -> None:
        self.shop = twins.bigcommerce
        self.books = twins.cin7
        self.clock = twins.running.clock
        self.screen = Screen(self.books, self.clock)
        self.store = twins.credentials.store_hash
        self.ordered: list[int] = []
        """Orders placed for faults."""
        self._sides = {"bigcommerce": twins.running.bigcommerce, "cin7": twins.running.cin7}
        self._world = world
        self._baskets = iter(baskets)
        self._seed = seed
        self._made = 0
        self._quiet: list[str] = []
        self._kits: list[Kit] = []

    def now(self) -> datetime:
        return self.clock.now()

    def key(self, order: int) -> str:
        """The external id that an order's sale carries."""
        return f"bc:{self.store}:{order}"

    def order(self, **changes: Any) -> int:
        """The next real basket is ordered and paid, with what is changed about it; answers its number.

        `basket` orders the lines of another one, `more` adds lines.
        """
        basket: Basket = changes.pop("basket", None) or next(self._baskets)
        address = person_of(basket.household_id, self._seed, 0.0).address()
        spec: dict[str, Any] = {
            "lines": [*lines_of(basket), *changes.pop("more", ())],
            "shipping_cost": "4.99",
            "billing_address": address,
            "shipping_addresses": [address],
        }
        number = int(self.shop.act("place_order", spec | changes)["id"])
        self.ordered.append(number)
        return number

    def skus(self, order: int) -> list[str]:
        """The SKUs of an order."""
        return [str(row["sku"]) for row in self.shop.shop.orders[order].products if row["sku"]]

    def basket(self) -> Basket:
        """The next real basket, not ordered yet."""
        return next(self._baskets)

    def address(self, **changes: str) -> dict[str, str]:
        """An ordinary address, with what is changed about it."""
        return {**person_of("1", self._seed, 0.0).address(), **changes}

    def product(self, *, at_shop: bool = True, in_books: bool = True, sku: str = "", **shop: Any) -> str:
        """A new product on both sides, with enough units of it; answers its SKU."""
        self._made += 1
        sku = sku or f"NEW-{self._seed}-{self._made:02d}"
        if in_books:
            product = {"sku": sku, "name": f"Novelty {sku}", "tier_price": "9.00", "tax": "Tax Exempt"}
            self.books.act("seed", {"products": [product], "stock": [{"sku": sku, "on_hand": ENOUGH}]})
        if at_shop:
            listing = {"sku": sku, "name": f"Novelty {sku}", "price": "9.00", "tax_class_id": 1}
            self.shop.act("seed_products", [{**listing, "inventory_level": ENOUGH, **shop}])
        return sku

    def furnish(self) -> None:
        """What both sides have on the first day beside the baskets' goods: products that nobody orders, and kits."""
        self._quiet = [self.product() for _ in range(QUIET)]
        for _ in range(KITS):
            kit = Kit(self.product(in_books=False), (self.product(), self.product()))
            bill = [{"sku": part, "quantity": 1} for part in kit.parts]
            self.books.act("seed", {"products": [{"sku": kit.sku, "name": f"Hamper {kit.sku}", "bom": bill}]})
            self._kits.append(kit)

    def quiet(self) -> str:
        """A product that nobody orders; its SKU."""
        return self._quiet.pop()

    def kit(self) -> Kit:
        """A kit that nobody orders."""
        return self._kits.pop()

    def stop_tracking(self, sku: str) -> None:
        """Staff switch off that the shop counts a product."""
        found = self.shop.shop.variant_by_sku(sku)
        assert found is not None
        found[0].fields["inventory_tracking"] = "none"

    def level(self, sku: str) -> int:
        """What the shop shows."""
        return int(self.shop.act("stock_levels", {})[sku])

    def available(self, sku: str) -> Decimal:
        """What Cin7 has free of a product, wherever it lies."""
        product = self.books.company.product_by_sku(sku)
        assert product is not None
        return sum((row.available for row in self.books.company.rows_of(product["ID"])), Decimal(0))

    def hooks_are_due(self) -> bool:
        """Whether a hook should have arrived by now and has not."""
        shop, books, now = self.shop.shop, self.books.company, self.now()
        live = {str(number) for number, one in shop.hooks.items() if one["is_active"]}
        live |= {number for number, one in books.webhooks.items() if one["IsActive"]}
        events = [*shop.pending_events, *books.pending_events]
        return any(one["due"] <= now and str(one["hook"]) in live for one in events)

    def open_checkout(self, works: bool) -> None:
        """Whether shoppers can order."""
        self._world.checkout_works = works

    def leave_alone(self, *numbers: object) -> None:
        """The warehouse keeps its hands off these orders or sales; the fault says what becomes of them."""
        self._world.warehouse.left_alone |= {str(number) for number in numbers}

    def sales(self, order: int) -> list[Sale]:
        """The live sales of an order."""
        found = self.books.company.sales_with_external_id(self.key(order))
        return [sale for sale in found if not sale.voided and sale.external_id == self.key(order)]

    def sale(self, order: int) -> Sale:
        """The order's one live sale. Raises IndexError where it has none."""
        return self.sales(order)[0]

    def has_sale(self, order: int) -> Callable[[], bool]:
        """Whether the order stands in Cin7, authorised, and the shop was told so."""

        def asked() -> bool:
            told = str(self.shop.shop.orders[order].fields.get("external_order_id") or "")
            return any(sale.ordered and sale.id == told for sale in self.sales(order))

        return asked

    def once_sold(self, order: int) -> Script:
        """Waits until the order stands in Cin7, and a little longer."""
        yield from self.until(self.has_sale(order))
        yield timedelta(minutes=40)

    def until(self, asked: Callable[[], bool]) -> Iterator[Wait]:
        yield asked

    def dispatch(self, order: int, **changes: Any) -> None:
        """One parcel with everything, its invoice as whoever ships makes it."""
        sale = self.sale(order)
        self.books.act(
            "pick_pack_ship", {"sale_id": sale.id, "carrier": "UPS", "tracking": f"1ZWEEK{order:08d}", **changes}
        )
        self.screen.invoice(sale.id)

    def is_told_of_parcels(self, order: int) -> Callable[[], bool]:
        return lambda: bool(self.shop.shop.orders[order].shipments)

    def line(self, order: int, position: int = 0) -> Mapping[str, Any]:
        """A line of an order at the shop."""
        return self.shop.shop.orders[order].products[position]

    def total(self, order: int) -> Decimal:
        return Decimal(str(self.shop.shop.orders[order].fields["total_inc_tax"]))

    def refund(self, order: int, **more: Any) -> int:
        """Staff refund one unit of the first line; answers the refund's number."""
        items = [{"item_type": "PRODUCT", "item_id": self.line(order)["id"], "quantity": 1}]
        return int(self.shop.act("refund_order", {"order_id": order, "items": items, **more})["id"])

    def spoil(self, order: int, **how: Any) -> None:
        """The shop shows an order otherwise than it is."""
        self.shop.act("corrupt_order", {"order_id": order, **how})

    def fault(self, platform: str, **rule: Any) -> int:
        """Bad weather at a platform, as its control surface takes it; answers the rule's number."""
        return self._sides[platform].control.add_fault(rule).id

    def end_fault(self, platform: str, rule: int) -> int:
        """Ends it; answers how often it struck."""
        fired = sum(one.fired for one in self._sides[platform].app.faults.rules if one.id == rule)
        self._sides[platform].control.clear_faults(rule)
        return fired

    def switch(self, platform: str, **wanted: Any) -> None:
        self._sides[platform].control.set_switches(wanted)


def lines_of(basket: Basket) -> list[dict[str, Any]]:
    """A basket as the shop takes it."""
    return [
        {
            "sku": sku_of(line.product_id),
            "quantity": line.quantity,
            "line_total": line.shelf_total,
            "discount": line.promotion,
            "coupon": line.coupon,
        }
        for line in basket.lines
    ]
