"""Checks tokens and scopes of API calls. Source: platform notes, bigcommerce 1.1 and 1.2.

Accounts are not part of the saved state, so a restored state grants no access.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from weighbridge_twins.bigcommerce.accounts import Account
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.http.call import Call

SCOPES_BY_PATH: Final = (
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
"""The scope of each path prefix; the first match applies. An empty scope means any token is accepted."""
TRANSACTIONS: Final = "store_v2_transactions"
READ_METHODS: Final = ("GET", "HEAD")
ITEMS: Final = "/items"


def account_of(store: Store, call: Call) -> Account | None:
    """The account of the call's token. Compares every token so that the duration does not reveal a match."""
    token = call.headers.get("x-auth-token", "").encode()
    matches = [account for account in store.accounts.values() if hmac.compare_digest(token, account.token.encode())]
    return matches[0] if matches else None


def client_of(store: Store, call: Call) -> str:
    """The client id of the call's account; each metafield belongs to one client id."""
    account = account_of(store, call)
    return account.client_id if account else ""


def check_credentials(store: Store, call: Call, path: str) -> Refusal | None:
    """Refuses an unknown token (401) and a token without the scope of the path (403)."""
    account = account_of(store, call)
    if account is None:
        sent = "x-auth-token" in call.headers
        return Refusal(401, "Unauthorized" if sent else "No credentials were supplied in the request.")
    if not account.may(scope_of(call.method, path), reading=call.method in READ_METHODS):
        return Refusal(403, "You don't have a required scope to access the endpoint")
    return None


def scope_of(method: str, path: str) -> str:
    """The scope that a call needs, without the read-only suffix; empty if it needs none."""
    if path.startswith("/v3/orders/") and path.endswith(("/transactions", "/capture", "/void")):
        return TRANSACTIONS
    if path.startswith("/v3/inventory/locations") and path.endswith(ITEMS):
        return "store_inventory"
    return next((scope for start, scope in SCOPES_BY_PATH if path.startswith(start)), "")


def open_account(store: Store, client_id: str, token: str, scopes: Iterable[str] | None = None) -> Account:
    """Creates an API account, or replaces token and scopes of an existing one."""
    account = Account(client_id, token, frozenset(scopes) if scopes is not None else None)
    store.accounts[client_id] = account
    return account
