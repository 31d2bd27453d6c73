"""A small, valid configuration that tests change."""

from __future__ import annotations

SMALL = """\
[connections.main.bigcommerce]
store_hash = "abc123"
access_token = { env = "BC_TOKEN" }

[connections.main.cin7]
account_id = { env = "CIN7_ACCOUNT" }
application_key = { file = "keys/cin7" }

[connections.main.design.sale]
customers = { USD = "Web customer USD" }
location = "Main Warehouse"
payment_terms = "30 days"
revenue_account = "200"
receivable_account = "610"

[connections.main.design.tax]
untaxed = "Tax Exempt"

[connections.main.design.stock]
locations = ["Main Warehouse"]
"""


def changed(*changes: tuple[str, str]) -> str:
    """SMALL with each first text replaced by the second; the first must occur exactly once."""
    text = SMALL
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
