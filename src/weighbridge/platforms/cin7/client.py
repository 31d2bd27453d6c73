"""Cin7 Core's API as typed calls. Every call names its lane; writes may carry a `before_send`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from weighbridge.domain.lanes import Lane
from weighbridge.platforms.cin7 import requests
from weighbridge.platforms.cin7.models import catalogue as catalogue_models
from weighbridge.platforms.cin7.models import reference as reference_models
from weighbridge.platforms.cin7.models import sales as sale_models
from weighbridge.platforms.cin7.payload import written_moment
from weighbridge.platforms.http_client import BeforeSend, Transport

PAGE_SIZE = 1000
"""The largest page. Source: platform notes, cin7 1.3."""
OTHER_SEAMS = (900, 800)
"""Pages of another size, so that what fell between two pages lies inside one."""

Row = TypeVar("Row")


class _Page(Protocol[Row]):
    total: int
    rows: list[Row]


class Cin7Client:
    """The calls of one connection to one company."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def close(self) -> None:
        await self._transport.close()

    async def me(self, *, lane: Lane) -> reference_models.Company:
        return await self._transport.read("me", reference_models.Company, lane=lane)

    def tax_rules(self, *, lane: Lane) -> AsyncIterator[list[reference_models.TaxRuleRow]]:
        return self._pages("ref/tax", reference_models.TaxRulePage, {}, lane)

    def accounts(self, *, lane: Lane) -> AsyncIterator[list[reference_models.AccountRow]]:
        return self._pages("ref/account", reference_models.AccountPage, {}, lane)

    def locations(self, *, lane: Lane) -> AsyncIterator[list[reference_models.LocationRow]]:
        return self._pages("ref/location", reference_models.LocationPage, {}, lane)

    def products(
        self, *, modified_since: datetime | None, lane: Lane
    ) -> AsyncIterator[list[reference_models.ProductRow]]:
        """Products in pages with their bills of materials, deprecated ones too: both are hidden by default."""
        query = {"IncludeDeprecated": "true", "IncludeBOM": "true"}
        if modified_since is not None:
            query["ModifiedSince"] = written_moment(modified_since)
        return self._pages("product", reference_models.ProductPage, query, lane)

    def articles(self, *, lane: Lane) -> AsyncIterator[list[catalogue_models.ArticleRow]]:
        """Products with all that a shop shows of them, deprecated ones too, with their pictures."""
        query = {"IncludeDeprecated": "true", "IncludeAttachments": "true"}
        return self._pages("product", catalogue_models.ArticlePage, query, lane)

    def families(self, *, lane: Lane) -> AsyncIterator[list[catalogue_models.FamilyRow]]:
        return self._pages("productFamily", catalogue_models.FamilyPage, {}, lane)

    async def price_tiers(self, *, lane: Lane) -> list[catalogue_models.PriceTierRow]:
        """The ten tiers with their names."""
        found: catalogue_models.PriceTiers = await self._transport.read(
            "ref/priceTier", catalogue_models.PriceTiers, lane=lane
        )
        return found.rows

    async def product_by_sku(self, sku: str, *, lane: Lane) -> reference_models.ProductRow | None:
        """The product with exactly this SKU; the platform's own filter also finds longer ones."""
        query = {"Sku": sku, "IncludeDeprecated": "true", "IncludeBOM": "true"}
        async for page in self._pages("product", reference_models.ProductPage, query, lane):
            for row in page:
                if row.sku == sku:
                    found: reference_models.ProductRow = row
                    return found
        return None

    async def customer_by_name(self, name: str, *, lane: Lane) -> reference_models.CustomerRow | None:
        """The customer of exactly this name."""
        async for page in self._pages("customer", reference_models.CustomerPage, {"Name": name}, lane):
            for row in page:
                if row.name == name:
                    found: reference_models.CustomerRow = row
                    return found
        return None

    async def create_customer(
        self, body: requests.CustomerRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> reference_models.CustomerRow:
        made: reference_models.CustomerPage = await self._transport.write(
            "POST", "customer", body, reference_models.CustomerPage, lane=lane, before_send=before_send
        )
        return next(row for row in made.rows if row.name == body.name)

    def availability(
        self, *, sku: str = "", lane: Lane, before_send: BeforeSend | None = None
    ) -> AsyncIterator[list[reference_models.AvailabilityLine | reference_models.UnreadableAvailability]]:
        """Stock of every SKU, or of one. Rows may move from page to page while a long list is read."""
        query = {"Sku": sku} if sku else {}
        return self._pages("ref/productavailability", reference_models.AvailabilityPage, query, lane, before_send)

    async def sale_list(
        self, *, updated_since: datetime, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Sales that changed since a moment, each once.

        Nobody promises an order, so a sale that changes meanwhile may push another across the seam of two pages. When
        fewer came than the platform counts, the list is read again with other seams.
        Source: platform notes, cin7 trap 13.
        """
        query, seen, counted = {"UpdatedSince": written_moment(updated_since)}, set[str](), 0
        for size in (PAGE_SIZE, *OTHER_SEAMS):
            async for page in self._envelopes("saleList", sale_models.ChangedSales, query, lane, size):
                fresh = [row for row in page.rows if row.id not in seen]
                seen.update(row.id for row in fresh)
                counted = max(counted, page.total)
                if fresh:
                    yield fresh
            if len(seen) >= counted:
                return

    async def standing_sales(
        self, *, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Authorised sales of which nothing was shipped, whoever made them."""
        for status in ("NOT SHIPPED", "SHIPPING"):
            query = {"OrderStatus": "AUTHORISED", "CombinedShippingStatus": status}
            async for page in self._pages("saleList", sale_models.ChangedSales, query, lane):
                yield page

    async def unfinished_sales(
        self, *, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Sales without quote whose order document is missing or a draft, whoever made them.

        Source: platform notes, cin7 2.1 (ESTIMATED: no order yet; ORDERING: order draft).
        """
        for status in ("ESTIMATED", "ORDERING"):
            async for page in self._pages("saleList", sale_models.ChangedSales, {"Status": status}, lane):
                yield page

    async def sales_by_external_id(self, external_id: str, *, lane: Lane) -> list[sale_models.SaleRow]:
        """All sales with exactly this external id, voided ones too; it is not unique at Cin7."""
        return [
            row
            async for page in self._pages("saleList", sale_models.SalePage, {"ExternalID": external_id}, lane)
            for row in page
            if row.external_id == external_id
        ]

    async def create_sale(
        self, body: requests.SaleHeader, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.SaleDetail:
        return await self._transport.write(
            "POST", "sale", body, sale_models.SaleDetail, lane=lane, before_send=before_send
        )

    async def sale(self, sale_id: str, *, lane: Lane) -> sale_models.SaleDetail:
        query = {"ID": sale_id, "HideInventoryMovements": "true"}
        return await self._transport.read("sale", sale_models.SaleDetail, lane=lane, query=query)

    async def void_sale(self, sale_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Voids; without the flag the same call would only undo. Source: platform notes, cin7 trap 43."""
        await self._delete_sale(sale_id, "true", lane, before_send)

    async def undo_sale(self, sale_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Takes the sale one step back, to a draft order."""
        await self._delete_sale(sale_id, "false", lane, before_send)

    async def change_sale(
        self, body: requests.ChangedHeader, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> None:
        """Writes the header anew, with everything that it shall have."""
        await self._transport.write("PUT", "sale", body, None, lane=lane, before_send=before_send)

    async def void_invoice(self, task_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Voids one invoice of an Advanced sale; without the flag it would become a draft."""
        query = {"TaskID": task_id, "Void": "true"}
        await self._transport.write(
            "DELETE", "sale/invoice", None, None, lane=lane, query=query, before_send=before_send
        )

    async def delete_payment(self, payment_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        query = {"ID": payment_id}
        await self._transport.write(
            "DELETE", "sale/payment", None, None, lane=lane, query=query, before_send=before_send
        )

    async def authorise_order(
        self, body: requests.SaleOrderRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.OrderDocument:
        return await self._transport.write(
            "POST", "sale/order", body, sale_models.OrderDocument, lane=lane, before_send=before_send
        )

    async def sale_order(self, sale_id: str, *, lane: Lane) -> sale_models.OrderDocument:
        return await self._transport.read(
            "sale/order", sale_models.OrderDocument, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_invoice(
        self, body: requests.InvoiceRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.InvoiceSet:
        return await self._transport.write(
            "POST", "sale/invoice", body, sale_models.InvoiceSet, lane=lane, before_send=before_send
        )

    async def sale_invoices(self, sale_id: str, *, lane: Lane) -> sale_models.InvoiceSet:
        return await self._transport.read(
            "sale/invoice", sale_models.InvoiceSet, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_credit_note(
        self, body: requests.CreditNoteRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.CreditNoteSet:
        return await self._transport.write(
            "POST", "sale/creditnote", body, sale_models.CreditNoteSet, lane=lane, before_send=before_send
        )

    async def credit_notes(self, sale_id: str, *, lane: Lane) -> sale_models.CreditNoteSet:
        return await self._transport.read(
            "sale/creditnote", sale_models.CreditNoteSet, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_payment(
        self, body: requests.PaymentRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.PaymentRow:
        """The payment made; the platform answers with it alone or in a list."""
        made: sale_models.PaymentRow | list[sale_models.PaymentRow] = await self._transport.write(
            "POST",
            "sale/payment",
            body,
            sale_models.PaymentRow | list[sale_models.PaymentRow],
            lane=lane,
            before_send=before_send,
        )
        if isinstance(made, list):
            return next(row for row in made if row.reference == body.reference)
        return made

    async def payments(self, sale_id: str, *, lane: Lane) -> list[sale_models.PaymentRow]:
        return await self._transport.read(
            "sale/payment", list[sale_models.PaymentRow], lane=lane, query={"SaleID": sale_id}
        )

    async def fulfilments(self, sale_id: str, *, lane: Lane) -> sale_models.FulfilmentSet:
        return await self._transport.read(
            "sale/fulfilment", sale_models.FulfilmentSet, lane=lane, query=_of_sale(sale_id)
        )

    async def webhooks(self, *, lane: Lane) -> list[reference_models.WebhookRow]:
        """All hooks; the list comes bare or in an envelope."""
        found: reference_models.WebhookPage | list[reference_models.WebhookRow] = await self._transport.read(
            "webhooks", list[reference_models.WebhookRow] | reference_models.WebhookPage, lane=lane
        )
        return found if isinstance(found, list) else found.rows

    async def create_webhook(self, body: requests.WebhookRequest, *, lane: Lane) -> None:
        await self._transport.write("POST", "webhooks", body, None, lane=lane)

    async def update_webhook(self, hook_id: str, body: requests.WebhookRequest, *, lane: Lane) -> None:
        changed = body.model_copy(update={"id": hook_id})
        await self._transport.write("PUT", "webhooks", changed, None, lane=lane)

    async def _delete_sale(self, sale_id: str, void: str, lane: Lane, before_send: BeforeSend | None) -> None:
        await self._delete("sale", {"ID": sale_id, "Void": void}, lane, before_send)

    async def _delete(self, path: str, query: Mapping[str, str], lane: Lane, before_send: BeforeSend | None) -> None:
        await self._transport.write("DELETE", path, None, None, lane=lane, query=query, before_send=before_send)

    async def _pages(
        self, path: str, model: type[Any], query: Mapping[str, str], lane: Lane, before_send: BeforeSend | None = None
    ) -> AsyncIterator[list[Any]]:
        """The rows of all pages."""
        async for page in self._envelopes(path, model, query, lane, PAGE_SIZE, before_send):
            yield page.rows

    async def _envelopes(
        self,
        path: str,
        model: type[Any],
        query: Mapping[str, str],
        lane: Lane,
        size: int,
        before_send: BeforeSend | None = None,
    ) -> AsyncIterator[_Page[Any]]:
        """All pages. Ends on an empty page or when as many rows came as the platform counts: a page shorter than
        asked for says nothing, since some lists cap silently. Source: platform notes, cin7 1.3."""
        number, seen = 1, 0
        while True:
            asked = {**query, "Page": str(number), "Limit": str(size)}
            page: _Page[Any] = await self._transport.read(path, model, lane=lane, query=asked, before_send=before_send)
            if not page.rows:
                return
            yield page
            seen += len(page.rows)
            if seen >= page.total:
                return
            number += 1


def _of_sale(sale_id: str, *, plain_charges: bool = False) -> dict[str, str]:
    """Charges stay apart from lines, always. Source: platform notes, cin7 trap 24."""
    return {"SaleID": sale_id} | ({"CombineAdditionalCharges": "false"} if plain_charges else {})
