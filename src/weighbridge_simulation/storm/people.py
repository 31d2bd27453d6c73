"""People in a storm: shoppers who buy what they are shown, and a counter that sells what Cin7 has free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from weighbridge_simulation.storm.ledger import Ledger
from weighbridge_simulation.storm.plan import Goods, Movement, Plan, Shopper
from weighbridge_twins.bigcommerce.inventory import level
from weighbridge_twins.server import TwinServer
from weighbridge_twins.world_people import person_of

SEEDED_AT_ONCE = 1000


class People:
    """What people do at both platforms, written into the ledger as it happens."""

    def __init__(self, twins: TwinServer, ledger: Ledger, seed: int) -> None:
        self._twins = twins
        self._ledger = ledger
        self._seed = seed
        self.orders = 0

    def open(self, plan: Plan) -> None:
        """The same goods at both sides; the shop shows none of them yet."""
        for some in _parts(plan.goods):
            shop = [{"sku": one.sku, "name": one.name, "price": one.price, "tax_class_id": 1} for one in some]
            self._twins.act("bigcommerce", "seed_products", shop)
            products = [
                {"sku": one.sku, "name": one.name, "tier_price": one.price, "tax": "Tax Exempt"} for one in some
            ]
            stock = [{"sku": one.sku, "on_hand": one.on_hand} for one in some]
            self._twins.act("cin7", "seed", {"products": products, "stock": stock})
        for one in plan.goods:
            self._ledger.move(one.sku, one.on_hand)

    def shop(self, shopper: Shopper) -> None:
        """The shopper sees the levels and buys in one moment: checkouts do not sell what is not shown."""
        bought, order = self._twins.run(lambda: self._buy(shopper))
        for wish in shopper.wishes:
            self._ledger.shop(wish.sku, wanted=wish.units, bought=bought.get(wish.sku, 0), order=order)
        self.orders += bool(bought)

    def _buy(self, shopper: Shopper) -> tuple[dict[str, int], int]:
        shop = self._twins.bigcommerce
        lines: list[dict[str, Any]] = []
        for wish in shopper.wishes:
            units = min(wish.units, max(0, level(shop.shop, wish.sku)))
            if units and wish.line is not None and units == wish.units:
                line = wish.line
                money = {"line_total": line.shelf_total, "discount": line.promotion, "coupon": line.coupon}
                lines.append({"sku": wish.sku, "quantity": units, **money})
            elif units:
                lines.append({"sku": wish.sku, "quantity": units})
        if not lines:
            return {}, 0
        address = person_of(shopper.household_id, self._seed, 0.1).address()
        spec = {"lines": lines, "shipping_cost": "4.99", "billing_address": address, "shipping_addresses": [address]}
        placed: Any = shop.act("place_order", spec)
        return {line["sku"]: line["quantity"] for line in lines}, int(placed["id"])

    def move(self, movement: Movement) -> None:
        if movement.units > 0:
            self._twins.act("cin7", "receive_stock", {"sku": movement.sku, "quantity": movement.units})
            self._ledger.move(movement.sku, movement.units)
        else:
            taken = self._twins.run(lambda: self._sell_over_the_counter(movement.sku, -movement.units))
            self._ledger.move(movement.sku, -taken)

    def _sell_over_the_counter(self, sku: str, units: int) -> int:
        """Another channel sells what Cin7 has free, which it knows at once."""
        books = self._twins.cin7
        product = books.company.product_by_sku(sku)
        assert product is not None
        (row,) = books.company.rows_of(product["ID"])
        taken = min(units, max(0, int(row.available)))
        if taken:
            books.act("count_stock", {"sku": sku, "quantity": row.on_hand - taken})
        return taken


def _parts(goods: tuple[Goods, ...]) -> Iterable[tuple[Goods, ...]]:
    return (goods[start : start + SEEDED_AT_ONCE] for start in range(0, len(goods), SEEDED_AT_ONCE))
