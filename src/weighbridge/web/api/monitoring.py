"""Monitoring through the API: connections, monitors, alerts and their channels, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from weighbridge.app.context import app_context_of
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.monitors.state import monitor_states
from weighbridge.persistence.repositories.sent_alerts import SentAlerts
from weighbridge.queries.audit import AUDIT_LINES, chain_of
from weighbridge.services import alert_channels
from weighbridge.web.api.auth import Admin, AdminReader, Auditor, Reader
from weighbridge.web.api.responses import ResponseModel

router = APIRouter(tags=["monitoring"])
QueryText = Annotated[str, Query(max_length=300)]
PathText = Annotated[str, Path(max_length=300)]


class MonitorResponse(ResponseModel):
    """One monitor of one connection."""

    connection: str
    monitor: str
    watches: str
    kind: str
    owner: str
    last_run_at: datetime | None
    finding_count: int | None


class ChannelResponse(BaseModel):
    """An alert channel without its address, which is a secret."""

    name: str
    owners: list[Owner]


class SentAlertResponse(ResponseModel):
    """A sent alert."""

    channel: str
    text: str
    stage: str
    claimed_at: datetime
    sent_at: datetime | None
    problem: str


class AlertsResponse(BaseModel):
    """The channels and the last alerts, newest first."""

    channels: list[ChannelResponse]
    alerts: list[SentAlertResponse]


class ChannelTestResponse(BaseModel):
    """The result of a test message."""

    accepted: bool
    problem: str


class AuditLineResponse(ResponseModel):
    """A line of the audit log."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    digest: str


class AuditChainResponse(BaseModel):
    """Whether the log's chain is intact, and the first line at which it is not."""

    holds: bool
    number: int | None
    why: str


class ConnectionResponse(BaseModel):
    """A connection: one store with one Cin7 company."""

    name: str
    store_hash: str
    bigcommerce_api: str
    cin7_api: str
    webhooks: bool


@router.get("/connections")
async def list_connections(request: Request, _: Reader) -> list[ConnectionResponse]:
    """The connections of the installation, by name, without secrets."""
    return [
        ConnectionResponse(
            name=name,
            store_hash=connection.bigcommerce.store_hash,
            bigcommerce_api=str(connection.bigcommerce.api),
            cin7_api=str(connection.cin7.api),
            webhooks=connection.webhooks.enabled,
        )
        for name, connection in sorted(app_context_of(request).connections.items())
    ]


@router.get("/monitors")
async def list_monitors(request: Request, _: Reader, connection: QueryText = "") -> list[MonitorResponse]:
    """The monitors, the time of their last run, and the number of their findings."""
    app = app_context_of(request)
    if connection and connection not in app.connections:
        raise LookupError(f"there is no connection {connection}")
    names = [connection] if connection else sorted(app.connections)
    return [
        MonitorResponse.model_validate(state)
        for name in names
        for state in await monitor_states(app.repositories, name)
    ]


@router.get("/alerts")
async def list_alerts(
    request: Request, _: AdminReader, most: Annotated[int, Query(ge=1, le=500)] = 50
) -> AlertsResponse:
    """The alert channels and the latest alerts."""
    app = app_context_of(request)
    sent_alerts = await SentAlerts(app.database, app.clock).latest(most)
    return AlertsResponse(
        channels=[
            ChannelResponse(name=name, owners=list(channel.owners))
            for name, channel in sorted(app.installation.alerts.channels.items())
        ],
        alerts=[SentAlertResponse.model_validate(alert) for alert in sent_alerts],
    )


@router.post("/alerts/{channel}/test")
async def try_channel(request: Request, user: Admin, channel: PathText) -> ChannelTestResponse:
    """Sends a test message to a channel."""
    problem = await alert_channels.try_channel(app_context_of(request), user, channel)
    return ChannelTestResponse(accepted=not problem, problem=problem)


@router.get("/audit")
async def show_audit(
    request: Request,
    _: Auditor,
    actor: QueryText = "",
    subject: QueryText = "",
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> list[AuditLineResponse]:
    """The audit log, newest first, 100 lines to a page; `before` is the last number of the previous page."""
    lines = await app_context_of(request).access.audit.lines(
        before=before, actor=actor.strip(), subject=subject.strip(), limit=AUDIT_LINES
    )
    return [AuditLineResponse.model_validate(line) for line in lines]


@router.get("/audit/chain")
async def check_audit(request: Request, _: Auditor) -> AuditChainResponse:
    """Checks the chain of the audit log, at most once a minute."""
    broken = await chain_of(app_context_of(request))
    return AuditChainResponse(
        holds=broken is None, number=broken.number if broken else None, why=broken.why if broken else ""
    )
