"""The instructions of customer service to the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Instruction(StrEnum):
    """What the warehouse may do with a sale."""

    SHIP = "ship"
    WAIT = "wait"
    """Do not ship: the order is being changed and the sale does not show the change yet."""
    STOP = "stop"
    """Do not ship: the order is cancelled or refunded, or about to be, and the sale should be voided."""
    PICK = "pick"
    """Pick, but do not ship: the shopper is about to cancel the order."""
    PUT_BACK = "put_back"
    """Put the picked goods back into stock; the sale should be voided."""


class CustomerService(Protocol):
    """Instructs the warehouse and is notified of its progress; orders are named by their number in the store."""

    def on_sale_authorised(self, number: str) -> None: ...

    def instruction(self, number: str, sale: Mapping[str, Any]) -> Instruction: ...

    def on_sale_picked(self, number: str) -> None: ...

    def on_sale_shipped(self, number: str, parcels: int) -> None: ...


class NoCustomerService:
    """Ships every sale; for a world without changes to orders."""

    def on_sale_authorised(self, number: str) -> None:
        """Does nothing."""

    def instruction(self, number: str, sale: Mapping[str, Any]) -> Instruction:
        return Instruction.SHIP

    def on_sale_picked(self, number: str) -> None:
        """Does nothing."""

    def on_sale_shipped(self, number: str, parcels: int) -> None:
        """Does nothing."""
