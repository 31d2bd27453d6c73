"""Fills a test company in bulk: thousands of rows at once, without webhook events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge_twins.cin7.customers import customer_record
from weighbridge_twins.cin7.defaults import contact_record, location_record, tax_rule_record
from weighbridge_twins.cin7.families import attachment_record, save_family
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


def seed(company: Company, seed_data: Record) -> Record:
    """Adds locations, tax rules, contacts, products (with BOMs by SKU and pictures), families, stock, customers and
    credits.

    Raises KeyError for a SKU or customer that does not exist.
    """
    for location in seed_data.get("locations", []):
        _location(company, location)
    for rule in seed_data.get("tax_rules", []):
        _tax_rule(company, rule)
    for name in seed_data.get("sales_representatives", []):
        company.contacts.append(contact_record(company, name, "Sale"))
    for product in seed_data.get("products", []):
        _product(company, product)
    for product in seed_data.get("products", []):
        if product.get("bom"):
            change_bom(company, product)
    for product in seed_data.get("products", []):
        for picture in product.get("pictures", []):
            _picture(company, product, picture)
    for family in seed_data.get("families", []):
        _family(company, family)
    for row in seed_data.get("stock", []):
        _stock(company, row)
    for customer in seed_data.get("customers", []):
        record = customer_record(company, customer)
        company.customers[record["ID"]] = record
    for credit in seed_data.get("credits", []):
        _credit(company, credit)
    return {
        "products": len(company.products),
        "stock_rows": len(company.stock),
        "customers": {customer["Name"]: customer["ID"] for customer in list(company.customers.values())[-1000:]},
    }


def product_with(company: Company, sku: Any) -> Record:
    """Returns the product with this SKU. Raises KeyError."""
    product = company.product_by_sku(sku)
    if product is None:
        raise KeyError(sku)
    return product


def _location(company: Company, location: Any) -> None:
    name, bins = (location, ()) if isinstance(location, str) else (location["name"], location.get("bins", ()))
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


def _product(company: Company, product_data: Record) -> None:
    fields: Record = {
        "SKU": product_data["sku"],
        "Name": product_data.get("name") or product_data["sku"],
        "Type": product_data.get("type", "Stock"),
    }
    if "tier_price" in product_data:
        fields["PriceTier1"] = Decimal(str(product_data["tier_price"]))
    for tier, price in (product_data.get("tier_prices") or {}).items():
        fields[f"PriceTier{tier}"] = Decimal(str(price))
    fields |= {
        field: product_data[name] for name, field in PRODUCT_FIELDS.items() if product_data.get(name) is not None
    }
    for reference_rows, field in ((company.categories, "Category"), (company.brands, "Brand")):
        if fields.get(field) and not any(row["Name"] == fields[field] for row in reference_rows):
            reference_rows.append({"ID": company.new_id(), "Name": fields[field]})
    record = product_record(company, fields)
    known = company.product_by_sku(product_data["sku"])
    company.put_product({**record, "ID": known["ID"]} if known else record)


def _picture(company: Company, product_data: Record, file_name: str) -> None:
    rows = company.attachments.setdefault(product_with(company, product_data["sku"])["ID"], [])
    rows.append(attachment_record(company, file_name, is_default=not rows))


def _family(company: Company, family_data: Record) -> None:
    """Takes sku, name, options (up to three names), members (SKU -> values); optional category, brand, description."""
    members = []
    for sku, values in family_data["members"].items():
        options = {f"Option{n}": values[n - 1] if n <= len(values) else None for n in (1, 2, 3)}
        product = product_with(company, sku)
        members.append({"ID": product["ID"], "SKU": product["SKU"], "Name": product["Name"], **options})
    names = {
        f"Option{n}Name": family_data["options"][n - 1] if n <= len(family_data["options"]) else "" for n in (1, 2, 3)
    }
    more = {
        PRODUCT_FIELDS[name]: family_data[name]
        for name in ("category", "brand", "description")
        if family_data.get(name)
    }
    known = next((family for family in company.families.values() if family["SKU"] == family_data["sku"]), None)
    own = {"ID": known["ID"] if known else company.new_id(), "SKU": family_data["sku"], "Name": family_data["name"]}
    save_family(company, {**own, **names, **more}, members)


def change_bom(company: Company, bom_data: Record) -> None:
    """Sets a product's bill of materials: sku, bom, auto_assembly, quantity_to_produce. Raises KeyError."""
    product = product_with(company, bom_data["sku"])
    parts = []
    for line in bom_data["bom"]:
        component = product_with(company, line["sku"])
        parts.append(
            {
                "ComponentProductID": component["ID"],
                "ProductCode": component["SKU"],
                "Name": component["Name"],
                "Quantity": Decimal(str(line["quantity"])),
                "WastagePercent": line.get("wastage_percent", 0),
                "WastageQuantity": line.get("wastage_quantity", 0),
                "CostPercentage": 100,
            }
        )
    bill = {
        "BillOfMaterial": True,
        "AutoAssembly": bool(bom_data.get("auto_assembly", True)),
        "QuantityToProduce": bom_data.get("quantity_to_produce", 1),
        "BOMType": "Assembly",
        "BillOfMaterialsProducts": parts,
    }
    company.put_product({**product, **bill})


def _stock(company: Company, row: Record) -> None:
    product = product_with(company, row["sku"])
    location = row.get("location") or company.locations[0]["Name"]
    stock_row = company.row_at((product["ID"], location, row.get("bin") or "", row.get("batch") or ""))
    stock_row.on_hand = Decimal(str(row["on_hand"]))
    stock_row.expires = row.get("expires")
    stock_row.unit_cost = Decimal(str(row.get("unit_cost", 1)))
    product["AverageCost"] = stock_row.unit_cost


def _credit(company: Company, credit: Record) -> None:
    customer = next(
        (customer for customer in company.customers.values() if customer["Name"] == credit["customer"]), None
    )
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
