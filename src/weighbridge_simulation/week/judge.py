"""The judge: reads the product's exceptions over its JSON API, as any API client could, and compares them with the
injected faults."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from weighbridge.access.roles import Role
from weighbridge.app.context import AppContext
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.server import embedded_console
from weighbridge_simulation.week.fault import InjectedFault


@dataclass(frozen=True, slots=True)
class ReportedObject:
    """One object of an exception."""

    key: str
    value: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class ReportedException:
    """One exception, open or closed."""

    number: int
    kind: str
    title: str
    owner: str
    state: str
    money: str
    objects: tuple[ReportedObject, ...]

    def first_naming(self, names: Sequence[str]) -> datetime | None:
        """When the exception first named one of these objects; None where it never did."""
        return min((reported.opened_at for reported in self.objects if _mentions(reported, names)), default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the product handled one fault as expected."""

    injected: InjectedFault
    good: bool
    text: str
    exception: ReportedException | None = None
    found_at: datetime | None = None

    @property
    def took(self) -> timedelta | None:
        """The time from the fault to its exception."""
        occurred_at = self.injected.occurred_at
        return self.found_at - occurred_at if self.found_at and occurred_at else None


async def fetch_exceptions(
    installation: Installation, folder: Path, environment: Mapping[str, str]
) -> list[ReportedException]:
    """All exceptions, open and closed, read over the API with the token of a read-only user."""
    token = await _token(installation, folder, environment)
    async with embedded_console(installation, folder, environment, port=0) as port:
        headers = {"authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{port}/api/v1"
        async with httpx2.AsyncClient(headers=headers, timeout=60.0, base_url=base) as http:
            exceptions: list[ReportedException] = []
            page = 1
            while True:
                answer = await _get(http, f"/exceptions?state=any&snoozed=true&page={page}")
                exceptions += [_read(await _get(http, f"/exceptions/{row['id']}")) for row in answer["exceptions"]]
                if not answer["more"]:
                    return exceptions
                page += 1


async def _token(installation: Installation, folder: Path, environment: Mapping[str, str]) -> str:
    database = Database(installation.installation.database)
    try:
        access = AppContext.of(installation, folder, environment, database).access
        judge = await access.users.add("judge", Role.VIEWER, secrets.token_urlsafe(16), "week")
        return await access.tokens.create(judge, "week", read_only=True, days=1, actor="week")
    finally:
        await database.close()


async def _get(http: httpx2.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    answer.raise_for_status()
    return answer.json()


def _read(detail: Mapping[str, Any]) -> ReportedException:
    exception_record = detail["exception"]
    money = ", ".join(f"{amount['amount']} {amount['currency']}" for amount in exception_record["money"])
    initial_amounts = {f"{row['amount']} {row['currency']}" for row in detail["objects"] if row["amount"]}
    return ReportedException(
        exception_record["id"],
        exception_record["kind"],
        exception_record["title"],
        exception_record["owner"],
        exception_record["state"],
        money or ", ".join(sorted(initial_amounts)),
        tuple(
            ReportedObject(row["key"], row["value"], datetime.fromisoformat(row["opened_at"]))
            for row in detail["objects"]
        ),
    )


def _mentions(reported_object: ReportedObject, names: Sequence[str]) -> bool:
    """True when an object has one of these names: by its key, by the order of a refund's key, or by its value."""
    mentioned = {reported_object.key, reported_object.key.partition(":")[0], reported_object.value.strip("'\"")}
    return bool(mentioned & set(names))


def verdicts_for(
    injected: Sequence[InjectedFault], tolerated: Mapping[str, bool], exceptions: Sequence[ReportedException]
) -> list[Verdict]:
    """A verdict for each fault."""
    return [_verdict(fault, tolerated, exceptions) for fault in injected]


def _verdict(
    injected: InjectedFault, tolerated: Mapping[str, bool], exceptions: Sequence[ReportedException]
) -> Verdict:
    fault, occurred_at = injected.fault, injected.occurred_at
    if occurred_at is None or injected.problem:
        return Verdict(injected, False, f"DID NOT OCCUR {injected.problem}".strip())
    if fault.kind is None:
        good = tolerated.get(fault.name, False)
        return Verdict(injected, good, fault.expectation if good else f"NOT TRUE: {fault.expectation}")
    matches = [
        (at, exception_record)
        for exception_record in exceptions
        if exception_record.kind == fault.kind
        and (at := exception_record.first_naming(injected.names)) is not None
        and at >= occurred_at
    ]
    if not matches:
        return Verdict(injected, False, "NOT FOUND")
    at, exception_record = min(matches, key=lambda pair: pair[0])
    problems = []
    if at - occurred_at > fault.within:
        problems.append("TOO LATE")
    if exception_record.owner != fault.owner:
        problems.append(f"WRONG OWNER, {fault.owner} expected")
    return Verdict(injected, not problems, ", ".join(problems) or "found", exception_record, at)


def false_alarms(injected: Sequence[InjectedFault], exceptions: Sequence[ReportedException]) -> list[ReportedException]:
    """Exceptions that no injected fault explains: of another kind, or about an object that no fault affects."""
    return [
        exception_record
        for exception_record in exceptions
        if not any(_explains(fault, exception_record) for fault in injected)
    ]


def _explains(injected: InjectedFault, exception: ReportedException) -> bool:
    kinds = {str(kind) for kind in (injected.fault.kind, *injected.fault.follows) if kind is not None}
    return (
        injected.occurred_at is not None
        and exception.kind in kinds
        and exception.first_naming(injected.names) is not None
    )
