"""Inventory locations of the store. Source: platform notes, bigcommerce 5.1; Inventory v3, locations."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.paging import id_filter, text_filter, v3_page
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Record, Store
from weighbridge_twins.http.call import Answer, Call

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


def add_location(
    store: Store, code: str, label: str, *, is_default: bool = False, values: Record | None = None
) -> Record:
    """Adds a location; `values` are the vendor's optional members."""
    location_id = store.next_id("location")
    stamp = iso(store.now())
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
        **{name: value for name, value in (values or {}).items() if name in WRITABLE},
        "code": code,
        "label": label,
        "created_at": stamp,
        "updated_at": stamp,
        "_is_default": is_default,
    }
    store.locations[location_id] = location
    return location


def find_location(store: Store, location_id: Any) -> Record:
    """The location with this id. Raises Refusal 404."""
    location = store.locations.get(int(location_id)) if str(location_id).isdigit() else None
    if location is None:
        raise not_found()
    return location


@routes.on("GET", "/v3/inventory/locations")
def list_locations(store: Store, call: Call) -> Answer:
    query = call.query
    ids, codes, types = (
        id_filter(call, "location_id:in"),
        text_filter(call, "location_code:in"),
        text_filter(call, "type_id:in"),
    )
    flags = {member: query[name] == "true" for name, member in FLAGS.items() if name in query}
    rows = [
        row
        for row in store.locations.values()
        if (ids is None or row["id"] in ids)
        and (codes is None or row["code"].casefold() in codes)
        and (types is None or row["type_id"].casefold() in types)
        and ("is_default" not in query or row["_is_default"] == (query["is_default"] == "true"))
        and all(row[member] == expected for member, expected in flags.items())
    ]
    return v3_page(call, rows, _public, largest=MOST_PER_PAGE)


@routes.on("POST", "/v3/inventory/locations")
def create_locations(store: Store, call: Call) -> Answer:
    """Creates locations, all or none. Answers a transaction id, not the locations."""
    rows = _rows(call)
    for row in rows:
        if not row.get("code") or not row.get("label"):
            raise Refusal(422, "A location needs a code and a label", {"code": "required", "label": "required"})
    _check_codes(store, [str(row["code"]) for row in rows], set())
    for row in rows:
        add_location(store, str(row["code"]), str(row["label"]), values=row)
    return accepted(store)


@routes.on("PUT", "/v3/inventory/locations")
def update_locations(store: Store, call: Call) -> Answer:
    rows = _rows(call)
    locations = [store.locations.get(int(row.get("id") or 0)) for row in rows]
    missing = next((row for row, location in zip(rows, locations, strict=True) if location is None), None)
    if missing is not None:
        raise Refusal(422, f"[Location with id {missing.get('id')} was not found]")
    _check_codes(store, [str(row["code"]) for row in rows if "code" in row], {int(row["id"]) for row in rows})
    for row, location in zip(rows, locations, strict=True):
        if location is not None:
            location |= {name: value for name, value in row.items() if name in WRITABLE}
            location["updated_at"] = iso(store.now())
    return accepted(store)


@routes.on("DELETE", "/v3/inventory/locations")
def delete_locations(store: Store, call: Call) -> Answer:
    """Deletes locations with their stock. Refuses to delete the default location."""
    ids = id_filter(call, "location_id:in")
    if not ids:
        raise Refusal(422, "location_id:in is required", {"location_id:in": "required"})
    if not ids <= set(store.locations):
        raise not_found()
    if any(store.locations[row_id]["_is_default"] for row_id in ids):
        raise Refusal(422, "[The default location cannot be deleted]")
    for location_id in ids:
        del store.locations[location_id]
    store.location_stock = {key: units for key, units in store.location_stock.items() if key[0] not in ids}
    store.pending_adjustments = [row for row in store.pending_adjustments if row["location_id"] not in ids]
    return accepted(store)


def accepted(store: Store) -> Answer:
    """Answers a transaction id, which no endpoint can look up. Source: platform notes, bigcommerce 5.2."""
    return Answer(200, {"transaction_id": f"{store.random.getrandbits(64):016x}", "meta": {}})


def _rows(call: Call) -> list[Record]:
    rows = call.body if isinstance(call.body, list) else []
    if not rows or len(rows) > MOST_PER_CALL or not all(isinstance(row, dict) for row in rows):
        raise Refusal(413 if len(rows) > MOST_PER_CALL else 422, f"Between 1 and {MOST_PER_CALL} locations")
    return rows


def _check_codes(store: Store, codes: list[str], own_ids: set[int]) -> None:
    codes_in_use = {row["code"] for row in store.locations.values() if row["id"] not in own_ids}
    for code in codes:
        if code in codes_in_use:
            raise Refusal(422, f"[Location with code {code} already exists]", {"code": "duplicate"})
        codes_in_use.add(code)


def _public(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_") and name != "operating_hours"}
