"""The Cin7 Core twin: one company behind the vendor's API v2."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from weighbridge_twins.cin7 import dumping, webhooks
from weighbridge_twins.cin7.defaults import fill_new_company
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.paging import html_page
from weighbridge_twins.cin7.quota import Quota
from weighbridge_twins.cin7.routes import ROUTES, endpoint_of
from weighbridge_twins.cin7.state import Company
from weighbridge_twins.cin7.user_actions import UserActions
from weighbridge_twins.clock import Clock
from weighbridge_twins.http.call import Answer, Call, Delivery, Json, MalformedBody

ACTIONS: Final = frozenset(
    (
        "seed", "receive_stock", "order_stock", "count_stock", "pick", "pack", "ship", "pick_pack_ship", "add_tracking",
        "void_sale", "undo_sale", "deprecate_product", "rename_tax_rule", "use_tax_rule", "use_account",
        "change_bom", "lock_date", "hold_customer", "deactivate_webhook", "use_quota",
    )
)  # fmt: skip


class Cin7Twin(UserActions):
    """One company with its API application. Implements `Platform`.

    `company` overrides members of GET /me, such as {"Currency": "AUD"}.
    """

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
        fill_new_company(self.company)
        self.company.me |= dict(company or {})
        self._quota = Quota(self.company)

    def check_access(self, call: Call) -> Answer | None:
        """Refuses wrong credentials with 403, and calls beyond the quota in the form of the switch `throttle_style`."""
        headers = call.headers
        account = _same(headers.get("api-auth-accountid", ""), self._account_id)
        key = _same(headers.get("api-auth-applicationkey", ""), self._application_key)
        if not (account and key):
            return Answer(403, [{"ErrorCode": 403, "Exception": "Incorrect credentials!"}])
        endpoint = f"{call.method} {endpoint_of(call.path) or '(unknown)'}"
        return None if self._quota.count(endpoint) else self.throttled(self.switches["throttle_style"])

    def answer(self, call: Call) -> Answer:
        """Every handler checks everything before it changes anything, so a refused call changes nothing."""
        endpoint = endpoint_of(call.path)
        if endpoint is None:
            if self.switches["unknown_path"] == "404":
                return Answer(404, [{"ErrorCode": 404, "Exception": "Endpoint not found"}])
            return html_page()
        handler = ROUTES[endpoint].get(call.method)
        if handler is None:
            return Answer(405, [{"ErrorCode": 405, "Exception": f"Method {call.method} is not allowed"}])
        try:
            return handler(self.company, call)
        except Refusal as refusal:
            return refusal.answer()
        except MalformedBody:
            return self.malformed(call)

    def malformed(self, call: Call) -> Answer:
        """Answers 500 to a body that cannot be parsed. Source: platform notes, cin7 1.4."""
        return Answer(500, [{"ErrorCode": 500, "Exception": "Unexpected character encountered while parsing value."}])

    def finish(self, call: Call, answer: Answer) -> Answer:
        """Adds no headers: the vendor documents no quota headers. Source: platform notes, cin7 1.2."""
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
        """Returns the calls and the largest share of the limit within any 60 seconds."""
        quota = self._quota
        return {
            "calls": quota.calls,
            "throttled": quota.throttled,
            "limit": quota.limit,
            "peak": quota.peak,
            "peak_share": quota.peak / quota.limit if quota.limit else 0.0,
            "by_endpoint": dict(sorted(quota.by_endpoint.items())),
        }

    def use_quota(self, calls: int, same_application: bool = True) -> Json:
        """Counts calls of another program of the company, under this key or under its own."""
        self._quota.used_by_others(int(calls), same_application=same_application)
        return {"used": calls}

    def act(self, name: str, arguments: Json) -> Json:
        """Carries out the user action with the name of a method. Raises KeyError and ValueError."""
        if name not in ACTIONS:
            raise KeyError(name)
        if not isinstance(arguments, dict):
            raise ValueError(f"{name}: expected an object of arguments")
        try:
            return getattr(self, name)(**arguments)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from error

    def dump(self) -> Json:
        return dumping.dump(self.company)

    def restore(self, state: Json) -> None:
        dumping.restore(self.company, state)
        self._quota.reset()


def _same(sent: str, own: str) -> bool:
    """Compares GUIDs, ignoring case. Source: platform notes, cin7 1.5."""
    return hmac.compare_digest(sent.strip().lower().encode(), own.lower().encode())
