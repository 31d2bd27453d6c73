"""Cin7 Core's API as typed calls. Every call names its lane; writes may carry a `before_send`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from weighbridge.domain.lanes import Lane
from weighbridge.platforms.cin7 import requests
from weighbridge.platforms.cin7.models import sales as sale_models
from weighbridge.platforms.cin7.paged_client import PAGE_SIZE
from weighbridge.platforms.cin7.payload import format_timestamp
from weighbridge.platforms.cin7.reference_client import ReferenceClient
from weighbridge.platforms.http_client import BeforeSend

OTHER_PAGE_SIZES = (900, 800)
"""Other page sizes, so that a row that slipped between two pages falls inside one."""


class Cin7Client(ReferenceClient):
    """All calls of one connection to one company: those of reference data, and those of sales below."""

    async def sale_list(
        self, *, updated_since: datetime, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Sales changed since `updated_since`, each once.

        The list has no guaranteed order, so a sale that changes meanwhile may push another one from page to page. When
        fewer rows come than the platform counts, the list is read again with another page size.
        Source: platform notes, cin7 trap 13.
        """
        query, seen, counted = {"UpdatedSince": format_timestamp(updated_since)}, set[str](), 0
        for size in (PAGE_SIZE, *OTHER_PAGE_SIZES):
            async for page in self.envelopes("saleList", sale_models.ChangedSales, query, lane, size):
                fresh = [row for row in page.rows if row.id not in seen]
                seen.update(row.id for row in fresh)
                counted = max(counted, page.total)
                if fresh:
                    yield fresh
            if len(seen) >= counted:
                return

    async def unshipped_sales(
        self, *, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Authorised sales without any shipment, also those not made by Weighbridge."""
        for status in ("NOT SHIPPED", "SHIPPING"):
            query = {"OrderStatus": "AUTHORISED", "CombinedShippingStatus": status}
            async for page in self.pages("saleList", sale_models.ChangedSales, query, lane):
                yield page

    async def unfinished_sales(
        self, *, lane: Lane
    ) -> AsyncIterator[list[sale_models.SaleRow | sale_models.UnreadableSale]]:
        """Sales without a quote whose order document is missing or a draft, also those not made by Weighbridge.

        Source: platform notes, cin7 2.1 (ESTIMATED: no order yet; ORDERING: order draft).
        """
        for status in ("ESTIMATED", "ORDERING"):
            async for page in self.pages("saleList", sale_models.ChangedSales, {"Status": status}, lane):
                yield page

    async def sales_by_external_id(self, external_id: str, *, lane: Lane) -> list[sale_models.SaleRow]:
        """All sales with exactly this external id, voided ones included; Cin7 does not keep it unique."""
        return [
            row
            async for page in self.pages("saleList", sale_models.SalePage, {"ExternalID": external_id}, lane)
            for row in page
            if row.external_id == external_id
        ]

    async def create_sale(
        self, body: requests.SaleHeader, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.SaleDetail:
        return await self._http.write("POST", "sale", body, sale_models.SaleDetail, lane=lane, before_send=before_send)

    async def sale(self, sale_id: str, *, lane: Lane) -> sale_models.SaleDetail:
        query = {"ID": sale_id, "HideInventoryMovements": "true"}
        return await self._http.read("sale", sale_models.SaleDetail, lane=lane, query=query)

    async def void_sale(self, sale_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Voids a sale; without the flag the same call would only undo it. Source: platform notes, cin7 trap 43."""
        await self._delete_sale(sale_id, "true", lane, before_send)

    async def undo_sale(self, sale_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Undoes a sale by one step, to a draft order."""
        await self._delete_sale(sale_id, "false", lane, before_send)

    async def change_sale(
        self, body: requests.ChangedHeader, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> None:
        """Replaces the header of a sale; the body holds all of its fields."""
        await self._http.write("PUT", "sale", body, None, lane=lane, before_send=before_send)

    async def void_invoice(self, task_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        """Voids one invoice of an Advanced sale; without the flag it would become a draft."""
        query = {"TaskID": task_id, "Void": "true"}
        await self._http.write("DELETE", "sale/invoice", None, None, lane=lane, query=query, before_send=before_send)

    async def delete_payment(self, payment_id: str, *, lane: Lane, before_send: BeforeSend | None = None) -> None:
        query = {"ID": payment_id}
        await self._http.write("DELETE", "sale/payment", None, None, lane=lane, query=query, before_send=before_send)

    async def authorise_order(
        self, body: requests.SaleOrderRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.OrderDocument:
        return await self._http.write(
            "POST", "sale/order", body, sale_models.OrderDocument, lane=lane, before_send=before_send
        )

    async def sale_order(self, sale_id: str, *, lane: Lane) -> sale_models.OrderDocument:
        return await self._http.read(
            "sale/order", sale_models.OrderDocument, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_invoice(
        self, body: requests.InvoiceRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.InvoiceSet:
        return await self._http.write(
            "POST", "sale/invoice", body, sale_models.InvoiceSet, lane=lane, before_send=before_send
        )

    async def sale_invoices(self, sale_id: str, *, lane: Lane) -> sale_models.InvoiceSet:
        return await self._http.read(
            "sale/invoice", sale_models.InvoiceSet, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_credit_note(
        self, body: requests.CreditNoteRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.CreditNoteSet:
        return await self._http.write(
            "POST", "sale/creditnote", body, sale_models.CreditNoteSet, lane=lane, before_send=before_send
        )

    async def credit_notes(self, sale_id: str, *, lane: Lane) -> sale_models.CreditNoteSet:
        return await self._http.read(
            "sale/creditnote", sale_models.CreditNoteSet, lane=lane, query=_of_sale(sale_id, plain_charges=True)
        )

    async def create_payment(
        self, body: requests.PaymentRequest, *, lane: Lane, before_send: BeforeSend | None = None
    ) -> sale_models.PaymentRow:
        """The created payment; the platform answers with it alone or in a list."""
        created: sale_models.PaymentRow | list[sale_models.PaymentRow] = await self._http.write(
            "POST",
            "sale/payment",
            body,
            sale_models.PaymentRow | list[sale_models.PaymentRow],
            lane=lane,
            before_send=before_send,
        )
        if isinstance(created, list):
            return next(row for row in created if row.reference == body.reference)
        return created

    async def payments(self, sale_id: str, *, lane: Lane) -> list[sale_models.PaymentRow]:
        return await self._http.read("sale/payment", list[sale_models.PaymentRow], lane=lane, query={"SaleID": sale_id})

    async def fulfilments(self, sale_id: str, *, lane: Lane) -> sale_models.FulfilmentSet:
        return await self._http.read("sale/fulfilment", sale_models.FulfilmentSet, lane=lane, query=_of_sale(sale_id))

    async def _delete_sale(self, sale_id: str, void: str, lane: Lane, before_send: BeforeSend | None) -> None:
        await self._delete("sale", {"ID": sale_id, "Void": void}, lane, before_send)

    async def _delete(self, path: str, query: Mapping[str, str], lane: Lane, before_send: BeforeSend | None) -> None:
        await self._http.write("DELETE", path, None, None, lane=lane, query=query, before_send=before_send)


def _of_sale(sale_id: str, *, plain_charges: bool = False) -> dict[str, str]:
    """The query for a document of a sale; `plain_charges` keeps charges off the lines. Source: notes, cin7 trap 24."""
    return {"SaleID": sale_id} | ({"CombineAdditionalCharges": "false"} if plain_charges else {})
