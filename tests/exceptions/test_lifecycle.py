"""Actions of users on exceptions: assign, comment, snooze, tag, merge, accept; each stays in the history."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.exceptions.test_exception_records import held, posted, unknown
from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.actions import Accept, Assign, Comment, NotAllowed, Reopen, Snooze, Tag, Unsnooze, Untag
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.lifecycle import ExceptionLifecycle
from weighbridge.exceptions.record_queries import ExceptionQueries


def lifecycle_and_queries(harness: Harness) -> tuple[ExceptionLifecycle, ExceptionQueries]:
    return ExceptionLifecycle(harness.database, harness.clock), ExceptionQueries(harness.database, harness.clock)


async def causes(queries: ExceptionQueries, **filters: object) -> list[str]:
    page = await queries.page(ExceptionFilter(**filters))  # type: ignore[arg-type]
    return [exception_record.cause for exception_record in page.exception_records]


def test_actions_take_effect_and_stay_in_the_history(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-9"))
        [exception_record] = (await queries.page()).exception_records
        for action in (
            Assign("Ines", Owner.FINANCE), Comment("asked the supplier"), Tag("Spring  range"), Tag("supplier"),
            Untag("supplier"), Snooze(harness.now + timedelta(hours=2)), Unsnooze(),
        ):  # fmt: skip
            assert await lifecycle.act([exception_record.id], action, "Ines") == 1
        after = await queries.find(exception_record.id)
        assert after is not None
        assert (after.assignee, after.owner, after.tags) == ("Ines", Owner.FINANCE, ("spring range",))
        history = [(event.actor, event.action, event.text) for event in await queries.history(exception_record.id)]
        assert history == [
            ("weighbridge", "opened", "SKU MUG-9 is not in Cin7"),
            ("Ines", "assigned", "assigned for finance to Ines"),
            ("Ines", "commented", "asked the supplier"),
            ("Ines", "tagged", "tagged Spring  range"),
            ("Ines", "tagged", "tagged supplier"),
            ("Ines", "untagged", "untagged supplier"),
            ("Ines", "snoozed", "snoozed until 2026-03-02 14:00 UTC"),
            ("Ines", "unsnoozed", "unsnoozed"),
        ]

    on_both_databases(work)


def test_a_snoozed_exception_is_not_listed_until_its_time(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-9"))
        [exception_record] = (await queries.page()).exception_records
        await lifecycle.act([exception_record.id], Snooze(harness.now + timedelta(hours=2)), "Ines")
        assert await causes(queries) == []
        assert await causes(queries, snoozed=True) == ["MUG-9"]
        harness.wait(hours=2)
        assert await causes(queries) == ["MUG-9"]

    on_both_databases(work)


def test_accept_closes_only_the_kinds_that_allow_it(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-9"))
        [exception_record] = (await queries.page()).exception_records
        with pytest.raises(NotAllowed, match="sku_unknown closes only by proof: the sale is posted in Cin7"):
            await lifecycle.act([exception_record.id], Accept("never mind"), "Ines")
        assert await causes(queries) == ["MUG-9"]

    on_both_databases(work)


def test_an_accepted_refund_stays_closed_until_its_amounts_change(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        too_much = hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", "12.00", "10.00")
        transfer = await held(harness, "7:1", too_much)
        [exception_record] = (await queries.page()).exception_records
        with pytest.raises(NotAllowed, match="needs a reason"):
            await lifecycle.act([exception_record.id], Accept("  "), "Ines")
        await lifecycle.act([exception_record.id], Accept("credited by hand as CN-4"), "Ines")
        await harness.repositories.transfers.record_evaluation(transfer.id, (too_much,))
        assert await causes(queries) == []
        [accepted] = await queries.objects(exception_record.id, open_only=False)
        assert accepted.proof is not None
        assert accepted.proof["text"] == "Ines accepts it: credited by hand as CN-4"
        more = hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", "15.00", "10.00")
        await harness.repositories.transfers.record_evaluation(transfer.id, (more,))
        assert len((await queries.page()).exception_records) == 1

    on_both_databases(work)


def test_a_reopened_exception_requeues_its_order(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        first = await held(harness, "1", unknown("MUG-9"))
        await posted(harness, first)
        [closed] = (await queries.page(ExceptionFilter(state="closed"))).exception_records
        await lifecycle.act([closed.id], Reopen("the sale is not to be found"), "Ines")
        [exception_record] = (await queries.page()).exception_records
        assert (exception_record.objects_open, exception_record.money[0].amount) == (1, Decimal("10.00"))
        assert await harness.due_jobs() == [("orders", "1")]
        await posted(harness, first)
        assert await causes(queries) == []

    on_both_databases(work)


def test_merged_exceptions_receive_later_objects_and_can_be_unmerged(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-9"), amount="1")
        await held(harness, "2", unknown("MUG-9B"), amount="2")
        mug, mug_b = (await queries.page()).exception_records
        assert await lifecycle.merge([mug_b.id], mug.id, "Ines") == 1
        late = await held(harness, "3", unknown("MUG-9B"), amount="4")
        [both] = (await queries.page()).exception_records
        assert (both.id, both.objects_open, both.money[0].amount) == (mug.id, 3, Decimal(7))
        assert await lifecycle.unmerge(mug_b.id, "Ines") == 2
        first, second = (await queries.page()).exception_records
        assert [
            (exception_record.objects_open, exception_record.money[0].amount) for exception_record in (first, second)
        ] == [
            (1, Decimal(1)),
            (2, Decimal(6)),
        ]
        await posted(harness, late)
        assert [exception_record.objects_open for exception_record in (await queries.page()).exception_records] == [
            1,
            1,
        ]

    on_both_databases(work)


def test_a_merged_exception_closes_with_its_last_object_and_reopens_with_a_new_one(
    on_both_databases: OnBothDatabases[None],
) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        first, second = [await held(harness, str(n), unknown(f"MUG-{n}")) for n in (1, 2)]
        target, merged = (await queries.page()).exception_records
        await lifecycle.merge([merged.id], target.id, "Ines")
        for transfer in (first, second):
            await posted(harness, transfer)
        assert await causes(queries) == []
        await held(harness, "3", unknown("MUG-2"))
        [again] = (await queries.page()).exception_records
        assert (again.id, again.title) == (target.id, target.title)

    on_both_databases(work)


def test_a_bulk_action_applies_to_exactly_the_previewed_exceptions(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        for n in range(4):
            await held(harness, str(n), unknown(f"MUG-{n}"), amount="5")
        await held(harness, "9", unknown("TEA-1"))
        exception_filter = ExceptionFilter(text="mug", kinds=(FindingKind.SKU_UNKNOWN,))
        effect = await lifecycle.preview(exception_filter, Assign("Ines"))
        assert (len(effect.ids), effect.objects, effect.money[0].amount, effect.refused) == (4, 4, Decimal(20), ())
        await held(harness, "5", unknown("MUG-5"))
        assert await lifecycle.act(effect.ids, Assign("Ines"), "Omar") == 4
        assert await causes(queries, assignee="Ines") == ["MUG-0", "MUG-1", "MUG-2", "MUG-3"]
        assert await causes(queries, assignee="") == ["TEA-1", "MUG-5"]
        refused = await lifecycle.preview(exception_filter, Accept("old"))
        assert refused.ids == ()
        assert len(refused.refused) == 5

    on_both_databases(work)


def test_a_bulk_action_applies_to_all_or_none(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        lifecycle, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-1"))
        await posted(harness, await held(harness, "2", unknown("MUG-2")))
        every = [
            exception_record.id
            for exception_record in (await queries.page(ExceptionFilter(state="any"))).exception_records
        ]
        with pytest.raises(NotAllowed, match="it is closed"):
            await lifecycle.act(every, Assign("Ines"), "Omar")
        assert await causes(queries, assignee="Ines") == []
        with pytest.raises(LookupError, match="no exception has the number 77"):
            await lifecycle.act([77], Comment("?"), "Omar")
        with pytest.raises(NotAllowed, match="needs a name"):
            await lifecycle.act(every, Comment("?"), " ")

    on_both_databases(work)


def test_pages_show_every_exception_once_most_urgent_first(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        _, queries = lifecycle_and_queries(harness)
        for n in range(7):
            await held(harness, str(n), unknown(f"MUG-{n}"))
        transfer = await harness.repositories.transfers.open("main", "orders", "total")
        differs = hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "sale.total", "10.01", "10.00 USD")
        await harness.repositories.transfers.record_evaluation(transfer.id, (differs,))
        seen, after = [], None
        while True:
            page = await queries.page(after=after, limit=3)
            seen += [exception_record.cause for exception_record in page.exception_records]
            if page.after is None:
                break
            after = page.after
        assert seen == ["orders total", *(f"MUG-{n}" for n in range(7))]
        assert await causes(queries, at_least=Urgency.CRITICAL) == ["orders total"]
        assert await causes(queries, owner=Owner.FINANCE) == ["orders total"]
        assert await causes(queries, text="3") == ["MUG-3"]

    on_both_databases(work)


def test_the_tally_counts_an_order_with_two_causes_once(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        _, queries = lifecycle_and_queries(harness)
        await held(harness, "1", unknown("MUG-1"), unknown("MUG-2"), amount="10.00")
        await held(harness, "2", unknown("MUG-2"), amount="2.50")
        harness.wait(hours=5)
        tally = await queries.tally()
        assert (tally.exceptions, tally.objects, tally.late) == (2, 2, 2)
        assert tally.money[0].amount == Decimal("12.50")
        assert tally.by_owner == {Owner.ECOMMERCE: 2}

    on_both_databases(work)
