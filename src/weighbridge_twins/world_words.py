"""The word between customer service and the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Word(StrEnum):
    """What customer service tells the warehouse about a sale."""

    SHIP = "ship"
    WAIT = "wait"
    """Its order is being changed, and the sale does not show it yet."""
    STOP = "stop"
    """Its order has ended, or is about to: nothing leaves, and the sale should go."""
    PICK = "pick"
    """Pick it, no more: the shopper is about to end the order."""
    PUT_BACK = "put_back"
    """What was picked goes back on its shelf, and the sale should go."""


class CustomerService(Protocol):
    """Whom the warehouse asks before it ships, and whom it tells; orders by their number in the shop."""

    def sale_came(self, number: str) -> None: ...

    def word(self, number: str, sale: Mapping[str, Any]) -> Word: ...

    def picked(self, number: str) -> None: ...

    def left(self, number: str, parcels: int) -> None: ...


class NoService:
    """A company whose orders nobody changes."""

    def sale_came(self, number: str) -> None:
        """Nobody waits for it."""

    def word(self, number: str, sale: Mapping[str, Any]) -> Word:
        return Word.SHIP

    def picked(self, number: str) -> None:
        """Nobody waits for it."""

    def left(self, number: str, parcels: int) -> None:
        """Nobody waits for it."""
