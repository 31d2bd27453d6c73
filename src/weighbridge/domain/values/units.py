"""Units of weight and length: both platforms name their own, with many spellings of the same unit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DIGITS = Decimal("0.0001")
"""The store keeps four decimals of weights and measures."""

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
    """The canonical name of a unit; an unknown name is returned in lower case."""
    folded = name.strip().casefold()
    return SPELLINGS.get(folded, folded)


def converted(amount: Decimal, unit: str, into: str) -> Decimal | None:
    """`amount` of `unit` converted to the unit `into`, at four decimals; None unless both are units of one kind.

    Source: platform notes, bigcommerce 6.5 (weight_units, dimension_units) and cin7 3.3.
    """
    source, target = unit_name(unit), unit_name(into)
    if not amount:
        return Decimal(0)
    for scale in (GRAMS, MILLIMETRES):
        if source in scale and target in scale:
            return (amount * scale[source] / scale[target]).quantize(DIGITS, ROUND_HALF_UP)
    return None
