"""Reads real shopping baskets and their products from two CSV files (plain or .gz)."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby, islice
from pathlib import Path
from typing import Final, TextIO

SAMPLE: Final = Path(__file__).parent / "sample"
SAMPLE_BASKETS: Final = SAMPLE / "baskets.csv.gz"
SAMPLE_PRODUCTS: Final = SAMPLE / "products.csv.gz"

BASKET_COLUMNS: Final = (
    "basket_id", "household_id", "placed_at", "product_id", "quantity", "sales_value", "retail_disc", "coupon_disc",
    "coupon_match_disc",
)  # fmt: skip
PRODUCT_COLUMNS: Final = (
    "product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size",
)  # fmt: skip

_NOTHING: Final = Decimal("0.00")


class UnreadableBaskets(Exception):
    """A baskets or products file cannot be read; the message names the file and, where known, the basket or column."""


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One product in one basket; amounts in US dollars for the whole line.

    Source: the "completejourney" data, where sales_value is what the store received before manufacturers' coupons.
    """

    product_id: str
    quantity: int
    """As recorded: zero and counts in the ten thousands (fuel, in thousandths) exist."""
    sales_value: Decimal
    retail_disc: Decimal
    coupon_disc: Decimal
    coupon_match_disc: Decimal

    @property
    def shelf_total(self) -> Decimal:
        """Price of the line before promotion and coupon."""
        return self.sales_value + self.retail_disc + self.coupon_match_disc

    @property
    def promotion(self) -> Decimal:
        """The reduction that applies to every customer."""
        return self.retail_disc

    @property
    def coupon(self) -> Decimal:
        """The reduction by coupon, capped at the price that the promotion leaves."""
        return min(self.coupon_disc + self.coupon_match_disc, self.shelf_total - self.promotion)

    @property
    def paid(self) -> Decimal:
        """Amount that the shopper pays for the line; never below zero."""
        return self.shelf_total - self.promotion - self.coupon


@dataclass(frozen=True, slots=True)
class Basket:
    """One order of one household."""

    id: str
    household_id: str
    placed_at: str
    """ISO 8601, UTC, as recorded."""
    lines: tuple[BasketLine, ...]

    @property
    def paid(self) -> Decimal:
        """Amount that the shopper pays for the goods."""
        return sum((line.paid for line in self.lines), _NOTHING)


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the assortment."""

    id: str
    department: str
    brand: str
    category: str
    kind: str
    package: str

    @property
    def name(self) -> str:
        """A display name; the product number keeps it unique."""
        text = " ".join(label for label in (self.kind.title(), self.package) if label)
        return f"{text or 'Item'} #{self.id}"


def sku_of(product_id: str) -> str:
    """Returns the SKU of a product in the store and in Cin7: W and at least eight digits."""
    return f"W{product_id:0>8}"


def read_baskets(file: Path = SAMPLE_BASKETS, *, skip: int = 0, limit: int | None = None) -> list[Basket]:
    """Reads baskets of `file` in file order: skips the first `skip`, then reads `limit`. Raises UnreadableBaskets."""
    with _rows(file, BASKET_COLUMNS) as rows:
        grouped = groupby(rows, key=lambda row: row["basket_id"])
        # groupby invalidates a group when the next one starts, so each group is read into a list.
        chosen = islice(
            ((basket_id, list(lines)) for basket_id, lines in grouped), skip, None if limit is None else skip + limit
        )
        return [_basket(file, basket_id, lines) for basket_id, lines in chosen]


def read_products(file: Path = SAMPLE_PRODUCTS) -> dict[str, Product]:
    """Reads the products of `file` by product_id. Raises UnreadableBaskets."""
    with _rows(file, PRODUCT_COLUMNS) as rows:
        return {
            row["product_id"]: Product(
                row["product_id"],
                row["department"],
                row["brand"],
                row["product_category"],
                row["product_type"],
                row["package_size"],
            )
            for row in rows
        }


@contextmanager
def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[Iterator[dict[str, str]]]:
    try:
        with _open(file) as text:
            reader = csv.DictReader(text)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise UnreadableBaskets(f"{file}: columns {', '.join(missing)} are missing")
            yield iter(reader)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableBaskets(f"{file}: {error}") from error


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open("rt", encoding="utf-8", newline="")


def _basket(file: Path, basket_id: str, rows: list[dict[str, str]]) -> Basket:
    first = rows[0]
    return Basket(basket_id, first["household_id"], first["placed_at"], tuple(_line(file, row) for row in rows))


def _line(file: Path, row: dict[str, str]) -> BasketLine:
    try:
        return BasketLine(
            row["product_id"],
            int(row["quantity"]),
            Decimal(row["sales_value"]),
            Decimal(row["retail_disc"]),
            Decimal(row["coupon_disc"]),
            Decimal(row["coupon_match_disc"]),
        )
    except (InvalidOperation, ValueError) as error:
        where = f"basket {row['basket_id']}, product {row['product_id']}"
        raise UnreadableBaskets(f"{file}: {where}: quantity or an amount is not a number ({error})") from error
