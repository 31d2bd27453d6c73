"""People in a storm: shoppers who buy what the store shows, and a counter that sells what Cin7 has free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from weighbridge_simulation.storm.ledger import Ledger
from weighbridge_simulation.storm.plan import Goods, Movement, Plan, Shopper
from weighbridge_twins.bigcommerce.inventory import level
from weighbridge_twins.http.server import TwinServer
from weighbridge_twins.world.people import person_of

SEEDED_AT_ONCE = 1000


class People:
    """The actions of people at both platforms, each recorded in the ledger."""

    def __init__(self, twins: TwinServer, ledger: Ledger, seed: int) -> None:
        self._twins = twins
        self._ledger = ledger
        self._seed = seed
        self.orders = 0

    def seed_goods(self, plan: Plan) -> None:
        """Creates the same products on both platforms; the store shows no stock of them yet."""
        for batch in _batches(plan.goods):
            store = [{"sku": goods.sku, "name": goods.name, "price": goods.price, "tax_class_id": 1} for goods in batch]
            self._twins.act("bigcommerce", "seed_products", store)
            products = [
                {"sku": goods.sku, "name": goods.name, "tier_price": goods.price, "tax": "Tax Exempt"}
                for goods in batch
            ]
            stock = [{"sku": goods.sku, "on_hand": goods.on_hand} for goods in batch]
            self._twins.act("cin7", "seed", {"products": products, "stock": stock})
        for goods in plan.goods:
            self._ledger.move(goods.sku, goods.on_hand)

    def purchase(self, shopper: Shopper) -> None:
        """The shopper reads the levels and buys in one step: a checkout never sells more than the store shows."""
        bought, order = self._twins.run(lambda: self._buy(shopper))
        for wish in shopper.wishes:
            units = bought.get(wish.sku, 0)
            self._ledger.record_purchase(wish.sku, units_demanded=wish.units, bought=units, order=order)
        self.orders += bool(bought)

    def _buy(self, shopper: Shopper) -> tuple[dict[str, int], int]:
        store = self._twins.bigcommerce
        lines: list[dict[str, Any]] = []
        for wish in shopper.wishes:
            units = min(wish.units, max(0, level(store.store, wish.sku)))
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
        placed: Any = store.act("place_order", spec)
        return {line["sku"]: line["quantity"] for line in lines}, int(placed["id"])

    def move(self, movement: Movement) -> None:
        if movement.units > 0:
            self._twins.act("cin7", "receive_stock", {"sku": movement.sku, "quantity": movement.units})
            self._ledger.move(movement.sku, movement.units)
        else:
            sold = self._twins.run(lambda: self._sell_over_the_counter(movement.sku, -movement.units))
            self._ledger.move(movement.sku, -sold)

    def _sell_over_the_counter(self, sku: str, units: int) -> int:
        """Another channel sells units that Cin7 has free; Cin7's stock changes at once."""
        cin7 = self._twins.cin7
        product = cin7.company.product_by_sku(sku)
        assert product is not None
        (row,) = cin7.company.rows_of(product["ID"])
        sold = min(units, max(0, int(row.available)))
        if sold:
            cin7.act("count_stock", {"sku": sku, "quantity": row.on_hand - sold})
        return sold


def _batches(goods: tuple[Goods, ...]) -> Iterable[tuple[Goods, ...]]:
    return (goods[start : start + SEEDED_AT_ONCE] for start in range(0, len(goods), SEEDED_AT_ONCE))
