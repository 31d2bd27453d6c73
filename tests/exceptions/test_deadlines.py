"""Deadlines and backup owners of the design, for opened, reopened and already open exceptions, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tests.exceptions.test_exception_records import posted
from tests.persistence.conftest import Harness, OnBothDatabases
from weighbridge.domain.exceptions.alerting import lines_for
from weighbridge.domain.exceptions.kinds import CATALOGUE
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.actions import Reopen
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.lifecycle import ExceptionLifecycle
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.repositories.sent_alerts import SentAlerts

KIND = FindingKind.CURRENCY_UNKNOWN
FOUR, SIX = timedelta(hours=4), timedelta(hours=6)


async def held(harness: Harness, connection: str, order: str, value: str) -> None:
    transfer = await harness.repositories.transfers.open(connection, "orders", order)
    finding = hold(KIND, "currency", value, "a currency with a customer")
    await harness.repositories.transfers.record_evaluation(transfer.id, (finding,), amount=Decimal(5), currency="USD")


async def only_exception(harness: Harness, connection: str) -> ExceptionRecord:
    (exception_record,) = (
        await ExceptionQueries(harness.database, harness.clock).page(
            ExceptionFilter(connection=connection, state="any")
        )
    ).exception_records
    return exception_record


async def deadline_of(harness: Harness, connection: str) -> datetime:
    return (await only_exception(harness, connection)).deadline_at


def test_open_and_new_exceptions_follow_the_deadline_of_the_design(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        apply_design = harness.repositories.escalation_policy.apply_design
        usual = CATALOGUE[KIND].within
        await held(harness, "main", "1", "CHF")
        await held(harness, "other", "1", "CHF")
        opened = harness.now
        harness.wait(hours=1)
        assert await apply_design("main", {KIND: FOUR}, {}) == 1
        assert await apply_design("main", {KIND: FOUR}, {}) == 0, "another worker says the same"
        assert await deadline_of(harness, "main") == opened + FOUR
        assert await deadline_of(harness, "other") == opened + usual, "its design says nothing"
        assert await apply_design("main", {}, {}) == 1
        assert await deadline_of(harness, "main") == opened + usual
        await apply_design("main", {KIND: SIX}, {})
        exception_record = await only_exception(harness, "main")
        lifecycle = ExceptionLifecycle(harness.database, harness.clock)
        await posted(harness, await harness.repositories.transfers.open("main", "orders", "1"))
        harness.wait(hours=1)
        await lifecycle.act([exception_record.id], Reopen("not believed"), "Ines")
        assert await deadline_of(harness, "main") == harness.now + SIX

    on_both_databases(work)


def test_the_backup_owner_is_notified_of_late_exceptions(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        await held(harness, "main", "1", "CHF")
        await held(harness, "other", "1", "CHF")
        await harness.repositories.escalation_policy.apply_design(
            "main", {KIND: FOUR}, {Owner.FINANCE: Owner.ECOMMERCE}
        )
        harness.wait(days=30)
        exception_records = await SentAlerts(harness.database, harness.clock).open_exceptions()
        assert {exception_record.owner for exception_record in exception_records} == {Owner.FINANCE}

        def notified(owner: Owner) -> list[str]:
            lines = lines_for((owner,), exception_records, {}, harness.now, quiet=False)
            return [line.exception.title.partition("[")[2] for line in lines]

        assert notified(Owner.ECOMMERCE) == ["main]"]
        assert notified(Owner.OPERATIONS) == ["other]"], "the default stays for a design that says nothing"

    on_both_databases(work)
