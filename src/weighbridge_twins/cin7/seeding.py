"""Fills a test company in bulk, thousands of rows at once and without an event."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7.customers import customer_record
from weighbridge_twins.cin7.defaults import contact_record, location_record, tax_rule_record
from weighbridge_twins.cin7.families import attachment_record, keep_family
from weighbridge_twins.cin7.products import product_record
from weighbridge_twins.cin7.state import Company, Record

PRODUCT_FIELDS = {
    "barcode": "Barcode",
    "category": "Category",
    "brand": "Brand",
    "tax": "SaleTaxRule",
    "sellable": "Sellable",
    "drop_ship": "DropShipMode",
    "status": "Status",
    "description": "Description",
    "weight": "Weight",
    "costing_method": "CostingMethod",
    "revenue_account": "RevenueAccount",
    "weight_unit": "WeightUnits",
    "length": "Length",
    "width": "Width",
    "height": "Height",
    "length_unit": "DimensionsUnits",
    "tags": "Tags",
}


def seed(company: Company, wanted: Record) -> Record:
    """Adds what is named: locations, tax rules, contacts, products (with BOMs by SKU and pictures), families, stock,
    customers, credits.

    Raises KeyError for a SKU or customer that does not exist.
    """
    for one in wanted.get("locations", []):
        _location(company, one)
    for rule in wanted.get("tax_rules", []):
        _tax_rule(company, rule)
    for name in wanted.get("sales_representatives", []):
        company.contacts.append(contact_record(company, name, "Sale"))
    for product in wanted.get("products", []):
        _product(company, product)
    for product in wanted.get("products", []):
        if product.get("bom"):
            change_bill(company, product)
    for product in wanted.get("products", []):
        for picture in product.get("pictures", []):
            _picture(company, product, picture)
    for family in wanted.get("families", []):
        _family(company, family)
    for row in wanted.get("stock", []):
        _stock(company, row)
    for customer in wanted.get("customers", []):
        record = customer_record(company, customer)
        company.customers[record["ID"]] = record
    for credit in wanted.get("credits", []):
        _credit(company, credit)
    return {
        "products": len(company.products),
        "stock_rows": len(company.stock),
        "customers": {one["Name"]: one["ID"] for one in list(company.customers.values())[-1000:]},
    }


def product_with(company: Company, sku: Any) -> Record:
    """The product with this SKU. Raises KeyError."""
    product = company.product_by_sku(sku)
    if product is None:
        raise KeyError(sku)
    return product


def _location(company: Company, one: Any) -> None:
    name, bins = (one, ()) if isinstance(one, str) else (one["name"], one.get("bins", ()))
    if company.location_named(name) is None:
        company.locations.append(location_record(company, name, bins=bins))


def _tax_rule(company: Company, rule: Record) -> None:
    percent, inclusive = Decimal(str(rule["percent"])), bool(rule.get("inclusive", False))
    record = tax_rule_record(company, rule["name"], percent, inclusive=inclusive)
    record |= {"IsActive": rule.get("active", True), "IsTaxForSale": rule.get("for_sale", True)}
    known = company.tax_rule(rule["name"])
    if known is None:
        company.tax_rules.append(record)
    else:
        known |= {**record, "ID": known["ID"]}


def _product(company: Company, wanted: Record) -> None:
    fields: Record = {
        "SKU": wanted["sku"],
        "Name": wanted.get("name") or wanted["sku"],
        "Type": wanted.get("type", "Stock"),
    }
    if "tier_price" in wanted:
        fields["PriceTier1"] = Decimal(str(wanted["tier_price"]))
    for tier, price in (wanted.get("tier_prices") or {}).items():
        fields[f"PriceTier{tier}"] = Decimal(str(price))
    fields |= {field: wanted[name] for name, field in PRODUCT_FIELDS.items() if wanted.get(name) is not None}
    for books, field in ((company.categories, "Category"), (company.brands, "Brand")):
        if fields.get(field) and not any(row["Name"] == fields[field] for row in books):
            books.append({"ID": company.new_id(), "Name": fields[field]})
    record = product_record(company, fields)
    known = company.product_by_sku(wanted["sku"])
    company.put_product({**record, "ID": known["ID"]} if known else record)


def _picture(company: Company, wanted: Record, file_name: str) -> None:
    rows = company.attachments.setdefault(product_with(company, wanted["sku"])["ID"], [])
    rows.append(attachment_record(company, file_name, is_default=not rows))


def _family(company: Company, wanted: Record) -> None:
    """sku, name, options (up to three names), members: SKU -> its values; category, brand, description if any."""
    members = []
    for sku, values in wanted["members"].items():
        options = {f"Option{n}": values[n - 1] if n <= len(values) else None for n in (1, 2, 3)}
        product = product_with(company, sku)
        members.append({"ID": product["ID"], "SKU": product["SKU"], "Name": product["Name"], **options})
    names = {f"Option{n}Name": wanted["options"][n - 1] if n <= len(wanted["options"]) else "" for n in (1, 2, 3)}
    more = {PRODUCT_FIELDS[name]: wanted[name] for name in ("category", "brand", "description") if wanted.get(name)}
    known = next((one for one in company.families.values() if one["SKU"] == wanted["sku"]), None)
    own = {"ID": known["ID"] if known else company.new_id(), "SKU": wanted["sku"], "Name": wanted["name"]}
    keep_family(company, {**own, **names, **more}, members)


def change_bill(company: Company, wanted: Record) -> None:
    """Gives a product its bill of materials: sku, bom, auto_assembly, quantity_to_produce. Raises KeyError."""
    product = product_with(company, wanted["sku"])
    parts = []
    for line in wanted["bom"]:
        part = product_with(company, line["sku"])
        parts.append(
            {
                "ComponentProductID": part["ID"],
                "ProductCode": part["SKU"],
                "Name": part["Name"],
                "Quantity": Decimal(str(line["quantity"])),
                "WastagePercent": line.get("wastage_percent", 0),
                "WastageQuantity": line.get("wastage_quantity", 0),
                "CostPercentage": 100,
            }
        )
    bill = {
        "BillOfMaterial": True,
        "AutoAssembly": bool(wanted.get("auto_assembly", True)),
        "QuantityToProduce": wanted.get("quantity_to_produce", 1),
        "BOMType": "Assembly",
        "BillOfMaterialsProducts": parts,
    }
    company.put_product({**product, **bill})


def _stock(company: Company, row: Record) -> None:
    product = product_with(company, row["sku"])
    location = row.get("location") or company.locations[0]["Name"]
    held = company.row_at((product["ID"], location, row.get("bin") or "", row.get("batch") or ""))
    held.on_hand = Decimal(str(row["on_hand"]))
    held.expires = row.get("expires")
    held.unit_cost = Decimal(str(row.get("unit_cost", 1)))
    product["AverageCost"] = held.unit_cost


def _credit(company: Company, credit: Record) -> None:
    customer = next((one for one in company.customers.values() if one["Name"] == credit["customer"]), None)
    if customer is None:
        raise KeyError(credit["customer"])
    amount = Decimal(str(credit["amount"]))
    row = {
        "CreditID": company.new_id(),
        "CustomerID": customer["ID"],
        "CustomerName": customer["Name"],
        "Account": credit.get("account", "094"),
        "Amount": amount,
        "RemainingAmount": amount,
        "Currency": customer["Currency"],
        "ConvRate": 1,
        "Date": company.today(),
        "Description": credit.get("description", "Credit by prepayments"),
    }
    company.credits[row["CreditID"]] = row
