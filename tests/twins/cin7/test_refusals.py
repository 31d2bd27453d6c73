"""Refusals: credentials, quota, paths, bodies, names and lengths."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import ADDRESS, CREDENTIALS, Bench
from weighbridge_twins.http.call import Answer, Call


def check_access(
    bench: Bench, headers: dict[str, str] | None = None, path: str = "/me", method: str = "GET"
) -> Answer | None:
    return bench.twin.check_access(
        Call(method, f"/ExternalApi/v2{path}", {}, CREDENTIALS if headers is None else headers)
    )


@pytest.mark.parametrize(
    "wrong", [{}, {"api-auth-accountid": "account-1"}, {**CREDENTIALS, "api-auth-applicationkey": "x"}]
)
def test_missing_or_wrong_credentials_answer_403(wrong: dict[str, str]) -> None:
    bench = Bench()
    refused = check_access(bench, wrong)
    assert refused is not None
    assert refused.status == 403
    assert check_access(bench) is None


def test_refused_credentials_use_up_no_quota() -> None:
    bench = Bench()
    for _ in range(100):
        check_access(bench, {})
    assert bench.twin.quota()["calls"] == 0


@pytest.mark.parametrize(("style", "status"), [("429", 429), ("503", 503), ("400", 400), ("400-array", 400)])
def test_the_61st_call_of_a_minute_is_throttled_in_the_style_of_the_switch(style: str, status: int) -> None:
    bench = Bench()
    bench.twin.switches["throttle_style"] = style
    assert [check_access(bench) for _ in range(60)] == [None] * 60
    answer = check_access(bench)
    assert answer is not None
    assert answer.status == status
    assert "You have reached 60 calls per 60 seconds API limit." in str(answer.body or answer.text)


def test_the_window_slides() -> None:
    bench = Bench()
    for _ in range(30):
        check_access(bench)
    bench.clock.pass_time(seconds=30)
    for _ in range(30):
        check_access(bench)
    assert check_access(bench) is not None
    bench.clock.pass_time(seconds=30)
    assert [check_access(bench) for _ in range(30)] == [None] * 30
    assert check_access(bench) is not None


def test_quota_is_reported_by_endpoint_in_the_vendors_spelling() -> None:
    bench = Bench()
    for path in ("/saleList", "/SALELIST", "/nowhere"):
        check_access(bench, path=path)
    quota = bench.twin.quota()
    assert quota["by_endpoint"] == {"GET /saleList": 2, "GET (unknown)": 1}
    assert (quota["calls"], quota["throttled"], quota["limit"]) == (3, 0, 60)
    assert quota["peak_share"] == 0.05


def test_calls_under_another_key_count_only_when_the_quota_is_the_accounts() -> None:
    bench = Bench()
    bench.twin.use_quota(60, same_application=False)
    assert check_access(bench) is None
    bench.twin.switches["throttle_scope"] = "account"
    assert check_access(bench) is not None
    bench.twin.switches["throttle_scope"] = "application"
    bench.twin.act("use_quota", {"calls": 59})
    assert check_access(bench) is not None


def test_a_throttle_answer_may_carry_retry_after() -> None:
    bench = Bench()
    assert "Retry-After" not in bench.twin.throttled("429").headers
    bench.twin.switches["retry_after_seconds"] = 20
    assert bench.twin.throttled("503").headers["Retry-After"] == "20"


def test_a_wrong_path_answers_a_page_with_status_200_or_404() -> None:
    bench = Bench()
    answer = bench.call("GET", "/production/workcenters")
    assert (answer.status, answer.content_type.partition(";")[0]) == (200, "text/html")
    assert "Page not found" in str(answer.text)
    bench.twin.switches["unknown_path"] = "404"
    assert bench.call("GET", "/production/workcenters").status == 404


def test_paths_and_parameters_are_case_insensitive() -> None:
    bench = Bench()
    sale = bench.sale()
    assert bench.ok("GET", "/SALE", id=sale)["ID"] == sale
    assert bench.ok("GET", "/salelist", page=1, limit=10)["Total"] == 1


def test_a_verb_that_an_endpoint_does_not_have_answers_405() -> None:
    assert Bench().call("PUT", "/sale/order", {}).status == 405
    assert Bench().call("DELETE", "/me").status == 405


def test_a_body_that_is_not_json_answers_500_and_one_that_is_no_object_400() -> None:
    bench = Bench()
    answer = bench.twin.answer(Call("POST", "/ExternalApi/v2/sale", {}, CREDENTIALS, b"{"))
    assert answer.status == 500
    assert "not an object" in bench.refused("POST", "/sale", ["a"])
    assert "not an object" in bench.refused("POST", "/sale")


def test_some_lists_are_a_page_of_html_without_page_and_limit() -> None:
    bench = Bench()
    assert bench.call("GET", "/finishedGoodsList").text is not None
    assert bench.call("GET", "/saleList").text is None
    bench.twin.switches["list_without_page"] = "always"
    assert bench.call("GET", "/saleList").text is not None
    bench.twin.switches["list_without_page"] = "never"
    assert bench.ok("GET", "/finishedGoodsList")["Total"] == 0


def test_at_most_three_problems_are_reported_each_in_the_error_array() -> None:
    bench = Bench()
    answer = bench.call("POST", "/customer", {})
    assert answer.status == 400
    assert answer.body == [
        {"ErrorCode": 400, "Exception": f"Required attribute {name} is not provided."}
        for name in ("Name", "Status", "Currency")
    ]


def test_an_unknown_location_carries_error_code_404_in_a_400() -> None:
    bench = Bench()
    answer = bench.call("POST", "/sale", bench.header(Location="Moon", SalesRepresentative="Nobody"))
    assert answer.status == 400
    assert answer.body == [
        {"ErrorCode": 404, "Exception": "Location 'Moon' was not found in Locations reference book"},
        {
            "ErrorCode": 400,
            "Exception": "Sales Representative 'Nobody' was not found in Company Contacts reference book",
        },
    ]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"Location": None}, "Required attribute Location is not provided."),
        ({"Customer": None}, "Required attribute CustomerID is not provided."),
        ({"Customer": "Stranger"}, "Customer 'Stranger' was not found in Customers reference book"),
        ({"TaxRule": "Luxury"}, "Tax rule 'Luxury' was not found in Tax Rules reference book"),
        ({"Terms": "90 days"}, "Active payment term with name 90 days was not found in Payment Terms reference book"),
        ({"Terms": "60 days"}, "Active payment term with name 60 days was not found in Payment Terms reference book"),
        ({"PriceTier": "Gold"}, "Price Tier 'Gold' was not found in Price Tiers reference book"),
        ({"DefaultAccount": "999"}, "Account '999' was not found in Chart of Accounts reference book"),
        ({"SaleType": "Complex"}, "SaleType is invalid"),
        ({"ExternalID": "x" * 257}, "ExternalID length cannot be more than 256 characters."),
        ({"Phone": "5" * 51}, "Phone length cannot be more than 50 characters."),
        ({"Note": "n" * 1025}, "Note length cannot be more than 1024 characters."),
        ({"SaleOrderDate": "yesterday"}, "SaleOrderDate is not a valid date."),
        ({"CurrencyRate": "much"}, "CurrencyRate is invalid"),
        (
            {"BillingAddress": {**ADDRESS, "Postcode": "1" * 21}},
            "BillingAddress.Postcode length cannot be more than 20 characters.",
        ),
        ({"BillingAddress": {"City": "Austin"}}, "Required attribute BillingAddress.Line1 is not provided."),
        ({"ShippingAddress": "home"}, "ShippingAddress is invalid"),
        ({"BillingAddress": {**ADDRESS, "Country": "US"}}, "Country 'US' was not found in Countries reference book"),
    ],
)  # fmt: skip
def test_headers_that_cin7_refuses(fields: dict[str, Any], text: str) -> None:
    bench = Bench()
    assert text in bench.refused("POST", "/sale", bench.header(**fields))
    assert bench.ok("GET", "/saleList", Page=1, Limit=10)["Total"] == 0


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"ProductID": None, "SKU": None}, "Required attribute ProductID is not provided."),
        ({"ProductID": None, "SKU": "NOPE"}, "Product 'NOPE' was not found in Products reference book"),
        ({"SKU": "PEAR"}, "has another SKU"),
        ({"TaxRule": None}, "Required attribute TaxRule is not provided."),
        ({"TaxRule": "Luxury"}, "Tax rule 'Luxury' was not found in Tax Rules reference book"),
        ({"Quantity": None}, "Required attribute Quantity is not provided."),
        ({"Quantity": "few"}, "Quantity is invalid"),
        ({"Quantity": "0.5", "Total": "0.75"}, "Quantity is invalid. Minimal value is 1."),
        ({"Price": "NaN"}, "Price is invalid"),
        ({"Discount": 101, "Total": 0}, "Discount is invalid"),
        ({"Comment": "c" * 257}, "Comment length cannot be more than 256 characters."),
    ],
)  # fmt: skip
def test_lines_that_cin7_refuses(fields: dict[str, Any], text: str) -> None:
    bench = Bench()
    sale = bench.sale()
    assert text in bench.refused("POST", "/sale/order", bench.document(sale, bench.line(**fields)))
    assert bench.ok("GET", "/sale/order", SaleID=sale)["Status"] == "NOT AVAILABLE"


@pytest.mark.parametrize("field", ["SaleID", "Status", "Memo", "Lines"])
def test_an_order_needs_the_required_members(field: str) -> None:
    bench = Bench()
    body = {**bench.document(bench.sale()), field: None}
    assert f"Required attribute {field} is not provided." in bench.refused("POST", "/sale/order", body)


def test_an_order_may_not_be_posted_in_a_status_that_is_only_read() -> None:
    bench = Bench()
    body = bench.document(bench.sale(), status="AUTH_NO_ALLOC")
    assert "Status is invalid" in bench.refused("POST", "/sale/order", body)


def test_an_inactive_or_purchase_only_tax_rule_is_listed_and_refused() -> None:
    bench = Bench()
    bench.twin.seed(tax_rules=[{"name": "Old tax", "percent": 5, "active": False}])
    names = [rule["Name"] for rule in bench.ok("GET", "/ref/tax")["TaxRuleList"]]
    assert "Old tax" in names
    assert "Old tax" in bench.refused("POST", "/sale", bench.header(TaxRule="Old tax"))


def test_the_former_name_of_a_renamed_tax_rule_is_refused() -> None:
    bench = Bench()
    bench.twin.rename_tax_rule("Tax Exempt", "No tax")
    assert "Tax Exempt" in bench.refused("POST", "/sale", bench.header())


def test_a_charge_names_an_existing_service_product() -> None:
    bench = Bench()
    sale = bench.sale()
    for name in ("Delivery", "Apple"):
        charges = [bench.charge(name=name)]
        text = bench.refused("POST", "/sale/order", bench.document(sale, AdditionalCharges=charges))
        assert text == f"Additional charge '{name}' is not an existing Service product"
    order = bench.ok("POST", "/sale/order", bench.document(sale, AdditionalCharges=[bench.charge(name="shipping")]))
    assert order["AdditionalCharges"][0]["Description"] == "Shipping"


@pytest.mark.parametrize(("reading", "status"), [("allowed", 200), ("rejected", 400)])
def test_a_negative_charge_is_a_matter_of_reading(reading: str, status: int) -> None:
    bench = Bench()
    bench.twin.switches["negative_charge_price"] = reading
    body = bench.document(bench.sale(), AdditionalCharges=[bench.charge("-0.01", "Rounding")])
    assert bench.call("POST", "/sale/order", body).status == status


def test_fractions_and_long_documents_are_matters_of_reading() -> None:
    bench = Bench()
    bench.twin.switches |= {"minimum_quantity": "0.0001", "maximum_lines": 2}
    sale = bench.sale()
    half = bench.line(Quantity="0.5", Total="0.75")
    assert "more than 2" in bench.refused("POST", "/sale/order", bench.document(sale, half, half, half))
    assert bench.ok("POST", "/sale/order", bench.document(sale, half))["Total"] == 0.75


def test_a_foreign_customer_needs_a_rate() -> None:
    bench = Bench()
    header = bench.header(Customer="Web EUR")
    assert bench.refused("POST", "/sale", header) == "Required attribute CurrencyRate is not provided."
    sale = bench.ok("POST", "/sale", {**header, "CurrencyRate": "1.08512"})
    assert (sale["CustomerCurrency"], sale["BaseCurrency"], sale["CurrencyRate"]) == ("EUR", "USD", 1.08512)


@pytest.mark.parametrize(("reading", "status"), [("reject", 400), ("accept", 200)])
def test_a_customer_on_credit_hold_is_a_matter_of_reading(reading: str, status: int) -> None:
    bench = Bench()
    bench.twin.switches["credit_hold"] = reading
    bench.twin.hold_customer("Web")
    sale = bench.sale()
    bench.ok("POST", "/sale/order", bench.document(sale, status="DRAFT"))
    assert bench.call("POST", "/sale/order", bench.document(sale)).status == status


def test_a_credit_limit_includes_the_amount_owed() -> None:
    bench = Bench()
    bench.twin.hold_customer("Web", on_hold=False, credit_limit="8.00")
    bench.ordered()
    assert "Credit limit" in bench.refused("POST", "/sale/order", bench.document(bench.sale()))
    bench.twin.switches["credit_limit"] = "accept"
    bench.ordered()


@pytest.mark.parametrize(("reading", "status"), [("reject", 400), ("accept", 200)])
def test_a_deprecated_product_on_an_order_is_a_matter_of_reading(reading: str, status: int) -> None:
    bench = Bench()
    bench.twin.switches["unsellable_products"] = reading
    bench.twin.deprecate_product("APPLE")
    assert bench.call("POST", "/sale/order", bench.document(bench.sale())).status == status
