"""The policies of a design: what crosses, how it is mapped, and what the shop is told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from babel.numbers import list_currencies
from pydantic import Field, ValidationInfo, field_validator, model_validator

from weighbridge.design.sections import Name, Part


class Masters(Part):
    """Which system is right when the two differ. Stated so that people can read it; nothing else is supported."""

    stock: Literal["cin7"] = "cin7"
    """Stock on hand and its allocation."""
    ledger: Literal["cin7"] = "cin7"
    """Invoices, payments, cost."""
    orders: Literal["bigcommerce"] = "bigcommerce"
    """What was ordered, by whom, at which price and tax."""


class Capture(Part):
    """Which orders cross."""

    status_ids: tuple[int, ...] = Field(default=(11, 9, 8), min_length=1)
    """BigCommerce status ids that make an order a sale: awaiting fulfilment, awaiting shipment, awaiting pickup."""
    hold_status_ids: tuple[int, ...] = (12, 13)
    """BigCommerce status ids that hold an order: manual verification required, disputed."""
    channels: tuple[int, ...] | None = None
    """Channel ids that cross; all channels when left out."""
    include_test_orders: bool = False
    """Whether orders paid through a test gateway cross too."""
    repeat_minutes: float = Field(default=10, ge=0)
    """Within how many minutes the same basket of the same shopper waits for a decision; 0 lets both cross."""

    @field_validator("hold_status_ids")
    @classmethod
    def _not_both(cls, hold: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        both = sorted(set(hold) & set(info.data.get("status_ids", ())))
        if both:
            raise ValueError(f"status ids that are not in status_ids; {both[0]} stands in both")
        return hold

    @property
    def repeats_within(self) -> timedelta:
        return timedelta(minutes=self.repeat_minutes)


class Sale(Part):
    """How a sale is made."""

    type: Literal["Advanced", "Simple"] = "Advanced"
    """Cin7 sale type. Advanced takes several fulfilments and invoices; Simple takes one of each."""
    auto_fulfil: Literal["no", "pick", "pick_pack", "pick_pack_ship"] = "no"
    """What Cin7 does by itself as a Simple sale without backorder is authorised; every other sale waits for people."""
    drop_ship: bool = False
    """Whether products with "Optional Drop Ship" are sent by their supplier; otherwise they leave the warehouse."""
    external_id_prefix: Name = "bc"
    """First part of the key that every sale carries for ever: prefix, store hash, order number."""
    customers: dict[str, Name] = Field(min_length=1)
    """Currency code -> name of the Cin7 customer that web orders in it are billed to; made when missing."""
    location: Name
    """Cin7 location that sales allocate from."""
    price_tier: Name = "Tier 1"
    """Cin7 price tier named on the sale; prices always come from the order."""
    payment_terms: Name
    """Cin7 payment term named on the sale."""
    revenue_account: Name
    """Cin7 account code for revenue."""
    receivable_account: Name
    """Cin7 account code for what web customers owe; used when a web customer is made."""
    post: Literal["order", "invoice", "invoice_and_payment"] = "order"
    """How far an order is posted into the books: 2 Cin7 calls, 3, or 4 and one more for each further tender."""
    shop_rate: Literal["order_per_store", "store_per_order"] = "order_per_store"
    """What the shop's rate of an order in a foreign currency says; look at one such order before going live."""
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
    """Largest difference that is posted as the rounding line, in order currency; beyond it the order is held."""
    unusual_quantity: Decimal = Field(default=Decimal(10000), gt=0)
    """Units on one line above which operations is told; the order still crosses."""

    @model_validator(mode="after")
    def _only_simple_sales_fulfil_themselves(self) -> Sale:
        if self.auto_fulfil != "no" and self.type != "Simple":
            raise ValueError("field 'type' to be Simple beside auto_fulfil; Cin7 leaves Advanced sales to people")
        return self

    @field_validator("customers")
    @classmethod
    def _currencies(cls, customers: dict[str, str]) -> dict[str, str]:
        for code in customers:
            if code not in list_currencies():
                raise ValueError(f"ISO 4217 currency codes such as USD as keys; {code!r} is none")
        return customers


class Tax(Part):
    """How tax is mapped. Whether prices include tax is read from each order."""

    rules: dict[str, Name] = Field(default_factory=dict)
    """BigCommerce tax name -> Cin7 tax rule; the names of stacked taxes are joined with ` + `."""
    untaxed: Name
    """Cin7 tax rule for lines without tax."""


class Payments(Part):
    """Where received money goes; needed for `post = "invoice_and_payment"`."""

    accounts: dict[str, Name] = Field(default_factory=dict)
    """Tender method, gateway or payment method -> Cin7 account code that receives it; first match in that order."""

    @field_validator("accounts")
    @classmethod
    def _in_lower_case(cls, accounts: dict[str, str]) -> dict[str, str]:
        """Shops write the same method as `Cheque` and `cheque`, so case does not matter."""
        return {name.lower(): account for name, account in accounts.items()}


class Stock(Part):
    """What the shop may sell."""

    locations: tuple[Name, ...] = Field(min_length=1)
    """Cin7 locations whose stock the shop sells."""
    excluded_bins: tuple[Name, ...] = ()
    """Bins of those locations whose stock is not for sale, such as quarantine."""
    bigcommerce_location_id: int = Field(default=1, ge=1)
    """BigCommerce inventory location that is told, except of stock that `shop_locations` sends elsewhere."""
    shop_locations: dict[Name, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """Cin7 location -> id of the BigCommerce inventory location that shows its stock; several may share one."""
    buffer: int = Field(default=0, ge=0)
    """Units of every SKU that the shop is never told of."""
    buffer_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)
    """Share of what is available that the shop is not told of. Of several buffers the largest applies."""
    buffer_sales_factor: Decimal = Field(default=Decimal(0), ge=0)
    """Holds back so many times what is sold while a change of stock travels to the shop, at the rate of late."""
    sales_hours: float = Field(default=24, gt=0)
    """How far back sales count for that rate, and for the largest possible oversell."""
    ghost_after_days: int = Field(default=30, ge=1)
    """From which age an authorised sale that did not ship is shown as one that only holds stock."""
    review: Literal["first", "never"] = "first"
    """Whether a person reads and accepts the first levels before the shop is told of any."""
    rises: Literal["two_readings", "at_once"] = "two_readings"
    """When the shop is told of more than before; it is told of less at once."""
    sharing: Literal["fair", "priority", "reserve_for_singles"] = "fair"
    """Who gets parts that several kits, or a kit and the part itself, could use."""
    priority: tuple[Name, ...] = ()
    """SKUs that take shared parts first, in this order, under `priority`."""
    singles_share: Decimal = Field(default=Decimal("0.5"), ge=0, le=1)
    """Share of their stock that single items keep under `reserve_for_singles`."""
    routing: Literal["any_location", "one_location"] = "any_location"
    """Whether kits are promised from every location or only from the one that can build most."""
    cadence_seconds: float = Field(default=300, gt=0)
    """How often stock is read in full."""
    parity_hours: float = Field(default=24, gt=0)
    """How often every level at the shop is held against what it was told, whether anything changed or not."""
    hook: bool = False
    """Whether Cin7's stock event starts a reading too; it comes for every SKU of every sale, so cadence may do."""
    fast_lane: tuple[Name, ...] = ()
    """SKUs that are read and told by themselves, much oftener than the rest: for a flash sale."""
    fast_lane_seconds: float = Field(default=30, gt=0)
    """How often they are read; each round takes one call to Cin7 for each of them, or of their parts."""
    batch: int = Field(default=500, ge=1, le=2000)
    """Levels told to the shop in one call."""

    @field_validator("shop_locations")
    @classmethod
    def _of_the_locations(cls, shop: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        strange = sorted(shop.keys() - set(info.data.get("locations", shop)))
        if strange:
            raise ValueError(f"Cin7 locations that stand in 'locations' as keys; {strange[0]!r} does not")
        return shop

    @property
    def cadence(self) -> timedelta:
        return timedelta(seconds=self.cadence_seconds)

    @property
    def fast_lane_cadence(self) -> timedelta:
        return timedelta(seconds=self.fast_lane_seconds)


class Edits(Part):
    """What becomes of sales whose orders are edited or cancelled at the shop after they crossed."""

    policy: Literal["hold", "amend", "rebill"] = "amend"
    """Edited orders: `hold` waits, `amend` follows while nothing is picked or billed, `rebill` billed ones too."""
    cancelled: Literal["void", "hold"] = "void"
    """Cancelled orders: `void` voids what nobody picked or paid, `hold` lets a person do it."""


class Carrier(Part):
    """How a Cin7 carrier is called at the shop."""

    provider: str = ""
    """BigCommerce shipping provider, such as `fedex`."""
    tracking_carrier: str = ""
    """Carrier code for the tracking link, such as `dhl`."""


class Fulfilment(Part):
    """What shoppers are told of parcels."""

    carriers: dict[str, Carrier] = Field(default_factory=dict)
    """Cin7 carrier name -> how the shop calls it; an unknown carrier is passed on as text."""
