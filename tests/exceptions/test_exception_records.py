"""Exceptions follow transfers: one cause is one exception, and only proof closes it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.persistence.conftest import Desk, Desks
from weighbridge.domain.findings.finding import Finding, FindingKind, hold, note
from weighbridge.domain.values.money import Money
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.exceptions import exception_events

USD = "USD"


def unknown(sku: str, line: int = 0) -> Finding:
    return hold(FindingKind.SKU_UNKNOWN, f"lines[{line}].sku", sku, "a SKU that exists in Cin7")


async def held(desk: Desk, order: str, *findings: Finding, amount: str = "10.00", currency: str = USD) -> Transfer:
    """An order that its weighing stopped."""
    transfers = desk.journal.transfers
    transfer = await transfers.open("main", "orders", order)
    await transfers.weighed(transfer.id, findings, amount=Decimal(amount), currency=currency)
    return transfer


async def posted(desk: Desk, transfer: Transfer, number: str = "SO-1") -> None:
    """The order got on: weighed again without findings, and read back in Cin7."""
    transfers = desk.journal.transfers
    await transfers.weighed(transfer.id, (), state=State.NEW, reason_kind="", reason="", owner="")
    await transfers.change(transfer.id, state=State.POSTED, target_id="id", target_number=number, reason_kind="")


async def cases(desk: Desk, state: str = "open") -> list[Case]:
    return list((await CaseFile(desk.database, desk.clock).page(Wanted(state=state))).cases)


def test_a_hundred_orders_with_one_unknown_sku_are_one_exception(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        orders = [await held(desk, str(n), unknown("MUG-9", n % 3), amount="1.10") for n in range(100)]
        await held(desk, "other", unknown("TEA-1"), amount="7", currency="EUR")
        mug, tea = await cases(desk)
        assert (mug.title, mug.objects_open, mug.money) == (
            "SKU MUG-9 is not in Cin7", 100, (Money(Decimal("110.00"), USD),)
        )  # fmt: skip
        assert (tea.objects_open, tea.money) == (1, (Money(Decimal(7), "EUR"),))
        await posted(desk, orders[0])
        mug, _ = await cases(desk)
        assert (mug.objects_open, mug.objects_ever, mug.money[0].amount) == (99, 100, Decimal("108.90"))

    at_desk(work)


def test_an_exception_closes_when_its_last_order_is_read_back(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        first, second = [await held(desk, order, unknown("MUG-9")) for order in ("1", "2")]
        await desk.journal.transfers.weighed(first.id, (), state=State.NEW)
        assert (await cases(desk))[0].objects_open == 2, "weighed again is no proof yet"
        await posted(desk, first, "SO-7")
        assert (await cases(desk))[0].objects_open == 1
        await posted(desk, second, "SO-8")
        assert await cases(desk) == []
        [closed] = await cases(desk, "closed")
        assert closed.closed_at == desk.now
        assert closed.money == ()
        file = CaseFile(desk.database, desk.clock)
        proofs = [one.proof for one in await file.objects(closed.id, open_only=False)]
        assert [proof["target_number"] for proof in proofs if proof] == ["SO-7", "SO-8"]
        actions = [event.action for event in await file.history(closed.id)]
        assert actions == ["opened", "joined", "left", "left", "closed"]

    at_desk(work)


def test_the_same_cause_again_reopens_its_exception_with_its_history(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        first = await held(desk, "1", unknown("MUG-9"))
        await posted(desk, first)
        desk.wait(days=3)
        await held(desk, "2", unknown("MUG-9"))
        [again] = await cases(desk)
        assert (again.times_opened, again.opened_at, again.objects_ever) == (2, desk.now, 2)
        assert again.deadline_at == desk.now + again.entry.within
        actions = [event.action for event in await CaseFile(desk.database, desk.clock).history(again.id)]
        assert actions == ["opened", "left", "closed", "reopened"]

    at_desk(work)


def test_weighed_again_for_another_cause_moves_the_order_there(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer = await held(desk, "1", unknown("MUG-9"), unknown("TEA-1"))
        assert [case.cause for case in await cases(desk)] == ["MUG-9", "TEA-1"]
        tax = hold(FindingKind.TAX_UNMAPPED, "lines[0].taxes", "GST 5%", "a tax of the design")
        await desk.journal.transfers.weighed(transfer.id, (tax, unknown("TEA-1")))
        assert {case.cause for case in await cases(desk)} == {"GST 5%", "TEA-1"}
        await desk.journal.transfers.weighed(transfer.id, (tax, unknown("TEA-1")), amount=Decimal(25))
        assert [case.money[0].amount for case in await cases(desk)] == [Decimal(25), Decimal(25)]
        assert [case.objects_ever for case in await cases(desk)] == [1, 1], "the same finding twice joins once"

    at_desk(work)


def test_a_note_that_opens_an_exception_leaves_the_order_posted(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer = await desk.journal.transfers.open("main", "orders", "1")
        lacking = note(FindingKind.BACKORDERED, "sale.MUG", 2, "stock for every unit")
        await desk.journal.transfers.weighed(transfer.id, (lacking,), state=State.POSTED)
        assert [case.kind for case in await cases(desk)] == [FindingKind.BACKORDERED]
        await desk.journal.transfers.weighed(transfer.id, (), state=State.POSTED)
        assert await cases(desk) == []

    at_desk(work)


def test_a_cancelled_order_leaves_its_exception(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer = await held(desk, "1", unknown("MUG-9"))
        await desk.journal.transfers.weighed(transfer.id, (), state=State.CANCELLED, reason_kind="cancelled")
        [closed] = await cases(desk, "closed")
        history = await CaseFile(desk.database, desk.clock).history(closed.id)
        assert history[-1].words == "ended at the shop: cancelled"

    at_desk(work)


def test_a_hold_that_is_rolled_back_leaves_no_exception(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        transfer = await desk.journal.transfers.open("main", "orders", "1")
        strange = {"state": State.HELD, "reason_kind": "no such kind", "reason": "x", "owner": "finance"}
        with pytest.raises(ValueError, match="no such kind"):
            await desk.journal.transfers.change(transfer.id, **strange)
        found = await desk.journal.transfers.find("main", "orders", "1")
        assert found is not None
        assert found.state is State.NEW
        assert await cases(desk) == []

    at_desk(work)


def test_orders_held_at_the_same_moment_join_one_exception(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        both = (unknown("MUG-9"), unknown("TEA-1"))
        await asyncio.gather(*(held(desk, str(n), *(both if n % 2 else both[::-1])) for n in range(24)))
        assert [(case.objects_open, case.money[0].amount) for case in await cases(desk)] == [(24, Decimal(240))] * 2

    at_desk(work)


def test_transfers_held_before_exceptions_were_kept_are_caught_up_with(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await held(desk, "1", unknown("MUG-9"))
        async with desk.database.transaction() as transaction:
            for trigger in ("exception_event_stays_UPDATE", "exception_event_stays_DELETE"):
                if desk.database.is_sqlite:
                    await transaction.exec_driver_sql(f"DROP TRIGGER {trigger}")
            if not desk.database.is_sqlite:
                await transaction.exec_driver_sql("DROP TRIGGER exception_event_stays ON exception_event")
            for table in ("exception_event", "exception_object", "exception"):
                await transaction.exec_driver_sql(f"DELETE FROM {table}")
        assert await desk.journal.exceptions.catch_up() == 1
        assert await desk.journal.exceptions.catch_up() == 0
        assert [case.cause for case in await cases(desk)] == ["MUG-9"]

    at_desk(work)


def test_no_line_of_the_history_can_be_changed_or_removed(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await held(desk, "1", unknown("MUG-9"))
        for statement in (sa.delete(exception_events), sa.update(exception_events).values(words="nothing happened")):
            with pytest.raises(sa.exc.DBAPIError, match="never changed"):
                await desk.database.execute(statement)

    at_desk(work)


STEP = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["hold A", "hold B", "hold A B", "new", "post", "cancel"]),
    st.sampled_from(["1.00", "2.50", "0"]),
    st.sampled_from(["USD", "EUR"]),
)


@pytest.mark.parametrize("at_desk", ["sqlite"], indirect=True)
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=12), st.integers(0, 10**9))
def test_counts_and_money_are_those_of_the_open_objects(
    at_desk: Desks[None], steps: list[tuple[int, str, str, str]], run: int
) -> None:
    async def work(desk: Desk) -> None:
        connection = f"c{run}"
        transfers = desk.journal.transfers
        for order, what, amount, currency in steps:
            transfer = await transfers.open(connection, "orders", str(order))
            values = {"amount": Decimal(amount), "currency": currency}
            match what.split():
                case "hold", *skus:
                    await transfers.weighed(transfer.id, tuple(unknown(sku) for sku in skus), **values)
                case ["new"]:
                    await transfers.weighed(transfer.id, (), state=State.NEW, **values)
                case ["post"]:
                    await transfers.weighed(transfer.id, (), state=State.POSTED, target_number="SO", **values)
                case _:
                    await transfers.weighed(transfer.id, (), state=State.CANCELLED, reason_kind="cancelled")
        file = CaseFile(desk.database, desk.clock)
        for case in (await file.page(Wanted(connection=connection, state="any"))).cases:
            objects = await file.objects(case.id)
            money: dict[str, Decimal] = {}
            for one in objects:
                money[one.currency] = money.get(one.currency, Decimal(0)) + (one.amount or 0)
            assert case.objects_open == len(objects)
            assert {one.currency: one.amount for one in case.money} == {k: v for k, v in money.items() if v}
            assert (case.state == "open") == bool(objects)
            assert all(one.state in ("held", "new") for one in objects)

    at_desk(work)
