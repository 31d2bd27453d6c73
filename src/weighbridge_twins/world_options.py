"""How the simulated people behave: every share and delay in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from weighbridge_twins.baskets import SAMPLE_BASKETS, SAMPLE_PRODUCTS

_FILES = ("baskets", "products")


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """Options of a world; shares are between 0 and 1, minutes are minutes of the twins' clock."""

    baskets: Path = SAMPLE_BASKETS
    products: Path = SAMPLE_PRODUCTS
    seed: int = 1
    orders: int | None = None
    """How many baskets are ordered; None: all."""
    skip: int = 0
    """Baskets left out at the beginning of the file."""
    arrivals_per_minute: float = 8.0
    span_minutes: float | None = None
    """When given, all orders arrive evenly within it, instead of at `arrivals_per_minute`."""
    all_products: bool = False
    """True: the whole products file is stocked, not only what the chosen baskets need."""
    guest_share: float = 0.4
    free_shipping_share: float = 0.2
    unusual_name_share: float = 0.1
    """Shoppers whose name has accents, another direction of writing or an emoji."""
    incomplete_share: float = 0.04
    """Orders that exist as Incomplete for a while before they are placed."""
    abandoned_share: float = 0.01
    """Orders that stay Incomplete for ever."""
    authorised_share: float = 0.06
    """Orders whose payment is only authorised at first and captured later."""
    awaiting_payment_share: float = 0.04
    """Orders that are paid later, by transfer."""
    cancel_share: float = 0.02
    """Orders that the shopper cancels; half of them before the payment is captured."""
    edit_share: float = 0.03
    """Orders whose note or delivery address is changed afterwards."""
    money_edit_share: float = 0.0
    """Orders whose shipping cost staff change afterwards."""
    amend_share: float = 0.0
    """Orders that staff change once they are in Cin7: shipping cost, units, a line, the address."""
    posted_cancel_share: float = 0.0
    """Orders that are cancelled once they are in Cin7."""
    picked_cancel_share: float = 0.0
    """Orders that are cancelled once they are picked; the warehouse puts the goods back."""
    whole_refund_share: float = 0.0
    """Orders that are refunded whole before anything leaves."""
    return_share: float = 0.0
    """Orders of which one unit comes back and is refunded."""
    shipping_refund_share: float = 0.0
    """Orders whose shipping is refunded once the parcels are there."""
    settle_minutes: tuple[float, float] = (1.0, 10.0)
    """How long a shopper takes for the next thing: finishing, paying, cancelling, changing."""
    hold_back_minutes: float = 60.0
    """How long the warehouse leaves a sale alone until what was changed about its order shows in Cin7."""
    invoice_at_dispatch: bool = False
    """True: who ships the last parcel of a sale invoices it, unless it is invoiced."""
    warehouse: bool = True
    """False: nobody ships anything."""
    pick_minutes: tuple[float, float] = (25.0, 60.0)
    """From an authorised sale in Cin7 to its first parcel; longer than a shopper takes to cancel."""
    partial_share: float = 0.08
    """Sales that leave in two parcels (where there is enough to divide)."""
    second_parcel_minutes: tuple[float, float] = (10.0, 40.0)
    late_tracking_share: float = 0.1
    """Parcels whose tracking number is added afterwards."""
    late_tracking_minutes: tuple[float, float] = (5.0, 30.0)
    overflow_share: float = 0.15
    """Products of which some stock also lies in the second location."""
    scarce_share: float = 0.01
    """Products of which the warehouse has only half of what will be ordered."""
    unlisted_share: float = 0.0
    """Products that the shop sells and Cin7 does not know."""
    receipt_minutes: float = 60.0
    """How long a sale stays backordered before the missing goods are received."""

    patience_minutes: float = 30.0
    """How long after the last event a world waits for sales that do not come, before it counts as done."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name.endswith("_share") and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name}: {value} is not between 0 and 1")
            if isinstance(value, tuple) and not 0.0 <= value[0] <= value[1]:
                raise ValueError(f"{name}: {value} is not a span from fewer to more minutes")
        if self.arrivals_per_minute <= 0 or (self.span_minutes is not None and self.span_minutes < 0):
            raise ValueError("arrivals_per_minute is above zero and span_minutes not below")

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Options from JSON. Raises ValueError that names the wrong member."""
        known = {field.name for field in fields(cls)}
        if unknown := set(given) - known:
            raise ValueError(f"world: {', '.join(sorted(unknown))} unknown; known are {', '.join(sorted(known))}")
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name in _FILES:
                values[name] = Path(value)
            elif isinstance(value, list):
                values[name] = tuple(float(part) for part in value)
            else:
                values[name] = value
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"world: {error}") from error
