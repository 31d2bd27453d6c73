"""BigCommerce's catalogue calls: products, variants, pictures, categories and price lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from weighbridge.domain.lanes import Lane
from weighbridge.platforms.bigcommerce.models import catalogue as models
from weighbridge.platforms.bigcommerce.payload import Enveloped
from weighbridge.platforms.http_client import BeforeSend, HttpClient

PRODUCTS_PER_PAGE = 250
PRODUCTS_PER_WRITE = 10
VARIANTS_PER_WRITE = 50
PRICES_PER_WRITE = 1000
"""Source: platform notes, bigcommerce 4.1 and 6.2."""
ROWS_PER_PAGE = 250
LANE = Lane.CATALOGUE

T = TypeVar("T")


class CatalogueClient:
    """The catalogue calls of one connection to one store. All use the catalogue lane."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def store(self) -> models.Store:
        return await self._http.read("v2/store", models.Store, lane=LANE)

    async def products(self) -> AsyncIterator[list[models.Product]]:
        """All products with variants and pictures, paged by id so that no product is missed while they change."""
        last = 0
        while True:
            page = await self._products({"id:greater": str(last), "limit": str(PRODUCTS_PER_PAGE), "sort": "id"})
            if not page:
                return
            yield page
            last = max(row.id for row in page)

    async def product_with_sku(self, sku: str) -> models.Product | None:
        """The product that has a variant with exactly this SKU. Source: notes, bigcommerce 4.2 (the filter `sku` of
        products finds main SKUs only)."""
        query = {"sku": sku, "limit": "50"}
        answer: Enveloped[Any] = await self._http.read(
            "v3/catalog/variants", Enveloped[list[models.VariantMatch]], lane=LANE, query=query
        )
        ids = sorted({row.product_id for row in answer.data if row.sku == sku})
        page = await self._products({"id:in": str(ids[0]), "limit": "1"}) if ids else []
        return page[0] if page else None

    async def create_product(self, body: models.ProductRequest, before_send: BeforeSend) -> models.Product:
        """Creates one product with its variants and pictures; a call takes only one product."""
        return await self._write("POST", "products", body, models.Product, before_send)

    async def update_products(self, rows: Sequence[models.ProductRequest]) -> list[models.Product]:
        """Updates up to ten products, all or none."""
        return await self._write("PUT", "products", _rows(rows), list[models.Product])

    async def update_variants(self, rows: Sequence[models.VariantRequest]) -> list[models.Variant]:
        """Updates up to fifty variants of any products, all or none."""
        return await self._write("PUT", "variants", _rows(rows), list[models.Variant])

    async def create_variant(
        self, product_id: int, body: models.VariantRequest, before_send: BeforeSend
    ) -> models.Variant:
        return await self._write("POST", f"products/{product_id}/variants", body, models.Variant, before_send)

    async def options(self, product_id: int) -> list[models.OptionRow]:
        return await self._all(f"v3/catalog/products/{product_id}/options", models.OptionRow)

    async def create_option_value(
        self, product_id: int, option_id: int, body: models.OptionValueRequest
    ) -> models.OptionValueRow:
        path = f"products/{product_id}/options/{option_id}/values"
        return await self._write("POST", path, body, models.OptionValueRow)

    async def create_image(self, product_id: int, body: models.SentImage, before_send: BeforeSend) -> models.Image:
        """Creates one picture; a call takes only one."""
        return await self._write("POST", f"products/{product_id}/images", body, models.Image, before_send)

    async def images(self, product_id: int) -> list[models.Image]:
        return await self._all(f"v3/catalog/products/{product_id}/images", models.Image)

    async def delete_image(self, product_id: int, image_id: int) -> None:
        await self._http.write("DELETE", f"v3/catalog/products/{product_id}/images/{image_id}", None, None, lane=LANE)

    async def categories(self) -> list[models.Category]:
        return await self._all("v3/catalog/categories", models.Category)

    async def create_category(self, body: models.CategoryRequest, before_send: BeforeSend) -> models.Category:
        return await self._write("POST", "categories", body, models.Category, before_send)

    async def customer_groups(self) -> list[models.CustomerGroup]:
        """All groups; the answer is a bare list, or has no body when there is none."""
        rows: list[models.CustomerGroup] = []
        while True:
            query = {"page": str(len(rows) // ROWS_PER_PAGE + 1), "limit": str(ROWS_PER_PAGE)}
            page: list[models.CustomerGroup] = await self._http.read(
                "v2/customer_groups", list[models.CustomerGroup], lane=LANE, query=query
            )
            rows += page
            if len(page) < ROWS_PER_PAGE:
                return rows

    async def price_lists(self) -> list[models.PriceListRow]:
        return await self._all("v3/pricelists", models.PriceListRow)

    async def create_price_list(self, body: models.PriceListRequest, before_send: BeforeSend) -> models.PriceListRow:
        answer: Enveloped[Any] = await self._http.write(
            "POST", "v3/pricelists", body, Enveloped[models.PriceListRow], lane=LANE, before_send=before_send
        )
        row: models.PriceListRow = answer.data
        return row

    async def price_records(self, list_id: int) -> list[models.PriceRecord]:
        return await self._all(f"v3/pricelists/{list_id}/records", models.PriceRecord)

    async def upsert_price_records(self, list_id: int, rows: Sequence[models.PriceRecordRequest]) -> None:
        """Writes up to a thousand records in one call. Where some are refused, the others are still written."""
        await self._http.write("PUT", f"v3/pricelists/{list_id}/records", _rows(rows), None, lane=LANE)

    async def delete_price_records(self, list_id: int, currency: str, variant_ids: Sequence[int]) -> None:
        """Deletes the records of these variants in one currency. Idempotent."""
        query = {"variant_id:in": ",".join(map(str, variant_ids)), "currency": currency}
        path = f"v3/pricelists/{list_id}/records"
        await self._http.write("DELETE", path, None, None, lane=LANE, query=query)

    async def price_list_assignments(self) -> list[models.PriceListAssignment]:
        return await self._all("v3/pricelists/assignments", models.PriceListAssignment)

    async def assign_price_list(self, body: models.PriceListAssignmentRequest) -> None:
        await self._http.write("POST", "v3/pricelists/assignments", _rows([body]), None, lane=LANE)

    async def _products(self, query: Mapping[str, str]) -> list[models.Product]:
        full_query = {**query, "include": "variants,images", "include_fields": models.PRODUCT_FIELDS}
        answer: Enveloped[Any] = await self._http.read(
            "v3/catalog/products", Enveloped[list[models.Product]], lane=LANE, query=full_query
        )
        rows: list[models.Product] = answer.data
        return rows

    async def _all(self, path: str, row: type[T]) -> list[T]:
        """The rows of all pages of a v3 list."""
        rows: list[T] = []
        number = 1
        while True:
            query = {"page": str(number), "limit": str(ROWS_PER_PAGE)}
            page: models.Paged[list[T]] = await self._http.read(
                path,
                models.Paged[list[row]],  # type: ignore[valid-type]
                lane=LANE,
                query=query,
            )
            rows += page.data
            if number >= page.meta.pagination.total_pages or not page.data:
                return rows
            number += 1

    async def _write(
        self, method: str, path: str, body: Any, model: type[T], before_send: BeforeSend | None = None
    ) -> T:
        answer: Enveloped[T] = await self._http.write(
            method,
            f"v3/catalog/{path}",
            body,
            Enveloped[model],  # type: ignore[valid-type]
            lane=LANE,
            before_send=before_send,
        )
        return answer.data


def _rows(bodies: Sequence[Any]) -> list[dict[str, Any]]:
    return [body.model_dump(mode="python", exclude_none=True) for body in bodies]
