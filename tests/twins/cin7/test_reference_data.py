"""Reference books, customers, products and families."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twins.cin7.bench import Bench

CARD = {
    "Name": "Corner shop", "Status": "Active", "Currency": "USD", "PaymentTerm": "30 days",
    "AccountReceivable": "610", "RevenueAccount": "200", "TaxRule": "Tax Exempt",
}  # fmt: skip
TEA = {
    "SKU": "TEA", "Name": "Tea", "Category": "Other", "Type": "Stock", "CostingMethod": "FIFO", "UOM": "Item",
    "Status": "Active", "PriceTier1": "4.50",
}  # fmt: skip


def names(bench: Bench, path: str, key: str, field: str = "Name", **query: object) -> list[Any]:
    return [row[field] for row in bench.ok("GET", path, **query)[key]]


def test_a_new_company_has_the_reference_data_that_sales_need() -> None:
    bench = Bench()
    assert bench.ok("GET", "/me")["Currency"] == "USD"
    assert names(bench, "/ref/location", "LocationList")[:2] == ["Main Warehouse", "Overflow"]
    rules = {rule["Name"]: rule for rule in bench.ok("GET", "/ref/tax")["TaxRuleList"]}
    assert (rules["Tax on Sales"]["TaxPercent"], rules["GST on Income"]["TaxInclusive"]) == (8.25, True)
    assert rules["Tax on Sales"]["Components"][0]["Percent"] == "8.2500000000"
    accounts = {account["Code"]: account for account in bench.ok("GET", "/ref/account")["AccountsList"]}
    assert accounts["200"]["DisplayName"] == "200: Sales"
    assert {account["SystemAccountCode"] for account in accounts.values()} == {None, "DEBTORS", "CREDITORS", "ROUNDING"}
    assert accounts["090"]["ForPayments"]
    assert [tier["Code"] for tier in bench.ok("GET", "/ref/priceTier")["PriceTiers"]] == list(range(1, 11))
    services = {
        product["Name"]
        for product in bench.ok("GET", "/product", Limit=1000)["Products"]
        if product["Type"] == "Service"
    }
    assert services >= {"Shipping", "Handling", "Gift wrapping", "Rounding", "Fee"}


def test_members_of_me_can_be_given() -> None:
    from weighbridge_twins.cin7 import Cin7Twin

    twin = Cin7Twin(Bench().clock, account_id="a", application_key="k", company={"Currency": "AUD"})
    assert twin.company.me["Currency"] == "AUD"


def test_reference_book_filters_match_a_name_prefix() -> None:
    bench = Bench()
    assert names(bench, "/ref/tax", "TaxRuleList", Name="tax") == ["Tax on Sales", "Tax Exempt"]
    assert names(bench, "/ref/carrier", "CarrierList", "Description", Description="u") == ["UPS", "USPS"]
    assert names(bench, "/ref/paymentterm", "PaymentTermList", IsActive="false") == ["60 days"]
    assert names(bench, "/me/contacts", "MeContactsList", Type="Sale")[0] == "DEFAULT sales rep"
    assert names(bench, "/ref/account/bank", "BankAccountsList", "AccountCode") == ["090", "091", "092"]


def test_an_account_code_that_does_not_exist_answers_400() -> None:
    bench = Bench()
    assert names(bench, "/ref/account", "AccountsList", Code="200") == ["Sales"]
    assert bench.refused("GET", "/ref/account", Code="999") == "Account with specified ID not found"


def test_bins_are_listed_as_rows_with_a_parent() -> None:
    bench = Bench()
    bench.twin.seed(locations=[{"name": "Depot", "bins": ["A1", "A2"]}])
    rows = bench.ok("GET", "/ref/location")["LocationList"]
    depot = next(row for row in rows if row["Name"] == "Depot")
    assert [row["Name"] for row in rows if row["ParentID"] == depot["ID"]] == ["A1", "A2"]


@pytest.mark.parametrize(
    ("path", "body", "key", "field"),
    [
        ("/ref/brand", {"Name": "Acme"}, "BrandList", "Name"),
        ("/ref/category", {"Name": "Fruit"}, "CategoryList", "Name"),
        ("/ref/unit", {"Name": "Box"}, "UnitList", "Name"),
        ("/ref/carrier", {"Description": "Bike"}, "CarrierList", "Description"),
        ("/ref/location", {"Name": "Attic"}, "LocationList", "Name"),
        ("/ref/paymentterm", {"Name": "7 days", "Method": "number of days"}, "PaymentTermList", "Name"),
        (
            "/ref/account",
            {"Code": "777", "Name": "Tips", "Type": "REVENUE", "Status": "ACTIVE"},
            "AccountsList",
            "Name",
        ),
    ],
)
def test_reference_book_names_are_unique_ignoring_case(path: str, body: Any, key: str, field: str) -> None:
    bench = Bench()
    row = bench.ok("POST", path, body)[key][0]
    again = {name: value.upper() if isinstance(value, str) else value for name, value in body.items()}
    assert "must be unique" in bench.refused("POST", path, again)
    own = "Code" if "Code" in row else "CarrierID" if "CarrierID" in row else "ID"
    bench.ok("PUT", path, {**body, own: row[own], field: "Renamed"})
    assert "Renamed" in names(bench, path, key, field, Limit=1000)
    bench.ok("DELETE", path, **{"Code" if own == "Code" else "ID": row[own]})
    assert "Renamed" not in names(bench, path, key, field, Limit=1000)


def test_the_percent_of_a_tax_rule_is_the_sum_of_its_components() -> None:
    bench = Bench()
    parts = [{"Name": "State", "Percent": "6.25", "AccountCode": "820"}, {"Name": "City", "Percent": "2"}]
    rule = {"Name": "Texas", "Account": "820", "IsActive": True, "TaxInclusive": False, "IsTaxForSale": True}
    made = bench.ok("POST", "/ref/tax", {**rule, "Components": parts})["TaxRuleList"][0]
    assert made["TaxPercent"] == 8.25
    assert [
        (component["Name"], component["Percent"], component["AccountCode"]) for component in made["Components"]
    ] == [
        ("State", "6.2500000000", "820"),
        ("City", "2.0000000000", "820"),
    ]
    assert bench.sale(TaxRule="Texas")
    raised = [{**made["Components"][0], "Percent": "7"}, made["Components"][1]]
    changed = bench.ok("PUT", "/ref/tax", {**rule, "ID": made["ID"], "Components": raised})["TaxRuleList"][0]
    assert (changed["TaxPercent"], changed["Components"][0]["ID"]) == (9, made["Components"][0]["ID"])
    updated = bench.ok("PUT", "/ref/tax", {**rule, "ID": made["ID"]})["TaxRuleList"][0]
    assert (updated["TaxPercent"], len(updated["Components"])) == (9, 2)
    assert "Percent" in bench.refused("PUT", "/ref/tax", {**rule, "ID": made["ID"], "Components": [{"Percent": "x"}]})


def test_account_codes_are_unique() -> None:
    bench = Bench()
    account = {"Code": "091", "Name": "Another bank", "Type": "BANK", "Status": "ACTIVE"}
    assert bench.refused("POST", "/ref/account", account) == "Account with code '091' already exists."


def test_a_customer_needs_seven_members_and_may_exist_twice() -> None:
    bench = Bench()
    for name in CARD:
        assert name in bench.refused("POST", "/customer", {**CARD, name: None})
    made = bench.ok("POST", "/customer", CARD)
    assert (made["Total"], made["CustomerList"][0]["PriceTier"]) == (1, "Tier 1")
    bench.ok("POST", "/customer", {**CARD, "Name": "CORNER SHOP"})
    assert len(names(bench, "/customer", "CustomerList", Name="corner")) == 2
    bench.twin.switches["customer_name_unique"] = True
    assert "already exists" in bench.refused("POST", "/customer", CARD)


def test_customers_are_found_by_name_contact_and_change() -> None:
    bench = Bench()
    bench.clock.pass_time(hours=1)
    contacts = [{"Name": "Ann", "Email": "ann@example.com"}]
    bench.ok("POST", "/customer", {**CARD, "Contacts": contacts})
    bench.ok("POST", "/customer", {**CARD, "Name": "Gone", "Status": "Deprecated"})
    assert names(bench, "/customer", "CustomerList", ContactFilter="ANN@") == ["Corner shop"]
    assert names(bench, "/customer", "CustomerList", ModifiedSince="2026-03-02T09:30:00") == ["Corner shop"]
    assert names(bench, "/customer", "CustomerList", Name="g") == []
    assert names(bench, "/customer", "CustomerList", Name="g", IncludeDeprecated="true") == ["Gone"]


def test_a_put_of_a_customer_updates_nested_rows_by_id_and_clears_by_reading() -> None:
    bench = Bench()
    address = {"Line1": "1 Elm St", "Country": "United States", "Type": "Billing"}
    made = bench.ok("POST", "/customer", {**CARD, "Addresses": [address], "Comments": "good"})["CustomerList"][0]
    row = made["Addresses"][0]
    changed = [{"ID": row["ID"], "Line1": "2 Elm St"}, {**address, "Line1": "3 Elm St"}]
    bench.twin.switches["put_semantics"] = "merge"
    body = {**CARD, "ID": made["ID"], "Addresses": changed, "Currency": "EUR"}
    card = bench.ok("PUT", "/customer", body)["CustomerList"][0]
    assert [(address["Line1"], address.get("Country")) for address in card["Addresses"]] == [
        ("2 Elm St", "United States"), ("3 Elm St", "United States"),
    ]  # fmt: skip
    assert (card["Comments"], card["Currency"]) == ("good", "USD")
    bench.twin.switches["put_semantics"] = "replace"
    card = bench.ok("PUT", "/customer", {**CARD, "ID": made["ID"]})["CustomerList"][0]
    assert (card["Comments"], card["Addresses"]) == ("", [])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"TaxRule": "Luxury"}, "Tax rule 'Luxury'"),
        ({"PaymentTerm": "60 days"}, "Active payment term with name 60 days"),
        ({"RevenueAccount": "999"}, "Account '999'"),
        ({"Status": "Gone"}, "Status is invalid"),
        ({"Name": "n" * 257}, "Name length cannot be more than 256"),
        ({"Addresses": [{"Line1": "x", "Country": "y", "Type": "Billing", "Postcode": "1" * 21}]}, "Postcode length"),
        ({"Addresses": "home"}, "Addresses is invalid"),
        ({"Contacts": [{"Email": "a@b"}]}, "Required attribute Name"),
    ],
)
def test_customers_that_are_refused(fields: dict[str, Any], text: str) -> None:
    assert text in Bench().refused("POST", "/customer", {**CARD, **fields})


def test_a_product_is_created_with_prices_by_number_or_name_and_answers_in_a_list() -> None:
    bench = Bench()
    made = bench.ok("POST", "/product", TEA)["Products"][0]
    assert (made["PriceTier1"], made["PriceTiers"]["Tier 2"], made["BOMType"]) in [
        ("4.50", 0, "None"),
        (4.5, 0, "None"),
    ]
    tea = {name: value for name, value in TEA.items() if name != "PriceTier1"}
    named = bench.ok("POST", "/product", {**tea, "SKU": "TEA-2", "PriceTiers": {"Tier 3": 7}})["Products"][0]
    assert named["PriceTier3"] == 7
    assert bench.refused("POST", "/product", {**tea, "SKU": "TEA-3"}) == "PriceTiers value cannot be empty"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"SKU": "apple"}, "Product with SKU 'apple' already exists"),
        ({"SKU": "S" * 51}, "SKU length cannot be more than 50"),
        ({"SKU": None}, "Required attribute SKU"),
        ({"Category": "Nowhere"}, "Category not found."),
        ({"Brand": "Nobody"}, "Brand 'Nobody' was not found in reference book"),
        ({"UOM": "Bucket"}, "Unit 'Bucket'"),
        ({"Type": "Non-inventory"}, "Type is invalid"),
        ({"Suppliers": "ABC"}, "Suppliers is invalid"),
        ({"ReorderLevels": {}}, "ReorderLevels is invalid"),
        ({"BillOfMaterialsProducts": [{"ProductCode": "NOPE", "Quantity": 1}]}, "BillOfMaterialsProducts is invalid"),
        ({"PriceTier2": "cheap"}, "PriceTier2 is invalid"),
    ],
)
def test_products_that_are_refused(fields: dict[str, Any], text: str) -> None:
    assert text in Bench().refused("POST", "/product", {**TEA, **fields})


def test_a_bill_of_materials_is_written_by_code_and_read_on_demand() -> None:
    bench = Bench()
    kit = {"BillOfMaterial": True, "AutoAssembly": True, "QuantityToProduce": 2}
    parts = [{"ProductCode": "APPLE", "Quantity": 5}]
    bench.ok("POST", "/product", {**TEA, **kit, "BillOfMaterialsProducts": parts})
    assert bench.ok("GET", "/product", Sku="TEA")["Products"][0]["BillOfMaterialsProducts"] == []
    products = bench.ok("GET", "/product", Sku="TEA", IncludeBOM="true")["Products"][0]
    assert (products["BOMType"], products["BillOfMaterialsProducts"][0]["ComponentProductID"]) == (
        "Assembly",
        bench.id_of("APPLE"),
    )
    assert bench.stock("TEA") == (4, 0, 4)


def test_a_product_put_keeps_the_type_and_clears_members_by_reading() -> None:
    bench = Bench()
    made = bench.ok("POST", "/product", {**TEA, "Tags": "hot", "Suppliers": [{"SupplierName": "ABC"}]})["Products"][0]
    change = {"ID": made["ID"], "Name": "Green tea", "Type": "Service", "SKU": "TEA-G"}
    bench.twin.switches["put_semantics"] = "merge"
    bench.ok("PUT", "/product", change)
    product = bench.ok("GET", "/product", Sku="TEA-G", IncludeSuppliers="true")["Products"][0]
    assert (product["Type"], product["Tags"], len(product["Suppliers"])) == ("Stock", "hot", 1)
    assert bench.ok("GET", "/product", Sku="TEA")["Total"] == 1
    bench.twin.switches["put_semantics"] = "replace"
    bench.ok("PUT", "/product", change)
    product = bench.ok("GET", "/product", ID=made["ID"], IncludeSuppliers="true")["Products"][0]
    assert (product["Name"], product["Tags"], product["Suppliers"]) == ("Green tea", "", [])


def test_a_family_joins_products_and_never_loses_one() -> None:
    bench = Bench()
    family = {"SKU": "FRUIT", "Name": "Fruit", "Option1Name": "Kind"}
    members = [{"ID": bench.id_of("APPLE"), "Option1": "apple"}]
    made = bench.ok("POST", "/productFamily", {**family, "Products": members})["ProductFamilies"][0]
    more = {"ID": made["ID"], "Products": [{"ID": bench.id_of("PEAR"), "Option1": "pear"}]}
    bench.ok("PUT", "/productFamily", more)
    families = bench.ok("GET", "/productFamily", Sku="FRU")["ProductFamilies"][0]
    assert [member["SKU"] for member in families["Products"]] == ["APPLE", "PEAR"]
    assert families["Option1Values"] == "apple,pear"
    assert "Required attribute Option1" in bench.refused(
        "PUT", "/productFamily", {"ID": made["ID"], "Products": [{"ID": bench.id_of("PEAR")}]}
    )


def test_attachments_of_a_product_are_a_bare_array() -> None:
    bench = Bench()
    body = {"ProductID": bench.id_of("APPLE"), "FileName": "apple.jpg", "IsDefault": True, "Content": "AAAA"}
    rows = bench.ok("POST", "/product/attachments", body)
    assert bench.ok("GET", "/product/attachments", ProductID=bench.id_of("APPLE")) == rows
    listed = bench.ok("GET", "/product", Sku="APPLE", IncludeAttachments="true")["Products"][0]["Attachments"]
    assert listed[0]["ContentType"] == "image/jpeg"
    assert bench.ok("DELETE", "/product/attachments", ID=rows[0]["ID"]) == []
    assert "Content" in bench.refused("POST", "/product/attachments", {**body, "Content": None})


def test_only_one_attachment_is_the_default() -> None:
    bench = Bench()
    body = {"ProductID": bench.id_of("APPLE"), "FileName": "a.jpg", "IsDefault": True, "Content": "AAAA"}
    bench.ok("POST", "/product/attachments", body)
    rows = bench.ok("POST", "/product/attachments", {**body, "FileName": "b.jpg"})
    assert [(row["FileName"], row["IsDefault"]) for row in rows] == [("a.jpg", False), ("b.jpg", True)]
    assert "not found" in bench.refused("POST", "/product/attachments", {**body, "ProductID": "nobody"})
    assert "not found" in bench.refused("DELETE", "/product/attachments", ID="nobody")


def test_a_component_that_leaves_a_kit_no_longer_builds_it() -> None:
    bench = Bench()
    basket = bench.ok("GET", "/product", Sku="BASKET", IncludeBOM="true")["Products"][0]
    only_pears = [{"ProductCode": "PEAR", "Quantity": 1}]
    bench.ok("PUT", "/product", {**basket, "BillOfMaterialsProducts": only_pears})
    assert bench.stock("BASKET") == (10, 0, 10)
    assert "already exists" in bench.refused("PUT", "/product", {**basket, "SKU": "APPLE"})
