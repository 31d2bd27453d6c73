"""Open findings: held objects other than orders, each under the flow name of its kind, until they are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from weighbridge.domain.findings.finding import Finding
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.evaluation import record_evaluation, record_passed, with_owners
from weighbridge.persistence.repositories.transfers import State, stored_finding

LONGEST_KEY = 160
NOTHING_AT_RISK: Mapping[str, tuple[Decimal, str]] = MappingProxyType({})


async def report(
    ctx: ConnectionContext,
    name: str,
    findings: Mapping[str, tuple[Finding, ...]],
    amounts_at_risk: Mapping[str, tuple[Decimal, str]] = NOTHING_AT_RISK,
) -> None:
    """Holds every object in `findings` under the flow `name`, and closes the held objects that are not in it.

    `amounts_at_risk` names the amount and the currency of the objects for which it is known.
    """
    transfers = ctx.repositories.transfers
    held = {transfer.key: transfer for transfer in await transfers.held_in_flow(ctx.name, name)}
    for object_key, object_findings in findings.items():
        key = object_key[:LONGEST_KEY]
        transfer = held.pop(key, None) or await transfers.open(ctx.name, name, key)
        stored = [stored_finding(finding) for finding in with_owners(ctx, object_findings)]
        if transfer.state is not State.HELD or list(transfer.findings) != stored:
            amount, currency = amounts_at_risk.get(object_key, (None, ""))
            await record_evaluation(
                ctx, transfer, object_findings, design_version=ctx.design_version, amount=amount, currency=currency
            )
    for transfer in held.values():
        await record_passed(ctx, transfer)
