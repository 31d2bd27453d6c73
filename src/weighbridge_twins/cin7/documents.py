"""Lines and additional charges, which all documents of a sale have."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.errors import Problem, not_in_reference_book, required
from weighbridge_twins.cin7.request_parsing import number, overlong, rows_of, truth
from weighbridge_twins.cin7.state import ZERO, Company, Record
from weighbridge_twins.cin7.totals import cents

LINE_LONGEST = {"SKU": 50, "Name": 1024, "Comment": 256, "TaxRule": 50}
CHARGE_LONGEST = {"Description": 256, "Comment": 1024, "TaxRule": 50}
PRODUCT_INFO = {
    "ProductLength": "Length",
    "ProductWidth": "Width",
    "ProductHeight": "Height",
    "ProductWeight": "Weight",
    "WeightUnits": "WeightUnits",
    "DimensionsUnits": "DimensionsUnits",
}


def checked_lines(company: Company, body: Record, problems: list[Problem]) -> list[Record]:
    """Checks lines as the vendor does and computes a missing `Total`.

    Source: Sale Order Line model; platform notes, cin7 2.3.
    """
    lines = rows_of(body, "Lines", problems)
    most = int(company.switches["maximum_lines"])
    if most and len(lines) > most:
        problems.append(f"Number of lines cannot be more than {most}.")
    return [_line(company, line, problems) for line in lines]


def checked_charges(company: Company, body: Record, problems: list[Problem]) -> list[Record]:
    """Checks additional charges; each must name a Service product. Source: Sale Additional Charge model."""
    return [_charge(company, charge, problems) for charge in rows_of(body, "AdditionalCharges", problems)]


def combine_charges_if(is_combined: bool, document: Record) -> Record:
    """Moves the charges to the lines, without SKU. Source: platform notes, cin7 trap 24."""
    if not is_combined:
        return document
    charges = [
        {"ProductID": None, "SKU": None, "Name": charge["Description"], **charge}
        for charge in document.get("AdditionalCharges", [])
    ]
    return {**document, "Lines": [*document.get("Lines", []), *charges], "AdditionalCharges": []}


def with_product_info(company: Company, lines: list[Record]) -> list[Record]:
    """Adds dimensions and custom fields of the products to the lines. Source: platform notes, cin7 1.5."""
    return [{**line, **_info(company.products.get(str(line.get("ProductID"))))} for line in lines]


def _info(product: Record | None) -> Record:
    if product is None:
        return {}
    info = {name: product.get(field, 0 if field[0] in "LWH" else "") for name, field in PRODUCT_INFO.items()}
    return {**info, **{f"ProductCustomField{n}": product.get(f"AdditionalAttribute{n}") for n in range(1, 11)}}


def _line(company: Company, line: Record, problems: list[Problem]) -> Record:
    product = company.product_named(line.get("ProductID"), line.get("SKU"))
    if product is None and not line.get("ProductID") and not line.get("SKU"):
        problems.append(required("ProductID"))
    elif product is None:
        problems.append(not_in_reference_book("Product", line.get("SKU") or line.get("ProductID"), "Products"))
    else:
        problems += _product_problems(company, product, line)
    problems += overlong(line, LINE_LONGEST)
    problems += _tax_rule_problems(company, line)
    priced = _priced(company, line, problems)
    known = (
        {"ProductID": product["ID"], "SKU": product["SKU"], "Name": line.get("Name") or product["Name"]}
        if product
        else {}
    )
    return {
        **known,
        **priced,
        "AverageCost": product["AverageCost"] if product else ZERO,
        "TaxRule": line.get("TaxRule"),
        "Comment": line.get("Comment") or "",
        "DropShip": truth(line.get("DropShip")),
        **({"Account": line["Account"]} if line.get("Account") else {}),
    }


def _product_problems(company: Company, product: Record, line: Record) -> list[Problem]:
    problems: list[Problem] = []
    sku = str(line.get("SKU") or "")
    if sku and sku.casefold() != product["SKU"].casefold():
        problems.append(f"Product with ID {product['ID']} has another SKU than '{sku}'")
    unsellable = product["Status"] == "Deprecated" or not product["Sellable"]
    if unsellable and company.switches["unsellable_products"] == "reject":
        problems.append(f"Product '{product['SKU']}' is not sellable")
    if str(product.get("DropShipMode", "")).startswith("Optional") and line.get("DropShip") is None:
        problems.append(required("DropShip"))
    return problems


def _charge(company: Company, charge: Record, problems: list[Problem]) -> Record:
    service = company.service_named(charge.get("Description"))
    if not charge.get("Description"):
        problems.append(required("Description"))
    elif service is None:
        problems.append(f"Additional charge '{charge['Description']}' is not an existing Service product")
    problems += overlong(charge, CHARGE_LONGEST)
    problems += _tax_rule_problems(company, charge)
    priced = _priced(company, charge, problems)
    if priced["Price"] < 0 and company.switches["negative_charge_price"] == "rejected":
        problems.append("Price is invalid. Minimal value is 0.")
    return {
        "Description": service["Name"] if service else charge.get("Description"),
        **priced,
        "TaxRule": charge.get("TaxRule"),
        "Comment": charge.get("Comment") or "",
        **({"Account": charge["Account"]} if charge.get("Account") else {}),
    }


def _tax_rule_problems(company: Company, row: Record) -> list[Problem]:
    name = row.get("TaxRule")
    if not name:
        return [required("TaxRule")]
    rule = company.tax_rule(name)
    if rule is None or not (rule["IsActive"] and rule["IsTaxForSale"]):
        return [not_in_reference_book("Tax rule", name, "Tax Rules")]
    return []


def _priced(company: Company, row: Record, problems: list[Problem]) -> Record:
    before = len(problems)
    quantity, price, tax = (number(row.get(name), name, problems) for name in ("Quantity", "Price", "Tax"))
    discount = number(row.get("Discount"), "Discount", problems, ZERO)
    least = Decimal(str(company.switches["minimum_quantity"]))
    if len(problems) == before and quantity < least:
        problems.append(f"Quantity is invalid. Minimal value is {least}.")
    if not 0 <= discount <= 100:
        problems.append("Discount is invalid. Value must be between 0 and 100.")
    computed = cents(quantity * price * (1 - discount / 100))
    total = number(row.get("Total"), "Total", problems, computed)
    if len(problems) == before and abs(total - computed) > Decimal(str(company.switches["total_tolerance"])):
        problems.append(f"Total is invalid. Expected {computed}, but {total} was provided.")
    return {"Quantity": quantity, "Price": price, "Discount": discount, "Tax": tax, "Total": total}
