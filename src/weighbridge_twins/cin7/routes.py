"""Maps paths in the vendor's spelling to handlers; matching ignores case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from weighbridge_twins.cin7 import (
    availability,
    credit_note,
    customers,
    families,
    finished_goods,
    fulfilment_calls,
    invoice,
    journal,
    manual_journal,
    payment,
    products,
    reference,
    reference_books,
    sale_end,
    sale_header,
    sale_list,
    sale_order,
    sale_quote,
    sale_view,
    stock_adjustment,
    transactions,
    webhooks,
)
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.state import Company
from weighbridge_twins.http.call import Answer, Call

Handler = Callable[[Company, Call], Answer]
PREFIX = "/externalapi/v2"


def _get_sale(company: Company, call: Call) -> Answer:
    return sale_view.get_sale(company, call, sale_header.find_sale(company, given(call, "ID"), "ID"))


def _reference_book(path: str, list_handler: Handler) -> dict[str, Handler]:
    reference_book = reference_books.REFERENCE_BOOKS[path]
    return {
        "GET": list_handler,
        "POST": reference_books.create_handler(reference_book),
        "PUT": reference_books.update_handler(reference_book),
        "DELETE": reference_books.delete_handler(reference_book),
    }


def _without_delete(verbs: dict[str, Handler]) -> dict[str, Handler]:
    return {verb: handler for verb, handler in verbs.items() if verb != "DELETE"}


ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "/me": {"GET": reference.get_me},
    "/me/contacts": {"GET": reference.list_handler("contacts", "MeContactsList", id_field="ContactID")},
    "/ref/tax": _without_delete(_reference_book("/ref/tax", reference.list_tax)),
    "/ref/account": _reference_book("/ref/account", reference.list_accounts),
    "/ref/account/bank": {"GET": reference.list_banks},
    "/ref/location": _reference_book("/ref/location", reference.list_locations),
    "/ref/paymentterm": _reference_book("/ref/paymentterm", reference.list_terms),
    "/ref/priceTier": {"GET": reference.list_tiers},
    "/ref/carrier": _reference_book(
        "/ref/carrier", reference.list_handler("carriers", "CarrierList", "Description", "CarrierID")
    ),
    "/ref/category": _reference_book("/ref/category", reference.list_handler("categories", "CategoryList")),
    "/ref/brand": _reference_book("/ref/brand", reference.list_handler("brands", "BrandList")),
    "/ref/unit": _reference_book("/ref/unit", reference.list_handler("units", "UnitList")),
    "/ref/customer/credits": {"GET": reference.list_credits},
    "/ref/productavailability": {"GET": availability.list_availability},
    "/customer": {
        "GET": customers.list_customers,
        "POST": customers.create_customer,
        "PUT": customers.update_customer,
    },
    "/product": {"GET": products.list_products, "POST": products.create_product, "PUT": products.update_product},
    "/product/attachments": {
        "GET": families.list_attachments,
        "POST": families.add_attachment,
        "DELETE": families.delete_attachment,
    },
    "/productFamily": {
        "GET": families.list_families,
        "POST": families.create_family,
        "PUT": families.update_family,
    },
    "/saleList": {"GET": sale_list.list_sales},
    "/saleCreditNoteList": {"GET": sale_list.list_credit_notes},
    "/sale": {
        "GET": _get_sale,
        "POST": sale_header.create_sale,
        "PUT": sale_header.update_sale,
        "DELETE": sale_end.delete_sale,
    },
    "/sale/quote": {"GET": sale_quote.get_quote, "POST": sale_quote.post_quote},
    "/sale/order": {"GET": sale_order.get_order, "POST": sale_order.post_order},
    "/sale/invoice": {
        "GET": invoice.get_invoices,
        "POST": invoice.post_invoice,
        "PUT": invoice.post_invoice,
        "DELETE": invoice.delete_invoice,
    },
    "/sale/payment": {
        "GET": payment.get_payments,
        "POST": payment.post_payment,
        "PUT": payment.put_payment,
        "DELETE": payment.delete_payment,
    },
    "/sale/fulfilment": {
        "GET": fulfilment_calls.get_fulfilments,
        "POST": fulfilment_calls.post_fulfilment,
        "DELETE": fulfilment_calls.delete_fulfilment,
    },
    "/sale/fulfilment/pick": {
        "GET": fulfilment_calls.get_step("Pick"),
        "POST": fulfilment_calls.write_pick,
        "PUT": fulfilment_calls.write_pick,
    },
    "/sale/fulfilment/pack": {
        "GET": fulfilment_calls.get_step("Pack"),
        "POST": fulfilment_calls.write_pack,
        "PUT": fulfilment_calls.write_pack,
    },
    "/sale/fulfilment/ship": {
        "GET": fulfilment_calls.get_step("Ship"),
        "POST": fulfilment_calls.write_ship,
        "PUT": fulfilment_calls.write_ship,
    },
    "/sale/creditnote": {
        "GET": credit_note.get_credit_notes,
        "POST": credit_note.post_credit_note,
        "DELETE": credit_note.delete_credit_note,
    },
    "/sale/manualJournal": {
        "GET": manual_journal.get_manual_journal,
        "POST": manual_journal.post_manual_journal,
    },
    "/journal": {
        "GET": journal.list_journals,
        "POST": journal.create_journal,
        "PUT": journal.update_journal,
        "DELETE": journal.delete_journal,
    },
    "/transactions": {"GET": transactions.list_transactions},
    "/finishedGoodsList": {"GET": finished_goods.list_finished_goods},
    "/finishedGoods": {"GET": finished_goods.get_finished_goods},
    "/stockadjustment": {
        "GET": stock_adjustment.get_adjustment,
        "POST": stock_adjustment.post_adjustment,
        "PUT": stock_adjustment.post_adjustment,
        "DELETE": stock_adjustment.delete_adjustment,
    },
    "/stockadjustmentList": {"GET": stock_adjustment.list_adjustments},
    "/webhooks": {
        "GET": webhooks.list_webhooks,
        "POST": webhooks.create_webhook,
        "PUT": webhooks.update_webhook,
        "DELETE": webhooks.delete_webhook,
    },
}

_BY_LOWER_CASE = {path.lower(): path for path in ROUTES}


def endpoint_of(path: str) -> str | None:
    """Returns the documented spelling of a path, None for an unknown path."""
    return _BY_LOWER_CASE.get(path.lower().rstrip("/").removeprefix(PREFIX))
