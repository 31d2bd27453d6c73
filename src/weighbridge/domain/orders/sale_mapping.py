"""From order to sale: the mapping, with every reason why an order cannot cross yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, FindingKind, Severity, hold
from weighbridge.domain.orders.order import LineKind, Order, OrderLine
from weighbridge.domain.orders.payments import tenders_of
from weighbridge.domain.orders.reference_data import Books
from weighbridge.domain.orders.sale import Sale, SaleCharge, SaleLine, price_out
from weighbridge.domain.orders.sale_policy import SalePolicy, ShopRate
from weighbridge.domain.orders.tax import TaxSpread, spread_tax, tax_rule_for
from weighbridge.domain.orders.validation import LIMITS, check_order
from weighbridge.domain.values.money import ZERO, apportion, minor_digits, total


@dataclass(frozen=True, slots=True)
class Mapped:
    """A sale ready to post, with what was noticed on the way."""

    sale: Sale
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """An order that waits or ends, with every reason found."""

    findings: tuple[Finding, ...]


def map_order(order: Order, books: Books, policy: SalePolicy) -> Mapped | Stopped:
    """The sale that `order` becomes, cent for cent, or every reason why it cannot cross."""
    digits = minor_digits(order.currency)
    findings = list(check_order(order, books, policy))
    spread = spread_tax(order, digits)
    if isinstance(spread, Finding):
        return Stopped((*findings, spread))
    lines, line_findings = _lines(order, spread, books, policy, digits)
    charges, charge_findings = _charges(order, spread, books, policy)
    tenders, tender_findings = tenders_of(order, policy)
    findings += [*line_findings, *charge_findings, *tender_findings]
    if any(finding.severity is not Severity.NOTE for finding in findings):
        return Stopped(tuple(findings))

    sale = Sale(
        external_id=policy.external_id(order.id),
        order_number=str(order.id),
        customer_id=books.customers[order.currency],
        currency=order.currency,
        currency_rate=_currency_rate(order, books, policy),
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
    return _settle_residual(sale, findings, books, policy)


def _settle_residual(sale: Sale, findings: list[Finding], books: Books, policy: SalePolicy) -> Mapped | Stopped:
    """Posts the cents that remain as one named rounding line within the tolerance, and stops beyond it."""
    residual = sale.value - sale.total
    if abs(residual) > policy.tolerance:
        beyond = hold(
            FindingKind.TOTALS_DO_NOT_ADD_UP,
            "total_inc_tax",
            f"{sale.value} {sale.currency}",
            f"{sale.total}, the sum of lines, charges and tax, to within {policy.tolerance}",
        )
        return Stopped((*findings, beyond))
    if residual and policy.rounding_product not in books.products:
        return Stopped((*findings, _without_product("rounding", policy.rounding_product)))
    if residual:
        sale = with_rounding(sale, residual, policy)
    return Mapped(sale, tuple(findings))


def with_rounding(sale: Sale, residual: Decimal, policy: SalePolicy) -> Sale:
    """`sale` with `residual` (positive: the sale was too low) added to its one rounding line."""

    before = total(c.price for c in sale.charges if c.product_name == policy.rounding_product)
    kept = tuple(charge for charge in sale.charges if charge.product_name != policy.rounding_product)
    line = SaleCharge(policy.rounding_product, before + residual, ZERO, policy.untaxed_rule, "Cents from rounding")
    return replace(sale, charges=(*kept, line) if line.price else kept)


def _currency_rate(order: Order, books: Books, policy: SalePolicy) -> Decimal:
    """Units of the books' currency for one of the order's. Source: Cin7 Core API v2, POST /sale, CurrencyRate."""
    if order.currency == books.base_currency:
        return Decimal(1)
    return 1 / order.exchange_rate if policy.shop_rate is ShopRate.ORDER_PER_STORE else order.exchange_rate


def _lines(
    order: Order, spread: TaxSpread, books: Books, policy: SalePolicy, digits: int
) -> tuple[list[SaleLine], list[Finding]]:
    lines: list[SaleLine] = []
    findings: list[Finding] = []
    for position, line in enumerate(order.lines):
        if line.quantity == 0 or line.kind is LineKind.GIFT_CERTIFICATE:
            continue
        share = spread.lines[line.id]
        rule = tax_rule_for(share, policy.tax_rules, policy.untaxed_rule, books.tax_rules, f"lines[{position}].tax")
        product = books.products.get(line.sku)
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
    order: Order, spread: TaxSpread, books: Books, policy: SalePolicy
) -> tuple[list[SaleCharge], list[Finding]]:
    charges: list[SaleCharge] = []
    findings: list[Finding] = []
    for charge in order.charges:
        if not charge.inc_tax:
            continue
        field = f"charges.{charge.kind}"
        product = policy.charge_products.get(charge.kind, "")
        share = spread.charges[charge.kind]
        rule = tax_rule_for(share, policy.tax_rules, policy.untaxed_rule, books.tax_rules, f"{field}.tax")
        if isinstance(rule, Finding):
            findings.append(rule)
        elif not product or product not in books.products:
            findings.append(_without_product(field, product))
        else:
            price = charge.inc_tax if order.tax_inclusive else charge.inc_tax - share.amount
            charges.append(SaleCharge(product, price, share.amount, rule, charge.name))
    sold = [line for line in order.lines if line.kind is LineKind.GIFT_CERTIFICATE]
    if sold and policy.gift_certificate_product not in books.products:
        findings.append(_without_product("lines.giftcertificate", policy.gift_certificate_product))
    elif sold:
        value = total(line.discounted_inc_tax for line in sold)
        charges.append(
            SaleCharge(policy.gift_certificate_product, value, ZERO, policy.untaxed_rule, "Gift certificate")
        )
    return charges, findings


def _without_product(field: str, product: str) -> Finding:
    expected = "a Service product in Cin7 that the design names for this charge"
    return hold(FindingKind.CHARGE_UNMAPPED, field, product or "not mapped", expected)


def _comment(line: OrderLine, order: Order) -> str:
    """Keeps the discount's identity beside the net price, and the destination where an order has several."""
    saved = line.total_inc_tax - line.discounted_inc_tax
    discount = f"Discount {saved.normalize():f} included" if saved > 0 else ""
    return "; ".join(filter(None, (discount, _destination(line, order))))


def _destination(line: OrderLine, order: Order) -> str:
    """Where a line of goods goes; a sale has one shipping address. Source: Cin7 Core API v2, POST /sale."""
    if len(order.shipping) < 2:
        return ""
    to = next((address for address in order.shipping if address.id == line.address_id), None)
    if to is None:
        return ""
    return "To " + ", ".join(filter(None, (to.name, to.company, to.street_1, to.postcode, to.city, to.country_code)))


def _note(order: Order) -> str:
    parts = [f"BigCommerce order {order.id}"]
    if order.coupon_codes:
        parts.append("coupons " + ", ".join(order.coupon_codes))
    if order.shopper_message:
        parts.append(f"shopper: {order.shopper_message}")
    return "; ".join(parts)[: LIMITS["Note"]]
