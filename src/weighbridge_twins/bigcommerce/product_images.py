"""Product images: one per request, by a URL that the vendor can fetch. Source: Catalog v3, product images."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from weighbridge_twins.bigcommerce.catalog_state import find, row_of
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.paging import v3_page
from weighbridge_twins.bigcommerce.rendering import iso
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
LONGEST_URL: Final = 255
MOST: Final = 1000
SIZES: Final = ("zoom", "standard", "thumbnail", "tiny")
WRITABLE: Final = ("is_thumbnail", "sort_order", "description", "image_url")


@routes.on("GET", "/v3/catalog/products/{product_id}/images")
def list_images(store: Store, call: Call, product_id: str) -> Answer:
    return v3_page(call, _rows(find(store, product_id)))


@routes.on("POST", "/v3/catalog/products/{product_id}/images")
def create_image(store: Store, call: Call, product_id: str) -> Answer:
    """Creates one image. Refuses a URL that is relative or too long.

    A write answers the stored file; only reads contain the image URL.
    """
    return Answer(
        200, {"data": {**_add(store, find(store, product_id), _checked(call.body)), "image_url": None}, "meta": {}}
    )


def check(body: Record) -> None:
    """Checks the images of a new product. Raises Refusal 422."""
    for image in body.get("images") or []:
        _checked(image)


def adopt(store: Store, product: Product, body: Record) -> None:
    """Adds the images of a new product. Call `check` first."""
    for image in body.get("images") or []:
        _add(store, product, image)


def _add(store: Store, product: Product, body: Record) -> Record:
    rows = _rows(product)
    if len(rows) >= MOST:
        raise Refusal(422, f"A product has at most {MOST} images")
    image_id = store.next_id("image", 301)
    file = f"https://cdn.example.com/products/{product.id}/images/{image_id}"
    row: Record = {
        "id": image_id,
        "product_id": product.id,
        "image_file": f"{product.id}/{image_id}.jpg",
        "image_url": body["image_url"],
        **{f"url_{size}": f"{file}/{size}.jpg" for size in SIZES},
        "description": str(body.get("description") or ""),
        "sort_order": int(body.get("sort_order") or len(rows)),
        "is_thumbnail": bool(body.get("is_thumbnail", not rows)),
        "date_modified": iso(store.now()),
    }
    rows.append(row)
    _keep_one_thumbnail(rows, row)
    return row


@routes.on("GET", "/v3/catalog/products/{product_id}/images/{image_id}")
def get_image(store: Store, call: Call, product_id: str, image_id: str) -> Answer:
    return Answer(200, {"data": row_of(_rows(find(store, product_id)), image_id), "meta": {}})


@routes.on("PUT", "/v3/catalog/products/{product_id}/images/{image_id}")
def update_image(store: Store, call: Call, product_id: str, image_id: str) -> Answer:
    rows = _rows(find(store, product_id))
    row = row_of(rows, image_id)
    body = _checked(call.body, needs_url=False)
    row |= {name: value for name, value in body.items() if name in WRITABLE} | {"date_modified": iso(store.now())}
    _keep_one_thumbnail(rows, row)
    return Answer(200, {"data": {**row, "image_url": None}, "meta": {}})


@routes.on("DELETE", "/v3/catalog/products/{product_id}/images/{image_id}")
def delete_image(store: Store, call: Call, product_id: str, image_id: str) -> Answer:
    rows = _rows(find(store, product_id))
    rows.remove(row_of(rows, image_id))
    return Answer(204, empty=True)


def _checked(body: object, *, needs_url: bool = True) -> Record:
    if not isinstance(body, dict):
        raise Refusal(422, "One image object per request", {"image_url": "required"})
    url = str(body.get("image_url") or "")
    if not url and not needs_url:
        return body
    if urlsplit(url).scheme not in ("http", "https") or len(url) > LONGEST_URL:
        title = f"image_url must be an absolute http(s) address of at most {LONGEST_URL} characters"
        raise Refusal(422, title, {"image_url": "invalid"})
    return body


def _keep_one_thumbnail(rows: list[Record], current: Record) -> None:
    if current["is_thumbnail"]:
        for row in rows:
            row["is_thumbnail"] = row is current


def _rows(product: Product) -> list[Record]:
    rows: list[Record] = product.fields.setdefault("_images", [])
    return rows
