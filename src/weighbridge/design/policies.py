"""The policies of a design: what is transferred, how it is mapped, and what is published to the store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from babel.numbers import list_currencies
from pydantic import Field, ValidationInfo, field_validator, model_validator

from weighbridge.design.sections import Name, Section
from weighbridge.domain.orders.capture_rule import CAPTURED, ON_HOLD


class Masters(Section):
    """Which system is right when the two differ. Stated for readers; no other value is supported."""

    stock: Literal["cin7"] = "cin7"
    """Stock on hand and its allocation."""
    ledger: Literal["cin7"] = "cin7"
    """Invoices, payments, cost."""
    orders: Literal["bigcommerce"] = "bigcommerce"
    """Order lines, customers, prices and taxes."""


class Capture(Section):
    """Which orders are transferred."""

    status_ids: tuple[int, ...] = Field(default=CAPTURED, min_length=1)
    """BigCommerce status ids that make an order a sale: awaiting fulfilment, awaiting shipment, awaiting pickup."""
    hold_status_ids: tuple[int, ...] = ON_HOLD
    """BigCommerce status ids that hold an order: manual verification required, disputed."""
    channels: tuple[int, ...] | None = None
    """Channel ids whose orders are transferred; all channels when left out."""
    include_test_orders: bool = False
    """Whether orders paid through a test gateway are transferred too."""
    double_submit_minutes: float = Field(default=10, ge=0)
    """Minutes within which the same basket of the same shopper is held as a double submit; 0 disables it."""

    @field_validator("hold_status_ids")
    @classmethod
    def _not_both(cls, hold: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        in_both = sorted(set(hold) & set(info.data.get("status_ids", ())))
        if in_both:
            raise ValueError(f"status ids that are not in status_ids; {in_both[0]} is in both")
        return hold

    @property
    def double_submit_window(self) -> timedelta:
        return timedelta(minutes=self.double_submit_minutes)


class Sale(Section):
    """How a sale is created."""

    type: Literal["Advanced", "Simple"] = "Advanced"
    """Cin7 sale type. Advanced takes several fulfilments and invoices; Simple takes one of each."""
    auto_fulfil: Literal["no", "pick", "pick_pack", "pick_pack_ship"] = "no"
    """What Cin7 does by itself when a Simple sale without backorder is authorised; people fulfil other sales."""
    drop_ship: bool = False
    """Whether suppliers send products with "Optional Drop Ship"; otherwise the warehouse does."""
    external_id_prefix: Name = "bc"
    """First part of every sale's permanent key: prefix, store hash, order number."""
    customers: dict[str, Name] = Field(min_length=1)
    """Currency code -> name of the Cin7 customer that web orders in it are billed to; created when missing."""
    location: Name
    """Cin7 location that sales allocate from."""
    price_tier: Name = "Tier 1"
    """Cin7 price tier named on the sale; prices always come from the order."""
    payment_terms: Name
    """Cin7 payment term named on the sale."""
    revenue_account: Name
    """Cin7 account code for revenue."""
    receivable_account: Name
    """Cin7 account code for receivables of web customers; used when a web customer is created."""
    post: Literal["order", "invoice", "invoice_and_payment"] = "order"
    """How far an order is posted in Cin7: 2 calls, 3, or 4 and one more for each further tender."""
    store_rate: Literal["order_per_store", "store_per_order"] = "order_per_store"
    """Meaning of the store's exchange rate of a foreign-currency order; check one such order before going live."""
    shipping_product: Name = "Shipping"
    """Cin7 Service product that carries shipping."""
    handling_product: Name = "Handling"
    """Cin7 Service product that carries handling."""
    wrapping_product: Name = "Gift wrapping"
    """Cin7 Service product that carries gift wrapping."""
    fee_product: Name = "Fee"
    """Cin7 Service product that carries fees."""
    rounding_product: Name = "Rounding"
    """Cin7 Service product that carries the rounding line."""
    gift_certificate_product: str = ""
    """Cin7 Service product that carries sold gift certificates; left out, orders with one are held."""
    tolerance: Decimal = Field(default=Decimal("0.05"), ge=0)
    """Largest residual that is posted as the rounding line, in order currency; above it the order is held."""
    unusual_quantity: Decimal = Field(default=Decimal(10000), gt=0)
    """Units on one line above which operations is notified; the order is posted all the same."""

    @model_validator(mode="after")
    def _only_simple_sales_fulfil_themselves(self) -> Sale:
        if self.auto_fulfil != "no" and self.type != "Simple":
            raise ValueError("type = 'Simple' with auto_fulfil; Cin7 does not fulfil Advanced sales automatically")
        return self

    @field_validator("customers")
    @classmethod
    def _currencies(cls, customers: dict[str, str]) -> dict[str, str]:
        for code in customers:
            if code not in list_currencies():
                raise ValueError(f"ISO 4217 currency codes such as USD as keys; {code!r} is not one")
        return customers


class Tax(Section):
    """How tax is mapped. Whether prices include tax is read from each order."""

    rules: dict[str, Name] = Field(default_factory=dict)
    """BigCommerce tax name -> Cin7 tax rule; the names of stacked taxes are joined with ` + `."""
    untaxed: Name
    """Cin7 tax rule for lines without tax."""


class Payments(Section):
    """Where received money goes; needed for `post = "invoice_and_payment"`."""

    accounts: dict[str, Name] = Field(default_factory=dict)
    """Tender method, gateway or payment method -> Cin7 account code that receives it; first match in that order."""

    @field_validator("accounts")
    @classmethod
    def _lowercase_methods(cls, accounts: dict[str, str]) -> dict[str, str]:
        """Stores write the same method as `Cheque` and `cheque`, so case does not matter."""
        return {name.lower(): account for name, account in accounts.items()}


class Stock(Section):
    """What the store may sell."""

    locations: tuple[Name, ...] = Field(min_length=1)
    """Cin7 locations whose stock the store sells."""
    excluded_bins: tuple[Name, ...] = ()
    """Bins of those locations whose stock is not for sale, such as quarantine."""
    bigcommerce_location_id: int = Field(default=1, ge=1)
    """BigCommerce inventory location that levels are published to, except those of `store_locations`."""
    store_locations: dict[Name, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Cin7 location -> id of the BigCommerce inventory location that shows its stock; several may share one."""
    buffer: int = Field(default=0, ge=0)
    """Units of every SKU that are not published."""
    buffer_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)
    """Percentage of the available units that is not published. The largest of several buffers applies."""
    buffer_sales_factor: Decimal = Field(default=Decimal(0), ge=0)
    """Holds back this multiple of the units sold, at the recent rate, while a change of stock reaches the store."""
    sales_hours: float = Field(default=24, gt=0)
    """Hours of sales that count for that rate and for the oversell bound."""
    stale_allocation_days: int = Field(default=30, ge=1)
    """Age in days from which an authorised sale that did not ship is reported as a stale allocation."""
    review: Literal["first", "never"] = "first"
    """Whether a user must accept the first levels before any is published."""
    increases: Literal["two_readings", "at_once"] = "two_readings"
    """When an increase is published; a decrease is published at once."""
    kit_allocation: Literal["fair", "priority", "reserve_for_singles"] = "fair"
    """How components are divided that several kits, or a kit and the component itself, could use."""
    priority: tuple[Name, ...] = ()
    """SKUs that take shared components first, in this order, under `priority`."""
    singles_share: Decimal = Field(default=Decimal("0.5"), ge=0, le=1)
    """Share of their stock that single items keep under `reserve_for_singles`."""
    routing: Literal["any_location", "one_location"] = "any_location"
    """Whether kits are available from every location or only from the one that can build the most."""
    cadence_seconds: float = Field(default=300, gt=0)
    """How often stock is read in full."""
    parity_hours: float = Field(default=24, gt=0)
    """How often every level at the store is compared with the published one, whether anything changed or not."""
    webhook: bool = False
    """Whether Cin7's stock webhook starts a reading too; it comes for every SKU of every sale."""
    fast_lane: tuple[Name, ...] = ()
    """SKUs that are read and published separately and much more often than the rest, for a flash sale."""
    fast_lane_seconds: float = Field(default=30, gt=0)
    """How often these SKUs are read; each run takes one Cin7 call per SKU, or per component."""
    batch: int = Field(default=500, ge=1, le=2000)
    """Levels published in one call."""

    @field_validator("store_locations")
    @classmethod
    def _keys_are_locations(cls, store_locations: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        unlisted = sorted(store_locations.keys() - set(info.data.get("locations", store_locations)))
        if unlisted:
            raise ValueError(f"Cin7 locations that are listed in 'locations' as keys; {unlisted[0]!r} is not")
        return store_locations

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)

    @property
    def fast_lane_cadence(self) -> timedelta:
        return timedelta(seconds=self.fast_lane_seconds)


class Edits(Section):
    """What happens to sales whose orders are edited or cancelled at the store after they were posted."""

    policy: Literal["hold", "amend", "rebill"] = "amend"
    """Edited orders: `hold` holds, `amend` amends sales that are not picked or billed, `rebill` also billed ones."""
    cancelled: Literal["void", "hold"] = "void"
    """Cancelled orders: `void` voids sales that are not picked or paid, `hold` leaves them to a person."""


class Carrier(Section):
    """The names of a Cin7 carrier at the store."""

    provider: str = ""
    """BigCommerce shipping provider, such as `fedex`."""
    tracking_carrier: str = ""
    """Carrier code for the tracking link, such as `dhl`."""


class Fulfilment(Section):
    """What is reported to the store about parcels."""

    carriers: dict[str, Carrier] = Field(default_factory=dict)
    """Cin7 carrier name -> its names at the store; an unknown carrier is sent as text."""
