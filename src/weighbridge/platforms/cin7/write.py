"""Converts domain values to Cin7 Core's payloads."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from weighbridge.domain.orders.order import Address
from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, SaleTender
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.orders.validation import LIMITS
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.platforms.cin7 import requests

NO_AUTO_FULFIL = "NOPICK"
"""What Cin7 does by default."""
ONE, NONE = Decimal(1), Decimal(0)
RATE_STEP, DOCUMENT_RATE_STEP = Decimal("0.00001"), Decimal("0.0001")
"""Currency rates have 5 decimals on a sale and 4 on its documents. Source: Cin7 Core API v2, invoice and payment."""


def sale_header(sale: Sale, policy: SalePolicy) -> requests.SaleHeader:
    """The header of a sale. The shipping address is always "other", so that it is not added to the web customer.

    Source: POST /sale; platform notes, cin7 2.2 and trap 42.
    """
    return requests.SaleHeader(
        customer_id=sale.customer_id,
        contact=sale.contact or None,
        phone=sale.phone or None,
        email=sale.email or None,
        default_account=policy.revenue_account,
        billing_address=_address(sale.billing),
        shipping_address=requests.SentShippingAddress(
            **_address(sale.shipping).model_dump(),
            company=sale.shipping.company[:128] or None,
            contact=sale.shipping.name[:512] or None,
            ship_to_other=True,
        ),
        tax_rule=policy.untaxed_rule,
        tax_inclusive=sale.tax_inclusive,
        terms=policy.payment_terms,
        price_tier=policy.price_tier,
        location=policy.location,
        sale_order_date=sale.ordered_at,
        note=sale.note or None,
        customer_reference=sale.order_number,
        currency_rate=_rate(sale.currency_rate, RATE_STEP),
        external_id=sale.external_id,
        sale_type=policy.sale_type,
    )


def changed_header(sale: Sale, sale_id: str, policy: SalePolicy) -> requests.ChangedHeader:
    """The header that replaces that of an existing sale. Source: PUT /sale; platform notes, cin7 2.2."""
    fields = dict(sale_header(sale, policy))
    return requests.ChangedHeader(id=sale_id, **{name: fields[name] for name in requests.WrittenHeader.model_fields})


def sale_order(sale: Sale, sale_id: str, policy: SalePolicy) -> requests.SaleOrderRequest:
    """The order document, authorised at once: a draft would allocate nothing."""
    return requests.SaleOrderRequest(
        sale_id=sale_id,
        memo="",
        auto_fulfil=policy.auto_fulfil if policy.auto_fulfil != NO_AUTO_FULFIL else None,
        lines=[_line(line, None) for line in sale.lines],
        additional_charges=[_charge(charge, None) for charge in sale.charges],
    )


def invoice(sale: Sale, sale_id: str, policy: SalePolicy) -> requests.InvoiceRequest:
    """The invoice of the whole sale; its memo holds the order number, since Cin7 assigns the invoice's own number."""
    account = policy.revenue_account
    return requests.InvoiceRequest(
        sale_id=sale_id,
        memo=f"BigCommerce order {sale.order_number}",
        invoice_date=sale.ordered_at,
        invoice_due_date=sale.ordered_at + timedelta(0),
        currency_conversion_rate=_rate(sale.currency_rate, DOCUMENT_RATE_STEP),
        lines=[_line(line, account) for line in sale.lines],
        additional_charges=[_charge(charge, account) for charge in sale.charges],
    )


def payment(sale: Sale, invoice_task_id: str, tender: SaleTender) -> requests.PaymentRequest:
    return requests.PaymentRequest(
        task_id=invoice_task_id,
        reference=tender.reference,
        amount=tender.amount,
        date_paid=tender.paid_at,
        account=tender.account,
        currency_rate=_rate(sale.currency_rate, DOCUMENT_RATE_STEP),
    )


def credit_note(note: CreditNote, sale_id: str, invoice_number: str, policy: SalePolicy) -> requests.CreditNoteRequest:
    """The credit note of one refund; its memo begins with the refund's reference, since Cin7 assigns its number."""
    account = policy.revenue_account
    memo = f"{note.reference}; BigCommerce refund" + (f": {note.reason}" if note.reason else "")
    return requests.CreditNoteRequest(
        sale_id=sale_id,
        credit_note_invoice_number=invoice_number,
        memo=memo[: LIMITS["Note"]],
        credit_note_date=note.dated_at,
        credit_note_conversion_rate=_rate(note.currency_rate, DOCUMENT_RATE_STEP),
        lines=[_line(line, account) for line in note.lines],
        additional_charges=[_charge(charge, account) for charge in note.charges],
        restock=[
            requests.SentRestock(
                product_id=line.product_id or None, sku=line.sku, quantity=line.quantity, location=line.location
            )
            for line in note.restock
        ],
    )


def refund_payment(note: CreditNote, task_id: str, payout: SaleTender) -> requests.PaymentRequest:
    """A refund payment on a credit note."""
    return requests.PaymentRequest(
        task_id=task_id,
        type="Refund",
        reference=payout.reference,
        amount=payout.amount,
        date_paid=payout.paid_at,
        account=payout.account,
        currency_rate=_rate(note.currency_rate, DOCUMENT_RATE_STEP),
    )


def web_customer(name: str, currency: str, policy: SalePolicy) -> requests.CustomerRequest:
    """The customer that web orders in a currency are billed to."""
    return requests.CustomerRequest(
        name=name,
        currency=currency,
        payment_term=policy.payment_terms,
        account_receivable=policy.receivable_account,
        revenue_account=policy.revenue_account,
        tax_rule=policy.untaxed_rule,
        price_tier=policy.price_tier,
    )


def _rate(rate: Decimal, step: Decimal) -> Decimal:
    """`rate` with the decimals that a document takes; a rate that would become 0 is sent in full."""
    return rate.quantize(step) or rate


def _address(address: Address) -> requests.SentAddress:
    return requests.SentAddress(
        line1=address.street_1[: LIMITS["Line"]],
        line2=address.street_2[: LIMITS["Line"]] or None,
        city=address.city[: LIMITS["Line"]] or None,
        state=address.state[: LIMITS["Line"]] or None,
        postcode=address.postcode or None,
        country=address.country,
    )


def _line(line: SaleLine, account: str | None) -> requests.SentLine:
    return requests.SentLine(
        product_id=line.product_id,
        sku=line.sku,
        name=line.name[: LIMITS["Name"]],
        quantity=line.quantity,
        price=line.price,
        discount=NONE,
        tax=line.tax,
        tax_rule=line.tax_rule,
        comment=line.comment[: LIMITS["Comment"]] or None,
        drop_ship=line.drop_ship,
        total=line.line_total,
        account=account,
    )


def _charge(charge: SaleCharge, account: str | None) -> requests.SentCharge:
    return requests.SentCharge(
        description=charge.product_name,
        quantity=ONE,
        price=charge.price,
        discount=NONE,
        tax=charge.tax,
        tax_rule=charge.tax_rule,
        comment=charge.comment[: LIMITS["Comment"]] or None,
        total=charge.price,
        account=account,
    )
