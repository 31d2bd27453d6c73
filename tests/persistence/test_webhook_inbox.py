"""The webhook inbox: a delivery and its job are stored together, or neither is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.repositories.webhook_inbox import JobHint
from weighbridge.persistence.tables.work import webhook_inbox

UPDATED = "store/order/updated"
HINT = JobHint("orders", "1042", timedelta(seconds=20), if_posted=("order_sweep", "*"))


async def _receive(
    harness: Harness, *hints: JobHint, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> None:
    await harness.repositories.webhook_inbox.receive("main", "bigcommerce", UPDATED, hints, headers or {}, body)


async def _stored_deliveries(harness: Harness) -> list[sa.Row[Any]]:
    async with harness.database.reading() as reading:
        return list((await reading.execute(sa.select(webhook_inbox).order_by(webhook_inbox.c.received_at))).all())


def test_delivery_is_stored_byte_for_byte_without_its_secrets(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        body = b'{"scope": "store/order/updated",\n "data": {"id": 1042}}\x00\xff'
        headers = {
            "Webhook-Id": "m1",
            "content-type": "application/json",
            "x-weighbridge-secret": "hidden",
            "authorization": "Bearer hidden",
            "webhook-signature": "v1,hidden",
        }
        await _receive(harness, HINT, body=body, headers=headers)
        (row,) = await _stored_deliveries(harness)
        assert (bytes(row.body), row.subject, row.received_at) == (body, "orders:1042", harness.now)
        assert row.headers == {"Webhook-Id": "m1", "content-type": "application/json"}

    on_both_databases(work)


def test_job_waits_for_more_webhooks_about_the_same_order(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await _receive(harness, HINT)
        harness.wait(seconds=15)
        await _receive(harness, HINT)
        assert await harness.due_jobs() == []
        harness.wait(seconds=5)
        assert await harness.due_jobs() == [("orders", "1042")], "the second hint does not delay the job"
        assert len(await _stored_deliveries(harness)) == 2

    on_both_databases(work)


@pytest.mark.parametrize("columns", [{"state": State.POSTED}, {"state": State.NEW, "target_id": "sale"}])
def test_echo_of_our_own_write_enqueues_the_sweep_instead_of_the_order(
    on_both_databases: OnBothDatabases[None], columns: dict[str, Any]
) -> None:
    async def work(harness: Harness) -> None:
        transfer = await harness.repositories.transfers.open("main", "orders", "1042")
        await harness.repositories.transfers.change(transfer.id, **columns)
        await _receive(harness, HINT)
        harness.wait(seconds=20)
        assert await harness.due_jobs() == [("order_sweep", "*")]

    on_both_databases(work)


@pytest.mark.parametrize("state", [State.NEW, State.WAITING, State.HELD, State.NOT_CAPTURED])
def test_order_that_is_not_posted_is_enqueued_itself(on_both_databases: OnBothDatabases[None], state: State) -> None:
    async def work(harness: Harness) -> None:
        transfer = await harness.repositories.transfers.open("main", "orders", "1042")
        await harness.repositories.transfers.change(transfer.id, state=state)
        await _receive(harness, HINT)
        harness.wait(seconds=20)
        assert await harness.due_jobs() == [("orders", "1042")]

    on_both_databases(work)


def test_delivery_without_a_job_is_still_stored(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await _receive(harness)
        assert [row.subject for row in await _stored_deliveries(harness)] == [""]
        assert await harness.due_jobs() == []

    on_both_databases(work)


def test_job_that_cannot_be_stored_rolls_back_its_delivery(on_both_databases: OnBothDatabases[None]) -> None:
    """The sender then gets an error and delivers again: an acknowledged webhook is never stored in part."""

    async def work(harness: Harness) -> None:
        with pytest.raises(OverflowError):
            await _receive(harness, JobHint("orders", "1", timedelta(0)), JobHint("orders", "2", timedelta.max))
        assert await _stored_deliveries(harness) == []
        assert await harness.due_jobs() == []

    on_both_databases(work)
