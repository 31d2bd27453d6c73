"""At the desk: people assign, comment, snooze, tag, merge and accept; nothing is lost and nothing closes by itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.exceptions.test_exception_records import held, posted, unknown
from tests.persistence.conftest import Desk, Desks
from weighbridge.domain.exceptions.kinds import Urgency
from weighbridge.domain.findings.finding import FindingKind, Owner, hold
from weighbridge.exceptions.actions import Accept, Assign, Comment, NotAllowed, Reopen, Snooze, Tag, Untag, Wake
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import ExceptionDesk
from weighbridge.exceptions.record_queries import CaseFile


def tools(desk: Desk) -> tuple[ExceptionDesk, CaseFile]:
    return ExceptionDesk(desk.database, desk.clock), CaseFile(desk.database, desk.clock)


async def titles(file: CaseFile, **wanted: object) -> list[str]:
    return [case.cause for case in (await file.page(Wanted(**wanted))).cases]  # type: ignore[arg-type]


def test_what_people_do_is_seen_and_stays_in_the_history(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        await held(desk, "1", unknown("MUG-9"))
        [case] = (await file.page()).cases
        for action in (
            Assign("Ines", Owner.FINANCE), Comment("asked the supplier"), Tag("Spring  range"), Tag("supplier"),
            Untag("supplier"), Snooze(desk.now + timedelta(hours=2)), Wake(),
        ):  # fmt: skip
            assert await acting.act([case.id], action, "Ines") == 1
        after = await file.one(case.id)
        assert after is not None
        assert (after.assignee, after.owner, after.tags) == ("Ines", Owner.FINANCE, ("spring range",))
        told = [(event.actor, event.action, event.words) for event in await file.history(case.id)]
        assert told == [
            ("weighbridge", "opened", "SKU MUG-9 is not in Cin7"),
            ("Ines", "assigned", "assigned for finance to Ines"),
            ("Ines", "commented", "asked the supplier"),
            ("Ines", "tagged", "tagged Spring  range"),
            ("Ines", "tagged", "tagged supplier"),
            ("Ines", "untagged", "no longer tagged supplier"),
            ("Ines", "snoozed", "sleeps until 2026-03-02 14:00 UTC"),
            ("Ines", "woken", "woken"),
        ]

    at_desk(work)


def test_what_sleeps_is_out_of_the_list_until_its_time(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        await held(desk, "1", unknown("MUG-9"))
        [case] = (await file.page()).cases
        await acting.act([case.id], Snooze(desk.now + timedelta(hours=2)), "Ines")
        assert await titles(file) == []
        assert await titles(file, snoozed=True) == ["MUG-9"]
        desk.wait(hours=2)
        assert await titles(file) == ["MUG-9"]

    at_desk(work)


def test_no_exception_closes_on_a_persons_word_unless_its_kind_allows_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        await held(desk, "1", unknown("MUG-9"))
        [case] = (await file.page()).cases
        with pytest.raises(NotAllowed, match="sku_unknown closes only by proof: its sale in Cin7 is posted"):
            await acting.act([case.id], Accept("never mind"), "Ines")
        assert await titles(file) == ["MUG-9"]

    at_desk(work)


def test_an_accepted_refund_stays_closed_until_its_figures_change(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        too_much = hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", "12.00", "10.00")
        transfer = await held(desk, "7:1", too_much)
        [case] = (await file.page()).cases
        with pytest.raises(NotAllowed, match="needs a reason"):
            await acting.act([case.id], Accept("  "), "Ines")
        await acting.act([case.id], Accept("credited by hand as CN-4"), "Ines")
        await desk.journal.transfers.weighed(transfer.id, (too_much,))
        assert await titles(file) == []
        [accepted] = await file.objects(case.id, open_only=False)
        assert accepted.proof is not None
        assert accepted.proof["words"] == "Ines accepts it: credited by hand as CN-4"
        more = hold(FindingKind.REFUND_EXCEEDS_SALE, "refund.total_amount", "15.00", "10.00")
        await desk.journal.transfers.weighed(transfer.id, (more,))
        assert len((await file.page()).cases) == 1

    at_desk(work)


def test_whoever_does_not_believe_a_proof_reopens_and_the_order_is_looked_at(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        first = await held(desk, "1", unknown("MUG-9"))
        await posted(desk, first)
        [closed] = (await file.page(Wanted(state="closed"))).cases
        await acting.act([closed.id], Reopen("the sale is not to be found"), "Ines")
        [case] = (await file.page()).cases
        assert (case.objects_open, case.money[0].amount) == (1, Decimal("10.00"))
        assert [(item.flow, item.key) for item in await desk.journal.agenda.due(5)] == [("orders", "1")]
        await posted(desk, first)
        assert await titles(file) == []

    at_desk(work)


def test_merged_exceptions_take_up_later_objects_and_can_be_parted_again(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        await held(desk, "1", unknown("MUG-9"), amount="1")
        await held(desk, "2", unknown("MUG-9B"), amount="2")
        mug, mug_b = (await file.page()).cases
        assert await acting.merge([mug_b.id], mug.id, "Ines") == 1
        late = await held(desk, "3", unknown("MUG-9B"), amount="4")
        [both] = (await file.page()).cases
        assert (both.id, both.objects_open, both.money[0].amount) == (mug.id, 3, Decimal(7))
        assert await acting.unmerge(mug_b.id, "Ines") == 2
        first, second = (await file.page()).cases
        assert [(case.objects_open, case.money[0].amount) for case in (first, second)] == [
            (1, Decimal(1)),
            (2, Decimal(6)),
        ]
        await posted(desk, late)
        assert [case.objects_open for case in (await file.page()).cases] == [1, 1]

    at_desk(work)


def test_a_merged_exception_closes_with_its_last_object_and_reopens_with_the_next(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        first, second = [await held(desk, str(n), unknown(f"MUG-{n}")) for n in (1, 2)]
        one, two = (await file.page()).cases
        await acting.merge([two.id], one.id, "Ines")
        for transfer in (first, second):
            await posted(desk, transfer)
        assert await titles(file) == []
        await held(desk, "3", unknown("MUG-2"))
        [again] = (await file.page()).cases
        assert (again.id, again.title) == (one.id, one.title)

    at_desk(work)


def test_many_are_acted_on_at_once_after_a_preview_and_none_that_came_since(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        for n in range(4):
            await held(desk, str(n), unknown(f"MUG-{n}"), amount="5")
        await held(desk, "9", unknown("TEA-1"))
        wanted = Wanted(words="mug", kinds=(FindingKind.SKU_UNKNOWN,))
        effect = await acting.preview(wanted, Assign("Ines"))
        assert (len(effect.ids), effect.objects, effect.money[0].amount, effect.refused) == (4, 4, Decimal(20), ())
        await held(desk, "5", unknown("MUG-5"))
        assert await acting.act(effect.ids, Assign("Ines"), "Omar") == 4
        assert await titles(file, assignee="Ines") == ["MUG-0", "MUG-1", "MUG-2", "MUG-3"]
        assert await titles(file, assignee="") == ["TEA-1", "MUG-5"]
        refused = await acting.preview(wanted, Accept("old"))
        assert refused.ids == ()
        assert len(refused.refused) == 5

    at_desk(work)


def test_an_action_on_many_is_done_to_all_or_none(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        acting, file = tools(desk)
        await held(desk, "1", unknown("MUG-1"))
        await posted(desk, await held(desk, "2", unknown("MUG-2")))
        every = [case.id for case in (await file.page(Wanted(state="any"))).cases]
        with pytest.raises(NotAllowed, match="it is closed"):
            await acting.act(every, Assign("Ines"), "Omar")
        assert await titles(file, assignee="Ines") == []
        with pytest.raises(LookupError, match="no exception has the number 77"):
            await acting.act([77], Comment("?"), "Omar")
        with pytest.raises(NotAllowed, match="needs a name"):
            await acting.act(every, Comment("?"), " ")

    at_desk(work)


def test_pages_show_every_exception_once_most_urgent_first(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        _, file = tools(desk)
        for n in range(7):
            await held(desk, str(n), unknown(f"MUG-{n}"))
        transfer = await desk.journal.transfers.open("main", "orders", "total")
        differs = hold(FindingKind.TOTAL_DIFFERS_IN_CIN7, "sale.total", "10.01", "10.00 USD")
        await desk.journal.transfers.weighed(transfer.id, (differs,))
        seen, after = [], None
        while True:
            page = await file.page(after=after, limit=3)
            seen += [case.cause for case in page.cases]
            if page.after is None:
                break
            after = page.after
        assert seen == ["orders total", *(f"MUG-{n}" for n in range(7))]
        assert await titles(file, at_least=Urgency.CRITICAL) == ["orders total"]
        assert await titles(file, owner=Owner.FINANCE) == ["orders total"]
        assert await titles(file, words="3") == ["MUG-3"]

    at_desk(work)


def test_the_tally_counts_an_order_with_two_causes_once(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        _, file = tools(desk)
        await held(desk, "1", unknown("MUG-1"), unknown("MUG-2"), amount="10.00")
        await held(desk, "2", unknown("MUG-2"), amount="2.50")
        desk.wait(hours=5)
        tally = await file.tally()
        assert (tally.cases, tally.objects, tally.late) == (2, 2, 2)
        assert tally.money[0].amount == Decimal("12.50")
        assert tally.by_owner == {Owner.ECOMMERCE: 2}

    at_desk(work)
