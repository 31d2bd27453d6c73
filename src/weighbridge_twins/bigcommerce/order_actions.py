"""Actions of shoppers and staff on orders, as typed methods for code that holds the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge_twins.bigcommerce import user_actions
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Store


class OrderActions:
    """Each method runs the action of the same name. Raises KeyError for an unknown order."""

    store: Store

    def place_order(self, spec: Mapping[str, Any]) -> int:
        """Places an order from a basket (see `placing`); returns its id."""
        return int(user_actions.place_order(self.store, dict(spec))["id"])

    def set_status(self, order_id: int, status_id: int) -> None:
        """Changes the status of an order."""
        user_actions.set_status(self.store, {"order_id": order_id, "status_id": status_id})

    def edit_order(self, order_id: int, **changes: Any) -> Record:
        """Staff edit an order: line and quantity, add_lines, remove_line, addresses, notes, costs."""
        return user_actions.edit_order(self.store, {"order_id": order_id, **changes})

    def cancel_order(self, order_id: int) -> None:
        """Staff cancel an order."""
        user_actions.cancel_order(self.store, {"order_id": order_id})

    def capture_payment(self, order_id: int) -> None:
        """Captures the payment of an order, or receives it if nothing was authorised."""
        user_actions.capture_payment(self.store, {"order_id": order_id})

    def refund_order(self, order_id: int, items: Sequence[Mapping[str, Any]], **more: Any) -> int:
        """Staff refund items in the API's format; returns the refund's id. `more`: payments, reason, declined."""
        arguments = {"order_id": order_id, "items": [dict(item) for item in items], **more}
        return int(user_actions.refund_order(self.store, arguments)["id"])

    def archive_order(self, order_id: int) -> None:
        """Staff archive an order."""
        user_actions.archive_order(self.store, {"order_id": order_id})

    def remove_order(self, order_id: int) -> None:
        """Deletes an order permanently; its last event is still sent."""
        user_actions.remove_order(self.store, {"order_id": order_id})

    def corrupt_order(self, order_id: int, **corruption: Any) -> None:
        """Corrupts how an order is rendered: set, drop, product_set, product_drop ... A call without any repairs it."""
        user_actions.corrupt_order(self.store, {"order_id": order_id, **corruption})
