"""What people decide is kept on both databases: designs, corrections, releases, runs; all of it can be told later."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.design.examples import SMALL
from tests.exceptions.test_exception_records import held, posted, unknown
from tests.persistence.conftest import Desk, Desks
from weighbridge.design.loading import parse_installation
from weighbridge.design.overrides import DesignChange, UnusableChange, overridden
from weighbridge.design.schema import Design, design_version
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import FindingKind, Owner, hold
from weighbridge.domain.orders.correction import Correction
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.playbooks import Playbooks
from weighbridge.exceptions.record_queries import CaseFile

DESIGN = parse_installation(SMALL).connections["main"].design


def playbooks(desk: Desk, design: Design = DESIGN) -> Playbooks:
    return Playbooks(desk.database, desk.clock, {"main": design})


async def agree(desk: Desk, setting: str, key: str, value: object, design: Design = DESIGN) -> int:
    effective = await desk.journal.designs.effective("main", design)
    async with desk.database.transaction() as transaction:
        change = DesignChange(setting, key, value)
        return await desk.journal.designs.agree(transaction, "main", effective, change, "agreed", "Ines")


def test_changes_of_a_design_lie_over_the_file_in_their_order(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        designs = desk.journal.designs
        assert await designs.effective("main", DESIGN) == DESIGN
        nothing = await designs.mark()
        first = await agree(desk, "tax.rules", "Moon Tax", "Tax on Sales")
        second = await agree(desk, "tax.rules", "Moon Tax", "Tax Exempt")
        await agree(desk, "retry.schedules", "throttled", [5, 50])
        await agree(desk, "owners", "backordered", "ecommerce")
        changed = await designs.effective("main", DESIGN)
        assert changed.tax.rules == {**DESIGN.tax.rules, "Moon Tax": "Tax Exempt"}
        assert changed.retry.schedule("throttled") == (5, 50)
        assert changed.owner_of(FindingKind.BACKORDERED) is Owner.ECOMMERCE
        name = await designs.keep("main", changed)
        assert name == design_version(changed) != design_version(DESIGN)
        assert (await designs.version("main", name))["tax"]["rules"]["Moon Tax"] == "Tax Exempt"
        assert (await designs.changes("main"))[2].before == "Tax on Sales"
        async with desk.database.transaction() as transaction:
            assert await designs.undo(transaction, second, "Omar")
            assert not await designs.undo(transaction, second, "Omar")
        assert (await designs.effective("main", DESIGN)).tax.rules["Moon Tax"] == "Tax on Sales"
        assert await designs.mark() != nothing
        assert [(one.id, one.undone_by) for one in await designs.changes("main") if one.undone_at] == [(second, "Omar")]
        assert first < second

    at_desk(work)


@pytest.mark.parametrize(
    ("setting", "key", "value", "told"),
    [
        ("sale", "location", "Elsewhere", "sale is changed in the file"),
        ("owners", "backordered", "nobody", "owners.backordered"),
        ("owners", "no such kind", "finance", "owners.no such kind"),
        ("retry.schedules", "throttled", [], "at least one wait"),
        ("retry.schedules", "moon", [5], "causes out of"),
        ("autonomy", "duplicate_sales", "sometimes", "autonomy.duplicate_sales"),
        ("skus", "OLD", "", "skus.OLD"),
    ],
)
def test_a_change_that_no_design_could_have_is_refused(setting: str, key: str, value: object, told: str) -> None:
    with pytest.raises(UnusableChange, match=told):
        overridden(DESIGN, [DesignChange(setting, key, value)])


def test_corrections_and_releases_count_until_they_are_taken_back(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        books, file = playbooks(desk), CaseFile(desk.database, desk.clock)
        transfer = await held(desk, "1", unknown("MUG-9"))
        waits = hold(FindingKind.STATUS_ON_HOLD, "status_id", 12, "a decision at the shop")
        paused = await held(desk, "2", waits)
        mug, status = sorted((await file.page()).cases, key=lambda case: case.id)
        fix = await books.run(mug.id, Remedy.CORRECT, {"value": "MUG"}, "Ines", "typo")
        free = await books.run(status.id, Remedy.RELEASE, {}, "Ines", "verified by phone")
        assert await desk.journal.words.corrections(transfer.id) == (Correction("lines[0].sku", "MUG-9", "MUG"),)
        assert await desk.journal.words.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 12)
        assert not await desk.journal.words.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 13)
        assert sorted(item.key for item in await desk.journal.agenda.due(9)) == ["1", "2"]
        for run in (fix, free):
            assert (await books.undo(run.id, "Omar", "mistaken")).state == "undone"
        assert await desk.journal.words.corrections(transfer.id) == ()
        assert not await desk.journal.words.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 12)
        actions = [event.action for event in await file.history(mug.id)]
        assert actions == ["opened", "ran", "undone"]

    at_desk(work)


def test_a_run_is_proven_waiting_or_not_enough(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        books, file = playbooks(desk), CaseFile(desk.database, desk.clock)
        first, second = [await held(desk, order, unknown("MUG-9")) for order in ("1", "2")]
        [case] = (await file.page()).cases
        run = await books.run(case.id, Remedy.RETRY, {}, "Ines")
        assert run.outcome == "waiting"
        desk.wait(minutes=1)
        await posted(desk, first)
        assert (await books.one(run.id)).outcome == "waiting"
        await desk.journal.transfers.weighed(second.id, (unknown("MUG-9"),))
        assert (await books.one(run.id)).outcome == "not enough"
        await posted(desk, second)
        assert [one.outcome for one in await books.of_case(case.id)] == ["proven"]
        with pytest.raises(NotAllowed, match="is closed"):
            await books.run(case.id, Remedy.RETRY, {}, "Ines")

    at_desk(work)


def test_a_preview_tells_what_else_the_orders_wait_for(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        books, file = playbooks(desk), CaseFile(desk.database, desk.clock)
        await held(desk, "1", unknown("MUG-9"), unknown("TEA-1"))
        await held(desk, "2", unknown("MUG-9"))
        mug, _ = (await file.page()).cases
        plan = await books.preview(mug.id, Remedy.RETRY, {})
        assert plan.lines == (
            "2 objects are weighed again, and get on if nothing else; 1 of them wait for something else too.",
        )
        assert (await books.preview(mug.id, Remedy.RETRY, {"sku": "x"})).problem.startswith("retry does not take")
        assert (await books.preview(mug.id, Remedy.MAP_SKU, {})).problem.startswith("map_sku needs sku")
        assert (await books.preview(mug.id, Remedy.CORRECT, {"value": "x"})).problem.startswith("say which order")

    at_desk(work)


def test_what_is_let_act_by_itself_begins_once_for_each_time_it_is_opened(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        autonomy = {"address_incomplete": "act", "lines_incomplete": "act", "no_lines": "approve"}
        design = Design.model_validate(DESIGN.model_dump() | {"autonomy": autonomy})
        books, file = playbooks(desk, design), CaseFile(desk.database, desk.clock)
        part = hold(FindingKind.LINES_INCOMPLETE, "items_total", 3, "2")
        transfer = await held(desk, "1", part)
        await held(desk, "2", hold(FindingKind.NO_LINES, "lines", "0 lines", "at least one"))
        await held(desk, "3", hold(FindingKind.ADDRESS_INCOMPLETE, "billing_address.country", "", "text"))
        assert await books.act_by_itself() == 2, "a correction needs a person's words"
        assert await books.act_by_itself() == 0
        assert [item.key for item in await desk.journal.agenda.due(9)] == ["1"]
        [prepared] = await books.waiting_for_approval()
        await books.approve(prepared.id, "Ines")
        with pytest.raises(NotAllowed, match="is approved"):
            await books.refuse(prepared.id, "Omar")
        assert sorted(item.key for item in await desk.journal.agenda.due(9)) == ["1", "2"]
        await posted(desk, transfer)
        desk.wait(hours=1)
        await desk.journal.transfers.weighed(transfer.id, (part,))
        assert await books.act_by_itself() == 1
        assert [case.kind for case in (await file.page()).cases if case.times_opened == 2] == ["lines_incomplete"]

    at_desk(work)


def test_of_several_workers_one_begins_what_acts_by_itself(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        design = Design.model_validate(DESIGN.model_dump() | {"autonomy": {"lines_incomplete": "act"}})
        await held(desk, "1", hold(FindingKind.LINES_INCOMPLETE, "items_total", 3, "2"))
        begun = await asyncio.gather(*(playbooks(desk, design).act_by_itself() for _ in range(4)))
        assert sum(begun) == 1
        [case] = (await CaseFile(desk.database, desk.clock).page()).cases
        assert len(await playbooks(desk, design).of_case(case.id)) == 1

    at_desk(work)


def test_restock_by_hand_names_the_document_that_did_it(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        books, file = playbooks(desk), CaseFile(desk.database, desk.clock)
        missing = hold(FindingKind.NOT_RESTOCKED, "credit_note.restock", "2 of MUG", "a shelf in Cin7")
        await held(desk, "1:7", missing)
        [case] = (await file.page()).cases
        with pytest.raises(NotAllowed, match="restock_by_hand needs document"):
            await books.run(case.id, Remedy.RESTOCK_BY_HAND, {}, "Ines", "they came back")
        run = await books.run(case.id, Remedy.RESTOCK_BY_HAND, {"document": "SA-12"}, "Ines", "they came back")
        assert run.outcome == "proven"
        assert (await file.page()).cases == ()
        [closed] = await file.objects(case.id, open_only=False)
        assert closed.proof is not None
        assert closed.proof["words"] == "Ines: put back in Cin7 by SA-12. they came back"
        assert case.deadline_at - case.opened_at == timedelta(days=7)

    at_desk(work)
