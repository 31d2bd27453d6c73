"""The counter of the shop for tests about orders: ordinary baskets, and orders read back as the vendor shows them."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from typing import Any

from tests.twins.bigcommerce.counter import Counter
from weighbridge_twins.call import Answer

ANN: dict[str, Any] = {
    "first_name": "Ann",
    "last_name": "Example",
    "company": "",
    "street_1": "1 Mill St",
    "street_2": "",
    "city": "Austin",
    "state": "Texas",
    "zip": "78701",
    "country": "United States",
    "country_iso2": "US",
    "phone": "555-0101",
    "email": "ann@example.com",
}
SLIP = "consignments: "
"""The description's link to consignments fits both of its alternatives, as each of them is open."""


class OrderCounter(Counter):
    """A shop with three goods on its shelves."""

    def __init__(self, **switches: Any) -> None:
        super().__init__(**switches)
        self.seed("TEA", "CUP", "POT", tracking="product", inventory_level=100)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        answer = super().call(method, path, body)
        self.violations = [one for one in self.violations if not (SLIP in one and "valid under each of" in one)]
        return answer

    def place(self, **changes: Any) -> int:
        """An ordinary order: two teas and a cup, shipping, paid by card."""
        spec: dict[str, Any] = {
            "lines": [{"sku": "TEA", "quantity": 2}, {"sku": "CUP", "quantity": 1}],
            "shipping_cost": "6.00",
            "billing_address": ANN,
            "shipping_addresses": [ANN],
        }
        return int(self.act("place_order", spec | changes)["id"])

    def order(self, order_id: int) -> Any:
        """The order as v2 shows it."""
        return self.ask("GET", f"/v2/orders/{order_id}")

    def lines(self, order_id: int) -> Any:
        """Its lines."""
        return self.ask("GET", f"/v2/orders/{order_id}/products")

    def address_id(self, order_id: int) -> int:
        """Its first shipping address."""
        return int(self.ask("GET", f"/v2/orders/{order_id}/shipping_addresses")[0]["id"])

    def put(self, order_id: int, **changes: Any) -> Any:
        """Changes the order through the API; the order as it answers."""
        return self.ask("PUT", f"/v2/orders/{order_id}", changes)

    def ship(self, order_id: int, quantities: dict[int, int], **more: Any) -> Any:
        """Ships quantities by line id to the first address."""
        items = [{"order_product_id": line, "quantity": quantity} for line, quantity in quantities.items()]
        body = {"order_address_id": self.address_id(order_id), "items": items, **more}
        return self.ask("POST", f"/v2/orders/{order_id}/shipments", body)

    def transactions(self, order_id: int) -> list[Any]:
        """Its movements of money; none when the answer has no body."""
        answer = self.call("GET", f"/v3/orders/{order_id}/transactions")
        return [] if answer.status == 204 else list(answer.body["data"])

    def ids(self, query: str) -> list[int]:
        """The ids of a list of orders; none when the answer has no body."""
        answer = self.call("GET", f"/v2/orders?{query}")
        assert answer.status in (200, 204), answer
        return [] if answer.status == 204 else [row["id"] for row in answer.body]

    def stock(self, sku: str) -> int:
        """Units on hand."""
        return int(self.act("stock_levels", {})[sku])


def judged(**switches: Any) -> Generator[OrderCounter, None, None]:
    """A shop whose exchanges all have to fit the vendor's documents."""
    counter = OrderCounter(**switches)
    yield counter
    assert counter.violations == []


def money(text: Any) -> Decimal:
    """An amount as the API gave it."""
    return Decimal(str(text))
