"""Accounts: every account that the design names exists in Cin7's chart and is active, before a document needs it."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.design.schema import Design
from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.flows.context import Site, running
from weighbridge.monitors.monitor import Monitor, Seen

CODE, ACTIVE, PAYABLE = 0, 1, 2
"""Places in a kept account: its code, whether it is active, whether it takes payments."""


async def _look(site: Site) -> Seen:
    kept = await running().journal.references.read(site.name, "company")
    if kept is None or "accounts" not in kept[0]:
        return Seen()
    active = {row[CODE] for row in kept[0]["accounts"] if row[ACTIVE]}
    payable = {row[CODE] for row in kept[0]["accounts"] if row[ACTIVE] and row[PAYABLE]}
    found = {}
    for field, code, takes_payments in named_accounts(site.connection.design):
        if code not in (payable if takes_payments else active):
            which = "an active account of Cin7's chart that takes payments" if takes_payments else "an active account"
            found[code] = hold(FindingKind.ACCOUNT_MISSING, field, code, f"{which}; make it, or name another")
    return Seen(found)


def named_accounts(design: Design) -> Iterator[tuple[str, str, bool]]:
    """Setting, account code, and whether it must take payments, of every account that documents will be posted to."""
    yield "design.sale.revenue_account", design.sale.revenue_account, False
    yield "design.sale.receivable_account", design.sale.receivable_account, False
    if Depth(design.sale.post) is Depth.INVOICE_AND_PAYMENT:
        for tender, code in sorted(design.payments.accounts.items()):
            yield f"design.payments.accounts.{tender}", code, True


MONITOR = Monitor(
    "account", "Every account that the design names is active in Cin7's chart.", FindingKind.ACCOUNT_MISSING, _look
)
