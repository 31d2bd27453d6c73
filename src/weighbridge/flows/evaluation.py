"""Evaluations: what a flow found about an object, stored under the owners that the design names."""

from __future__ import annotations

from dataclasses import replace

from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import Finding
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.flows.context import ConnectionContext
from weighbridge.persistence.repositories.transfers import ColumnValue, State, Transfer


async def record_evaluation(
    ctx: ConnectionContext, transfer: Transfer, findings: tuple[Finding, ...], **values: ColumnValue
) -> None:
    """Stores what an evaluation found, each finding under the owner that the connection's design names for its kind.

    A deciding finding holds or rejects the transfer. `values` are further columns of the transfer.
    """
    await ctx.repositories.transfers.record_evaluation(transfer.id, with_owners(ctx, findings), **values)


async def record_passed(
    ctx: ConnectionContext,
    transfer: Transfer,
    notes: tuple[Finding, ...] = (),
    *,
    state: State = State.POSTED,
    **values: ColumnValue,
) -> None:
    """Stores an evaluation that holds nothing: the transfer gets `state` and has no reason and no owner any more.

    `values` are further columns of the transfer.
    """
    await record_evaluation(ctx, transfer, notes, state=state, reason_kind="", reason="", owner="", **values)


async def record_not_captured(ctx: ConnectionContext, transfer: Transfer, kind: str, reason: str) -> None:
    """Stores that nothing has to be posted for the transfer, and why."""
    await record_evaluation(ctx, transfer, (), state=State.NOT_CAPTURED, reason_kind=kind, reason=reason, owner="")


def with_owners(ctx: ConnectionContext, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """`findings` under the owners that the connection's design names."""
    return tuple(replace(finding, owner=owner_of(ctx, finding.kind)) for finding in findings)


def owner_of(ctx: ConnectionContext, kind: FindingKind) -> Owner:
    """Who resolves a finding of `kind` on this connection."""
    return ctx.connection.design.owner_of(kind)
