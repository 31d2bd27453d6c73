"""Held objects: things beside orders that wait for a person, each under a name of its own, until they come right."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from weighbridge.domain.findings.finding import Finding
from weighbridge.flows.context import Site, running
from weighbridge.flows.evaluation import owned, weighed
from weighbridge.persistence.repositories.transfers import State, stored_finding
from weighbridge.persistence.tables.transfers import transfers

LONGEST_KEY = 160
WORTHLESS: Mapping[str, tuple[Decimal, str]] = MappingProxyType({})


async def report(
    site: Site,
    name: str,
    findings: Mapping[str, tuple[Finding, ...]],
    worth: Mapping[str, tuple[Decimal, str]] = WORTHLESS,
) -> None:
    """Holds every object in `findings` under the flow `name`; those that are held and not among them are closed.

    `worth` says of some how much money is at risk, and in which currency.
    """
    journal = running().journal
    own = (transfers.c.connection == site.name) & (transfers.c.flow == name) & (transfers.c.state == State.HELD)
    held = {row.key: row for row in await journal.transfers.select(own, limit=1_000_000)}
    for of, found in findings.items():
        key = of[:LONGEST_KEY]
        row = held.pop(key, None) or await journal.transfers.open(site.name, name, key)
        if row.state is not State.HELD or list(row.findings) != [stored_finding(one) for one in owned(row, found)]:
            amount, currency = worth.get(of, (None, ""))
            await weighed(row, found, design_version=site.design_version, amount=amount, currency=currency)
    for row in held.values():
        await weighed(row, (), state=State.POSTED, reason_kind="", reason="", owner="")
