"""Computes totals and tax of a document as Cin7 does."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from weighbridge_twins.cin7.errors import Problem
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale

CENT = Decimal("0.01")


def with_totals(company: Company, sale: Sale, document: Record, problems: list[Problem]) -> Record:
    """Returns the document with TotalBeforeTax, Tax and Total.

    Exclusive prices: Total = lines + charges + tax; inclusive: Total = lines + charges. The switch `tax_check`
    decides the tax: `accept` uses the sent tax, `recompute` the rules' percents, `reject` refuses a difference of more
    than a cent per line. Source: platform notes, cin7 2.3 (line Total convention).
    """
    rows = [*document["Lines"], *document["AdditionalCharges"]]
    reading = company.switches["tax_check"]
    if reading == "reject" and not problems:
        problems += _tax_problems(company, sale, rows)
    if reading == "recompute" and not problems:
        for row in rows:
            row["Tax"] = cents(_exact_tax(company, sale, row["TaxRule"], row["Total"]))
    value = sum((row["Total"] for row in rows), ZERO)
    tax = sum((row["Tax"] for row in rows), ZERO)
    if reading == "recompute":
        tax = _document_tax(company, sale, rows)
    before, total = (value - tax, value) if sale.tax_inclusive else (value, value + tax)
    return {**document, "TotalBeforeTax": cents(before), "Tax": cents(tax), "Total": cents(total)}


def cents(amount: Decimal) -> Decimal:
    """Rounds to cents, half up. Source: platform notes, cin7 2.3 (not specified by the vendor)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _tax_problems(company: Company, sale: Sale, rows: list[Record]) -> list[Problem]:
    if company.switches["tax_calculation_method"] == "Line":
        checks = [(row["Tax"], cents(_exact_tax(company, sale, row["TaxRule"], row["Total"])), 1) for row in rows]
    else:
        checks = [(sum((row["Tax"] for row in rows), ZERO), _document_tax(company, sale, rows), len(rows))]
    return [
        f"Tax is invalid. Expected {expected}, but {sent} was provided."
        for sent, expected, lines in checks
        if abs(sent - expected) > CENT * lines
    ]


def _document_tax(company: Company, sale: Sale, rows: list[Record]) -> Decimal:
    """Computes tax per row, or on the document's total of each rule. Source: GET /me, TaxCalculationMethod."""
    if company.switches["tax_calculation_method"] == "Line":
        return sum((cents(_exact_tax(company, sale, row["TaxRule"], row["Total"])) for row in rows), ZERO)
    by_rule: dict[str, Decimal] = {}
    for row in rows:
        by_rule[row["TaxRule"]] = by_rule.get(row["TaxRule"], ZERO) + row["Total"]
    return sum((cents(_exact_tax(company, sale, name, amount)) for name, amount in by_rule.items()), ZERO)


def _exact_tax(company: Company, sale: Sale, rule_name: str, amount: Decimal) -> Decimal:
    rule = company.tax_rule(rule_name)
    percent = Decimal(str(rule["TaxPercent"])) if rule else ZERO
    return amount * percent / (100 + percent) if sale.tax_inclusive else amount * percent / 100
