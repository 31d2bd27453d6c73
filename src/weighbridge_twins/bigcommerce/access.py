"""Who may call: API accounts with their tokens and scopes. Source: platform notes, bigcommerce 1.1 and 1.2.

Accounts are no part of the store's state: a saved state opens no doors.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.state import Shop
from weighbridge_twins.call import Call

NEEDED: Final = (
    ("/v2/time", ""),
    ("/v2/hooks", ""),
    ("/v3/hooks", ""),
    ("/v2/orders", "store_v2_orders"),
    ("/v2/order_statuses", "store_v2_orders"),
    ("/v3/orders", "store_v2_orders"),
    ("/v2/products", "store_v2_products"),
    ("/v3/catalog", "store_v2_products"),
    ("/v3/pricelists", "store_v2_products"),
    ("/v3/inventory/locations", "store_locations"),
    ("/v3/inventory", "store_inventory"),
    ("/v2/customers", "store_v2_customers"),
    ("/v2/customer_groups", "store_v2_customers"),
    ("/v3/customers", "store_v2_customers"),
    ("/v3/channels", "store_channel_settings"),
    ("/v2", "store_v2_information"),
    ("/v3", "store_v2_information"),
)
"""The scope of a path by its beginning, the first that fits; empty where every token may."""
TRANSACTIONS: Final = "store_v2_transactions"
READING: Final = ("GET", "HEAD")
ITEMS: Final = "/items"


@dataclass(slots=True)
class Account:
    """An API account; without scopes of its own it may do everything."""

    client_id: str
    token: str
    scopes: frozenset[str] | None = None

    def may(self, scope: str, *, reading: bool) -> bool:
        """True where the account has the scope, or for reading at least its read-only half."""
        if self.scopes is None or not scope or scope in self.scopes:
            return True
        return reading and f"{scope}_read_only" in self.scopes


def account_of(shop: Shop, call: Call) -> Account | None:
    """The account whose token the call carries; every token is compared, however early one fits."""
    token = call.headers.get("x-auth-token", "").encode()
    found = [one for one in shop.accounts.values() if hmac.compare_digest(token, one.token.encode())]
    return found[0] if found else None


def client_of(shop: Shop, call: Call) -> str:
    """The client id behind a call; metafields belong to one."""
    account = account_of(shop, call)
    return account.client_id if account else ""


def admit(shop: Shop, call: Call, path: str) -> Refusal | None:
    """Refuses a token that is unknown (401) or lacks the scope of the path (403)."""
    account = account_of(shop, call)
    if account is None:
        sent = "x-auth-token" in call.headers
        return Refusal(401, "Unauthorized" if sent else "No credentials were supplied in the request.")
    if not account.may(scope_of(call.method, path), reading=call.method in READING):
        return Refusal(403, "You don't have a required scope to access the endpoint")
    return None


def scope_of(method: str, path: str) -> str:
    """The scope that a call needs, without the ending of its read-only half; empty for none."""
    if path.startswith("/v3/orders/") and path.endswith(("/transactions", "/capture", "/void")):
        return TRANSACTIONS
    if path.startswith("/v3/inventory/locations") and path.endswith(ITEMS):
        return "store_inventory"
    return next((scope for start, scope in NEEDED if path.startswith(start)), "")


def open_account(shop: Shop, client_id: str, token: str, scopes: Iterable[str] | None = None) -> Account:
    """A new API account, or the same one with another token or other scopes."""
    account = Account(client_id, token, frozenset(scopes) if scopes is not None else None)
    shop.accounts[client_id] = account
    return account
