"""Replay: an order that Cin7 refused is posted again exactly as it was mapped; the shop is not asked anew."""

from __future__ import annotations

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.execute import REPLAY_FLOW
from weighbridge.flows.context import running
from weighbridge.flows.orders import flow as orders
from weighbridge.jobs.engine import durable_flow, durable_step
from weighbridge.persistence.repositories.transfers import State

REPLAYABLE = (FindingKind.REFUSED_BY_CIN7, FindingKind.RETRIES_EXHAUSTED, FindingKind.UNEXPECTED_ERROR)
"""Reasons after which what is stored is still what should be written."""


@durable_flow(REPLAY_FLOW)
async def replay(connection: str, order_id: str) -> str:
    """Posts what is stored of a held order, by the same intents: what was answered before is not sent again."""
    verdict = await may_replay(connection, order_id)
    if verdict == orders.POST:
        verdict = await orders.post(connection, order_id)
    if verdict == orders.LINK:
        verdict = await orders.link(connection, order_id)
    return verdict


@durable_step("may_replay")
async def may_replay(connection: str, order_id: str) -> str:
    """POST when the order waits with something mapped to write; otherwise it is looked at as usual."""
    journal = running().journal
    transfer = await journal.transfers.find(connection, orders.FLOW, order_id)
    if transfer is not None and transfer.state is State.HELD:
        if transfer.content is not None and transfer.reason_kind in REPLAYABLE:
            return orders.POST
        await journal.agenda.look_again(connection, orders.FLOW, order_id, "nothing to replay")
    return orders.DONE
