"""Reports on the whole installation: status, storage, open returns, and the transfers that are held."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from weighbridge.app.context import app_context_of
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.queries.storage import Storage, storage_of
from weighbridge.queries.transfers import transfers_of
from weighbridge.reports.returns import OpenReturn, returns_of
from weighbridge.reports.status import status_of
from weighbridge.web.api.auth import Reader
from weighbridge.web.api.responses import Amount
from weighbridge.web.api.stock import check_connection

router = APIRouter(tags=["reports"])
QueryText = Annotated[str, Query(max_length=300)]


class TransferResponse(BaseModel):
    """One transfer: an object that goes from one platform to the other."""

    connection: str
    flow: str
    key: str
    state: State
    kind: str
    """The kind of the exception that holds it."""
    owner: str
    reason: str
    findings: list[dict[str, Any]]
    amount: Amount | None
    since: datetime

    @classmethod
    def of(cls, transfer: Transfer) -> TransferResponse:
        amount = None
        if transfer.amount is not None:
            amount = Amount(amount=format(transfer.amount, "f"), currency=transfer.currency)
        return cls(
            connection=transfer.connection, flow=transfer.flow, key=transfer.key, state=transfer.state,
            kind=transfer.reason_kind, owner=transfer.owner, reason=transfer.reason, findings=list(transfer.findings),
            amount=amount, since=transfer.updated_at,
        )  # fmt: skip


@router.get("/transfers")
async def list_transfers(
    request: Request,
    _: Reader,
    connection: QueryText,
    state: Annotated[list[State], Query(min_length=1)],
    flow: QueryText = "",
) -> list[TransferResponse]:
    """Transfers of a connection in one of the states, oldest first; of one flow if `flow` is given. At most 10,000."""
    app = app_context_of(request)
    check_connection(app, connection)
    return [TransferResponse.of(transfer) for transfer in await transfers_of(app, connection, state, flow)]


@router.get("/returns")
async def list_returns(request: Request, _: Reader) -> list[OpenReturn]:
    """Refunds for which refund, returned goods and credit note do not agree, oldest first."""
    app = app_context_of(request)
    return await returns_of(app.database, app.clock)


@router.get("/status")
async def show_status(request: Request, _: Reader) -> dict[str, Any]:
    """Transfers by flow and state, remaining API budgets, and the oversell bound of every connection."""
    app = app_context_of(request)
    status = await status_of(app.installation, app.folder, app.environment, app.database, app.clock)
    return status.as_json()


@router.get("/storage")
async def show_storage(request: Request, _: Reader) -> Storage:
    """Rows, bytes, age and retention of each kind of record; at most a minute old."""
    return await storage_of(app_context_of(request))
