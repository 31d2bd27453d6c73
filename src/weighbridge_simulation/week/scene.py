"""The scene: the actions of faults, made through the twins as shoppers, staff, carriers or the network would.

Runs in the twins' thread and imports nothing of the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from weighbridge_simulation.week.script import Script, Wait
from weighbridge_twins.baskets import Basket, sku_of
from weighbridge_twins.cin7.state import Sale
from weighbridge_twins.http.server import TwinServer
from weighbridge_twins.world.people import person_of
from weighbridge_twins.world.screen import Screen
from weighbridge_twins.world.world import World

ENOUGH = 60
"""Units in stock of a product that is created for a fault."""
UNORDERED_PRODUCTS, KITS = 8, 2


@dataclass(frozen=True, slots=True)
class Kit:
    """A product that is sold as one and shipped as its components."""

    sku: str
    components: tuple[str, ...]


class Scene:
    """Both twins, the people who act on them, and real baskets that are not ordered yet."""

    def __init__(self, twins: TwinServer, world: World, baskets: Sequence[Basket], seed: int) -> None:
        self.bigcommerce = twins.bigcommerce
        self.cin7 = twins.cin7
        self.clock = twins.running.clock
        self.screen = Screen(self.cin7, self.clock)
        self.store_hash = twins.credentials.store_hash
        self.ordered: list[int] = []
        """Numbers of the orders that faults placed."""
        self._sides = {"bigcommerce": twins.running.bigcommerce, "cin7": twins.running.cin7}
        self._world = world
        self._baskets = iter(baskets)
        self._seed = seed
        self._made = 0
        self._unordered_skus: list[str] = []
        self._kits: list[Kit] = []

    def now(self) -> datetime:
        return self.clock.now()

    def key(self, order: int) -> str:
        """The external id that an order's sale carries."""
        return f"bc:{self.store_hash}:{order}"

    def order(self, **changes: Any) -> int:
        """Orders and pays the next real basket, with `changes`; returns the order's number.

        `basket` orders another basket instead, `extra_lines` adds lines.
        """
        basket: Basket = changes.pop("basket", None) or next(self._baskets)
        address = person_of(basket.household_id, self._seed, 0.0).address()
        spec: dict[str, Any] = {
            "lines": [*lines_of(basket), *changes.pop("extra_lines", ())],
            "shipping_cost": "4.99",
            "billing_address": address,
            "shipping_addresses": [address],
        }
        number = int(self.bigcommerce.act("place_order", spec | changes)["id"])
        self.ordered.append(number)
        return number

    def skus(self, order: int) -> list[str]:
        """The SKUs of an order."""
        return [str(row["sku"]) for row in self.bigcommerce.store.orders[order].products if row["sku"]]

    def basket(self) -> Basket:
        """The next real basket, not ordered yet."""
        return next(self._baskets)

    def address(self, **changes: str) -> dict[str, str]:
        """An ordinary address, with `changes`."""
        return {**person_of("1", self._seed, 0.0).address(), **changes}

    def product(self, *, in_store: bool = True, in_cin7: bool = True, sku: str = "", **store_fields: Any) -> str:
        """Creates a product with enough stock, by default on both platforms; returns its SKU."""
        self._made += 1
        sku = sku or f"NEW-{self._seed}-{self._made:02d}"
        if in_cin7:
            product = {"sku": sku, "name": f"Novelty {sku}", "tier_price": "9.00", "tax": "Tax Exempt"}
            self.cin7.act("seed", {"products": [product], "stock": [{"sku": sku, "on_hand": ENOUGH}]})
        if in_store:
            listing = {"sku": sku, "name": f"Novelty {sku}", "price": "9.00", "tax_class_id": 1}
            self.bigcommerce.act("seed_products", [{**listing, "inventory_level": ENOUGH, **store_fields}])
        return sku

    def seed_products(self) -> None:
        """Creates the products that exist besides the goods of the baskets: products that nobody orders, and kits."""
        self._unordered_skus = [self.product() for _ in range(UNORDERED_PRODUCTS)]
        for _ in range(KITS):
            kit = Kit(self.product(in_cin7=False), (self.product(), self.product()))
            bom = [{"sku": component, "quantity": 1} for component in kit.components]
            self.cin7.act("seed", {"products": [{"sku": kit.sku, "name": f"Hamper {kit.sku}", "bom": bom}]})
            self._kits.append(kit)

    def unordered_sku(self) -> str:
        """The SKU of a product that nobody orders."""
        return self._unordered_skus.pop()

    def kit(self) -> Kit:
        """A kit that nobody orders."""
        return self._kits.pop()

    def stop_tracking(self, sku: str) -> None:
        """Staff switch off the store's inventory tracking of a product."""
        variant = self.bigcommerce.store.variant_by_sku(sku)
        assert variant is not None
        variant[0].fields["inventory_tracking"] = "none"

    def level(self, sku: str) -> int:
        """The level that the store shows."""
        return int(self.bigcommerce.act("stock_levels", {})[sku])

    def available(self, sku: str) -> Decimal:
        """Units of a product that are available in Cin7, summed over all locations."""
        product = self.cin7.company.product_by_sku(sku)
        assert product is not None
        return sum((row.available for row in self.cin7.company.rows_of(product["ID"])), Decimal(0))

    def has_due_webhooks(self) -> bool:
        """True when a webhook is due and not delivered yet."""
        store, company, now = self.bigcommerce.store, self.cin7.company, self.now()
        active = {str(number) for number, webhook in store.webhooks.items() if webhook["is_active"]}
        active |= {number for number, webhook in company.webhooks.items() if webhook["IsActive"]}
        events = [*store.pending_events, *company.pending_events]
        return any(event["due"] <= now and str(event["webhook"]) in active for event in events)

    def open_checkout(self, works: bool) -> None:
        """Opens the checkout for shoppers, or closes it."""
        self._world.checkout_works = works

    def leave_alone(self, *numbers: object) -> None:
        """Excludes these orders or sales from the simulated warehouse; the fault decides what happens to them."""
        self._world.warehouse.excluded_numbers |= {str(number) for number in numbers}

    def sales(self, order: int) -> list[Sale]:
        """The live sales of an order."""
        sales = self.cin7.company.sales_with_external_id(self.key(order))
        return [sale for sale in sales if not sale.voided and sale.external_id == self.key(order)]

    def sale(self, order: int) -> Sale:
        """The order's live sale. Raises IndexError where it has none."""
        return self.sales(order)[0]

    def has_sale(self, order: int) -> Callable[[], bool]:
        """A condition: the order has an authorised sale in Cin7, and the store's order is linked to it."""

        def is_posted() -> bool:
            linked_sale = str(self.bigcommerce.store.orders[order].fields.get("external_order_id") or "")
            return any(sale.ordered and sale.id == linked_sale for sale in self.sales(order))

        return is_posted

    def until_posted(self, order: int) -> Script:
        """Waits until the order is posted, and 40 minutes longer."""
        yield from self.until(self.has_sale(order))
        yield timedelta(minutes=40)

    def until(self, condition: Callable[[], bool]) -> Iterator[Wait]:
        yield condition

    def dispatch(self, order: int, **changes: Any) -> None:
        """Ships the whole order in one parcel and invoices it, as the person who ships does."""
        sale = self.sale(order)
        self.cin7.act(
            "pick_pack_ship", {"sale_id": sale.id, "carrier": "UPS", "tracking": f"1ZWEEK{order:08d}", **changes}
        )
        self.screen.invoice(sale.id)

    def has_shipment(self, order: int) -> Callable[[], bool]:
        return lambda: bool(self.bigcommerce.store.orders[order].shipments)

    def line(self, order: int, position: int = 0) -> Mapping[str, Any]:
        """A line of an order in the store."""
        return self.bigcommerce.store.orders[order].products[position]

    def total(self, order: int) -> Decimal:
        return Decimal(str(self.bigcommerce.store.orders[order].fields["total_inc_tax"]))

    def refund(self, order: int, **more: Any) -> int:
        """Staff refund one unit of the first line; returns the refund's number."""
        items = [{"item_type": "PRODUCT", "item_id": self.line(order)["id"], "quantity": 1}]
        return int(self.bigcommerce.act("refund_order", {"order_id": order, "items": items, **more})["id"])

    def corrupt(self, order: int, **how: Any) -> None:
        """The store returns the order with wrong data; without `how` it returns the true data again."""
        self.bigcommerce.act("corrupt_order", {"order_id": order, **how})

    def fault(self, platform: str, **rule: Any) -> int:
        """Adds a fault rule to a twin; returns the rule's number."""
        return self._sides[platform].control.add_fault(rule).id

    def end_fault(self, platform: str, rule: int) -> int:
        """Removes a fault rule; returns how often it fired."""
        fired = sum(row.fired for row in self._sides[platform].app.faults.rules if row.id == rule)
        self._sides[platform].control.clear_faults(rule)
        return fired

    def switch(self, platform: str, **switches: Any) -> None:
        self._sides[platform].control.set_switches(switches)


def lines_of(basket: Basket) -> list[dict[str, Any]]:
    """The lines of a basket in the form of the BigCommerce twin."""
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
