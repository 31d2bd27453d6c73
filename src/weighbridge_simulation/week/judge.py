"""The judge: reads the product's exceptions over its own JSON API, as any program of the house could, and compares them
with what was injected."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from weighbridge.access.roles import Role
from weighbridge.app.context import Office
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.server import console_beside
from weighbridge_simulation.week.fault import Injected


@dataclass(frozen=True, slots=True)
class Named:
    """One object of an exception."""

    key: str
    value: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One exception, open or closed."""

    number: int
    kind: str
    title: str
    owner: str
    state: str
    money: str
    objects: tuple[Named, ...]

    def first_naming(self, names: Sequence[str]) -> datetime | None:
        """When it first named one of these; None where it never did."""
        return min((one.opened_at for one in self.objects if _names(one, names)), default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one fault was met."""

    injected: Injected
    good: bool
    words: str
    case: Case | None = None
    found_at: datetime | None = None

    @property
    def took(self) -> timedelta | None:
        """From the moment it struck until it was found."""
        struck = self.injected.struck_at
        return self.found_at - struck if self.found_at and struck else None


async def cases_of(installation: Installation, folder: Path, environment: Mapping[str, str]) -> list[Case]:
    """Every exception there ever was, asked for at the API by a reader with a token."""
    token = await _token(installation, folder, environment)
    async with console_beside(installation, folder, environment, port=0) as port:
        headers = {"authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{port}/api/v1"
        async with httpx2.AsyncClient(headers=headers, timeout=60.0, base_url=base) as http:
            found: list[Case] = []
            page = 1
            while True:
                answer = await _get(http, f"/exceptions?state=any&snoozed=true&page={page}")
                found += [_read(await _get(http, f"/exceptions/{one['id']}")) for one in answer["cases"]]
                if not answer["more"]:
                    return found
                page += 1


async def _token(installation: Installation, folder: Path, environment: Mapping[str, str]) -> str:
    database = Database(installation.installation.database)
    try:
        access = Office.of(installation, folder, environment, database).access
        judge = await access.users.add("judge", Role.VIEWER, secrets.token_urlsafe(16), "week")
        return await access.tokens.make(judge, "week", read_only=True, days=1, actor="week")
    finally:
        await database.close()


async def _get(http: httpx2.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    answer.raise_for_status()
    return answer.json()


def _read(whole: Mapping[str, Any]) -> Case:
    case = whole["case"]
    money = ", ".join(f"{one['amount']} {one['currency']}" for one in case["money"])
    at_first = {
        (one["flow"], one["key"]): f"{one['amount']} {one['currency']}" for one in whole["objects"] if one["amount"]
    }
    return Case(
        case["id"],
        case["kind"],
        case["title"],
        case["owner"],
        case["state"],
        money or ", ".join(sorted(set(at_first.values()))),
        tuple(Named(one["key"], one["value"], datetime.fromisoformat(one["opened_at"])) for one in whole["objects"]),
    )


def _names(one: Named, names: Sequence[str]) -> bool:
    """Whether an object of an exception is one of these: by its key, as the part before a refund's, or by its value."""
    mentioned = {one.key, one.key.partition(":")[0], one.value.strip("'\"")}
    return bool(mentioned & set(names))


def judged(injected: Sequence[Injected], borne: Mapping[str, bool], cases: Sequence[Case]) -> list[Verdict]:
    """A verdict for each fault."""
    return [_verdict(one, borne, cases) for one in injected]


def _verdict(one: Injected, borne: Mapping[str, bool], cases: Sequence[Case]) -> Verdict:
    fault, struck = one.fault, one.struck_at
    if struck is None or one.problem:
        return Verdict(one, False, f"DID NOT STRIKE {one.problem}".strip())
    if fault.kind is None:
        good = borne.get(fault.name, False)
        return Verdict(one, good, fault.then if good else f"NOT so: {fault.then}")
    found = [
        (at, case)
        for case in cases
        if case.kind == fault.kind and (at := case.first_naming(one.names)) is not None and at >= struck
    ]
    if not found:
        return Verdict(one, False, "NOT FOUND")
    at, case = min(found, key=lambda pair: pair[0])
    problems = []
    if at - struck > fault.within:
        problems.append("TOO LATE")
    if case.owner != fault.owner:
        problems.append(f"WRONG OWNER, {fault.owner} expected")
    return Verdict(one, not problems, ", ".join(problems) or "found", case, at)


def false_alarms(injected: Sequence[Injected], cases: Sequence[Case]) -> list[Case]:
    """Exceptions that no injected fault explains: another kind, or an object that no fault touched."""
    return [case for case in cases if not any(_explains(one, case) for one in injected)]


def _explains(one: Injected, case: Case) -> bool:
    kinds = {str(kind) for kind in (one.fault.kind, *one.fault.follows) if kind is not None}
    return one.struck_at is not None and case.kind in kinds and case.first_naming(one.names) is not None
