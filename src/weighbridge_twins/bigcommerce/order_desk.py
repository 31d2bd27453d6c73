"""What people do to orders, as typed methods for code that holds the twin itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge_twins.bigcommerce import acts
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Shop


class OrderDesk:
    """The counter of the shop: each method does what the act of its name does. Unknown orders raise KeyError."""

    shop: Shop

    def place_order(self, spec: Mapping[str, Any]) -> int:
        """Places an order as `placing` describes; answers its id."""
        return int(acts.place_order(self.shop, dict(spec))["id"])

    def set_status(self, order_id: int, status_id: int) -> None:
        """Moves an order to a status."""
        acts.set_status(self.shop, {"order_id": order_id, "status_id": status_id})

    def edit_order(self, order_id: int, **changes: Any) -> Record:
        """Staff edit an order: line and quantity, add_lines, remove_line, addresses, notes, costs."""
        return acts.edit_order(self.shop, {"order_id": order_id, **changes})

    def cancel_order(self, order_id: int) -> None:
        """Staff cancel an order."""
        acts.cancel_order(self.shop, {"order_id": order_id})

    def capture_payment(self, order_id: int) -> None:
        """The money of an order comes in."""
        acts.capture_payment(self.shop, {"order_id": order_id})

    def refund_order(self, order_id: int, items: Sequence[Mapping[str, Any]], **more: Any) -> int:
        """Staff refund items as the API takes them; answers the refund's id. `more`: payments, reason, declined."""
        wanted = {"order_id": order_id, "items": [dict(item) for item in items], **more}
        return int(acts.refund_order(self.shop, wanted)["id"])

    def archive_order(self, order_id: int) -> None:
        """Staff put an order away."""
        acts.archive_order(self.shop, {"order_id": order_id})

    def remove_order(self, order_id: int) -> None:
        """The order is gone for good; its last event still goes out."""
        acts.remove_order(self.shop, {"order_id": order_id})

    def corrupt_order(self, order_id: int, **spoiled: Any) -> None:
        """Spoils how an order is shown: set, drop, product_set, product_drop ... Nothing heals it."""
        acts.corrupt_order(self.shop, {"order_id": order_id, **spoiled})
