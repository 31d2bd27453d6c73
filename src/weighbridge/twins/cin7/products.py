"""Products, families and their attachments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.paging import flag, given, page_of, parse_moment
from weighbridge.twins.cin7.state import Company, Record

REQUIRED = ("SKU", "Name", "Category", "Type", "CostingMethod", "UOM", "Status")
LONGEST = {"SKU": 50, "Name": 256}


def product_record(company: Company, given_fields: Record) -> Record:
    """A product as the vendor shows it, with `given_fields` over the defaults."""
    tiers: Record = {f"PriceTier{n}": Decimal(0) for n in range(1, 11)}
    record: Record = {
        "ID": company.new_id(),
        "SKU": "",
        "Name": "",
        "Category": "Other",
        "Brand": None,
        "Type": "Stock",
        "CostingMethod": "FIFO",
        "DropShipMode": "No Drop Ship",
        "DefaultLocation": "Main Warehouse",
        "Length": 0,
        "Width": 0,
        "Height": 0,
        "Weight": 0,
        "UOM": "Item",
        "Barcode": None,
        "MinimumBeforeReorder": 0,
        "ReorderQuantity": 0,
        **tiers,
        "AverageCost": Decimal(0),
        "ShortDescription": None,
        "Description": None,
        "InternalNote": "",
        "Tags": "",
        "Status": "Active",
        "Sellable": True,
        "COGSAccount": None,
        "RevenueAccount": None,
        "PurchaseTaxRule": None,
        "SaleTaxRule": None,
        "BillOfMaterial": False,
        "AutoAssembly": False,
        "AutoDisassembly": False,
        "QuantityToProduce": 1,
        "AssemblyInstructionURL": None,
        "BOMType": "None",
        "Suppliers": [],
        "ReorderLevels": [],
        "BillOfMaterialsProducts": [],
        "BillOfMaterialsServices": [],
        "Movements": [],
        "Attachments": [],
        "CustomPrices": [],
        "LastModifiedOn": company.stamp(),
    }
    record |= {name: value for name, value in given_fields.items() if name != "PriceTiers"}
    for name, value in (given_fields.get("PriceTiers") or {}).items():
        position = next((tier["Code"] for tier in company.tiers if tier["Name"] == name), None)
        if position:
            record[f"PriceTier{position}"] = value
    return record


def shown(company: Company, product: Record, call: Call) -> Record:
    """A product as a list shows it: nested data only where asked for. Source: GET /product."""
    nested = {
        "IncludeBOM": ("BillOfMaterialsProducts", "BillOfMaterialsServices"),
        "IncludeSuppliers": ("Suppliers",),
        "IncludeReorderLevels": ("ReorderLevels",),
        "IncludeMovements": ("Movements",),
        "IncludeAttachments": ("Attachments",),
        "IncludeCustomPrices": ("CustomPrices",),
    }
    view = dict(product)
    view["PriceTiers"] = {tier["Name"]: product[f"PriceTier{tier['Code']}"] for tier in company.tiers}
    for parameter, names in nested.items():
        if not flag(call, parameter):
            view |= {name: [] for name in names}
    return view


def list_products(company: Company, call: Call) -> Answer:
    """`Sku` and `Name` match from the beginning: asking for ABC also finds ABC-XL. Source: GET /product."""
    wanted_id, sku, name = given(call, "ID"), given(call, "Sku"), given(call, "Name")
    since = parse_moment(given(call, "ModifiedSince"))
    deprecated = flag(call, "IncludeDeprecated")

    def matches(product: Record) -> bool:
        return (
            (not wanted_id or product["ID"].lower() == wanted_id.lower())
            and (not sku or product["SKU"].casefold().startswith(sku.casefold()))
            and (not name or product["Name"].casefold().startswith(name.casefold()))
            and (deprecated or product["Status"] != "Deprecated")
            and (since is None or _modified(product) >= since)
        )

    found = [product for product in company.products.values() if matches(product)]
    return page_of(company, call, "Products", found, lambda product: shown(company, product, call))


def _modified(product: Record) -> Any:
    return parse_moment(product["LastModifiedOn"])


def create_product(company: Company, call: Call) -> Answer:
    body = _body(call)
    missing = [required(name) for name in REQUIRED if not body.get(name)]
    if missing:
        raise Refusal(*missing)
    _check(company, body)
    if company.product_by_sku(body["SKU"]):
        raise Refusal(f"Product with SKU '{body['SKU']}' already exists")
    if not any(name.startswith("PriceTier") for name in body):
        raise Refusal("PriceTiers value cannot be empty")
    product = product_record(company, body)
    company.add_product(product)
    return Answer(200, {"Total": 1, "Page": 1, "Products": [shown(company, product, call)]})


def update_product(company: Company, call: Call) -> Answer:
    body = _body(call)
    product = company.products.get(str(body.get("ID", "")).lower())
    if product is None:
        raise Refusal(required("ID") if not body.get("ID") else f"Product with ID {body['ID']} not found")
    _check(company, body)
    other = company.product_by_sku(body.get("SKU", product["SKU"]))
    if other is not None and other["ID"] != product["ID"]:
        raise Refusal(f"Product with SKU '{body['SKU']}' already exists")
    company.sku_index.pop(product["SKU"].casefold(), None)
    kept = product if company.switches["put_semantics"] == "merge" else product_record(company, {})
    changed = {**kept, **body, "ID": product["ID"], "Type": product["Type"], "LastModifiedOn": company.stamp()}
    company.add_product(changed)
    return Answer(200, {"Total": 1, "Page": 1, "Products": [shown(company, changed, call)]})


def _check(company: Company, body: Record) -> None:
    problems = [
        f"{name} is longer than {longest} characters"
        for name, longest in LONGEST.items()
        if len(body.get(name) or "") > longest
    ]
    if body.get("Category") and not company.has_name(company.categories, body["Category"]):
        problems.append("Category not found.")
    if body.get("Brand") and not company.has_name(company.brands, body["Brand"]):
        problems.append(not_in_book("Brand", body["Brand"], "Brand"))
    if body.get("UOM") and not company.has_name(company.units, body["UOM"]):
        problems.append(not_in_book("Unit", body["UOM"], "Units of measure"))
    if body.get("Type") not in (None, "Stock", "Service"):
        problems.append("Type is invalid")
    if problems:
        raise Refusal(*problems)


def list_families(company: Company, call: Call) -> Answer:
    sku = given(call, "Sku")
    found = [f for f in company.families.values() if not sku or f["SKU"].casefold().startswith(sku.casefold())]
    return page_of(company, call, "ProductFamilies", found)


def write_family(company: Company, call: Call) -> Answer:
    """POST makes a family, PUT adds members and never removes one. Source: /productFamily."""
    body = _body(call)
    if call.method == "PUT":
        family = company.families.get(str(body.get("ID", "")))
        if family is None:
            raise Refusal("Product family not found")
        members = {member["ID"]: member for member in [*family["Products"], *body.get("Products", [])]}
        family |= {**body, "Products": list(members.values()), "LastModifiedOn": company.stamp()}
    else:
        missing = [required(name) for name in ("SKU", "Name", "Option1Name") if not body.get(name)]
        if missing:
            raise Refusal(*missing)
        family = {"ID": company.new_id(), "Products": [], "LastModifiedOn": company.stamp(), **body}
        company.families[family["ID"]] = family
    return Answer(200, {"Total": 1, "Page": 1, "ProductFamilies": [family]})


def list_attachments(company: Company, call: Call) -> Answer:
    return Answer(200, company.attachments.get(given(call, "ProductID").lower(), []))


def _body(call: Call) -> Record:
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided")
    return call.body
