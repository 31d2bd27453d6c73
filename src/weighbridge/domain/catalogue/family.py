"""Product families: which of them can be one product with variants in the store, and with which options."""

from __future__ import annotations

from collections.abc import Collection

from weighbridge.domain.catalogue.product import Family
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind

MAX_VARIANTS = 600
"""Source: Catalog V3, variants of a product."""
LONGEST_OPTION = 255


def options_of(family: Family) -> dict[str, tuple[tuple[str, str], ...]]:
    """(name, value) of each option that the family uses, by product id."""
    used = _used(family)
    return {
        member.cin7_product_id: tuple((family.options[at].strip(), member.values[at].strip()) for at in used)
        for member in family.members
        if all(at < len(member.values) for at in used)
    }


def unusable(family: Family, members: Collection[str], placed: Collection[str]) -> tuple[Finding, ...]:
    """Why the family cannot be one product with variants; `placed` are the products of earlier families.

    Source: platform notes, bigcommerce 4.1 (600 variants) and cin7 3.5 (up to three options, members never removed).
    """

    def problem(field: str, value: object, expected: str) -> Finding:
        return hold(FindingKind.FAMILY_UNUSABLE, f"family {family.sku}.{field}", value, expected)

    if len(members) > MAX_VARIANTS:
        return (problem("Products", len(members), f"at most {MAX_VARIANTS} products"),)
    repeated = sorted(set(members) & set(placed))
    if repeated:
        return (problem("Products", repeated[0], "products that are in no other family"),)
    used = _used(family)
    if not used:
        return (problem("Option1Name", "", "at least one option by which its products differ"),)
    findings = []
    seen: dict[tuple[str, ...], str] = {}
    for member in family.members:
        if member.cin7_product_id not in members:
            continue
        values = tuple(member.values[at].strip() if at < len(member.values) else "" for at in used)
        if not all(values):
            missing = family.options[used[values.index("")]]
            findings.append(
                problem(f"{member.cin7_product_id}.{missing}", "", "a value for every option of the family")
            )
        elif any(len(value) > LONGEST_OPTION for value in values):
            findings.append(
                problem(member.cin7_product_id, max(values, key=len), f"values of at most {LONGEST_OPTION} characters")
            )
        elif values in seen:
            findings.append(
                problem(member.cin7_product_id, ", ".join(values), f"values that differ from those of {seen[values]}")
            )
        seen.setdefault(values, member.cin7_product_id)
    return tuple(findings)


def _used(family: Family) -> list[int]:
    return [
        at
        for at, name in enumerate(family.options)
        if name.strip() and any(at < len(member.values) and member.values[at].strip() for member in family.members)
    ]
