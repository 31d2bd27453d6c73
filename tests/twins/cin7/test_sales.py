"""The header of a sale, and the whole sale as GET /sale returns it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import ADDRESS, Bench


def test_a_new_sale_is_returned_in_full_under_the_key_id() -> None:
    bench = Bench()
    made = bench.ok("POST", "/sale", bench.header())
    assert made == bench.whole(made["ID"])
    assert (made["Status"], made["Type"], made["SkipQuote"]) == ("ESTIMATED", "Simple Sale", True)
    assert made["Order"]["SaleOrderNumber"] == "SO-00001"
    assert [made[name] for name in ("Fulfilments", "Invoices", "CreditNotes")] == [[], [], []]
    assert made["BillingAddress"]["DisplayAddressLine2"] == "Austin TX 78701"
    assert made["LastModifiedOn"] == "2026-03-02T09:00:00.000Z"


def test_written_and_read_names_differ() -> None:
    bench = Bench()
    made = bench.ok("POST", "/sale", bench.header(TaxInclusive=True, SaleType="Advanced"))
    assert (made["TaxCalculation"], made["Type"]) == ("Inclusive", "Advanced Sale")
    assert not {"TaxInclusive", "SaleType", "OrderNumber"} & set(made)


def test_documents_in_the_header_are_left_out() -> None:
    bench = Bench()
    made = bench.ok("POST", "/sale", {**bench.header(), "Order": {"Status": "AUTHORISED"}, "Status": "COMPLETED"})
    assert (made["Order"]["Status"], made["Status"]) == ("NOT AVAILABLE", "ESTIMATED")


def test_omitted_header_members_default_to_the_customers_card() -> None:
    bench = Bench()
    made = bench.ok("POST", "/sale", {"Customer": "Web", "Location": "Overflow"})
    assert (made["TaxRule"], made["Terms"], made["PriceTier"], made["DefaultAccount"]) == (
        "Tax Exempt", "30 days", "Tier 1", "200",
    )  # fmt: skip
    assert (made["SkipQuote"], made["SaleOrderDate"]) == (False, "2026-03-02T00:00:00")


def test_the_same_header_twice_is_two_sales() -> None:
    bench = Bench()
    assert bench.sale() != bench.sale()
    assert len(bench.ok("GET", "/saleList", ExternalID="bc:shop:1001")["SaleList"]) == 2


def test_a_shipping_address_that_is_not_for_others_grows_the_customers_card() -> None:
    bench = Bench()
    bench.sale(ShippingAddress={**ADDRESS, "ShipToOther": False})
    bench.sale(ShippingAddress={**ADDRESS, "ShipToOther": "false"})
    bench.sale(ShippingAddress={**ADDRESS, "Line1": "9 Oak St", "ShipToOther": True})
    card = bench.ok("GET", "/customer", Name="Web")["CustomerList"][0]
    assert [(address["Line1"], address["Type"]) for address in card["Addresses"]] == [("1 Elm St", "Shipping")]


@pytest.mark.parametrize(("reading", "note"), [("replace", ""), ("merge", "call first")])
def test_whether_a_put_clears_omitted_members_is_a_matter_of_reading(reading: str, note: str) -> None:
    bench = Bench()
    bench.twin.switches["put_semantics"] = reading
    sale = bench.sale(Note="call first")
    bench.clock.pass_time(minutes=1)
    bench.ok("PUT", "/sale", {"ID": sale, **bench.header(CustomerReference="1002")})
    whole = bench.whole(sale)
    assert (whole["CustomerReference"], whole["Note"]) == ("1002", note)
    assert whole["LastModifiedOn"] == "2026-03-02T09:01:00.000Z"


def test_the_currency_of_a_sale_is_fixed() -> None:
    bench = Bench()
    sale = bench.sale()
    body = {"ID": sale, **bench.header(Customer="Web EUR", CurrencyRate=1)}
    assert "another currency" in bench.refused("PUT", "/sale", body)


def test_a_sale_that_does_not_exist_is_refused_and_ids_are_case_insensitive() -> None:
    bench = Bench()
    sale = bench.sale()
    assert bench.ok("GET", "/sale", ID=sale.upper())["ID"] == sale
    assert "not found" in bench.refused("GET", "/sale", ID="11111111-2222-3333-4444-555555555555")
    assert bench.refused("GET", "/sale") == "Required attribute ID is not provided."


@pytest.mark.parametrize(
    ("country_format", "expected"), [("Code2", "US"), ("Code", "USA"), ("Regular", "United States")]
)
def test_countries_are_returned_in_the_requested_format(country_format: str, expected: str) -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale)
    whole = bench.ok("GET", "/sale", ID=sale, CountryFormat=country_format)
    addresses = [whole["BillingAddress"], whole["ShippingAddress"], whole["Fulfilments"][0]["Ship"]["ShippingAddress"]]
    assert [address["Country"] for address in addresses] == [expected] * 3


def test_country_codes_are_accepted_by_the_other_reading() -> None:
    bench = Bench()
    bench.twin.switches["country_format"] = "any"
    made = bench.ok("POST", "/sale", bench.header(BillingAddress={**ADDRESS, "Country": "US"}))
    assert made["BillingAddress"]["Country"] == "US"


def test_movements_of_goods_can_be_hidden() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale)
    moves: Any = bench.whole(sale)["InventoryMovements"]
    assert [(move["ProductID"], move["COGS"]) for move in moves] == [(bench.id_of("APPLE"), 1.5)]
    assert bench.ok("GET", "/sale", ID=sale, HideInventoryMovements="true")["InventoryMovements"] == []
