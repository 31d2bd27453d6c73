"""Units of weight and length: both systems name their own, and the same name is spelled in many ways."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DIGITS = Decimal("0.0001")
"""The shop keeps four decimals of weights and measures."""

GRAMS: dict[str, Decimal] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
}
MILLIMETRES: dict[str, Decimal] = {
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    "in": Decimal("25.4"),
    "ft": Decimal("304.8"),
    "yd": Decimal("914.4"),
}
SPELLINGS: dict[str, str] = {
    "gram": "g", "grams": "g", "gr": "g", "kgs": "kg", "kilogram": "kg", "kilograms": "kg", "tonne": "t",
    "tonnes": "t", "ounce": "oz", "ounces": "oz", "lbs": "lb", "pound": "lb", "pounds": "lb",
    "millimeters": "mm", "millimetres": "mm", "centimeters": "cm", "centimetres": "cm", "centimeter": "cm",
    "meters": "m", "metres": "m", "inch": "in", "inches": "in", "foot": "ft", "feet": "ft", "yard": "yd",
    "yards": "yd",
}  # fmt: skip


def unit_name(name: str) -> str:
    """The one name of a unit, whatever its spelling; an unknown one comes back in lower case."""
    folded = name.strip().casefold()
    return SPELLINGS.get(folded, folded)


def converted(amount: Decimal, unit: str, into: str) -> Decimal | None:
    """`amount` of `unit` in the unit `into`, at four decimals; None when either is no unit of the same kind.

    Source: platform notes, bigcommerce 6.5 (weight_units, dimension_units) and cin7 3.3.
    """
    ours, theirs = unit_name(unit), unit_name(into)
    if not amount:
        return Decimal(0)
    for scale in (GRAMS, MILLIMETRES):
        if ours in scale and theirs in scale:
            return (amount * scale[ours] / scale[theirs]).quantize(DIGITS, ROUND_HALF_UP)
    return None
