"""An ordinary order, its reference data and its policy; each test varies one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from weighbridge.domain.orders.order import Address, Charge, ChargeKind, LineKind, Order, OrderLine, TaxRow, Tender
from weighbridge.domain.orders.reference_data import ReferenceData, ReferenceProduct, TaxRule
from weighbridge.domain.orders.sale_policy import Depth, SalePolicy
from weighbridge.domain.values.money import total

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ADA = Address(
    id=1,
    first_name="Ada",
    last_name="Barlow",
    street_1="12 Mill St",
    city="Austin",
    state="Texas",
    postcode="78701",
    country="United States",
    country_code="US",
    phone="555-0101",
    email="ada@example.com",
)
SALES_TAX = "Sales Tax"
GOODS = ("MUG", "TEA", "CUP", "POT")
SERVICES = ("Shipping", "Handling", "Gift wrapping", "Fee", "Rounding", "Gift certificate")


def product(sku: str, **changes: Any) -> ReferenceProduct:
    """An active product that can be sold."""
    plain = ReferenceProduct(f"id-{sku}", sku, f"Product {sku}", sku in SERVICES, is_active=True, is_sellable=True)
    return replace(plain, **changes)


def reference_data(**changes: Any) -> ReferenceData:
    """A company that sells in US dollars, yen and Kuwaiti dinars and has a rule for every tax of these tests."""
    rules = (SALES_TAX, "City Tax", "Sales Tax + City Tax", "Zero Rate", "Tax Exempt")
    plain = ReferenceData(
        base_currency="USD",
        products={sku: product(sku) for sku in (*GOODS, *SERVICES)},
        tax_rules={name: TaxRule(name, Decimal(10), usable_for_sales=True) for name in rules},
        customers={"USD": "c-usd", "JPY": "c-jpy", "KWD": "c-kwd"},
    )
    return replace(plain, **changes)


def policy(**changes: Any) -> SalePolicy:
    """Invoice and payment, five cents of tolerance."""
    plain = SalePolicy(
        external_id_prefix="bc",
        store="abc123",
        sale_type="Advanced",
        location="Main Warehouse",
        price_tier="Tier 1",
        payment_terms="30 days",
        revenue_account="200",
        receivable_account="610",
        untaxed_rule="Tax Exempt",
        tax_rules={name: name for name in (SALES_TAX, "City Tax", "Sales Tax + City Tax", "Zero Rate")},
        charge_products={
            ChargeKind.SHIPPING: "Shipping",
            ChargeKind.HANDLING: "Handling",
            ChargeKind.WRAPPING: "Gift wrapping",
            ChargeKind.FEE: "Fee",
        },
        rounding_product="Rounding",
        gift_certificate_product="Gift certificate",
        tolerance=Decimal("0.05"),
        payment_accounts={"credit_card": "091", "offline": "090", "gift_certificate": "093", "store_credit": "094"},
        depth=Depth.INVOICE_AND_PAYMENT,
        unusual_quantity=Decimal(10000),
    )
    return replace(plain, **changes)


def line(number: int = 1, sku: str = "MUG", quantity: str = "2", inc: str = "27.50", **changes: Any) -> OrderLine:
    """Two mugs at 12.50 and 10 % tax."""
    amount = Decimal(inc)
    plain = OrderLine(
        id=number,
        product_id=number,
        variant_id=number,
        sku=sku,
        name=f"Product {sku}",
        kind=LineKind.PHYSICAL,
        quantity=Decimal(quantity),
        total_ex_tax=amount,
        total_inc_tax=amount,
        discounted_inc_tax=amount,
        total_tax=Decimal(0),
        address_id=1,
    )
    return replace(plain, **changes)


def tax_row(
    line_id: int | None, amount: str, name: str = SALES_TAX, applies_to: str = "item", **changes: Any
) -> TaxRow:
    plain = TaxRow(line_id, applies_to, name, "Default", Decimal(10), Decimal(amount))
    return replace(plain, **changes)


def charge(kind: ChargeKind = ChargeKind.SHIPPING, inc: str = "6.00", tax: str = "0") -> Charge:
    return Charge(kind, kind.value.capitalize(), Decimal(inc) - Decimal(tax), Decimal(inc), Decimal(tax))


def paid(amount: str, **changes: Any) -> Tender:
    """Money taken by card."""
    plain = Tender(
        "t-1",
        "purchase",
        "credit_card",
        "stripe",
        Decimal(amount),
        "USD",
        succeeded=True,
        is_test=False,
        created_at=NOON,
    )
    return replace(plain, **changes)


def order(**changes: Any) -> Order:
    """Two mugs, taxed, with shipping, paid by card; totals and item count follow the lines unless they are given."""
    lines = changes.get("lines", (line(),))
    charges = changes.get("charges", (charge(),))
    taxes = changes.get("taxes", (tax_row(1, "2.50"),) if "lines" not in changes else ())
    value = total(row.discounted_inc_tax for row in lines) + total(row.inc_tax for row in charges)
    plain = Order(
        id=1042,
        status_id=11,
        placed_at=NOON,
        modified_at=NOON,
        currency="USD",
        tax_inclusive=False,
        customer_id=0,
        channel_id=1,
        billing=ADA,
        shipping=(ADA,),
        lines=lines,
        taxes=taxes,
        charges=charges,
        coupon_codes=(),
        tenders=(paid(str(value)),),
        total_inc_tax=value,
        total_tax=total(row.amount for row in taxes),
        gift_certificate_amount=Decimal(0),
        store_credit_amount=Decimal(0),
        payment_method="Credit Card",
        payment_status="captured",
        items_total=total(row.quantity for row in lines),
    )
    return replace(plain, **changes)
