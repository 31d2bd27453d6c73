"""Decisions are stored on both databases: design changes, corrections, releases and runs of playrunner."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.design.examples import SMALL
from tests.exceptions.test_exception_records import held, posted, unknown
from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.design.loading import parse_installation
from weighbridge.design.overrides import DesignChange, UnusableChange, overridden
from weighbridge.design.schema import Design, design_version
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.correction import Correction
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.playbooks import PlaybookRunner
from weighbridge.exceptions.record_queries import ExceptionQueries

DESIGN = parse_installation(SMALL).connections["main"].design


def playbook_runner(harness: Harness, design: Design = DESIGN) -> PlaybookRunner:
    return PlaybookRunner(harness.database, harness.clock, {"main": design})


async def change_design(harness: Harness, setting: str, key: str, value: object, design: Design = DESIGN) -> int:
    effective = await harness.repositories.designs.effective("main", design)
    async with harness.database.transaction() as transaction:
        change = DesignChange(setting, key, value)
        return await harness.repositories.designs.add_change(transaction, "main", effective, change, "agreed", "Ines")


def test_design_changes_override_the_file_in_their_order(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        designs = harness.repositories.designs
        assert await designs.effective("main", DESIGN) == DESIGN
        counts_before = await designs.change_counts()
        first = await change_design(harness, "tax.rules", "Moon Tax", "Tax on Sales")
        second = await change_design(harness, "tax.rules", "Moon Tax", "Tax Exempt")
        await change_design(harness, "retry.schedules", "throttled", [5, 50])
        await change_design(harness, "owners", "backordered", "ecommerce")
        changed = await designs.effective("main", DESIGN)
        assert changed.tax.rules == {**DESIGN.tax.rules, "Moon Tax": "Tax Exempt"}
        assert changed.retry.schedule("throttled") == (5, 50)
        assert changed.owner_of(FindingKind.BACKORDERED) is Owner.ECOMMERCE
        name = await designs.store_version("main", changed)
        assert name == design_version(changed) != design_version(DESIGN)
        assert (await designs.version("main", name))["tax"]["rules"]["Moon Tax"] == "Tax Exempt"
        assert (await designs.changes("main"))[2].before == "Tax on Sales"
        async with harness.database.transaction() as transaction:
            assert await designs.undo(transaction, second, "Omar")
            assert not await designs.undo(transaction, second, "Omar")
        assert (await designs.effective("main", DESIGN)).tax.rules["Moon Tax"] == "Tax on Sales"
        assert await designs.change_counts() != counts_before
        assert [(change.id, change.undone_by) for change in await designs.changes("main") if change.undone_at] == [
            (second, "Omar")
        ]
        assert first < second

    on_both_databases(work)


@pytest.mark.parametrize(
    ("setting", "key", "value", "message"),
    [
        ("sale", "location", "Elsewhere", "sale can only be changed in the file"),
        ("owners", "backordered", "nobody", "owners.backordered"),
        ("owners", "no such kind", "finance", "owners.no such kind"),
        ("retry.schedules", "throttled", [], "at least one wait"),
        ("retry.schedules", "moon", [5], "causes out of"),
        ("autonomy", "duplicate_sales", "sometimes", "autonomy.duplicate_sales"),
        ("skus", "OLD", "", "skus.OLD"),
    ],
)
def test_an_invalid_design_change_is_refused(setting: str, key: str, value: object, message: str) -> None:
    with pytest.raises(UnusableChange, match=message):
        overridden(DESIGN, [DesignChange(setting, key, value)])


def test_corrections_and_releases_apply_until_they_are_undone(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        runner, queries = playbook_runner(harness), ExceptionQueries(harness.database, harness.clock)
        transfer = await held(harness, "1", unknown("MUG-9"))
        on_hold = hold(FindingKind.STATUS_ON_HOLD, "status_id", 12, "a decision in the store")
        paused = await held(harness, "2", on_hold)
        mug, status = sorted((await queries.page()).exception_records, key=lambda exception_record: exception_record.id)
        correction = await runner.run(mug.id, Playbook.CORRECT, {"value": "MUG"}, "Ines", "typo")
        release = await runner.run(status.id, Playbook.RELEASE, {}, "Ines", "verified by phone")
        assert await harness.repositories.decisions.corrections(transfer.id) == (
            Correction("lines[0].sku", "MUG-9", "MUG"),
        )
        assert await harness.repositories.decisions.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 12)
        assert not await harness.repositories.decisions.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 13)
        assert [key for _, key in await harness.due_jobs()] == ["1", "2"]
        for run in (correction, release):
            assert (await runner.undo(run.id, "Omar", "mistaken")).state == "undone"
        assert await harness.repositories.decisions.corrections(transfer.id) == ()
        assert not await harness.repositories.decisions.is_released(paused.id, FindingKind.STATUS_ON_HOLD, 12)
        actions = [event.action for event in await queries.history(mug.id)]
        assert actions == ["opened", "ran", "undone"]

    on_both_databases(work)


def test_a_run_is_proven_waiting_or_not_enough(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        runner, queries = playbook_runner(harness), ExceptionQueries(harness.database, harness.clock)
        first, second = [await held(harness, order, unknown("MUG-9")) for order in ("1", "2")]
        [exception_record] = (await queries.page()).exception_records
        run = await runner.run(exception_record.id, Playbook.RETRY, {}, "Ines")
        assert run.outcome == "waiting"
        harness.wait(minutes=1)
        await posted(harness, first)
        assert (await runner.get(run.id)).outcome == "waiting"
        await harness.repositories.transfers.record_evaluation(second.id, (unknown("MUG-9"),))
        assert (await runner.get(run.id)).outcome == "not enough"
        await posted(harness, second)
        assert [run.outcome for run in await runner.of_exception(exception_record.id)] == ["proven"]
        with pytest.raises(NotAllowed, match="is closed"):
            await runner.run(exception_record.id, Playbook.RETRY, {}, "Ines")

    on_both_databases(work)


def test_a_preview_shows_what_else_holds_the_orders(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        runner, queries = playbook_runner(harness), ExceptionQueries(harness.database, harness.clock)
        await held(harness, "1", unknown("MUG-9"), unknown("TEA-1"))
        await held(harness, "2", unknown("MUG-9"))
        mug, _ = (await queries.page()).exception_records
        plan = await runner.preview(mug.id, Playbook.RETRY, {})
        assert plan.lines == ("2 objects are re-checked, then posted; 1 of them has another cause too.",)
        assert (await runner.preview(mug.id, Playbook.RETRY, {"sku": "x"})).problem.startswith("retry does not take")
        assert (await runner.preview(mug.id, Playbook.MAP_SKU, {})).problem.startswith("map_sku needs sku")
        assert (await runner.preview(mug.id, Playbook.CORRECT, {"value": "x"})).problem.startswith("say which order")

    on_both_databases(work)


def test_an_automatic_playbook_runs_once_per_opening(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        autonomy = {"address_incomplete": "act", "lines_incomplete": "act", "no_lines": "approve"}
        design = Design.model_validate(DESIGN.model_dump() | {"autonomy": autonomy})
        runner, queries = playbook_runner(harness, design), ExceptionQueries(harness.database, harness.clock)
        lines_incomplete = hold(FindingKind.LINES_INCOMPLETE, "items_total", 3, "2")
        transfer = await held(harness, "1", lines_incomplete)
        await held(harness, "2", hold(FindingKind.NO_LINES, "lines", "0 lines", "at least one"))
        await held(harness, "3", hold(FindingKind.ADDRESS_INCOMPLETE, "billing_address.country", "", "text"))
        assert await runner.run_automatically({"main": design}) == 2, "a correction needs arguments"
        assert await runner.run_automatically({"main": design}) == 0
        assert [key for _, key in await harness.due_jobs()] == ["1"]
        [prepared] = await runner.waiting_for_approval()
        await runner.approve(prepared.id, "Ines")
        with pytest.raises(NotAllowed, match="is approved"):
            await runner.refuse(prepared.id, "Omar")
        assert [key for _, key in await harness.due_jobs()] == ["1", "2"]
        await posted(harness, transfer)
        harness.wait(hours=1)
        await harness.repositories.transfers.record_evaluation(transfer.id, (lines_incomplete,))
        assert await runner.run_automatically({"main": design}) == 1
        assert [
            exception_record.kind
            for exception_record in (await queries.page()).exception_records
            if exception_record.times_opened == 2
        ] == ["lines_incomplete"]

    on_both_databases(work)


def test_only_one_of_several_workers_starts_an_automatic_playbook(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        design = Design.model_validate(DESIGN.model_dump() | {"autonomy": {"lines_incomplete": "act"}})
        await held(harness, "1", hold(FindingKind.LINES_INCOMPLETE, "items_total", 3, "2"))
        started = await asyncio.gather(
            *(playbook_runner(harness, design).run_automatically({"main": design}) for _ in range(4))
        )
        assert sum(started) == 1
        [exception_record] = (await ExceptionQueries(harness.database, harness.clock).page()).exception_records
        assert len(await playbook_runner(harness, design).of_exception(exception_record.id)) == 1

    on_both_databases(work)


def test_restock_by_hand_records_the_document(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        runner, queries = playbook_runner(harness), ExceptionQueries(harness.database, harness.clock)
        missing = hold(FindingKind.NOT_RESTOCKED, "credit_note.restock", "2 of MUG", "restocked in Cin7")
        await held(harness, "1:7", missing)
        [exception_record] = (await queries.page()).exception_records
        with pytest.raises(NotAllowed, match="restock_by_hand needs document"):
            await runner.run(exception_record.id, Playbook.RESTOCK_BY_HAND, {}, "Ines", "they came back")
        run = await runner.run(
            exception_record.id, Playbook.RESTOCK_BY_HAND, {"document": "SA-12"}, "Ines", "they came back"
        )
        assert run.outcome == "proven"
        assert (await queries.page()).exception_records == ()
        [closed] = await queries.objects(exception_record.id, open_only=False)
        assert closed.proof is not None
        assert closed.proof["text"] == "Ines: put back in Cin7 by SA-12. they came back"
        assert exception_record.deadline_at - exception_record.opened_at == timedelta(days=7)

    on_both_databases(work)
