"""The BigCommerce twin: one store behind the vendor's v2 and v3 APIs."""

from __future__ import annotations

import re
from typing import Final

from weighbridge_twins.bigcommerce import (
    catalog,
    catalog_switches,
    customers,
    dumping,
    inventory,
    metafields,
    order_addresses,
    order_create,
    order_settings,
    order_statuses,
    order_subresources,
    order_update,
    orders,
    refunds,
    shipments,
    store,
    switches,
    transactions,
    webhooks,
)
from weighbridge_twins.bigcommerce.access import check_credentials, open_account
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.order_actions import OrderActions
from weighbridge_twins.bigcommerce.payments import settle_payments
from weighbridge_twins.bigcommerce.quota import Quota
from weighbridge_twins.bigcommerce.routing import RouteMatch, Routes
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.user_actions import ACTIONS
from weighbridge_twins.clock import Clock
from weighbridge_twins.http.call import Answer, Call, Delivery, Json

MODULES: Final = (orders, order_create, order_update, order_subresources, order_addresses, order_statuses,
                  order_settings, shipments, transactions, refunds, metafields, catalog, inventory, customers, store,
                  webhooks)  # fmt: skip
SWITCHES: Final = (*switches.SWITCHES, *catalog_switches.SWITCHES)
OWN_CLIENT: Final = "twin-client"
PATH: Final = re.compile(r"^/stores/(?P<store>[^/]+)(?P<rest>/v[23]/.*)$")


class BigCommerceTwin(OrderActions):
    """One store with its API account. Implements the `Platform` protocol of the twin server."""

    name = "bigcommerce"

    def __init__(
        self,
        clock: Clock,
        *,
        store_hash: str,
        access_token: str,
        client_secret: str,
        seed: int = 1,
        base_url: str = "",
    ) -> None:
        self.store = Store(clock, store_hash, client_secret, seed)
        self.store.base_url = base_url
        self.switches = self.store.switches
        self.switches |= {switch.name: switch.default for switch in SWITCHES}
        open_account(self.store, OWN_CLIENT, access_token)
        inventory.add_location(self.store, "BC-LOCATION-1", "Default location", is_default=True)
        self._routes = Routes()
        for module in MODULES:
            self._routes.merge(module.routes)
        self._quota = Quota(self.store)

    def check_access(self, call: Call) -> Answer | None:
        """Refuses a wrong token (401), a missing scope or another store (403), and calls above the quota (429)."""
        match = PATH.match(call.path)
        path = _rest(call)
        if match is not None and match["store"] != self.store.store_hash:
            return Refusal(403, "The store hash does not belong to this token.").answer(path)
        refusal = check_credentials(self.store, call, path)
        if refusal is not None:
            return refusal.answer(path)
        route = self._routes.find(call.method, path)
        name = route.template if isinstance(route, RouteMatch) else "(unknown)"
        return None if self._quota.count(call, f"{call.method} {name}") else self.throttled("")

    def answer(self, call: Call) -> Answer:
        """Answers a call, after executing the payments that are due."""
        settle_payments(self.store)
        path = _rest(call)
        route = self._routes.find(call.method, path)
        try:
            if isinstance(route, RouteMatch):
                return route.handler(self.store, call, **route.parameters)
            if not route:
                raise Refusal(404, "The requested resource was not found.")
            refused = Refusal(405, "The requested resource does not support this method.").answer(path)
            return refused.with_headers({"allow": ", ".join(sorted(route))})
        except Refusal as refusal:
            return refusal.answer(path)

    def malformed(self, call: Call) -> Answer:
        return Refusal(400, "The request body is not valid JSON.").answer(_rest(call))

    def finish(self, call: Call, answer: Answer) -> Answer:
        """Adds the quota headers to every answer except a bare refusal."""
        self._quota.close(call)
        if answer.status == 429 and self.switches["throttle_form"] == "bare":
            return answer
        return answer.with_headers({**self._quota.headers(), **answer.headers})

    def throttled(self, style: str) -> Answer:
        return self._quota.refusal(style or self.switches["throttle_form"])

    def server_error(self) -> Answer:
        return Answer(500, {"status": 500, "title": "Internal server error", "type": "", "errors": {}})

    def deliveries_due(self) -> list[Delivery]:
        inventory.settle(self.store)
        settle_payments(self.store)
        return webhooks.deliveries_due(self.store)

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        webhooks.delivered(self.store, delivery, status)

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
        """Runs an action outside the API. Raises KeyError for an unknown name or object, ValueError otherwise."""
        settle_payments(self.store)
        try:
            return ACTIONS[name](self.store, arguments)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from refusal

    def dump(self) -> Json:
        return dumping.dump(self.store)

    def restore(self, state: Json) -> None:
        dumping.restore(self.store, state)
        self._quota.reset()


def _rest(call: Call) -> str:
    match = PATH.match(call.path)
    path = match["rest"] if match else call.path
    return path.rstrip("/").removesuffix(".json")
