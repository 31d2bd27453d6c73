"""Reading recorded baskets, and the amounts that shoppers pay."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from weighbridge_twins.baskets import BasketLine, UnreadableBaskets, read_baskets, read_products, sku_of

HEAD = "basket_id,household_id,placed_at,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc\n"


def line(**amounts: str) -> BasketLine:
    levels = {"sales_value": "0", "retail_disc": "0", "coupon_disc": "0", "coupon_match_disc": "0", **amounts}
    return BasketLine("1", 1, *(Decimal(levels[name]) for name in levels))


def test_the_sample_holds_600_baskets_with_all_irregularities() -> None:
    baskets, products = read_baskets(), read_products()
    lines = [line for basket in baskets for line in basket.lines]
    assert len(baskets) == 600
    assert len(lines) == 6228
    assert sum(line.quantity == 0 for line in lines) == 31
    assert max(line.quantity for line in lines) == 23361
    assert {line.product_id for line in lines} - set(products) == {"5978656"}
    assert any(line.coupon > 0 for line in lines)
    assert max(len(basket.lines) for basket in baskets) == 118


def test_shelf_price_less_promotion_less_coupon_is_what_the_shopper_pays() -> None:
    bought = line(sales_value="4.00", retail_disc="2.58", coupon_disc="0.50", coupon_match_disc="0.25")
    assert bought.shelf_total == Decimal("6.83")
    assert bought.promotion == Decimal("2.58")
    assert bought.coupon == Decimal("0.75")
    assert bought.paid == Decimal("3.50")


def test_a_coupon_above_the_price_makes_a_line_free_and_never_pays_out() -> None:
    bought = line(sales_value="1.00", coupon_disc="1.50")
    assert bought.paid == 0
    assert bought.coupon == Decimal("1.00")


def test_every_sample_line_pays_the_recorded_amount() -> None:
    for basket in read_baskets():
        for bought in basket.lines:
            assert bought.paid == max(bought.sales_value - bought.coupon_disc, Decimal(0))


def test_baskets_can_be_skipped_and_limited() -> None:
    everything = read_baskets()
    assert read_baskets(skip=10, limit=5) == everything[10:15]
    assert read_baskets(limit=0) == []
    assert read_baskets(skip=598, limit=50) == everything[598:]


def test_products_have_unique_names_and_skus() -> None:
    products = read_products()
    assert len({product.name for product in products.values()}) == len(products)
    assert sku_of("27658") == "W00027658"
    assert sku_of("1234567890") == "W1234567890"


def test_plain_and_compressed_files_are_read_equally(tmp_path: Path) -> None:
    text = (
        HEAD + "7,1,2017-10-01T00:00:00Z,11,2,4.00,0.50,0.00,0.00\n7,1,2017-10-01T00:00:00Z,12,0,0.00,0.00,0.00,0.00\n"
    )
    (tmp_path / "b.csv").write_text(text)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain = read_baskets(tmp_path / "b.csv")
    assert plain == read_baskets(tmp_path / "b.csv.gz")
    assert [(line.product_id, line.quantity) for line in plain[0].lines] == [("11", 2), ("12", 0)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("basket_id,household_id\n1,2\n", "placed_at"),
        (HEAD + "7,1,2017-10-01T00:00:00Z,11,two,4.00,0,0,0\n", "basket 7, product 11"),
        (HEAD + "7,1,2017-10-01T00:00:00Z,11,2,free,0,0,0\n", "basket 7, product 11"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(text)
    with pytest.raises(UnreadableBaskets, match=named):
        read_baskets(file)


def test_a_missing_or_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableBaskets, match=r"nowhere\.csv"):
        read_baskets(tmp_path / "nowhere.csv")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(HEAD.encode() * 1000)[:60])
    with pytest.raises(UnreadableBaskets, match=r"cut\.csv\.gz"):
        read_baskets(cut)
