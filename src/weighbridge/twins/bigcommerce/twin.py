"""The BigCommerce twin: one store behind the vendor's v2 and v3 APIs."""

from __future__ import annotations

import hmac
import re

from weighbridge.clock import Clock
from weighbridge.twins.bigcommerce import (
    catalog,
    catalog_acts,
    catalog_switches,
    customers,
    dumping,
    inventory,
    metafields,
    orders,
    shipments,
    store,
    transactions,
    webhooks,
)
from weighbridge.twins.bigcommerce.acts import ACTS
from weighbridge.twins.bigcommerce.errors import Refusal
from weighbridge.twins.bigcommerce.quota import Quota
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Shop
from weighbridge.twins.call import Answer, Call, Delivery, Json

MODULES = (orders, shipments, transactions, metafields, catalog, inventory, customers, store, webhooks)
PATH = re.compile(r"^/stores/(?P<store>[^/]+)(?P<rest>/v[23]/.*)$")


class BigCommerceTwin:
    """One store with its API account. Implements the chassis' `Platform`."""

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
        self._token = access_token
        self.shop = Shop(clock, store_hash, client_secret, seed)
        self.shop.base_url = base_url
        self.shop.switches |= {switch.name: switch.default for switch in catalog_switches.SWITCHES}
        self.switches = self.shop.switches
        inventory.add_location(self.shop, "BC-LOCATION-1", "Default location", is_default=True)
        self._routes = Routes()
        for module in MODULES:
            self._routes.merge(module.routes)
        self._quota = Quota(self.shop)

    def guard(self, call: Call) -> Answer | None:
        """A wrong token answers 401, another store's path 403, a used-up window 429 in the form of the switch."""
        match = PATH.match(call.path)
        path = _rest(call)
        if match is not None and match["store"] != self.shop.store_hash:
            return Refusal(403, "The store hash does not belong to this token.").answer(path)
        if not hmac.compare_digest(call.headers.get("x-auth-token", "").encode(), self._token.encode()):
            return Refusal(401, "Unauthorized").answer(path)
        found = self._routes.find(call.method, path)
        name = found[0] if isinstance(found, tuple) else "(unknown)"
        return None if self._quota.count(f"{call.method} {name}") else self.throttled("")

    def answer(self, call: Call) -> Answer:
        path = _rest(call)
        found = self._routes.find(call.method, path)
        try:
            if found is None:
                raise Refusal(404, "The requested resource was not found.")
            if found is False or found is True:
                raise Refusal(405, "The requested resource does not support this method.")
            _, handler, parameters = found
            return handler(self.shop, call, **parameters)
        except Refusal as refusal:
            return refusal.answer(path)

    def malformed(self, call: Call) -> Answer:
        return Refusal(400, "The request body is not valid JSON.").answer(_rest(call))

    def finish(self, call: Call, answer: Answer) -> Answer:
        """Every answer carries the quota headers, but for a bare refusal."""
        if answer.status == 429 and self.switches["throttle_form"] == "bare":
            return answer
        return answer.with_headers({**self._quota.headers(), **answer.headers})

    def throttled(self, style: str) -> Answer:
        return self._quota.refusal(style or self.switches["throttle_form"])

    def server_error(self) -> Answer:
        return Answer(500, {"status": 500, "title": "Internal server error", "type": "", "errors": {}})

    def deliveries_due(self) -> list[Delivery]:
        inventory.settle(self.shop)
        return webhooks.deliveries_due(self.shop)

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        webhooks.delivered(self.shop, delivery, status)

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
        try:
            return {**ACTS, **catalog_acts.ACTS}[name](self.shop, arguments)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from refusal

    def dump(self) -> Json:
        return dumping.dump(self.shop)

    def restore(self, state: Json) -> None:
        dumping.restore(self.shop, state)
        self._quota.reset()


def _rest(call: Call) -> str:
    match = PATH.match(call.path)
    path = match["rest"] if match else call.path
    return path.rstrip("/").removesuffix(".json")
