"""The inbox: a delivery and the look it asks for are stored together, or neither is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.persistence.conftest import Desk, Desks
from weighbridge.persistence.repositories.transfers import State
from weighbridge.persistence.repositories.webhook_inbox import Hint
from weighbridge.persistence.tables.work import inbox

UPDATED = "store/order/updated"
HINT = Hint("orders", "1042", timedelta(seconds=20), once_posted=("order_sweep", "*"))


async def _receive(desk: Desk, *hints: Hint, body: bytes = b"{}", headers: dict[str, str] | None = None) -> None:
    await desk.journal.inbox.receive("main", "bigcommerce", UPDATED, hints, headers or {}, body)


async def _kept(desk: Desk) -> list[sa.Row[Any]]:
    async with desk.database.reading() as reading:
        return list((await reading.execute(sa.select(inbox).order_by(inbox.c.received_at))).all())


async def _due(desk: Desk) -> list[tuple[str, str]]:
    return [(item.flow, item.key) for item in await desk.journal.agenda.due(50)]


def test_delivery_is_kept_byte_for_byte_without_its_secrets(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        body = b'{"scope": "store/order/updated",\n "data": {"id": 1042}}\x00\xff'
        headers = {
            "Webhook-Id": "m1",
            "content-type": "application/json",
            "x-weighbridge-secret": "hidden",
            "authorization": "Bearer hidden",
            "webhook-signature": "v1,hidden",
        }
        await _receive(desk, HINT, body=body, headers=headers)
        (row,) = await _kept(desk)
        assert (bytes(row.body), row.subject, row.received_at) == (body, "orders:1042", desk.now)
        assert row.headers == {"Webhook-Id": "m1", "content-type": "application/json"}

    at_desk(work)


def test_look_waits_for_more_hints_at_the_same_order(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await _receive(desk, HINT)
        desk.wait(seconds=15)
        await _receive(desk, HINT)
        assert await _due(desk) == []
        desk.wait(seconds=5)
        assert await _due(desk) == [("orders", "1042")], "the second hint does not put the look off"
        assert len(await _kept(desk)) == 2

    at_desk(work)


def test_echo_of_our_own_write_asks_for_the_list_instead_of_the_order(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer = await desk.journal.transfers.open("main", "orders", "1042")
        await desk.journal.transfers.change(transfer.id, state=State.POSTED)
        await _receive(desk, HINT)
        desk.wait(seconds=20)
        assert await _due(desk) == [("order_sweep", "*")]

    at_desk(work)


@pytest.mark.parametrize("state", [State.NEW, State.WAITING, State.HELD, State.NOT_CAPTURED])
def test_order_that_is_not_posted_is_looked_at_itself(at_desk: Desks[None], state: State) -> None:
    async def work(desk: Desk) -> None:
        transfer = await desk.journal.transfers.open("main", "orders", "1042")
        await desk.journal.transfers.change(transfer.id, state=state)
        await _receive(desk, HINT)
        desk.wait(seconds=20)
        assert await _due(desk) == [("orders", "1042")]

    at_desk(work)


def test_delivery_that_hints_at_nothing_is_kept_all_the_same(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await _receive(desk)
        assert [row.subject for row in await _kept(desk)] == [""]
        assert await _due(desk) == []

    at_desk(work)


def test_look_that_cannot_be_stored_takes_its_delivery_with_it(at_desk: Desks[None]) -> None:
    """The sender is answered with an error then, and delivers again: an acknowledged hook is never half stored."""

    async def work(desk: Desk) -> None:
        with pytest.raises(OverflowError):
            await _receive(desk, Hint("orders", "1", timedelta(0)), Hint("orders", "2", timedelta.max))
        assert await _kept(desk) == []
        assert await _due(desk) == []

    at_desk(work)
