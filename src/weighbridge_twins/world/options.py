"""The options of a world: shares and delays of everything that the simulated people do."""

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
    """Number of baskets that are ordered; None: all."""
    skip: int = 0
    """Number of baskets skipped at the beginning of the file."""
    arrivals_per_minute: float = 8.0
    span_minutes: float | None = None
    """All orders arrive evenly within these minutes; None: orders arrive at `arrivals_per_minute`."""
    all_products: bool = False
    """True: the whole products file is stocked; False: only products of the chosen baskets."""
    guest_share: float = 0.4
    free_shipping_share: float = 0.2
    unusual_name_share: float = 0.1
    """Shoppers whose name has accents, right-to-left script or an emoji."""
    incomplete_share: float = 0.04
    """Orders that exist as Incomplete for a while before they are placed."""
    abandoned_share: float = 0.01
    """Orders that stay Incomplete."""
    authorised_share: float = 0.06
    """Orders whose payment is only authorised at first and captured later."""
    awaiting_payment_share: float = 0.04
    """Orders that are paid later, by bank transfer."""
    cancel_share: float = 0.02
    """Orders that the shopper cancels; half of them before the payment is captured."""
    edit_share: float = 0.03
    """Orders whose note or delivery address is changed after they were placed."""
    money_edit_share: float = 0.0
    """Orders whose shipping cost staff change after they were placed."""
    amend_share: float = 0.0
    """Orders that staff change once they are in Cin7: shipping cost, units, a line, the address."""
    posted_cancel_share: float = 0.0
    """Orders that are cancelled once they are in Cin7."""
    picked_cancel_share: float = 0.0
    """Orders that are cancelled once they are picked; the warehouse puts the goods back."""
    whole_refund_share: float = 0.0
    """Orders that are fully refunded before anything is shipped."""
    return_share: float = 0.0
    """Orders of which one unit is returned and refunded."""
    shipping_refund_share: float = 0.0
    """Orders whose shipping cost is refunded once the parcels have arrived."""
    settle_minutes: tuple[float, float] = (1.0, 10.0)
    """Time until a shopper completes, pays, cancels or changes an order."""
    hold_back_minutes: float = 60.0
    """How long the warehouse waits for a change of the order to reach the sale in Cin7."""
    invoice_at_dispatch: bool = False
    """True: the warehouse invoices a sale with its last parcel, unless it is invoiced already."""
    warehouse: bool = True
    """False: nothing is shipped."""
    pick_minutes: tuple[float, float] = (25.0, 60.0)
    """Time from the authorised sale in Cin7 to its first parcel; longer than a shopper takes to cancel."""
    partial_share: float = 0.08
    """Sales that ship in two parcels, if they can be divided."""
    second_parcel_minutes: tuple[float, float] = (10.0, 40.0)
    late_tracking_share: float = 0.1
    """Parcels whose tracking number is added after shipping."""
    late_tracking_minutes: tuple[float, float] = (5.0, 30.0)
    overflow_share: float = 0.15
    """Products with stock in the second location too."""
    scarce_share: float = 0.01
    """Products whose stock covers only half of the orders."""
    unlisted_share: float = 0.0
    """Products that exist in the store but not in Cin7."""
    receipt_minutes: float = 60.0
    """Time until the missing goods of a backordered sale are received."""

    patience_minutes: float = 30.0
    """How long a world without events waits for expected sales before it counts as done."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if name.endswith("_share") and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name}: expected a number between 0 and 1, not {value}")
            if isinstance(value, tuple) and not 0.0 <= value[0] <= value[1]:
                raise ValueError(f"{name}: expected (fewest, most) minutes, not {value}")
        if self.arrivals_per_minute <= 0 or (self.span_minutes is not None and self.span_minutes < 0):
            raise ValueError("arrivals_per_minute must be above zero and span_minutes must not be negative")

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Reads options from JSON. Raises ValueError that names the invalid member."""
        known = {field.name for field in fields(cls)}
        if unknown := set(given) - known:
            raise ValueError(
                f"world: unknown options {', '.join(sorted(unknown))}; expected {', '.join(sorted(known))}"
            )
        values: dict[str, Any] = {}
        for name, value in given.items():
            if name in _FILES:
                values[name] = Path(value)
            elif isinstance(value, list):
                values[name] = tuple(float(minutes) for minutes in value)
            else:
                values[name] = value
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f"world: {error}") from error
