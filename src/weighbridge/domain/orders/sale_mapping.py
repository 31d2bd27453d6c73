"""Maps an order to the sale that it becomes, or to every reason why it cannot be posted yet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from weighbridge.domain.customers.web_customer import customer_id_of
from weighbridge.domain.findings.finding import Finding, Severity, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import LineKind, Order, OrderLine
from weighbridge.domain.orders.payments import tenders_of
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.rounding import settle_residual
from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, external_id_of, price_out
from weighbridge.domain.orders.sale_policy import SalePolicy, StoreRate
from weighbridge.domain.orders.tax import TaxSpread, spread_tax, tax_rule_for
from weighbridge.domain.orders.validation import LIMITS, check_order
from weighbridge.domain.values.money import ZERO, apportion, minor_digits, total


@dataclass(frozen=True, slots=True)
class Mapped:
    """A sale that is ready to post, with the notes found while mapping."""

    sale: Sale
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """An order that waits or is rejected, with every reason."""

    findings: tuple[Finding, ...]


def map_order(order: Order, reference_data: ReferenceData, policy: SalePolicy) -> Mapped | Stopped:
    """The sale that `order` becomes, equal to the cent, or every reason why it cannot be posted."""
    digits = minor_digits(order.currency)
    findings = list(check_order(order, reference_data, policy))
    spread = spread_tax(order, digits)
    if isinstance(spread, Finding):
        return Stopped((*findings, spread))
    lines, line_findings = _lines(order, spread, reference_data, policy, digits)
    charges, charge_findings = _charges(order, spread, reference_data, policy)
    tenders, tender_findings = tenders_of(order, policy)
    findings += [*line_findings, *charge_findings, *tender_findings]
    if any(finding.severity is not Severity.NOTE for finding in findings):
        return Stopped(tuple(findings))
    customer_id = customer_id_of(order, reference_data)
    if isinstance(customer_id, Finding):
        return Stopped((*findings, customer_id))
    sale = Sale(
        external_id=external_id_of(policy, order.id),
        order_number=str(order.id),
        customer_id=customer_id,
        currency=order.currency,
        currency_rate=_currency_rate(order, reference_data, policy),
        ordered_at=order.placed_at,
        tax_inclusive=order.tax_inclusive,
        contact=(order.billing.name or order.billing.company)[: LIMITS["Contact"]],
        email=order.billing.email[: LIMITS["Email"]],
        phone=order.billing.phone[: LIMITS["Phone"]],
        billing=order.billing,
        shipping=order.shipping[0] if order.shipping else order.billing,
        note=_note(order),
        lines=tuple(lines),
        charges=tuple(charges),
        tenders=tuple(tenders),
        value=order.value,
    )
    settled = settle_residual(sale, reference_data, policy)
    if isinstance(settled, Finding):
        return Stopped((*findings, settled))
    return Mapped(settled, tuple(findings))


def _currency_rate(order: Order, reference_data: ReferenceData, policy: SalePolicy) -> Decimal:
    """Units of Cin7's base currency per unit of order currency. Source: Cin7 Core API v2, POST /sale, CurrencyRate."""
    if order.currency == reference_data.base_currency:
        return Decimal(1)
    return 1 / order.exchange_rate if policy.store_rate is StoreRate.ORDER_PER_STORE else order.exchange_rate


def _lines(
    order: Order, spread: TaxSpread, reference_data: ReferenceData, policy: SalePolicy, digits: int
) -> tuple[list[SaleLine], list[Finding]]:
    lines: list[SaleLine] = []
    findings: list[Finding] = []
    for position, line in enumerate(order.lines):
        if line.quantity == 0 or line.kind is LineKind.GIFT_CERTIFICATE:
            continue
        share = spread.lines[line.id]
        rule = tax_rule_for(
            share, policy.tax_rules, policy.untaxed_rule, reference_data.tax_rules, f"lines[{position}].tax"
        )
        product = reference_data.products.get(line.sku)
        if isinstance(rule, Finding):
            findings.append(rule)
            continue
        if product is None or line.quantity < 0:
            continue
        amount = line.discounted_inc_tax if order.tax_inclusive else line.discounted_inc_tax - share.amount
        pieces = price_out(amount, line.quantity, digits)
        taxes = apportion(share.amount, [piece.line_total for piece in pieces], digits)
        for piece, tax in zip(pieces, taxes, strict=True):
            lines.append(
                SaleLine(
                    order_line_id=line.id,
                    product_id=product.id,
                    sku=product.sku,
                    name=product.name,
                    quantity=piece.quantity,
                    price=piece.price,
                    tax=tax,
                    tax_rule=rule,
                    line_total=piece.line_total,
                    comment=_comment(line, order),
                    drop_ship=policy.drop_ship if product.drop_ship_optional else None,
                )
            )
    return lines, findings


def _charges(
    order: Order, spread: TaxSpread, reference_data: ReferenceData, policy: SalePolicy
) -> tuple[list[SaleCharge], list[Finding]]:
    charges: list[SaleCharge] = []
    findings: list[Finding] = []
    for charge in order.charges:
        if not charge.inc_tax:
            continue
        field = f"charges.{charge.kind}"
        product = policy.charge_products.get(charge.kind, "")
        share = spread.charges[charge.kind]
        rule = tax_rule_for(share, policy.tax_rules, policy.untaxed_rule, reference_data.tax_rules, f"{field}.tax")
        if isinstance(rule, Finding):
            findings.append(rule)
        elif not product or product not in reference_data.products:
            findings.append(_without_product(field, product))
        else:
            price = charge.inc_tax if order.tax_inclusive else charge.inc_tax - share.amount
            charges.append(SaleCharge(product, price, share.amount, rule, charge.name))
    certificates = [line for line in order.lines if line.kind is LineKind.GIFT_CERTIFICATE]
    if certificates and policy.gift_certificate_product not in reference_data.products:
        findings.append(_without_product("lines.giftcertificate", policy.gift_certificate_product))
    elif certificates:
        value = total(line.discounted_inc_tax for line in certificates)
        charges.append(
            SaleCharge(policy.gift_certificate_product, value, ZERO, policy.untaxed_rule, "Gift certificate")
        )
    return charges, findings


def _without_product(field: str, product: str) -> Finding:
    expected = "a Service product in Cin7 that the design names for this charge"
    return hold(FindingKind.CHARGE_UNMAPPED, field, product or "not mapped", expected)


def _comment(line: OrderLine, order: Order) -> str:
    """The discount, since the price is net of it, and the destination if the order has several addresses."""
    discount = line.total_inc_tax - line.discounted_inc_tax
    discount_text = f"Discount {discount.normalize():f} included" if discount > 0 else ""
    return "; ".join(filter(None, (discount_text, _destination(line, order))))


def _destination(line: OrderLine, order: Order) -> str:
    """Where the goods of a line are shipped, if the order has several addresses; a sale has only one.

    Source: Cin7 Core API v2, POST /sale.
    """
    if len(order.shipping) < 2:
        return ""
    address = next((address for address in order.shipping if address.id == line.address_id), None)
    if address is None:
        return ""
    fields = (address.name, address.company, address.street_1, address.postcode, address.city, address.country_code)
    return "To " + ", ".join(filter(None, fields))


def _note(order: Order) -> str:
    sentences = [f"BigCommerce order {order.id}"]
    if order.coupon_codes:
        sentences.append("coupons " + ", ".join(order.coupon_codes))
    if order.shopper_message:
        sentences.append(f"shopper: {order.shopper_message}")
    return "; ".join(sentences)[: LIMITS["Note"]]
