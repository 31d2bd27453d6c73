"""Orders indexed by id and by last change, so that a page of thousands of orders needs no full scan."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from weighbridge_twins.bigcommerce.records import Record


@dataclass
class Order:
    """An order with its sub-resources. `fields` uses the vendor's names; money is Decimal, dates are datetimes."""

    fields: Record
    products: list[Record] = field(default_factory=list)
    addresses: list[Record] = field(default_factory=list)
    pickups: list[Record] = field(default_factory=list)
    taxes: list[Record] = field(default_factory=list)
    coupons: list[Record] = field(default_factory=list)
    fees: list[Record] = field(default_factory=list)
    shipments: list[Record] = field(default_factory=list)
    transactions: list[Record] = field(default_factory=list)
    refunds: list[Record] = field(default_factory=list)
    metafields: list[Record] = field(default_factory=list)
    messages: list[Record] = field(default_factory=list)
    entered: Record = field(default_factory=dict)
    """Amounts entered for the whole order: shipping, handling, wrapping, manual_discount, and their overrides."""
    corruption: Record = field(default_factory=dict)
    """Changes by `corrupt_order`: {"set": {...}, "drop": [...], "product_set": {...}, "product_drop": [...] ...}."""

    @property
    def id(self) -> int:
        return int(self.fields["id"])

    @property
    def modified(self) -> datetime:
        timestamp: datetime = self.fields["date_modified"]
        return timestamp

    @property
    def status_id(self) -> int:
        return int(self.fields["status_id"])

    @property
    def currency(self) -> str:
        """The currency of every amount on the order."""
        return str(self.fields["default_currency_code"])

    def line(self, line_id: object) -> Record | None:
        """The order product with this id; None if it does not exist."""
        return next((row for row in self.products if str(row["id"]) == str(line_id)), None)

    def address(self, address_id: object) -> Record | None:
        """The shipping address with this id; None if it does not exist."""
        return next((row for row in self.addresses if str(row["id"]) == str(address_id)), None)


class OrderIndex(Mapping[int, Order]):
    """All orders of the store."""

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._by_id: dict[int, Order] = {}
        self._ids: list[int] = []
        self._changes: list[tuple[datetime, int]] = []
        for order in orders:
            self.add(order)

    def __getitem__(self, order_id: int) -> Order:
        return self._by_id[order_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, order: Order) -> None:
        """Adds a new order."""
        self._by_id[order.id] = order
        insort(self._ids, order.id)
        insort(self._changes, (order.modified, order.id))

    def pop(self, order_id: int) -> Order:
        """Removes an order permanently and returns it. Raises KeyError."""
        order = self._by_id.pop(order_id)
        self._ids.pop(bisect_left(self._ids, order.id))
        self._changes.pop(bisect_left(self._changes, (order.modified, order.id)))
        return order

    def touch(self, order: Order, at: datetime) -> None:
        """Sets the order's date_modified to `at`."""
        self._changes.pop(bisect_left(self._changes, (order.modified, order.id)))
        order.fields["date_modified"] = at
        insort(self._changes, (at, order.id))

    def by_id(self, lowest: int, highest: int, *, descending: bool = False) -> Iterator[Order]:
        """Orders with ids from `lowest` to `highest`, both inclusive, sorted by id."""
        ids = self._ids[bisect_left(self._ids, lowest) : bisect_right(self._ids, highest)]
        return (self._by_id[order_id] for order_id in (reversed(ids) if descending else ids))

    def by_change(
        self, earliest: datetime | None, latest: datetime | None, *, descending: bool = False
    ) -> Iterator[Order]:
        """Orders last changed from `earliest` to `latest`, both inclusive, sorted by change."""
        start = bisect_left(self._changes, (earliest, 0)) if earliest else 0
        end = bisect_left(self._changes, (latest, 2**62)) if latest else len(self._changes)
        changes = self._changes[start:end]
        return (self._by_id[order_id] for _, order_id in (reversed(changes) if descending else changes))
