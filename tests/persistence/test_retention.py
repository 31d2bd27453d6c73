"""Old records are removed on both databases; evidence of open exceptions and objects on their way are kept."""

from __future__ import annotations

import itertools
import json
import random
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from tests.persistence.conftest import NOON, Harness, OnBothDatabases
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.retention import DEFAULT_DAYS, RecordKind, RecordOwner, RetentionPolicy, is_kept
from weighbridge.persistence.repositories.http_log import CurrentAttempt, StoredExchange, current_attempt
from weighbridge.persistence.tables.exceptions import exception_objects
from weighbridge.persistence.tables.stock import stock_decreases
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.persistence.tables.work import attempts, webhook_inbox
from weighbridge.persistence.types import new_id
from weighbridge.platforms.http_exchange import Exchange

POLICY = RetentionPolicy(DEFAULT_DAYS)
FLOWS, STATES, OUTCOMES = (
    ("orders", "refunds", "stock"),
    ("new", "posted", "held", "cancelled"),
    ("answered", "refused"),
)
URL = "https://inventory.dearsystems.com/ExternalApi/v2/sale?ID=1"
BODY = json.dumps({"Lines": [{"SKU": f"SKU-{number}", "Price": number} for number in range(40)]}).encode()


async def _transfer(harness: Harness, flow: str, key: str, state: str, has_open_exception: bool) -> str:
    """A transfer in a state, with or without an open exception."""
    transfer = await harness.repositories.transfers.open("main", flow, key)
    if has_open_exception:
        finding = hold(FindingKind.SKU_UNKNOWN, "SKU", key, "a product in Cin7")
        await harness.repositories.transfers.record_evaluation(transfer.id, (finding,))
    await harness.database.execute(sa.update(transfers).where(transfers.c.id == transfer.id).values(state=state))
    return transfer.id


async def _call(
    harness: Harness,
    transfer_id: str | None,
    *,
    body: bytes = BODY,
    outcome: str = "answered",
    connection: str = "main",
) -> None:
    token = current_attempt.set(CurrentAttempt(transfer_id, new_id()) if transfer_id else None)
    exchange = Exchange("cin7", "main", "GET", URL, b"", 200, body, harness.now, 3, outcome)
    await harness.repositories.http_log.record(exchange)
    current_attempt.reset(token)


async def _remove(harness: Harness, kind: RecordKind) -> int:
    """Removes what is old enough; the count that was announced is the number of records removed."""
    cutoff = POLICY.cutoff(kind, harness.now)
    assert cutoff is not None
    announced = await harness.repositories.retention.count_removable(kind, "main", cutoff)
    removed = await harness.repositories.retention.remove(kind, "main", cutoff)
    assert removed == announced
    return removed


async def _calls(harness: Harness, transfer_id: str) -> list[StoredExchange]:
    return await harness.repositories.http_log.of_transfer(transfer_id)


async def _close_exceptions(harness: Harness, transfer_id: str) -> None:
    of = exception_objects.c
    await harness.database.execute(
        sa.update(exception_objects).where(of.transfer_id == transfer_id).values(closed_at=harness.now)
    )


def test_bodies_and_calls_are_kept_exactly_where_the_rule_keeps_them(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        combinations = list(itertools.product(FLOWS, STATES, (True, False)))
        owners = {
            await _transfer(harness, flow, f"{number}", state, is_open): RecordOwner(flow, state, is_open)
            for number, (flow, state, is_open) in enumerate(combinations)
        }
        for transfer_id, outcome in itertools.product(owners, OUTCOMES):
            await _call(harness, transfer_id, outcome=outcome)
        await _call(harness, None)
        harness.wait(days=31)
        assert await _remove(harness, RecordKind.HTTP_BODIES) > 0
        for transfer_id, owner in owners.items():
            for call in await _calls(harness, transfer_id):
                stays = is_kept(RecordKind.HTTP_BODIES, owner, call.outcome)
                assert (call.response, call.are_bodies_removed) == (BODY if stays else b"", not stays), (owner, call)
        assert await _remove(harness, RecordKind.HTTP_BODIES) == 0

        harness.wait(days=400)
        await _remove(harness, RecordKind.HTTP_CALLS)
        for transfer_id, owner in owners.items():
            outcomes = {call.outcome for call in await _calls(harness, transfer_id)}
            assert outcomes == {each for each in OUTCOMES if is_kept(RecordKind.HTTP_CALLS, owner, each)}, owner

    on_both_databases(work)


def test_kept_bodies_are_removed_once_their_exception_is_closed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        order = await _transfer(harness, "orders", "7", "posted", has_open_exception=True)
        await _call(harness, order)
        harness.wait(days=31)
        for _ in range(2):
            assert await _remove(harness, RecordKind.HTTP_BODIES) == 0
            harness.wait(days=1)
        await _close_exceptions(harness, order)
        assert await _remove(harness, RecordKind.HTTP_BODIES) == 1

    on_both_databases(work)


def test_evidence_outlasts_the_answer_that_it_was_stored_as_changes_of(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        posted = await _transfer(harness, "orders", "1", "posted", has_open_exception=False)
        held = await _transfer(harness, "orders", "2", "held", has_open_exception=True)
        later = BODY.replace(b"SKU-7", b"SKU-8")
        await _call(harness, posted)
        await _call(harness, held, body=later)
        (evidence,) = await _calls(harness, held)
        assert evidence.previous_id, "stored as what changed"
        harness.wait(days=31)
        assert await _remove(harness, RecordKind.HTTP_BODIES) == 1
        (evidence,) = await _calls(harness, held)
        assert (evidence.response, evidence.previous_id) == (later, "")

    on_both_databases(work)


def test_bodies_of_the_last_thirty_days_stay_readable(on_both_databases: OnBothDatabases[None]) -> None:
    """Also at noon, and also those that are stored as changes of the first answer of their day."""

    async def work(harness: Harness) -> None:
        order = await _transfer(harness, "orders", "1", "posted", has_open_exception=False)
        expected = []
        for hour in range(0, 60, 4):
            body = BODY.replace(b"SKU-7", f"SKU-7{hour}".encode())
            await _call(harness, order, body=body)
            expected.append((harness.now, body))
            harness.wait(hours=4)
        harness.wait(days=29)
        await _remove(harness, RecordKind.HTTP_BODIES)
        readable = [(call.started_at, call.response) for call in await _calls(harness, order) if call.response]
        assert readable, "some are young enough"
        assert set(readable) >= {(at, body) for at, body in expected if at > harness.now - timedelta(days=30)}
        assert all(body == dict(expected)[at] for at, body in readable)

    on_both_databases(work)


def test_removal_is_done_in_small_transactions_and_for_one_connection(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        row = {
            "platform": "cin7",
            "scope": "s",
            "subject": "",
            "headers": {},
            "body": b"{}",
            "received_at": harness.now,
        }
        rows = [row | {"id": new_id(), "connection": "main"} for _ in range(450)]
        async with harness.database.transaction() as transaction:
            await transaction.execute(webhook_inbox.insert(), [*rows, row | {"id": new_id(), "connection": "other"}])
        harness.wait(days=31)
        deleted: list[int] = []

        def listen(_c: object, cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("DELETE"):
                deleted.append(cursor.rowcount)  # type: ignore[attr-defined]

        sa.event.listen(harness.database.engine.sync_engine, "after_cursor_execute", listen)
        assert await _remove(harness, RecordKind.WEBHOOKS) == 450
        assert deleted == [200, 200, 50]
        async with harness.database.reading() as reading:
            assert list((await reading.execute(sa.select(webhook_inbox.c.connection))).scalars()) == ["other"]

    on_both_databases(work)


def test_attempts_decreases_and_jobs_of_finished_objects_are_removed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        repositories, keys = harness.repositories, {"posted": "1", "held": "2"}
        for state, key in keys.items():
            transfer_id = await _transfer(harness, "orders", key, state, has_open_exception=False)
            async with repositories.attempts.attempt(transfer_id, "post", "run", 60):
                pass
        await repositories.oversell_risk.record_decreases("main", {"MUG": Decimal(2)}, NOON)
        harness.wait(days=401)
        await _remove(harness, RecordKind.ATTEMPTS)
        await _remove(harness, RecordKind.STOCK_DECREASES)
        async with harness.database.reading() as reading:
            assert len((await reading.execute(sa.select(attempts.c.id))).all()) == 1, "that of the held order"
            assert (await reading.execute(sa.select(stock_decreases))).all() == []

    on_both_databases(work)


def test_space_of_removed_bodies_is_free_for_new_ones(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        if not harness.database.is_sqlite:
            return
        order = await _transfer(harness, "orders", "1", "posted", has_open_exception=False)
        for number in range(300):
            await _call(harness, order, body=random.Random(number).randbytes(900))
        async with harness.database.reading() as reading:
            pages = (await reading.exec_driver_sql("PRAGMA page_count")).scalar_one()
            harness.wait(days=31)
            await _remove(harness, RecordKind.HTTP_BODIES)
            free = (await reading.exec_driver_sql("PRAGMA freelist_count")).scalar_one()
        assert free > pages / 4

    on_both_databases(work)
