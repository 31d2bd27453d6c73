"""Where stock lies: the store's locations. Source: platform notes, bigcommerce 5.1; Inventory v3, locations."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids, wanted_texts
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Shop
from weighbridge_twins.call import Answer, Call

routes = Routes()
DEFAULT_LOCATION: Final = 1
MOST_PER_PAGE: Final = 1000
MOST_PER_CALL: Final = 50
FLAGS: Final = {"managed_by_external_source": "managed_by_external_source", "is_active": "enabled",
                "storefront_visibility": "storefront_visibility"}  # fmt: skip
WRITABLE: Final = ("code", "label", "description", "managed_by_external_source", "type_id", "enabled", "time_zone",
                   "storefront_visibility", "address", "special_hours")  # fmt: skip
ADDRESS: Final[Record] = {
    "address1": "1 Mill St", "address2": "", "city": "Austin", "state": "Texas", "zip": "78701", "country_code": "US",
    "email": "warehouse@example.com", "phone": "5550100", "geo_coordinates": {"latitude": 0, "longitude": 0},
}  # fmt: skip


def add_location(shop: Shop, code: str, label: str, *, is_default: bool = False, given: Record | None = None) -> Record:
    """A location; `given` has the vendor's further members."""
    location_id = shop.next_id("location")
    stamp = iso(shop.now())
    location: Record = {
        "id": location_id,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": True,
        "time_zone": "Etc/UTC",
        "storefront_visibility": True,
        "address": dict(ADDRESS),
        "special_hours": [],
        **{name: value for name, value in (given or {}).items() if name in WRITABLE},
        "code": code,
        "label": label,
        "created_at": stamp,
        "updated_at": stamp,
        "_is_default": is_default,
    }
    shop.locations[location_id] = location
    return location


def find_location(shop: Shop, location_id: Any) -> Record:
    """The location. Raises Refusal 404."""
    location = shop.locations.get(int(location_id)) if str(location_id).isdigit() else None
    if location is None:
        raise not_found()
    return location


@routes.on("GET", "/v3/inventory/locations")
def list_locations(shop: Shop, call: Call) -> Answer:
    query = call.query
    ids, codes, types = (
        wanted_ids(call, "location_id:in"),
        wanted_texts(call, "location_code:in"),
        wanted_texts(call, "type_id:in"),
    )
    flags = {member: query[name] == "true" for name, member in FLAGS.items() if name in query}
    rows = [
        row
        for row in shop.locations.values()
        if (ids is None or row["id"] in ids)
        and (codes is None or row["code"].casefold() in codes)
        and (types is None or row["type_id"].casefold() in types)
        and ("is_default" not in query or row["_is_default"] == (query["is_default"] == "true"))
        and all(row[member] == wanted for member, wanted in flags.items())
    ]
    return v3_page(call, rows, _public, largest=MOST_PER_PAGE)


@routes.on("POST", "/v3/inventory/locations")
def create_locations(shop: Shop, call: Call) -> Answer:
    """Locations, all or none. Answers a transaction id, not the rows."""
    rows = _rows(call)
    for row in rows:
        if not row.get("code") or not row.get("label"):
            raise Refusal(422, "A location needs a code and a label", {"code": "required", "label": "required"})
    _check_codes(shop, [str(row["code"]) for row in rows], set())
    for row in rows:
        add_location(shop, str(row["code"]), str(row["label"]), given=row)
    return accepted(shop)


@routes.on("PUT", "/v3/inventory/locations")
def update_locations(shop: Shop, call: Call) -> Answer:
    rows = _rows(call)
    found = [shop.locations.get(int(row.get("id") or 0)) for row in rows]
    missing = next((row for row, location in zip(rows, found, strict=True) if location is None), None)
    if missing is not None:
        raise Refusal(422, f"[Location with id {missing.get('id')} was not found]")
    _check_codes(shop, [str(row["code"]) for row in rows if "code" in row], {int(row["id"]) for row in rows})
    for row, location in zip(rows, found, strict=True):
        if location is not None:
            location |= {name: value for name, value in row.items() if name in WRITABLE}
            location["updated_at"] = iso(shop.now())
    return accepted(shop)


@routes.on("DELETE", "/v3/inventory/locations")
def delete_locations(shop: Shop, call: Call) -> Answer:
    """Locations with all their stock; the default one stays."""
    ids = wanted_ids(call, "location_id:in")
    if not ids:
        raise Refusal(422, "location_id:in is required", {"location_id:in": "required"})
    if not ids <= set(shop.locations):
        raise not_found()
    if any(shop.locations[one]["_is_default"] for one in ids):
        raise Refusal(422, "[The default location cannot be deleted]")
    for location_id in ids:
        del shop.locations[location_id]
    shop.location_stock = {key: units for key, units in shop.location_stock.items() if key[0] not in ids}
    shop.pending_adjustments = [row for row in shop.pending_adjustments if row["location_id"] not in ids]
    return accepted(shop)


def accepted(shop: Shop) -> Answer:
    """The write was taken; nothing can be asked about the transaction id. Source: platform notes, bigcommerce 5.2."""
    return Answer(200, {"transaction_id": f"{shop.random.getrandbits(64):016x}", "meta": {}})


def _rows(call: Call) -> list[Record]:
    rows = call.body if isinstance(call.body, list) else []
    if not rows or len(rows) > MOST_PER_CALL or not all(isinstance(row, dict) for row in rows):
        raise Refusal(413 if len(rows) > MOST_PER_CALL else 422, f"Between 1 and {MOST_PER_CALL} locations")
    return rows


def _check_codes(shop: Shop, codes: list[str], own: set[int]) -> None:
    taken = {row["code"] for row in shop.locations.values() if row["id"] not in own}
    for code in codes:
        if code in taken:
            raise Refusal(422, f"[Location with code {code} already exists]", {"code": "duplicate"})
        taken.add(code)


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_") and name != "operating_hours"}
