"""Pages, filters and the change feed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def numbers(bench: Bench, **query: object) -> list[str]:
    answer = bench.ok("GET", "/saleList", **{"Page": 1, "Limit": 1000, **query})
    return [row["OrderNumber"] for row in answer["SaleList"]]


def test_pages_carry_total_and_page_and_end_empty() -> None:
    bench = Bench()
    for _ in range(5):
        bench.sale()
    pages = [bench.ok("GET", "/saleList", Page=page, Limit=2) for page in (1, 2, 3, 4)]
    assert [len(page["SaleList"]) for page in pages] == [2, 2, 1, 0]
    assert [(page["Total"], page["Page"]) for page in pages] == [(5, 1), (5, 2), (5, 3), (5, 4)]
    assert pages[0]["SaleList"][0]["OrderNumber"] == "SO-00005"


def test_a_page_has_100_rows_unless_asked_and_never_more_than_1000() -> None:
    bench = Bench()
    bench.twin.seed(products=[{"sku": f"P{n:04d}"} for n in range(1200)])
    assert len(bench.ok("GET", "/product")["Products"]) == 100
    assert len(bench.ok("GET", "/product", Limit=5000)["Products"]) == 1000
    assert len(bench.ok("GET", "/product", Limit=0, Page=0)["Products"]) == 1
    assert len(bench.ok("GET", "/product", Limit="many")["Products"]) == 100


def test_rows_that_vanish_between_pages_hide_others() -> None:
    bench = Bench()
    for _ in range(6):
        bench.sale()
    bench.twin.switches["page_drift"] = 1
    pages = [bench.ok("GET", "/saleList", Page=page, Limit=2) for page in (1, 2, 3)]
    seen = [row["OrderNumber"] for page in pages for row in page["SaleList"]]
    assert seen == ["SO-00006", "SO-00005", "SO-00003", "SO-00002"]
    assert [page["Total"] for page in pages] == [6, 5, 4]


def test_an_external_id_is_found_exactly_and_is_not_unique() -> None:
    bench = Bench()
    first, second = bench.sale(ExternalID="bc:shop:7"), bench.sale(ExternalID="bc:shop:7")
    bench.sale(ExternalID="BC:SHOP:7")
    bench.sale(ExternalID="bc:shop:77")
    rows = bench.ok("GET", "/saleList", ExternalID="bc:shop:7")["SaleList"]
    assert {row["SaleID"] for row in rows} == {first, second}
    bench.twin.switches["external_id_filter"] = "case_insensitive"
    assert len(numbers(bench, ExternalID="bc:shop:7")) == 3


def test_whether_voided_sales_are_found_by_external_id_is_a_matter_of_reading() -> None:
    bench = Bench()
    bench.twin.void_sale(bench.sale())
    assert bench.ok("GET", "/saleList", ExternalID="bc:shop:1001")["SaleList"][0]["Status"] == "VOIDED"
    bench.twin.switches["external_id_returns_voided"] = False
    assert numbers(bench, ExternalID="bc:shop:1001") == []


def test_a_changed_external_id_is_found_under_the_new_value_only() -> None:
    bench = Bench()
    sale = bench.sale()
    bench.ok("PUT", "/sale", {**bench.header(ExternalID="other"), "ID": sale})
    assert numbers(bench, ExternalID="bc:shop:1001") == []
    assert numbers(bench, ExternalID="other") == ["SO-00001"]


def test_a_new_sale_may_be_hidden_for_a_while() -> None:
    bench = Bench()
    bench.twin.switches["delayed_visibility_seconds"] = 45
    sale = bench.sale()
    assert numbers(bench, ExternalID="bc:shop:1001") == []
    assert bench.whole(sale)["ID"] == sale
    bench.clock.pass_time(seconds=45)
    assert numbers(bench, ExternalID="bc:shop:1001") == ["SO-00001"]


def test_updated_since_follows_the_last_change_and_is_inclusive_by_reading() -> None:
    bench = Bench()
    old, new = bench.sale(), bench.sale()
    bench.clock.pass_time(minutes=10, milliseconds=250)
    bench.ok("POST", "/sale/order", bench.document(new))
    timestamp = bench.row(new)["Updated"]
    assert timestamp == "2026-03-02T09:10:00.250Z"
    assert numbers(bench, UpdatedSince=timestamp) == ["SO-00002"]
    assert numbers(bench, UpdatedSince="2026-03-02T09:10:00.251") == []
    assert numbers(bench, UpdatedUntil="2026-03-02T09:05:00") == ["SO-00001"]
    bench.twin.switches["updated_since_inclusive"] = False
    assert numbers(bench, UpdatedSince=timestamp) == []
    assert bench.row(old)["Updated"] == "2026-03-02T09:00:00.000Z"


def test_allocating_a_backorder_moves_the_modified_date_of_the_sale() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(quantity=12))
    bench.clock.pass_time(hours=1)
    bench.twin.receive_stock("APPLE", 5)
    assert bench.row(sale)["Updated"] == "2026-03-02T10:00:00.000Z"


@pytest.mark.parametrize("moves", [True, False])
def test_whether_a_payment_moves_the_modified_date_of_the_sale_is_a_matter_of_reading(moves: bool) -> None:
    bench = Bench()
    bench.twin.switches["updated_since_moves_on_payment"] = moves
    sale, invoice = bench.invoiced()
    bench.clock.pass_time(hours=1)
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    assert (bench.row(sale)["Updated"] > "2026-03-02T09:30") is moves
    assert bench.row(sale)["CombinedPaymentStatus"] == "PAID"


def test_statuses_location_and_search_filter() -> None:
    bench = Bench()
    bench.sale(CustomerReference="web 77")
    shipped = bench.ordered()
    bench.twin.pick_pack_ship(shipped)
    packed = bench.ordered(bench.line("PEAR", 1, "2.00"), header={"Location": "Main Warehouse"})
    bench.twin.pick(packed)
    bench.twin.pack(packed)
    assert numbers(bench, OrderStatus="AUTHORISED") == ["SO-00003", "SO-00002"]
    assert numbers(bench, Status="estimated") == ["SO-00001"]
    assert numbers(bench, CombinedShippingStatus="SHIPPED") == ["SO-00002"]
    assert numbers(bench, CombinedShippingStatus="SHIPPED", CombinedInvoiceStatus="INVOICED") == []
    assert numbers(bench, ReadyForShipping="true") == ["SO-00003"]
    assert numbers(bench, Search="WEB 77") == ["SO-00001"]
    assert numbers(bench, Search="so-00002") == ["SO-00002"]
    assert numbers(bench, Search="Web") == ["SO-00003", "SO-00002", "SO-00001"]
    overflow = bench.ok("GET", "/ref/location", Name="Overflow")["LocationList"][0]["ID"]
    assert numbers(bench, OrderLocationID=overflow) == []
    assert numbers(bench, CreatedSince="2026-03-02T09:00:01") == []


def test_a_date_that_is_none_is_refused() -> None:
    assert "not a valid date" in Bench().refused("GET", "/saleList", UpdatedSince="last week")


def test_rows_have_the_documented_members() -> None:
    bench = Bench()
    row = bench.row(bench.sale())
    assert set(row) == {
        "SaleID", "OrderNumber", "Status", "OrderDate", "InvoiceDate", "Customer", "CustomerID", "InvoiceNumber",
        "CustomerReference", "InvoiceAmount", "PaidAmount", "SaleInvoicesTotalAmount", "InvoiceDueDate", "ShipBy",
        "BaseCurrency", "CustomerCurrency", "CreditNoteNumber", "Updated", "QuoteStatus", "OrderStatus",
        "CombinedPickingStatus", "CombinedPaymentStatus", "CombinedTrackingNumbers", "CombinedPackingStatus",
        "CombinedShippingStatus", "CombinedInvoiceStatus", "CombinedPaymentTotal", "CreditNoteStatus",
        "FulFilmentStatus", "Type", "SourceChannel", "ExternalID", "OrderLocationID", "Carrier",
    }  # fmt: skip
    assert row["OrderDate"] == "2026-03-02T00:00:00"


def test_timestamps_may_have_no_zone() -> None:
    bench = Bench()
    bench.twin.switches["answer_dates_with_zone"] = False
    assert bench.row(bench.sale())["Updated"] == "2026-03-02T09:00:00.000"


def test_products_are_found_by_sku_prefix() -> None:
    bench = Bench()
    bench.twin.seed(products=[{"sku": "APPLE-XL", "name": "Large apple"}])

    def skus(**query: Any) -> list[str]:
        return [product["SKU"] for product in bench.ok("GET", "/product", **query)["Products"]]

    assert skus(Sku="apple") == ["APPLE", "APPLE-XL"]
    assert skus(Sku="APPLE-XL", Limit=1) == ["APPLE-XL"]
    assert skus(ID=bench.id_of("PEAR")) == ["PEAR"]
    bench.twin.deprecate_product("APPLE")
    assert skus(Sku="APPLE") == ["APPLE-XL"]
    assert skus(Sku="APPLE", IncludeDeprecated="true") == ["APPLE", "APPLE-XL"]
    bench.clock.pass_time(hours=1)
    bench.twin.deprecate_product("PEAR")
    assert skus(ModifiedSince="2026-03-02T09:30:00", IncludeDeprecated="true") == ["PEAR"]


def test_availability_knows_no_time_and_sku_exactly() -> None:
    bench = Bench()
    assert bench.ok("GET", "/ref/productavailability", Sku="APPL")["Total"] == 0
    assert bench.ok("GET", "/ref/productavailability", Sku="APPLE", ModifiedSince="2030-01-01")["Total"] == 2
    assert bench.ok("GET", "/ref/productavailability", Name="app", Location="overflow")["Total"] == 1
    bench.twin.deprecate_product("APPLE")
    assert bench.ok("GET", "/ref/productavailability", Sku="APPLE")["Total"] == 2
    bench.twin.switches["deprecated_products_in_availability"] = False
    assert bench.ok("GET", "/ref/productavailability", Sku="APPLE")["Total"] == 0


def test_special_locations_in_availability_are_a_matter_of_reading() -> None:
    bench = Bench()
    bench.ok("POST", "/ref/location", {"Name": "Shop floor", "IsShopfloor": True})
    bench.twin.receive_stock("PEAR", 3, location="Shop floor")
    assert bench.ok("GET", "/ref/productavailability", Sku="PEAR")["Total"] == 2
    bench.twin.switches["special_locations_in_availability"] = False
    assert bench.ok("GET", "/ref/productavailability", Sku="PEAR")["Total"] == 1


def test_sales_are_found_by_the_day_they_must_leave() -> None:
    bench = Bench()
    soon, later = bench.sale(ShipBy="2026-03-05"), bench.sale(ShipBy="2026-03-20")
    bench.sale()
    answer = bench.ok("GET", "/saleList", ShipBy="2026-03-10T00:00:00", Page=1, Limit=100)["SaleList"]
    assert [row["SaleID"] for row in answer] == [soon]
    assert bench.row(later)["ShipBy"] == "2026-03-20T00:00:00"


def test_availability_is_found_by_product_and_category() -> None:
    bench = Bench()
    apple = bench.id_of("APPLE")
    rows = bench.ok("GET", "/ref/productavailability", ID=apple)["ProductAvailabilityList"]
    assert {(row["ID"], row["Location"]) for row in rows} == {(apple, "Main Warehouse"), (apple, "Overflow")}
    assert bench.ok("GET", "/ref/productavailability", ID="nobody")["Total"] == 0
