"""Products. `Type` is Stock or Service only; nested data are returned on request."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.errors import Problem, Refusal, not_in_reference_book, refuse_any, required
from weighbridge_twins.cin7.events import product_updated
from weighbridge_twins.cin7.paging import begins, flag, given, page_of
from weighbridge_twins.cin7.request_parsing import body_of, missing, number, overlong, rows_of, timestamp_of, with_texts
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call

REQUIRED = ("SKU", "Name", "Category", "Type", "CostingMethod", "UOM", "Status")
LONGEST = {"SKU": 50, "Name": 256, "Barcode": 256, "AssemblyInstructionURL": 256}
TEXTS = ("SKU", "Name")
COSTING_METHODS = (
    "FIFO", "Special - Batch", "Special - Serial Number", "FIFO - Serial Number", "FIFO - Batch", "FEFO - Batch",
    "FEFO - Serial Number",
)  # fmt: skip
STATUSES = ("Active", "Setup required", "Deprecated")
READ_ONLY = ("ID", "LastModifiedOn", "AverageCost", "BOMType", "PriceTiers", "Movements", "Attachments")
ON_DEMAND = {
    "IncludeBOM": ("BillOfMaterialsProducts", "BillOfMaterialsServices"),
    "IncludeSuppliers": ("Suppliers",),
    "IncludeReorderLevels": ("ReorderLevels",),
    "IncludeMovements": ("Movements",),
    "IncludeAttachments": ("Attachments",),
    "IncludeCustomPrices": ("CustomPrices",),
}


RARELY_SET: Record = {
    "Brand": None, "Length": 0, "Width": 0, "Height": 0, "Weight": 0, "WeightUnits": "lb", "DimensionsUnits": "in",
    "MinimumBeforeReorder": 0, "ReorderQuantity": 0, **{f"PriceTier{n}": Decimal(0) for n in range(1, 11)},
    "ShortDescription": None, "Description": None, "InternalNote": "",
    **{f"AdditionalAttribute{n}": None for n in range(1, 11)}, "AttributeSet": None, "DiscountRule": None, "Tags": "",
    "StockLocator": None, "COGSAccount": None, "RevenueAccount": None, "ExpenseAccount": None,
    "InventoryAccount": None, "PurchaseTaxRule": None, "SaleTaxRule": None, "PickZones": None,
    "AutoDisassembly": False, "AssemblyInstructionURL": None, "AssemblyCostEstimationMethod": "Average Cost",
    "Suppliers": [], "ReorderLevels": [], "BillOfMaterialsServices": [], "Movements": [], "Attachments": [],
    "CustomPrices": [], "CartonHeight": 0, "CartonWidth": 0, "CartonLength": 0, "CartonQuantity": 0,
    "CartonInnerQuantity": 0, "HSCode": None, "CountryOfOrigin": None, "CountryOfOriginCode": None,
}  # fmt: skip
"""Default members of a product, stored once for tens of thousands of products."""


def product_record(company: Company, fields: Record) -> Record:
    """Returns a new product with `fields` over the defaults. Source: Product model."""
    record: Record = {
        "ID": company.new_id(), "SKU": "", "Name": "", "Category": "Other", "Type": "Stock", "CostingMethod": "FIFO",
        "DropShipMode": "No Drop Ship", "DefaultLocation": company.locations[0]["Name"], "UOM": "Item",
        "Barcode": None, "AverageCost": Decimal(0), "Status": "Active", "LastModifiedOn": company.timestamp(),
        "Sellable": True, "BillOfMaterial": False, "AutoAssembly": False, "QuantityToProduce": 1, "BOMType": "None",
        "BillOfMaterialsProducts": [],
    }  # fmt: skip
    return _with_fields(company, record, {name: value for name, value in fields.items() if name != "ID"})


def render_product(company: Company, product: Record, call: Call) -> Record:
    """Renders a product for a list, with nested data on request. Source: GET /product."""
    view = {**RARELY_SET, **product}
    view["PriceTiers"] = {tier["Name"]: view[f"PriceTier{tier['Code']}"] for tier in company.tiers}
    for parameter, names in ON_DEMAND.items():
        if not flag(call, parameter):
            view |= {name: [] for name in names}
    if flag(call, "IncludeAttachments"):
        view["Attachments"] = company.attachments.get(product["ID"], [])
    return view


def list_products(company: Company, call: Call) -> Answer:
    """`Sku` and `Name` match prefixes: ABC also finds ABC-XL. Source: GET /product."""
    id_filter, sku, name = given(call, "ID").lower(), given(call, "Sku"), given(call, "Name")
    since = timestamp_of(given(call, "ModifiedSince"))
    text = company.timestamp(since)[:23] if since else ""
    deprecated = flag(call, "IncludeDeprecated")
    if id_filter:
        candidates = [company.products[id_filter]] if id_filter in company.products else []
    else:
        candidates = list(company.products.values())
    products = [
        product
        for product in candidates
        if (deprecated or product["Status"] != "Deprecated")
        and begins(product["SKU"], sku)
        and begins(product["Name"], name)
        and (not text or product["LastModifiedOn"][:23] >= text)
    ]
    return page_of(company, call, "Products", products, lambda product: render_product(company, product, call))


def create_product(company: Company, call: Call) -> Answer:
    """Category, brand and unit must exist in reference books; a tier must have a price. Source: POST /product."""
    body = with_texts(body_of(call), TEXTS)
    refuse_any(missing(body, REQUIRED))
    fields = _checked(company, body)
    if company.product_by_sku(body["SKU"]):
        raise Refusal(f"Product with SKU '{body['SKU']}' already exists")
    if not any(name.startswith("PriceTier") and value not in (None, {}) for name, value in body.items()):
        raise Refusal("PriceTiers value cannot be empty")
    return _save_and_answer(company, product_record(company, fields), "Creation", call)


def update_product(company: Company, call: Call) -> Answer:
    """Arrays are replaced as a whole; the type cannot change. Source: PUT /product."""
    body = with_texts(body_of(call), TEXTS)
    product = company.products.get(str(body.get("ID") or "").lower())
    if product is None:
        raise Refusal(required("ID") if not body.get("ID") else f"Product with ID {body['ID']} not found")
    fields = _checked(company, body)
    other = company.product_by_sku(body.get("SKU") or product["SKU"])
    if other is not None and other is not product:
        raise Refusal(f"Product with SKU '{body['SKU']}' already exists")
    keeps = ("SKU", "Name", "CostingMethod", "AverageCost", "Status")
    merges = company.switches["put_semantics"] == "merge"
    base = product if merges else {**product_record(company, {}), **{name: product[name] for name in keeps}}
    changed = _with_fields(company, dict(base), fields)
    changed |= {"ID": product["ID"], "Type": product["Type"], "LastModifiedOn": company.timestamp()}
    return _save_and_answer(company, changed, "Update", call)


def _save_and_answer(company: Company, product: Record, event: str, call: Call) -> Answer:
    company.put_product(product)
    view = render_product(company, product, call)
    product_updated(company, view, event)
    return Answer(200, {"Total": 1, "Page": 1, "Products": [view]})


def _with_fields(company: Company, record: Record, fields: Record) -> Record:
    record |= {name: value for name, value in fields.items() if name != "PriceTiers"}
    for name, value in (fields.get("PriceTiers") or {}).items():
        position = next((tier["Code"] for tier in company.tiers if tier["Name"] == name), None)
        if position:
            record[f"PriceTier{position}"] = value
    record["BOMType"] = "Assembly" if record["BillOfMaterial"] else "None"
    return record


def _checked(company: Company, body: Record) -> Record:
    """Returns the writable members of a body, with its components resolved. Raises Refusal."""
    problems: list[Problem] = overlong(body, LONGEST)
    if body.get("Category") and not any(category["Name"] == body["Category"] for category in company.categories):
        problems.append("Category not found.")
    if body.get("Brand") and not any(brand["Name"] == body["Brand"] for brand in company.brands):
        problems.append(f"Brand '{body['Brand']}' was not found in reference book")
    if body.get("UOM") and not any(unit["Name"] == body["UOM"] for unit in company.units):
        problems.append(not_in_reference_book("Unit", body["UOM"], "Units of measure"))
    for name, allowed in (("Type", ("Stock", "Service")), ("CostingMethod", COSTING_METHODS), ("Status", STATUSES)):
        if body.get(name) not in (None, "", *allowed):
            problems.append(f"{name} is invalid")
    for name in [field for field in body if field.startswith("PriceTier") and field != "PriceTiers"]:
        number(body[name], name, problems, Decimal(0))
    if not isinstance(body.get("PriceTiers"), (dict, type(None))):
        problems.append("PriceTiers is invalid")
    fields = {name: value for name, value in body.items() if name not in READ_ONLY and value is not None}
    if body.get("PriceTiers"):
        fields["PriceTiers"] = body["PriceTiers"]
    for name in ("Suppliers", "ReorderLevels", "CustomPrices"):
        rows_of(body, name, problems)
    if body.get("BillOfMaterialsProducts") is not None:
        parts = rows_of(body, "BillOfMaterialsProducts", problems)
        fields["BillOfMaterialsProducts"] = [_component(company, component, problems) for component in parts]
    refuse_any(problems)
    return fields


def _component(company: Company, component: Record, problems: list[Problem]) -> Record:
    product = company.product_named(component.get("ComponentProductID"), component.get("ProductCode"))
    quantity = number(component.get("Quantity"), "Quantity", problems)
    if product is None or quantity <= 0:
        problems.append("BillOfMaterialsProducts is invalid")
        return component
    waste = {
        name: number(component.get(name), name, problems, Decimal(0)) for name in ("WastagePercent", "WastageQuantity")
    }
    own = {"ComponentProductID": product["ID"], "ProductCode": product["SKU"], "Name": product["Name"]}
    return {"CostPercentage": 100, **component, **own, "Quantity": quantity, **waste}
