"""Product families (variants) and attachments of products."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required
from weighbridge_twins.cin7.paging import begins, given, page_of
from weighbridge_twins.cin7.request_parsing import body_of, missing, overlong, rows_of, timestamp_of, truth
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call

DOWNLOAD = (
    "https://inventory.dearsystems.com/Attachment/Download?ID={id}&ContentType={kind}&FileName={name}&isPublic=True"
)


UNSET: Record = {
    "Category": "Other", "DefaultLocation": None, "Brand": None, "CostingMethod": "FIFO", "UOM": "Item",
    "MinimumBeforeReorder": 0, "ReorderQuantity": 0, **{f"PriceTier{n}": 0 for n in range(1, 11)},
    "ShortDescription": None, "Description": None, "AttributeSet": None, "DiscountRule": None, "Tags": "",
    "COGSAccount": None, "RevenueAccount": None, "InventoryAccount": None, "PurchaseTaxRule": None,
    "SaleTaxRule": None, "DropShipMode": "No Drop Ship", "Option2Name": "", "Option3Name": "", "HSCode": None,
    "CountryOfOrigin": None, "CountryOfOriginCode": None,
}  # fmt: skip


def list_families(company: Company, call: Call) -> Answer:
    """Lists families; stock and orders refer to the members, never to the family. Source: GET /productFamily."""
    since = timestamp_of(given(call, "ModifiedSince"))
    text = company.timestamp(since)[:23] if since else ""
    id_filter = given(call, "ID").lower()
    families = [
        family
        for family in company.families.values()
        if begins(family["SKU"], given(call, "Sku"))
        and begins(family["Name"], given(call, "Name"))
        and (not id_filter or family["ID"] == id_filter)
        and (not text or family["LastModifiedOn"][:23] >= text)
    ]
    return page_of(company, call, "ProductFamilies", families)


def create_family(company: Company, call: Call) -> Answer:
    """Creates a family with at most three options. Source: POST /productFamily."""
    body = body_of(call)
    problems = missing(body, ("SKU", "Name", "Option1Name"))
    members = _members(company, body, problems)
    refuse_any(problems)
    return _save_and_answer(company, {**body, "ID": company.new_id()}, members)


def update_family(company: Company, call: Call) -> Answer:
    """Adds and changes members, but never removes one. Source: PUT /productFamily."""
    body = body_of(call)
    family = company.families.get(str(body.get("ID") or "").lower())
    if family is None:
        raise Refusal(required("ID") if not body.get("ID") else "Product family with specified ID not found")
    problems: list[Problem] = []
    sent = {member["ID"]: member for member in _members(company, body, problems)}
    refuse_any(problems)
    members = {member["ID"]: member for member in family["Products"]} | sent
    return _save_and_answer(company, {**family, **body, "ID": family["ID"]}, list(members.values()))


def list_attachments(company: Company, call: Call) -> Answer:
    """Returns a bare array. Source: GET /product/attachments."""
    return Answer(200, company.attachments.get(given(call, "ProductID").lower(), []))


def add_attachment(company: Company, call: Call) -> Answer:
    """Adds an attachment from a URL or from base64 content. Source: POST /product/attachments."""
    body = body_of(call)
    problems = missing(body, ("ProductID", "FileName")) + overlong(body, {"FileName": 256})
    if not body.get("FileDownloadUrl") and not body.get("Content"):
        problems.append(required("Content"))
    refuse_any(problems)
    product = company.products.get(str(body["ProductID"]).lower())
    if product is None:
        raise Refusal(f"Product with ID {body['ProductID']} not found")
    row = attachment_record(company, str(body["FileName"]), is_default=truth(body.get("IsDefault")))
    rows = company.attachments.setdefault(product["ID"], [])
    if row["IsDefault"]:
        for other in rows:
            other["IsDefault"] = False
    rows.append(row)
    product["LastModifiedOn"] = company.timestamp()
    return Answer(200, rows)


def attachment_record(company: Company, name: str, *, is_default: bool) -> Record:
    """Returns a stored file; its URL is on the vendor's own host."""
    own = company.new_id()
    kind = "image/jpeg" if name.lower().endswith((".jpg", ".jpeg")) else "application/octet-stream"
    return {
        "ID": own,
        "ContentType": kind,
        "IsDefault": is_default,
        "FileName": name,
        "DownloadUrl": DOWNLOAD.format(id=own, kind=kind, name=name),
    }


def delete_attachment(company: Company, call: Call) -> Answer:
    """Deletes an attachment and answers the remaining ones. Source: DELETE /product/attachments."""
    attachment_id = given(call, "ID").lower()
    for rows in company.attachments.values():
        for row in rows:
            if row["ID"] == attachment_id:
                rows.remove(row)
                return Answer(200, rows)
    raise Refusal("Attachment with specified ID not found")


def _members(company: Company, body: Record, problems: list[Problem]) -> list[Record]:
    members = []
    for sent in rows_of(body, "Products", problems):
        product = company.product_named(sent.get("ID"), sent.get("SKU"))
        if product is None:
            problems.append(f"Product with ID {sent.get('ID')} not found")
            continue
        options = {name: sent.get(name) for name in ("Option1", "Option2", "Option3")}
        problems += missing(options, ("Option1",))
        members.append({"ID": product["ID"], "SKU": product["SKU"], "Name": product["Name"], **options})
    return members


def _save_and_answer(company: Company, family: Record, members: list[Record]) -> Answer:
    return Answer(200, {"Total": 1, "Page": 1, "ProductFamilies": [save_family(company, family, members)]})


def save_family(company: Company, family: Record, members: list[Record]) -> Record:
    """Stores the family with its members and returns it."""
    values = {
        f"Option{n}Values": ",".join(str(member[f"Option{n}"]) for member in members if member[f"Option{n}"])
        for n in (1, 2, 3)
    }
    unset = {name: value for name, value in UNSET.items() if name not in family}
    family = {
        **unset,
        **family,
        **values,
        "Products": members,
        "LastModifiedOn": company.timestamp(),
        "Attachments": [],
    }
    company.families[family["ID"]] = family
    return family
