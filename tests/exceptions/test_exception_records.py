"""Exceptions follow transfers: one cause is one exception, and only proof closes it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.domain.findings.finding import Finding, hold, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.exceptions import exception_events

USD = "USD"


def unknown(sku: str, line: int = 0) -> Finding:
    return hold(FindingKind.SKU_UNKNOWN, f"lines[{line}].sku", sku, "a SKU that exists in Cin7")


async def held(
    harness: Harness, order: str, *findings: Finding, amount: str = "10.00", currency: str = USD
) -> Transfer:
    """An order that its evaluation held."""
    transfers = harness.repositories.transfers
    transfer = await transfers.open("main", "orders", order)
    await transfers.record_evaluation(transfer.id, findings, amount=Decimal(amount), currency=currency)
    return transfer


async def posted(harness: Harness, transfer: Transfer, number: str = "SO-1") -> None:
    """Evaluates the order without findings and marks it as posted and read back in Cin7."""
    transfers = harness.repositories.transfers
    await transfers.record_evaluation(transfer.id, (), state=State.NEW, reason_kind="", reason="", owner="")
    await transfers.change(transfer.id, state=State.POSTED, target_id="id", target_number=number, reason_kind="")


async def exception_records(harness: Harness, state: str = "open") -> list[ExceptionRecord]:
    return list(
        (await ExceptionQueries(harness.database, harness.clock).page(ExceptionFilter(state=state))).exception_records
    )


def test_a_hundred_orders_with_one_unknown_sku_are_one_exception(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        orders = [await held(harness, str(n), unknown("MUG-9", n % 3), amount="1.10") for n in range(100)]
        await held(harness, "other", unknown("TEA-1"), amount="7", currency="EUR")
        mug, tea = await exception_records(harness)
        assert (mug.title, mug.objects_open, mug.money) == (
            "SKU MUG-9 is not in Cin7", 100, (Money(Decimal("110.00"), USD),)
        )  # fmt: skip
        assert (tea.objects_open, tea.money) == (1, (Money(Decimal(7), "EUR"),))
        await posted(harness, orders[0])
        mug, _ = await exception_records(harness)
        assert (mug.objects_open, mug.objects_ever, mug.money[0].amount) == (99, 100, Decimal("108.90"))

    on_both_databases(work)


def test_an_exception_closes_when_its_last_order_is_verified(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        first, second = [await held(harness, order, unknown("MUG-9")) for order in ("1", "2")]
        await harness.repositories.transfers.record_evaluation(first.id, (), state=State.NEW)
        assert (await exception_records(harness))[0].objects_open == 2, "an evaluation is no proof yet"
        await posted(harness, first, "SO-7")
        assert (await exception_records(harness))[0].objects_open == 1
        await posted(harness, second, "SO-8")
        assert await exception_records(harness) == []
        [closed] = await exception_records(harness, "closed")
        assert closed.closed_at == harness.now
        assert closed.money == ()
        queries = ExceptionQueries(harness.database, harness.clock)
        proofs = [exception_object.proof for exception_object in await queries.objects(closed.id, open_only=False)]
        assert [proof["target_number"] for proof in proofs if proof] == ["SO-7", "SO-8"]
        actions = [event.action for event in await queries.history(closed.id)]
        assert actions == ["opened", "joined", "left", "left", "closed"]

    on_both_databases(work)


def test_a_returning_cause_reopens_its_exception_with_its_history(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        first = await held(harness, "1", unknown("MUG-9"))
        await posted(harness, first)
        harness.wait(days=3)
        await held(harness, "2", unknown("MUG-9"))
        [again] = await exception_records(harness)
        assert (again.times_opened, again.opened_at, again.objects_ever) == (2, harness.now, 2)
        assert again.deadline_at == harness.now + again.entry.within
        actions = [event.action for event in await ExceptionQueries(harness.database, harness.clock).history(again.id)]
        assert actions == ["opened", "left", "closed", "reopened"]

    on_both_databases(work)


def test_a_new_cause_moves_the_order_to_its_exception(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer = await held(harness, "1", unknown("MUG-9"), unknown("TEA-1"))
        assert [exception_record.cause for exception_record in await exception_records(harness)] == ["MUG-9", "TEA-1"]
        tax = hold(FindingKind.TAX_UNMAPPED, "lines[0].taxes", "GST 5%", "a tax of the design")
        await harness.repositories.transfers.record_evaluation(transfer.id, (tax, unknown("TEA-1")))
        assert {exception_record.cause for exception_record in await exception_records(harness)} == {"GST 5%", "TEA-1"}
        await harness.repositories.transfers.record_evaluation(transfer.id, (tax, unknown("TEA-1")), amount=Decimal(25))
        assert [exception_record.money[0].amount for exception_record in await exception_records(harness)] == [
            Decimal(25),
            Decimal(25),
        ]
        assert [exception_record.objects_ever for exception_record in await exception_records(harness)] == [1, 1], (
            "the same finding twice joins once"
        )

    on_both_databases(work)


def test_a_note_that_opens_an_exception_leaves_the_order_posted(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer = await harness.repositories.transfers.open("main", "orders", "1")
        lacking = note(FindingKind.BACKORDERED, "sale.MUG", 2, "stock for every unit")
        await harness.repositories.transfers.record_evaluation(transfer.id, (lacking,), state=State.POSTED)
        assert [exception_record.kind for exception_record in await exception_records(harness)] == [
            FindingKind.BACKORDERED
        ]
        await harness.repositories.transfers.record_evaluation(transfer.id, (), state=State.POSTED)
        assert await exception_records(harness) == []

    on_both_databases(work)


def test_a_cancelled_order_leaves_its_exception(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer = await held(harness, "1", unknown("MUG-9"))
        await harness.repositories.transfers.record_evaluation(
            transfer.id, (), state=State.CANCELLED, reason_kind="cancelled"
        )
        [closed] = await exception_records(harness, "closed")
        history = await ExceptionQueries(harness.database, harness.clock).history(closed.id)
        assert history[-1].text == "ended at the store: cancelled"

    on_both_databases(work)


def test_a_hold_that_is_rolled_back_leaves_no_exception(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        transfer = await harness.repositories.transfers.open("main", "orders", "1")
        values = {"state": State.HELD, "reason_kind": "no such kind", "reason": "x", "owner": "finance"}
        with pytest.raises(ValueError, match="no such kind"):
            await harness.repositories.transfers.change(transfer.id, **values)
        unchanged = await harness.repositories.transfers.find("main", "orders", "1")
        assert unchanged is not None
        assert unchanged.state is State.NEW
        assert await exception_records(harness) == []

    on_both_databases(work)


def test_orders_held_at_the_same_time_join_one_exception(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        both = (unknown("MUG-9"), unknown("TEA-1"))
        await asyncio.gather(*(held(harness, str(n), *(both if n % 2 else both[::-1])) for n in range(24)))
        assert [
            (exception_record.objects_open, exception_record.money[0].amount)
            for exception_record in await exception_records(harness)
        ] == [(24, Decimal(240))] * 2

    on_both_databases(work)


def test_transfers_held_before_exceptions_existed_get_one(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await held(harness, "1", unknown("MUG-9"))
        async with harness.database.transaction() as transaction:
            for trigger in ("exception_event_immutable_UPDATE", "exception_event_immutable_DELETE"):
                if harness.database.is_sqlite:
                    await transaction.exec_driver_sql(f"DROP TRIGGER {trigger}")
            if not harness.database.is_sqlite:
                await transaction.exec_driver_sql("DROP TRIGGER exception_event_immutable ON exception_event")
            for table in ("exception_event", "exception_object", "exception"):
                await transaction.exec_driver_sql(f"DELETE FROM {table}")
        assert await harness.repositories.exception_records.open_missing() == 1
        assert await harness.repositories.exception_records.open_missing() == 0
        assert [exception_record.cause for exception_record in await exception_records(harness)] == ["MUG-9"]

    on_both_databases(work)


def test_no_line_of_the_history_can_be_changed_or_removed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await held(harness, "1", unknown("MUG-9"))
        for statement in (sa.delete(exception_events), sa.update(exception_events).values(text="nothing happened")):
            with pytest.raises(sa.exc.DBAPIError, match="never changed"):
                await harness.database.execute(statement)

    on_both_databases(work)


STEP = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["hold A", "hold B", "hold A B", "new", "post", "cancel"]),
    st.sampled_from(["1.00", "2.50", "0"]),
    st.sampled_from(["USD", "EUR"]),
)


@pytest.mark.parametrize("on_both_databases", ["sqlite"], indirect=True)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12), st.integers(0, 10**9))
def test_counts_and_money_are_those_of_the_open_objects(
    on_both_databases: OnBothDatabases[None], steps: list[tuple[int, str, str, str]], run: int
) -> None:
    async def work(harness: Harness) -> None:
        connection = f"c{run}"
        transfers = harness.repositories.transfers
        for order, step, amount, currency in steps:
            transfer = await transfers.open(connection, "orders", str(order))
            values = {"amount": Decimal(amount), "currency": currency}
            match step.split():
                case "hold", *skus:
                    await transfers.record_evaluation(transfer.id, tuple(unknown(sku) for sku in skus), **values)
                case ["new"]:
                    await transfers.record_evaluation(transfer.id, (), state=State.NEW, **values)
                case ["post"]:
                    await transfers.record_evaluation(transfer.id, (), state=State.POSTED, target_number="SO", **values)
                case _:
                    await transfers.record_evaluation(transfer.id, (), state=State.CANCELLED, reason_kind="cancelled")
        queries = ExceptionQueries(harness.database, harness.clock)
        for exception_record in (
            await queries.page(ExceptionFilter(connection=connection, state="any"))
        ).exception_records:
            objects = await queries.objects(exception_record.id)
            money: dict[str, Decimal] = {}
            for exception_object in objects:
                currency, amount = exception_object.currency, exception_object.amount
                money[currency] = money.get(currency, Decimal(0)) + (amount or 0)
            assert exception_record.objects_open == len(objects)
            assert {total.currency: total.amount for total in exception_record.money} == {
                k: v for k, v in money.items() if v
            }
            assert (exception_record.state == "open") == bool(objects)
            assert all(exception_object.state in ("held", "new") for exception_object in objects)

    on_both_databases(work)
