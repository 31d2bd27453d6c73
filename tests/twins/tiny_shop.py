"""A small honest shop that offers people what the BigCommerce twin offers them, to test the world by itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from weighbridge.twins.call import Answer, Call, Delivery, Json

CANCELLED = 5


class TinyShop:
    """Orders, products and customers in three dictionaries; refuses unknown SKUs, orders and customers."""

    name = "bigcommerce"

    def __init__(self) -> None:
        self.switches: dict[str, Any] = {}
        self.products: dict[str, Json] = {}
        self.customers: dict[int, Json] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.history: list[tuple[str, int]] = []
        self._acts: dict[str, Callable[[Any], Json]] = {
            "seed_products": self._seed_products,
            "seed_customers": self._seed_customers,
            "place_order": self._place,
            "set_status": self._set_status,
            "capture_payment": self._capture,
            "cancel_order": self._cancel,
            "edit_order": self._edit,
        }

    def act(self, name: str, arguments: Json) -> Json:
        return self._acts[name](arguments)

    def _seed_products(self, rows: list[Json]) -> Json:
        self.products |= {row["sku"]: row for row in rows}
        return {"products": len(self.products)}

    def _seed_customers(self, rows: list[Json]) -> Json:
        ids = []
        for row in rows:
            ids.append(len(self.customers) + 1)
            self.customers[ids[-1]] = row
        return {"ids": ids}

    def _place(self, wanted: Json) -> Json:
        if wanted["customer_id"] and wanted["customer_id"] not in self.customers:
            raise ValueError("no such customer")
        total = Decimal(wanted["shipping_cost"])
        for line in wanted["lines"]:
            if line["sku"] not in self.products:
                raise ValueError(f"no such product: {line['sku']}")
            net = line["line_total"] - line["discount"] - line["coupon"]
            if net < 0:
                raise ValueError("a line below zero")
            total += net
        order_id = 100 + len(self.orders)
        self.orders[order_id] = {"id": order_id, **wanted, "total": total}
        self.history.append(("placed", order_id))
        return {"id": order_id}

    def _set_status(self, wanted: Json) -> Json:
        self.orders[wanted["order_id"]]["status_id"] = wanted["status_id"]
        self.history.append((f"status {wanted['status_id']}", wanted["order_id"]))
        return {}

    def _capture(self, wanted: Json) -> Json:
        order = self.orders[wanted["order_id"]]
        if order["payment"] == "captured":
            raise ValueError("captured already")
        order["payment"] = "captured"
        self.history.append(("captured", wanted["order_id"]))
        return {}

    def _cancel(self, wanted: Json) -> Json:
        self.orders[wanted["order_id"]]["status_id"] = CANCELLED
        self.history.append(("cancelled", wanted["order_id"]))
        return {}

    def _edit(self, wanted: Json) -> Json:
        self.orders[wanted["order_id"]].update(wanted)
        self.history.append(("edited", wanted["order_id"]))
        return {}

    def guard(self, call: Call) -> Answer | None:
        return None

    def answer(self, call: Call) -> Answer:
        return Answer(200, list(self.orders.values()))

    def finish(self, call: Call, answer: Answer) -> Answer:
        return answer

    def throttled(self, style: str) -> Answer:
        return Answer(429)

    def server_error(self) -> Answer:
        return Answer(500)

    def deliveries_due(self) -> list[Delivery]:
        return []

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        return

    def quota(self) -> Json:
        return {"calls": 0, "throttled": 0, "peak_share": 0, "limit": 1}

    def dump(self) -> Json:
        return {}

    def restore(self, state: Json) -> None:
        return
