"""What a trial run ended in, computed from the state of the twins: what the shop sold against what the books hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from weighbridge_simulation.demo.changes import Changes, changes, decimal, plain, refunded_whole, worth

ENDED = frozenset({5, 6})
NOT_COMPLETED = frozenset({0, 1})
NOT_PAID_YET = frozenset({7})
ZERO = Decimal(0)
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """An order without a sale, or whose change or refund waits, and why."""

    order: str
    """With the refund's number where it is the refund that waits."""
    kind: str
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run. Everything but `held` reasons comes from the twins."""

    orders_in_shop: int
    orders_to_cross: int
    """Completed, paid and neither cancelled nor refunded whole before there was anything to credit."""
    live_sales: int
    orders_with_one_sale: int
    orders_with_several_sales: int
    sales_without_order: int
    shop_total: str
    """Money of the orders that have their sale, as the shop shows it."""
    books_total: str
    """Money of the same orders' sales, as the order documents in Cin7 show it."""
    invoiced_total: str
    paid_total: str
    received_total: str
    """What the shop has received for the same orders."""
    totals_equal: bool
    skus: int
    ats_equal: int
    ats_different: tuple[str, ...]
    parcels_in_books: int
    parcels_in_shop: int
    parcels_tracked: int
    parcels_waiting: int
    """Of orders that wait for a person, and not in the shop."""
    cin7_calls: int
    cin7_calls_per_order: str
    cin7_peak_share: str
    bigcommerce_calls: int
    bigcommerce_peak_share: str
    throttles: int
    changes: Changes
    held: tuple[Held, ...] = field(default=())
    held_without_sale: int = 0

    @property
    def balanced(self) -> bool:
        """True when nothing is missing, doubled, different or unexplained."""
        return (
            self.totals_equal
            and self.orders_with_several_sales == 0
            and self.sales_without_order == 0
            and self.orders_with_one_sale + self.held_without_sale == self.orders_to_cross
            and self.changes.balanced
            and not self.ats_different
            and (self.paid_total == self.received_total or self.paid_total == "0.00")
            and self.parcels_in_books - self.parcels_waiting == self.parcels_in_shop == self.parcels_tracked
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "balanced": self.balanced}

    def outcome(self) -> tuple[Any, ...]:
        """What has to be the same however often the product was killed on the way."""
        held = tuple(sorted((one.order, one.kind) for one in self.held))
        return (
            self.orders_to_cross,
            self.orders_with_one_sale,
            self.orders_with_several_sales,
            self.sales_without_order,
            self.shop_total,
            self.books_total,
            self.invoiced_total,
            self.paid_total,
            self.ats_different,
            self.parcels_in_books,
            self.parcels_in_shop,
            self.parcels_tracked,
            self.changes,
            held,
        )


def summarise(
    shop: State,
    books: State,
    shop_quota: State,
    books_quota: State,
    holds: Mapping[str, Held],
    locations: frozenset[str],
    edited: Set[str] = frozenset(),
) -> Summary:
    """The summary of both twins' states; `holds` are the product's reasons by order id, or by order and refund id.

    `edited` are the orders that people changed after they were placed, as they say.
    """
    orders = {str(plain(order["fields"]["id"])): order for order in shop["orders"]}
    sales = [sale for sale in books["sales"] if not sale["voided"]]
    live: dict[str, list[State]] = {}
    for sale in sales:
        live.setdefault(str(sale["header"].get("ExternalID") or "").rpartition(":")[2], []).append(sale)
    ended = {key for key, one in orders.items() if _ended(one) or (refunded_whole(one) and key not in live)}
    crossing = {key: one for key, one in orders.items() if _crosses(one) and key not in ended}
    by_order = {key: rows for key, rows in live.items() if key in crossing}
    waiting = {key.partition(":")[0] for key in holds}
    strangers = sum(len(rows) for key, rows in live.items() if key not in crossing and key not in ended & waiting)
    matched = {key: rows[0] for key, rows in by_order.items() if len(rows) == 1}
    shop_total = sum((decimal(crossing[key]["fields"]["total_inc_tax"]) for key in matched), ZERO)
    books_total = sum((worth(sale) for sale in matched.values()), ZERO)
    equal = all(
        decimal(crossing[key]["fields"]["total_inc_tax"]) == worth(sale)
        for key, sale in matched.items()
        if key not in waiting
    )
    shown, wanted = _levels(shop), _available(books, locations)
    owed = _owed({key: one for key, one in orders.items() if key not in ended}, by_order)
    skus = sorted(set(shown) & {product["SKU"] for product in _products(books) if product["Type"] == "Stock"})
    different = tuple(
        sku for sku in skus if max(shown[sku], 0) != max(int(wanted.get(sku, ZERO) - owed.get(sku, ZERO)), 0)
    )
    parcels = _parcels(sales)
    shipments = [one for order in orders.values() for one in order["shipments"]]
    numbers = {line["TrackingNumber"] for line in parcels if line["TrackingNumber"]}
    tracked = sum(1 for one in shipments if plain(one["tracking_number"]) in numbers)
    calls = int(books_quota["calls"])
    return Summary(
        orders_in_shop=len(orders),
        orders_to_cross=len(crossing),
        live_sales=len(sales),
        orders_with_one_sale=len(matched),
        orders_with_several_sales=sum(len(rows) > 1 for rows in by_order.values()),
        sales_without_order=strangers,
        shop_total=str(shop_total),
        books_total=str(books_total.quantize(Decimal("0.01"))),
        invoiced_total=str(_invoiced(matched).quantize(Decimal("0.01"))),
        paid_total=str(_paid(matched).quantize(Decimal("0.01"))),
        received_total=str(sum((_received(crossing[key]) for key in matched), ZERO).quantize(Decimal("0.01"))),
        totals_equal=equal,
        skus=len(skus),
        ats_equal=len(skus) - len(different),
        ats_different=different[:20],
        parcels_in_books=len(parcels),
        parcels_in_shop=len(shipments),
        parcels_tracked=tracked,
        parcels_waiting=sum(_untold(orders[key], rows) for key, rows in live.items() if key in waiting & orders.keys()),
        cin7_calls=calls,
        cin7_calls_per_order=f"{calls / len(matched):.2f}" if matched else "0",
        cin7_peak_share=f"{float(books_quota['peak_share']):.0%}",
        bigcommerce_calls=int(shop_quota["calls"]),
        bigcommerce_peak_share=f"{float(shop_quota['peak_share']):.0%}",
        throttles=int(books_quota["throttled"]) + int(shop_quota["throttled"]),
        changes=changes(orders, live, ended, edited, waiting),
        held=tuple(one for key, one in sorted(holds.items(), key=_numbers) if _concerns(key, crossing, live)),
        held_without_sale=sum(key in holds for key in crossing.keys() - by_order.keys()),
    )


def _crosses(order: State) -> bool:
    fields = order["fields"]
    return int(plain(fields["status_id"])) not in ENDED | NOT_COMPLETED | NOT_PAID_YET and not fields["is_deleted"]


def _parcels(sales: Iterable[State]) -> list[State]:
    return [
        line for sale in sales for task in sale["fulfilments"] for line in task["Ship"]["Lines"] if line["IsShipped"]
    ]


def _untold(order: State, sales: list[State]) -> int:
    return max(0, len(_parcels(sales)) - len(order["shipments"]))


def _ended(order: State) -> bool:
    return int(plain(order["fields"]["status_id"])) in ENDED


def _concerns(key: str, crossing: Mapping[str, State], live: Mapping[str, Any]) -> bool:
    """Whether a hold is of an order that matters: one that should have a sale, or has one."""
    order = key.partition(":")[0]
    return order in crossing or order in live


def _numbers(item: tuple[str, Held]) -> tuple[int, ...]:
    return tuple(int(part) for part in item[0].split(":") if part.isdigit())


def _levels(shop: State) -> dict[str, int]:
    """What the shop shows per SKU at its default location."""
    levels = {int(row[1]): int(row[2]) for row in shop["location_stock"] if int(row[0]) == 1}
    return {
        str(variant["sku"]): levels.get(int(variant["id"]), 0)
        for product in shop["products"]
        for variant in product["variants"]
        if variant["sku"]
    }


def _available(books: State, locations: frozenset[str]) -> dict[str, Decimal]:
    """On hand less allocated per SKU, in the locations that the shop sells."""
    available: dict[str, Decimal] = {}
    skus = {product["ID"]: product["SKU"] for product in _products(books)}
    for row in books["stock"]:
        if row["location"] in locations:
            sku = skus[row["product_id"]]
            available[sku] = available.get(sku, ZERO) + decimal(row["on_hand"]) - decimal(row["allocated"])
    return available


def _received(order: State) -> Decimal:
    """Money in: purchases and captures, or the whole total where an offline order is called paid without either."""
    money = [one for one in order["transactions"] if one["event"] in ("purchase", "capture") and one["status"] == "ok"]
    if not money and order["fields"]["payment_status"] in ("paid", "captured"):
        return decimal(order["fields"]["total_inc_tax"])
    return sum((decimal(one["amount"]) for one in money), ZERO)


def _products(books: State) -> list[State]:
    products = books["products"]
    return list(products.values()) if isinstance(products, Mapping) else list(products)


def _owed(orders: Mapping[str, State], by_order: Mapping[str, list[State]]) -> dict[str, Decimal]:
    """Units of orders that the shop has and the books have not: held ones, and those still to be paid."""
    owed: dict[str, Decimal] = {}
    for key, order in orders.items():
        status = int(plain(order["fields"]["status_id"]))
        if key in by_order or status in ENDED | NOT_COMPLETED:
            continue
        for line in order["products"]:
            owed[line["sku"]] = owed.get(line["sku"], ZERO) + decimal(line["quantity"])
    return owed


def _invoiced(sales: Mapping[str, State]) -> Decimal:
    return sum(
        (
            decimal(one["Total"])
            for sale in sales.values()
            for one in sale["invoices"]
            if one["Status"] in ("AUTHORISED", "PAID")
        ),
        ZERO,
    )


def _paid(sales: Mapping[str, State]) -> Decimal:
    """Money in; what went back is told apart."""
    payments = [one for sale in sales.values() for one in sale["payments"] if one["Type"] != "Refund"]
    return sum((decimal(one["Amount"]) for one in payments), ZERO)
