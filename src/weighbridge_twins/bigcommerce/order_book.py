"""Orders, by id and by their last change, so that a page of thousands is found without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from weighbridge_twins.bigcommerce.records import Record


@dataclass
class Order:
    """An order with its sub-resources; `fields` carry the vendor's names, money as Decimal, dates as moments."""

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
    """What was entered for the whole order: shipping, handling, wrapping, manual_discount, and overrides of them."""
    corruption: Record = field(default_factory=dict)
    """What `corrupt_order` spoiled: {"set": {...}, "drop": [...], "product_set": {...}, "product_drop": [...] ...}."""

    @property
    def id(self) -> int:
        return int(self.fields["id"])

    @property
    def modified(self) -> datetime:
        moment: datetime = self.fields["date_modified"]
        return moment

    @property
    def status_id(self) -> int:
        return int(self.fields["status_id"])

    @property
    def currency(self) -> str:
        """The currency of every amount on the order."""
        return str(self.fields["default_currency_code"])

    def line(self, line_id: object) -> Record | None:
        """The order product with that id."""
        return next((row for row in self.products if str(row["id"]) == str(line_id)), None)

    def address(self, address_id: object) -> Record | None:
        """The shipping address with that id."""
        return next((row for row in self.addresses if str(row["id"]) == str(address_id)), None)


class OrderBook(Mapping[int, Order]):
    """Every order of the store."""

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
        """Takes in a new order."""
        self._by_id[order.id] = order
        insort(self._ids, order.id)
        insort(self._changes, (order.modified, order.id))

    def pop(self, order_id: int) -> Order:
        """Forgets an order for good. Raises KeyError."""
        order = self._by_id.pop(order_id)
        self._ids.pop(bisect_left(self._ids, order.id))
        self._changes.pop(bisect_left(self._changes, (order.modified, order.id)))
        return order

    def touch(self, order: Order, moment: datetime) -> None:
        """The order changed at `moment`."""
        self._changes.pop(bisect_left(self._changes, (order.modified, order.id)))
        order.fields["date_modified"] = moment
        insort(self._changes, (moment, order.id))

    def by_id(self, lowest: int, highest: int, *, descending: bool = False) -> Iterator[Order]:
        """Orders of these ids, both included, in the order of their ids."""
        chosen = self._ids[bisect_left(self._ids, lowest) : bisect_right(self._ids, highest)]
        return (self._by_id[one] for one in (reversed(chosen) if descending else chosen))

    def by_change(
        self, earliest: datetime | None, latest: datetime | None, *, descending: bool = False
    ) -> Iterator[Order]:
        """Orders whose last change lies between these moments, both included, in the order of their changes."""
        start = bisect_left(self._changes, (earliest, 0)) if earliest else 0
        end = bisect_left(self._changes, (latest, 2**62)) if latest else len(self._changes)
        chosen = self._changes[start:end]
        return (self._by_id[one] for _, one in (reversed(chosen) if descending else chosen))
