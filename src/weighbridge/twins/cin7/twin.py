"""The Cin7 Core twin: one company behind the vendor's API v2."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from weighbridge.clock import Clock
from weighbridge.twins.call import Answer, Call, Delivery, Json
from weighbridge.twins.cin7 import (
    availability,
    credit_note,
    customers,
    dumping,
    fulfilment,
    invoice,
    journals,
    products,
    reference,
    sale_header,
    sale_list,
    sale_order,
    webhooks,
)
from weighbridge.twins.cin7.acts import ACTS
from weighbridge.twins.cin7.defaults import found_company
from weighbridge.twins.cin7.errors import Refusal
from weighbridge.twins.cin7.quota import Quota
from weighbridge.twins.cin7.state import Company

Handler = Callable[[Company, Call], Answer]

PREFIX = "/externalapi/v2"
NOT_FOUND_PAGE = "<!DOCTYPE html><html><head><title>Page not found</title></head><body>Page not found</body></html>"

ROUTES: Mapping[str, Mapping[str, Handler]] = {
    "/me": {"GET": reference.get_me},
    "/me/contacts": {"GET": reference.listing("contacts", "MeContactsList")},
    "/ref/tax": {"GET": reference.list_tax},
    "/ref/account": {"GET": reference.list_accounts},
    "/ref/account/bank": {"GET": reference.list_banks},
    "/ref/location": {"GET": reference.list_locations},
    "/ref/paymentterm": {"GET": reference.listing("terms", "PaymentTermList")},
    "/ref/pricetier": {"GET": reference.list_tiers},
    "/ref/carrier": {
        "GET": reference.listing("carriers", "CarrierList", "Description", "Description"),
        "POST": reference.creating("carriers", "CarrierList", "Description", "CarrierID"),
    },
    "/ref/category": {
        "GET": reference.listing("categories", "CategoryList"),
        "POST": reference.creating("categories", "CategoryList"),
    },
    "/ref/brand": {
        "GET": reference.listing("brands", "BrandList"),
        "POST": reference.creating("brands", "BrandList"),
    },
    "/ref/unit": {"GET": reference.listing("units", "UnitList"), "POST": reference.creating("units", "UnitList")},
    "/ref/customer/credits": {"GET": reference.list_credits},
    "/ref/productavailability": {"GET": availability.list_availability},
    "/customer": {
        "GET": customers.list_customers,
        "POST": customers.create_customer,
        "PUT": customers.update_customer,
    },
    "/product": {"GET": products.list_products, "POST": products.create_product, "PUT": products.update_product},
    "/product/attachments": {"GET": products.list_attachments},
    "/productfamily": {
        "GET": products.list_families,
        "POST": products.write_family,
        "PUT": products.write_family,
    },
    "/salelist": {"GET": sale_list.list_sales},
    "/salecreditnotelist": {"GET": sale_list.list_credit_notes},
    "/sale": {
        "GET": sale_header.get_sale,
        "POST": sale_header.create_sale,
        "PUT": sale_header.update_sale,
        "DELETE": sale_header.delete_sale,
    },
    "/sale/quote": {"GET": sale_order.get_quote, "POST": sale_order.post_quote},
    "/sale/order": {"GET": sale_order.get_order, "POST": sale_order.post_order},
    "/sale/invoice": {
        "GET": invoice.get_invoices,
        "POST": invoice.post_invoice,
        "PUT": invoice.post_invoice,
        "DELETE": invoice.delete_invoice,
    },
    "/sale/payment": {
        "GET": invoice.get_payments,
        "POST": invoice.post_payment,
        "DELETE": invoice.delete_payment,
    },
    "/sale/fulfilment": {"GET": fulfilment.get_fulfilments, "POST": fulfilment.post_fulfilment},
    "/sale/fulfilment/pick": {
        "GET": fulfilment.get_part("Pick"),
        "POST": fulfilment.post_pick,
        "PUT": fulfilment.post_pick,
    },
    "/sale/fulfilment/pack": {
        "GET": fulfilment.get_part("Pack"),
        "POST": fulfilment.post_pack,
        "PUT": fulfilment.post_pack,
    },
    "/sale/fulfilment/ship": {
        "GET": fulfilment.get_part("Ship"),
        "POST": fulfilment.post_ship,
        "PUT": fulfilment.post_ship,
    },
    "/sale/creditnote": {
        "GET": credit_note.get_credit_notes,
        "POST": credit_note.post_credit_note,
        "DELETE": credit_note.delete_credit_note,
    },
    "/sale/manualjournal": {"GET": credit_note.get_manual_journal, "POST": credit_note.post_manual_journal},
    "/journal": {
        "GET": journals.list_journals,
        "POST": journals.post_journal,
        "PUT": journals.post_journal,
        "DELETE": journals.delete_journal,
    },
    "/transactions": {"GET": journals.list_transactions},
    "/finishedgoodslist": {"GET": journals.list_finished_goods},
    "/finishedgoods": {"GET": journals.get_finished_goods},
    "/stockadjustment": {"GET": journals.get_adjustment, "POST": journals.post_adjustment},
    "/stockadjustmentlist": {"GET": journals.list_adjustments},
    "/webhooks": {
        "GET": webhooks.list_hooks,
        "POST": webhooks.create_hook,
        "PUT": webhooks.update_hook,
        "DELETE": webhooks.delete_hook,
    },
}


class Cin7Twin:
    """One company with its API application. Implements the chassis' `Platform`."""

    name = "cin7"

    def __init__(
        self,
        clock: Clock,
        *,
        account_id: str,
        application_key: str,
        seed: int = 1,
        company: Mapping[str, Any] | None = None,
    ) -> None:
        self._account_id = account_id
        self._application_key = application_key
        self.company = Company(clock, seed)
        self.switches = self.company.switches
        found_company(self.company)
        self.company.me |= dict(company or {})
        self._quota = Quota(self.company)

    def guard(self, call: Call) -> Answer | None:
        """Wrong credentials answer 403; a call beyond the quota answers in the style of the switch."""
        own = hmac.compare_digest(call.headers.get("api-auth-accountid", "").lower(), self._account_id.lower())
        key = hmac.compare_digest(
            call.headers.get("api-auth-applicationkey", "").lower(), self._application_key.lower()
        )
        if not (own and key):
            return Answer(403, [{"ErrorCode": 403, "Exception": "Incorrect credentials!"}])
        path = _path(call)
        endpoint = f"{call.method} {path}" if path in ROUTES else f"{call.method} (unknown)"
        return None if self._quota.count(endpoint) else self.throttled(self.switches["throttle_style"])

    def answer(self, call: Call) -> Answer:
        verbs = ROUTES.get(_path(call))
        if verbs is None:
            if self.switches["unknown_path"] == "404":
                return Answer(404, [{"ErrorCode": 404, "Exception": "Endpoint not found"}])
            return Answer(200, text=NOT_FOUND_PAGE, content_type="text/html")
        handler = verbs.get(call.method)
        if handler is None:
            return Answer(405, [{"ErrorCode": 405, "Exception": "Method is not allowed"}])
        try:
            return handler(self.company, call)
        except Refusal as refusal:
            return refusal.answer()

    def malformed(self, call: Call) -> Answer:
        """A body that cannot be parsed answers 500. Source: platform notes, cin7 1.4."""
        return Answer(500, [{"ErrorCode": 500, "Exception": "Unexpected character encountered while parsing value"}])

    def finish(self, call: Call, answer: Answer) -> Answer:
        return answer

    def throttled(self, style: str) -> Answer:
        return self._quota.refusal(style or self.switches["throttle_style"])

    def server_error(self) -> Answer:
        return Answer(500, [{"ErrorCode": 500, "Exception": "Internal server error"}])

    def deliveries_due(self) -> list[Delivery]:
        return webhooks.deliveries_due(self.company)

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        webhooks.delivered(self.company, delivery, status)

    def quota(self) -> Json:
        quota = self._quota
        return {
            "calls": quota.calls,
            "throttled": quota.throttled,
            "limit": quota.limit,
            "peak": quota.peak,
            "peak_share": quota.peak / quota.limit,
            "by_endpoint": dict(sorted(quota.by_endpoint.items())),
        }

    def act(self, name: str, arguments: Json) -> Json:
        if name == "use_quota":
            self._quota.used_by_others(int(arguments["calls"]))
            return {"used": arguments["calls"]}
        try:
            return ACTS[name](self.company, arguments)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from refusal

    def dump(self) -> Json:
        return dumping.dump(self.company)

    def restore(self, state: Json) -> None:
        dumping.restore(self.company, state)
        self._quota.reset()


def _path(call: Call) -> str:
    path = call.path.lower().rstrip("/")
    return path.removeprefix(PREFIX)
