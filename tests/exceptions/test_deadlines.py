"""Deadlines and backups as a design says them: for what is opened, reopened and open already, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from tests.exceptions.test_exception_records import posted
from tests.persistence.conftest import Desk, Desks
from weighbridge.domain.exceptions.alerting import lines_for
from weighbridge.domain.exceptions.kinds import CATALOGUE
from weighbridge.domain.findings.finding import FindingKind, Owner, hold
from weighbridge.exceptions.actions import Reopen
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import ExceptionDesk
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.exceptions.records import Case
from weighbridge.persistence.repositories.sent_alerts import AlertLedger

KIND = FindingKind.CURRENCY_UNKNOWN
FOUR, SIX = timedelta(hours=4), timedelta(hours=6)


async def held(desk: Desk, connection: str, order: str, value: str) -> None:
    transfer = await desk.journal.transfers.open(connection, "orders", order)
    finding = hold(KIND, "currency", value, "a currency with a customer")
    await desk.journal.transfers.weighed(transfer.id, (finding,), amount=Decimal(5), currency="USD")


async def only(desk: Desk, connection: str) -> Case:
    (case,) = (await CaseFile(desk.database, desk.clock).page(Wanted(connection=connection, state="any"))).cases
    return case


async def due(desk: Desk, connection: str) -> datetime:
    return (await only(desk, connection)).deadline_at


def test_what_is_open_and_what_comes_has_the_deadline_that_counts(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        agree = desk.journal.responsibility.agree
        usual = CATALOGUE[KIND].within
        await held(desk, "main", "1", "CHF")
        await held(desk, "other", "1", "CHF")
        opened = desk.now
        desk.wait(hours=1)
        assert await agree("main", {KIND: FOUR}, {}) == 1
        assert await agree("main", {KIND: FOUR}, {}) == 0, "another worker says the same"
        assert await due(desk, "main") == opened + FOUR
        assert await due(desk, "other") == opened + usual, "its design says nothing"
        assert await agree("main", {}, {}) == 1
        assert await due(desk, "main") == opened + usual
        await agree("main", {KIND: SIX}, {})
        case = await only(desk, "main")
        people = ExceptionDesk(desk.database, desk.clock)
        await posted(desk, await desk.journal.transfers.open("main", "orders", "1"))
        desk.wait(hours=1)
        await people.act([case.id], Reopen("not believed"), "Ines")
        assert await due(desk, "main") == desk.now + SIX

    at_desk(work)


def test_who_stands_in_is_told_of_what_is_late(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        await held(desk, "main", "1", "CHF")
        await held(desk, "other", "1", "CHF")
        await desk.journal.responsibility.agree("main", {KIND: FOUR}, {Owner.FINANCE: Owner.ECOMMERCE})
        desk.wait(days=30)
        cases = await AlertLedger(desk.database, desk.clock).open_cases()
        assert {case.owner for case in cases} == {Owner.FINANCE}

        def told(owner: Owner) -> list[str]:
            lines = lines_for((owner,), cases, {}, desk.now, quiet=False)
            return [line.case.title.partition("[")[2] for line in lines]

        assert told(Owner.ECOMMERCE) == ["main]"]
        assert told(Owner.OPERATIONS) == ["other]"], "the default stays for a design that says nothing"

    at_desk(work)
