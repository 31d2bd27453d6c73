"""Ownership: whom a finding waits for, as the design of its connection says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from weighbridge.domain.findings.finding import Finding, FindingKind, Owner
from weighbridge.flows.context import running
from weighbridge.persistence.repositories.transfers import Transfer


async def weighed(transfer: Transfer, findings: tuple[Finding, ...], **values: Any) -> None:
    """Stores what a weighing found, each finding under the owner that the connection's design names for its kind.

    A deciding finding holds or rejects the transfer. `values` are further columns of the transfer.
    """
    await running().journal.transfers.weighed(transfer.id, owned(transfer, findings), **values)


def owned(transfer: Transfer, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """`findings` under the owners that the design of the transfer's connection names."""
    return tuple(replace(finding, owner=owner_of(transfer, finding.kind)) for finding in findings)


def owner_of(transfer: Transfer, kind: FindingKind) -> Owner:
    """Who resolves a finding of `kind` on this transfer."""
    return running().sites[transfer.connection].connection.design.owner_of(kind)
