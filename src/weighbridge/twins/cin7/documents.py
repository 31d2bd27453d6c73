"""Lines, charges and totals: what every document of a sale has in common."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale

CENT = Decimal("0.01")
LINE_LONGEST = {"SKU": 50, "Name": 1024, "Comment": 256, "TaxRule": 50}


def checked_lines(company: Company, body: Record) -> list[Record]:
    """The lines of a request with every vendor check; `Total` is computed where it was left out."""
    problems: list[str] = []
    lines = []
    for line in body.get("Lines") or []:
        lines.append(_line(company, line, problems))
    if problems:
        raise Refusal(*problems)
    return lines


def checked_charges(company: Company, body: Record) -> list[Record]:
    """The additional charges: each names a Service product. Source: additional charge model."""
    problems: list[str] = []
    charges = []
    for charge in body.get("AdditionalCharges") or []:
        if not charge.get("Description"):
            problems.append(required("Description"))
        elif company.service_named(charge["Description"]) is None:
            problems.append(not_in_book("Additional charge", charge["Description"], "Services"))
        _check_names(company, charge, problems)
        priced = _priced(company, charge, problems)
        if priced["Price"] < 0 and not company.switches["negative_charge_price"]:
            problems.append("Price is invalid")
        charges.append({**charge, **priced})
    if problems:
        raise Refusal(*problems)
    return charges


def with_totals(company: Company, sale: Sale, document: Record) -> Record:
    """The document with TotalBeforeTax, Tax and Total as the vendor computes them.

    Exclusive prices: Total = lines + charges + tax; inclusive: Total = lines + charges.
    Source: platform notes, cin7 2.3 (line Total convention).
    """
    rows = [*document.get("Lines", []), *document.get("AdditionalCharges", [])]
    _apply_tax_reading(company, sale, rows)
    value = sum((row["Total"] for row in rows), ZERO)
    tax = sum((row["Tax"] for row in rows), ZERO)
    if company.switches["tax_check"] == "recompute" and company.switches["tax_calculation_method"] == "Total":
        tax = _tax_on_total(company, sale, rows)
    before, total = (value - tax, value) if sale.tax_inclusive else (value, value + tax)
    rounded = {name: _cents(amount) for name, amount in (("TotalBeforeTax", before), ("Tax", tax), ("Total", total))}
    return {**document, **rounded}


def _line(company: Company, line: Record, problems: list[str]) -> Record:
    product = company.products.get(str(line.get("ProductID") or "").lower()) or company.product_by_sku(
        str(line.get("SKU") or "")
    )
    if not line.get("ProductID") and not line.get("SKU"):
        problems.append(required("ProductID"))
    elif product is None:
        problems.append(not_in_book("Product", line.get("SKU") or line.get("ProductID"), "Products"))
    elif company.switches["unsellable_products"] == "reject" and (
        product["Status"] == "Deprecated" or not product["Sellable"]
    ):
        problems.append(f"Product '{product['SKU']}' is not sellable")
    for name, longest in LINE_LONGEST.items():
        if len(str(line.get(name) or "")) > longest:
            problems.append(f"{name} is longer than {longest} characters")
    _check_names(company, line, problems)
    known = {"ProductID": product["ID"], "SKU": product["SKU"], "Name": product["Name"]} if product else {}
    return {"Discount": ZERO, "Comment": "", **line, **known, **_priced(company, line, problems)}


def _check_names(company: Company, row: Record, problems: list[str]) -> None:
    if not row.get("TaxRule"):
        problems.append(required("TaxRule"))
        return
    rule = company.tax_rule(row["TaxRule"])
    if rule is None or not (rule["IsActive"] and rule["IsTaxForSale"]):
        problems.append(not_in_book("Tax rule", row["TaxRule"], "Tax Rules"))


def _priced(company: Company, row: Record, problems: list[str]) -> Record:
    figures = {name: _number(row, name, problems) for name in ("Quantity", "Price", "Tax")}
    discount = _number(row, "Discount", problems, optional=True)
    if figures["Quantity"] < Decimal(str(company.switches["minimum_quantity"])):
        problems.append("Quantity is invalid. Minimal value is 1")
    if not 0 <= discount <= 100:
        problems.append("Discount is invalid")
    computed = _cents(figures["Quantity"] * figures["Price"] * (1 - discount / 100))
    total = _number(row, "Total", problems, optional=True) if row.get("Total") is not None else computed
    if abs(total - computed) > Decimal(str(company.switches["total_tolerance"])):
        problems.append(f"Total is invalid. Expected {computed}, but {total} was provided")
    return {**figures, "Discount": discount, "Total": total}


def _number(row: Record, name: str, problems: list[str], *, optional: bool = False) -> Decimal:
    value: Any = row.get(name)
    if value is None:
        if not optional:
            problems.append(required(name))
        return ZERO
    try:
        return Decimal(str(value))
    except InvalidOperation:
        problems.append(f"{name} is invalid")
        return ZERO


def _apply_tax_reading(company: Company, sale: Sale, rows: list[Record]) -> None:
    """`accept` takes the Tax that was sent; `reject` refuses one that is far off; `recompute` overrules it."""
    reading = company.switches["tax_check"]
    if reading == "accept":
        return
    for row in rows:
        own = _cents(_tax_of(company, sale, row["TaxRule"], row["Total"]))
        if reading == "recompute":
            row["Tax"] = own
        elif abs(own - row["Tax"]) > CENT * 2:
            raise Refusal(f"Tax is invalid. Expected {own}, but {row['Tax']} was provided")


def _tax_on_total(company: Company, sale: Sale, rows: list[Record]) -> Decimal:
    by_rule: dict[str, Decimal] = {}
    for row in rows:
        by_rule[row["TaxRule"]] = by_rule.get(row["TaxRule"], ZERO) + row["Total"]
    return sum((_cents(_tax_of(company, sale, name, amount)) for name, amount in by_rule.items()), ZERO)


def _tax_of(company: Company, sale: Sale, rule_name: str, amount: Decimal) -> Decimal:
    rule = company.tax_rule(rule_name)
    percent = Decimal(str(rule["TaxPercent"])) if rule else ZERO
    return amount * percent / (100 + percent) if sale.tax_inclusive else amount * percent / 100


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
