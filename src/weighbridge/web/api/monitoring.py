"""What watches the installation, through the API: monitors, alerts and their channels, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from weighbridge.app.context import office_of
from weighbridge.domain.findings.finding import Owner
from weighbridge.monitors.state import looked
from weighbridge.persistence.repositories.sent_alerts import AlertLedger
from weighbridge.queries.audit import AUDIT_LINES, chain_of
from weighbridge.services import alert_channels as channels
from weighbridge.web.api.auth import Admin, AdminReader, Auditor, Reader
from weighbridge.web.api.responses import Answer

router = APIRouter(tags=["watching"])
Word = Annotated[str, Query(max_length=300)]
Piece = Annotated[str, Path(max_length=300)]


class MonitorAnswer(Answer):
    """One monitor of one connection."""

    connection: str
    monitor: str
    watches: str
    kind: str
    owner: str
    looked_at: datetime | None
    found: int | None


class ChannelAnswer(BaseModel):
    """A channel; its address is a secret."""

    name: str
    owners: list[Owner]


class ToldAnswer(Answer):
    """One alert."""

    channel: str
    words: str
    stage: str
    claimed_at: datetime
    sent_at: datetime | None
    problem: str


class AlertsAnswer(BaseModel):
    """The channels and the last alerts, newest first."""

    channels: list[ChannelAnswer]
    told: list[ToldAnswer]


class TriedAnswer(BaseModel):
    """How a test message went."""

    taken: bool
    problem: str


class AuditAnswer(Answer):
    """A line of the audit log."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    digest: str


class ChainAnswer(BaseModel):
    """Whether the log's chain holds from the first line to the last, and the first place where it does not."""

    holds: bool
    number: int | None
    why: str


class ConnectionAnswer(BaseModel):
    """One store joined to one company."""

    name: str
    store_hash: str
    bigcommerce_api: str
    cin7_api: str
    hooks: bool


@router.get("/connections")
async def list_connections(request: Request, _: Reader) -> list[ConnectionAnswer]:
    """The connections of the installation, by name; secrets are told nowhere."""
    return [
        ConnectionAnswer(
            name=name,
            store_hash=one.bigcommerce.store_hash,
            bigcommerce_api=str(one.bigcommerce.api),
            cin7_api=str(one.cin7.api),
            hooks=one.hooks.enabled,
        )
        for name, one in sorted(office_of(request).connections.items())
    ]


@router.get("/monitors")
async def list_monitors(request: Request, _: Reader, connection: Word = "") -> list[MonitorAnswer]:
    """What is watched although nothing failed, when each monitor looked last, and how much it found."""
    office = office_of(request)
    if connection and connection not in office.connections:
        raise LookupError(f"there is no connection {connection}")
    names = [connection] if connection else sorted(office.connections)
    return [MonitorAnswer.model_validate(one) for name in names for one in await looked(office.journal, name)]


@router.get("/alerts")
async def list_alerts(request: Request, _: AdminReader, most: Annotated[int, Query(ge=1, le=500)] = 50) -> AlertsAnswer:
    """Who is told of what, and what was told last."""
    office = office_of(request)
    told = await AlertLedger(office.database, office.clock).latest(most)
    return AlertsAnswer(
        channels=[
            ChannelAnswer(name=name, owners=list(one.owners))
            for name, one in sorted(office.installation.alerts.channels.items())
        ],
        told=[ToldAnswer.model_validate(one) for one in told],
    )


@router.post("/alerts/{channel}/test")
async def try_channel(request: Request, user: Admin, channel: Piece) -> TriedAnswer:
    """Sends a test message to a channel and says how it went."""
    problem = await channels.try_channel(office_of(request), user, channel)
    return TriedAnswer(taken=not problem, problem=problem)


@router.get("/audit")
async def show_audit(
    request: Request,
    _: Auditor,
    actor: Word = "",
    subject: Word = "",
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> list[AuditAnswer]:
    """The audit log, newest first, 100 lines at a time; the last number is `before` of the next page."""
    lines = await office_of(request).access.audit.lines(
        before=before, actor=actor.strip(), subject=subject.strip(), limit=AUDIT_LINES
    )
    return [AuditAnswer.model_validate(line) for line in lines]


@router.get("/audit/chain")
async def check_audit(request: Request, _: Auditor) -> ChainAnswer:
    """Checks the chain of the audit log, at most once a minute."""
    broken = await chain_of(office_of(request))
    return ChainAnswer(holds=broken is None, number=broken.number if broken else None, why=broken.why if broken else "")
