"""Cin7 Core's API as typed calls: the company, products, customers, availability and webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from weighbridge.domain.lanes import Lane
from weighbridge.platforms.cin7 import requests
from weighbridge.platforms.cin7.models import catalogue as catalogue_models
from weighbridge.platforms.cin7.models import reference as reference_models
from weighbridge.platforms.cin7.paged_client import PagedClient
from weighbridge.platforms.cin7.payload import format_timestamp
from weighbridge.platforms.http_client import BeforeSend


class ReferenceClient(PagedClient):
    """The calls about what sales refer to. Every call names its lane; writes may carry `before_send`."""

    async def me(self, *, lane: Lane) -> reference_models.Company:
        return await self._http.read("me", reference_models.Company, lane=lane)

    def tax_rules(self, *, lane: Lane) -> AsyncIterator[list[reference_models.TaxRuleRow]]:
        return self.pages("ref/tax", reference_models.TaxRulePage, {}, lane)

    def accounts(self, *, lane: Lane) -> AsyncIterator[list[reference_models.AccountRow]]:
        return self.pages("ref/account", reference_models.AccountPage, {}, lane)

    def locations(self, *, lane: Lane) -> AsyncIterator[list[reference_models.LocationRow]]:
        return self.pages("ref/location", reference_models.LocationPage, {}, lane)

    def products(
        self, *, modified_since: datetime | None, lane: Lane
    ) -> AsyncIterator[list[reference_models.ProductRow]]:
        """Products with their bills of materials, deprecated ones included, in pages; the API hides both by default."""
        query = {"IncludeDeprecated": "true", "IncludeBOM": "true"}
        if modified_since is not None:
            query["ModifiedSince"] = format_timestamp(modified_since)
        return self.pages("product", reference_models.ProductPage, query, lane)

    def catalogue_products(self, *, lane: Lane) -> AsyncIterator[list[catalogue_models.CatalogueProductRow]]:
        """Products with their catalogue fields and pictures, deprecated ones included."""
        query = {"IncludeDeprecated": "true", "IncludeAttachments": "true"}
        return self.pages("product", catalogue_models.CatalogueProductPage, query, lane)

    def families(self, *, lane: Lane) -> AsyncIterator[list[catalogue_models.FamilyRow]]:
        return self.pages("productFamily", catalogue_models.FamilyPage, {}, lane)

    async def price_tiers(self, *, lane: Lane) -> list[catalogue_models.PriceTierRow]:
        """The ten tiers with their names."""
        tiers: catalogue_models.PriceTiers = await self._http.read(
            "ref/priceTier", catalogue_models.PriceTiers, lane=lane
        )
        return tiers.rows

    async def product_by_sku(self, sku: str, *, lane: Lane) -> reference_models.ProductRow | None:
        """The product with exactly this SKU; the platform's filter also finds longer SKUs."""
        query = {"Sku": sku, "IncludeDeprecated": "true", "IncludeBOM": "true"}
        async for page in self.pages("product", reference_models.ProductPage, query, lane):
            for row in page:
                if row.sku == sku:
                    product: reference_models.ProductRow = row
                    return product
        return None

    async def customer_by_name(self, name: str, *, lane: Lane) -> reference_models.CustomerRow | None:
        """The customer with exactly this name."""
        async for page in self.pages("customer", reference_models.CustomerPage, {"Name": name}, lane):
            for row in page:
                if row.name == name:
                    customer: reference_models.CustomerRow = row
                    return customer
        return None

    async def create_customer(
        self, body: requests.CustomerRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> reference_models.CustomerRow:
        page: reference_models.CustomerPage = await self._http.write(
            "POST", "customer", body, reference_models.CustomerPage, lane=lane, before_send=before_send
        )
        return next(row for row in page.rows if row.name == body.name)

    def availability(
        self, *, sku: str = "", lane: Lane, before_send: BeforeSend | None = None
    ) -> AsyncIterator[list[reference_models.AvailabilityLine | reference_models.UnreadableAvailability]]:
        """Availability of every SKU, or of one. Rows may move from page to page while a long list is read."""
        query = {"Sku": sku} if sku else {}
        return self.pages("ref/productavailability", reference_models.AvailabilityPage, query, lane, before_send)

    async def webhooks(self, *, lane: Lane) -> list[reference_models.WebhookRow]:
        """All webhooks; the list comes bare or in an envelope."""
        answer: reference_models.WebhookPage | list[reference_models.WebhookRow] = await self._http.read(
            "webhooks", list[reference_models.WebhookRow] | reference_models.WebhookPage, lane=lane
        )
        return answer if isinstance(answer, list) else answer.rows

    async def create_webhook(self, body: requests.WebhookRequest, *, lane: Lane) -> None:
        await self._http.write("POST", "webhooks", body, None, lane=lane)

    async def update_webhook(self, webhook_id: str, body: requests.WebhookRequest, *, lane: Lane) -> None:
        changed = body.model_copy(update={"id": webhook_id})
        await self._http.write("PUT", "webhooks", changed, None, lane=lane)
