"""The end of a run, computed from the state of the twins: the orders of the store against the sales in Cin7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from weighbridge_simulation.demo.changes import Changes, changes, decimal, is_fully_refunded, sale_total, unwrap

ENDED = frozenset({5, 6})
NOT_COMPLETED = frozenset({0, 1})
NOT_PAID_YET = frozenset({7})
ZERO = Decimal(0)
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """An order without a sale, or with a change or a refund that waits, and the reason."""

    order: str
    """The order id; `order:refund` where the refund waits."""
    kind: str
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run. Everything except the reasons in `held` comes from the twins."""

    orders_in_store: int
    orders_to_post: int
    """Completed and paid orders that were neither cancelled nor refunded in full before they had a sale."""
    live_sales: int
    orders_with_one_sale: int
    orders_with_several_sales: int
    sales_without_order: int
    store_total: str
    """Total of the orders that have a sale, as the store shows it."""
    cin7_total: str
    """Total of the same orders' sales, from the order documents in Cin7."""
    invoiced_total: str
    paid_total: str
    received_total: str
    """Payments that the store received for the same orders."""
    totals_equal: bool
    skus: int
    ats_equal: int
    ats_different: tuple[str, ...]
    parcels_in_cin7: int
    parcels_in_store: int
    parcels_tracked: int
    parcels_waiting: int
    """Parcels of orders that wait for a person, and that the store does not show."""
    cin7_calls: int
    cin7_calls_per_order: str
    cin7_peak_share: str
    bigcommerce_calls: int
    bigcommerce_calls_per_order: str
    bigcommerce_peak_share: str
    throttles: int
    changes: Changes
    held: tuple[Held, ...] = field(default=())
    held_without_sale: int = 0

    @property
    def balanced(self) -> bool:
        """True when no order, sale, parcel or amount is missing, duplicated, different or unexplained."""
        return (
            self.totals_equal
            and self.orders_with_several_sales == 0
            and self.sales_without_order == 0
            and self.orders_with_one_sale + self.held_without_sale == self.orders_to_post
            and self.changes.balanced
            and not self.ats_different
            and (self.paid_total == self.received_total or self.paid_total == "0.00")
            and self.parcels_in_cin7 - self.parcels_waiting == self.parcels_in_store == self.parcels_tracked
        )

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "balanced": self.balanced}

    def outcome(self) -> tuple[Any, ...]:
        """The part of the summary that must not depend on how often the product was killed during the run."""
        held = tuple(sorted((hold.order, hold.kind) for hold in self.held))
        return (
            self.orders_to_post,
            self.orders_with_one_sale,
            self.orders_with_several_sales,
            self.sales_without_order,
            self.store_total,
            self.cin7_total,
            self.invoiced_total,
            self.paid_total,
            self.ats_different,
            self.parcels_in_cin7,
            self.parcels_in_store,
            self.parcels_tracked,
            self.changes,
            held,
        )


def summarise(
    bigcommerce_state: State,
    cin7_state: State,
    bigcommerce_quota: State,
    cin7_quota: State,
    holds: Mapping[str, Held],
    locations: frozenset[str],
    edited: Set[str] = frozenset(),
) -> Summary:
    """The summary of both twins' states; `holds` are the product's reasons by order id, or by `order:refund`.

    `edited` are the orders that the world says people changed after they were placed.
    """
    orders = {str(unwrap(order["fields"]["id"])): order for order in bigcommerce_state["orders"]}
    sales = [sale for sale in cin7_state["sales"] if not sale["voided"]]
    live: dict[str, list[State]] = {}
    for sale in sales:
        live.setdefault(str(sale["header"].get("ExternalID") or "").rpartition(":")[2], []).append(sale)
    ended = {key for key, order in orders.items() if _ended(order) or (is_fully_refunded(order) and key not in live)}
    to_post = {key: order for key, order in orders.items() if _is_postable(order) and key not in ended}
    by_order = {key: rows for key, rows in live.items() if key in to_post}
    waiting = {key.partition(":")[0] for key in holds}
    unmatched = sum(len(rows) for key, rows in live.items() if key not in to_post and key not in ended & waiting)
    matched = {key: rows[0] for key, rows in by_order.items() if len(rows) == 1}
    store_total = sum((decimal(to_post[key]["fields"]["total_inc_tax"]) for key in matched), ZERO)
    cin7_total = sum((sale_total(sale) for sale in matched.values()), ZERO)
    equal = all(
        decimal(to_post[key]["fields"]["total_inc_tax"]) == sale_total(sale)
        for key, sale in matched.items()
        if key not in waiting
    )
    levels, available = _levels(bigcommerce_state), _available(cin7_state, locations)
    unposted = _unposted_units({key: order for key, order in orders.items() if key not in ended}, by_order)
    skus = sorted(set(levels) & {product["SKU"] for product in _products(cin7_state) if product["Type"] == "Stock"})
    different = tuple(
        sku for sku in skus if max(levels[sku], 0) != max(int(available.get(sku, ZERO) - unposted.get(sku, ZERO)), 0)
    )
    parcels = _parcels(sales)
    shipments = [shipment for order in orders.values() for shipment in order["shipments"]]
    numbers = {line["TrackingNumber"] for line in parcels if line["TrackingNumber"]}
    tracked = sum(1 for shipment in shipments if unwrap(shipment["tracking_number"]) in numbers)
    calls = int(cin7_quota["calls"])
    return Summary(
        orders_in_store=len(orders),
        orders_to_post=len(to_post),
        live_sales=len(sales),
        orders_with_one_sale=len(matched),
        orders_with_several_sales=sum(len(rows) > 1 for rows in by_order.values()),
        sales_without_order=unmatched,
        store_total=str(store_total),
        cin7_total=str(cin7_total.quantize(Decimal("0.01"))),
        invoiced_total=str(_invoiced(matched).quantize(Decimal("0.01"))),
        paid_total=str(_paid(matched).quantize(Decimal("0.01"))),
        received_total=str(sum((_received(to_post[key]) for key in matched), ZERO).quantize(Decimal("0.01"))),
        totals_equal=equal,
        skus=len(skus),
        ats_equal=len(skus) - len(different),
        ats_different=different[:20],
        parcels_in_cin7=len(parcels),
        parcels_in_store=len(shipments),
        parcels_tracked=tracked,
        parcels_waiting=sum(
            _unreported_parcels(orders[key], rows) for key, rows in live.items() if key in waiting & orders.keys()
        ),
        cin7_calls=calls,
        cin7_calls_per_order=f"{calls / len(matched):.2f}" if matched else "0",
        cin7_peak_share=f"{float(cin7_quota['peak_share']):.0%}",
        bigcommerce_calls=int(bigcommerce_quota["calls"]),
        bigcommerce_calls_per_order=f"{int(bigcommerce_quota['calls']) / len(matched):.2f}" if matched else "0",
        bigcommerce_peak_share=f"{float(bigcommerce_quota['peak_share']):.0%}",
        throttles=int(cin7_quota["throttled"]) + int(bigcommerce_quota["throttled"]),
        changes=changes(orders, live, ended, edited, waiting),
        held=tuple(hold for key, hold in sorted(holds.items(), key=_sort_key) if _is_relevant(key, to_post, live)),
        held_without_sale=sum(key in holds for key in to_post.keys() - by_order.keys()),
    )


def _is_postable(order: State) -> bool:
    fields = order["fields"]
    return int(unwrap(fields["status_id"])) not in ENDED | NOT_COMPLETED | NOT_PAID_YET and not fields["is_deleted"]


def _parcels(sales: Iterable[State]) -> list[State]:
    return [
        line for sale in sales for task in sale["fulfilments"] for line in task["Ship"]["Lines"] if line["IsShipped"]
    ]


def _unreported_parcels(order: State, sales: list[State]) -> int:
    return max(0, len(_parcels(sales)) - len(order["shipments"]))


def _ended(order: State) -> bool:
    return int(unwrap(order["fields"]["status_id"])) in ENDED


def _is_relevant(key: str, postable: Mapping[str, State], live: Mapping[str, Any]) -> bool:
    """True when a hold is of an order that should have a sale, or has one."""
    order = key.partition(":")[0]
    return order in postable or order in live


def _sort_key(item: tuple[str, Held]) -> tuple[int, ...]:
    return tuple(int(number) for number in item[0].split(":") if number.isdigit())


def _levels(bigcommerce_state: State) -> dict[str, int]:
    """The level that the store shows at its default location, by SKU."""
    levels = {int(row[1]): int(row[2]) for row in bigcommerce_state["location_stock"] if int(row[0]) == 1}
    return {
        str(variant["sku"]): levels.get(int(variant["id"]), 0)
        for product in bigcommerce_state["products"]
        for variant in product["variants"]
        if variant["sku"]
    }


def _available(cin7_state: State, locations: frozenset[str]) -> dict[str, Decimal]:
    """On hand less allocated in the locations that the store sells from, by SKU."""
    available: dict[str, Decimal] = {}
    skus = {product["ID"]: product["SKU"] for product in _products(cin7_state)}
    for row in cin7_state["stock"]:
        if row["location"] in locations:
            sku = skus[row["product_id"]]
            available[sku] = available.get(sku, ZERO) + decimal(row["on_hand"]) - decimal(row["allocated"])
    return available


def _received(order: State) -> Decimal:
    """Purchases and captures; the order's total where an offline order counts as paid without either."""
    transactions = [
        transaction
        for transaction in order["transactions"]
        if transaction["event"] in ("purchase", "capture") and transaction["status"] == "ok"
    ]
    if not transactions and order["fields"]["payment_status"] in ("paid", "captured"):
        return decimal(order["fields"]["total_inc_tax"])
    return sum((decimal(transaction["amount"]) for transaction in transactions), ZERO)


def _products(cin7_state: State) -> list[State]:
    products = cin7_state["products"]
    return list(products.values()) if isinstance(products, Mapping) else list(products)


def _unposted_units(orders: Mapping[str, State], by_order: Mapping[str, list[State]]) -> dict[str, Decimal]:
    """Units of orders that have no sale in Cin7, by SKU: held orders, and orders that are not paid yet."""
    units: dict[str, Decimal] = {}
    for key, order in orders.items():
        status = int(unwrap(order["fields"]["status_id"]))
        if key in by_order or status in ENDED | NOT_COMPLETED:
            continue
        for line in order["products"]:
            units[line["sku"]] = units.get(line["sku"], ZERO) + decimal(line["quantity"])
    return units


def _invoiced(sales: Mapping[str, State]) -> Decimal:
    return sum(
        (
            decimal(invoice["Total"])
            for sale in sales.values()
            for invoice in sale["invoices"]
            if invoice["Status"] in ("AUTHORISED", "PAID")
        ),
        ZERO,
    )


def _paid(sales: Mapping[str, State]) -> Decimal:
    """Payments received; refunds are not subtracted."""
    payments = [payment for sale in sales.values() for payment in sale["payments"] if payment["Type"] != "Refund"]
    return sum((decimal(payment["Amount"]) for payment in payments), ZERO)
