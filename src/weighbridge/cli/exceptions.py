"""`weighbridge exceptions list|show`: what waits for a person, and one exception with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.cli.exception_backend import CaseDesk
from weighbridge.cli.exception_backend_remote import at_the_desk
from weighbridge.cli.server import AtServer
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.exceptions.evidence import Evidence
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.plan import ARGUMENTS
from weighbridge.exceptions.records import Case, CaseObject

exceptions_app = typer.Typer(help="What waits for a person, and the safe ways out.", no_args_is_help=True)

OfConnection = Annotated[str, typer.Option("--connection", help="Only of this connection.")]
OfOwner = Annotated[Owner | None, typer.Option("--owner", help="Only what this owner resolves.")]
OfKind = Annotated[list[FindingKind] | None, typer.Option("--kind", help="Only of this kind; may be repeated.")]
WithTag = Annotated[str, typer.Option("--tagged", help="Only those with this tag.")]
Containing = Annotated[str, typer.Option("--containing", help="Part of the title or cause, or an order number.")]


@exceptions_app.command("list")
def list_exceptions(
    config: Config = DEFAULT_CONFIG,
    connection: OfConnection = "",
    owner: OfOwner = None,
    kind: OfKind = None,
    tagged: WithTag = "",
    containing: Containing = "",
    state: Annotated[str, typer.Option(help="open, closed, merged or any.")] = "open",
    snoozed: Annotated[bool, typer.Option("--snoozed", help="Those that sleep too.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Only those beyond their deadline.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most that are shown.")] = 50,
    as_json: AsJson = False,
    server: AtServer = "",
) -> None:
    """List exceptions, most urgent first."""
    wanted = Wanted(
        connection=connection, owner=owner, kinds=tuple(kind or ()), tag=tagged, words=containing, state=state,
        snoozed=snoozed, late=late,
    )  # fmt: skip

    async def read(desk: CaseDesk) -> tuple[Sequence[Case], bool, datetime]:
        cases, more = await desk.listed(wanted, limit)
        return cases, more, await desk.now()

    cases, more, now = at_the_desk(config, server, "", read)
    if as_json:
        print_json([case.as_json() for case in cases])
        return
    if not cases:
        out.print("Nothing waits for a person.")
        return
    table = Table("No", "Urgency", "Owner", "What", "Objects", "Money", "Due", title="Exceptions", title_justify="left")
    for case in cases:
        who = f"{case.owner}\n{escape(case.assignee)}" if case.assignee else str(case.owner)
        due = f"{case.deadline_at:%Y-%m-%d %H:%M}" + (" late" if case.is_late(now) else "")
        money = "\n".join(str(one) for one in case.money)
        tags = f"\n{escape(', '.join(case.tags))}" if case.tags else ""
        what = f"{escape(case.title)}{tags}"
        table.add_row(str(case.id), case.urgency.name.lower(), who, what, f"{case.objects_open:,}", money, due)
    out.print(table)
    if more:
        out.print(f"There are more than {limit}; --limit shows them.")


@exceptions_app.command("show")
def show_exception(
    number: Annotated[int, typer.Argument(help="Its number, as the list has it.")],
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="Most objects shown.")] = 20,
    as_json: AsJson = False,
    server: AtServer = "",
) -> None:
    """Show one exception: cause, evidence, safe actions, objects with their next try, runs and history."""

    whole = at_the_desk(config, server, "", lambda desk: desk.dossier(number, limit))
    case, evidence = whole.case, whole.evidence
    if as_json:
        print_json(
            case.as_json()
            | {
                "objects": [asdict(one) for one in whole.objects],
                "evidence": asdict(evidence) if evidence else None,
                "runs": [asdict(run) for run in whole.runs],
                "history": [asdict(event) for event in whole.history],
            }
        )
        return
    _print_case(case, evidence)
    _print_objects(case, whole.objects)
    for run in whole.runs:
        out.print(f"Run {run.id}: {run.remedy} by {run.asked_by}, {run.outcome or run.state}", markup=False)
    for event in whole.history:
        out.print(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.actor}: {event.action} {event.words}", markup=False)


def _print_case(case: Case, evidence: Evidence | None) -> None:
    entry = case.entry
    money = ", ".join(str(one) for one in case.money) or "none"
    out.print(f"[bold]{case.id}: {escape(case.title)}[/] ({case.state}, {case.urgency.name.lower()})")
    rows = (
        ("Owner", f"{case.owner} {case.assignee}".strip()),
        ("Money at risk", money),
        ("Due", f"{case.deadline_at:%Y-%m-%d %H:%M} UTC"),
        ("Cause", entry.cause),
        ("Found", f"{case.field} is {case.value or 'empty'}; expected {case.expected}"),
        ("Blocks", entry.blocks),
        ("What to do", entry.advice),
        ("Closes when", entry.proof),
        ("Safe actions", "; ".join(_asked(remedy) for remedy in entry.remedies)),
        ("Tags", ", ".join(case.tags)),
    )
    for label, text in rows:
        if text:
            out.print(f"  {label}: {text}", markup=False, highlight=False)
    if evidence is not None:
        out.print(f"  Evidence: {evidence.call} -> {evidence.answer}", markup=False, highlight=False)
        if evidence.response:
            out.print(f"    {evidence.response[:400]}", markup=False, highlight=False)


def _asked(remedy: Remedy) -> str:
    needed = [f"{one.name}=..." for one in ARGUMENTS.get(remedy, ()) if one.needed]
    return " ".join([str(remedy), *needed])


def _print_objects(case: Case, objects: Sequence[CaseObject]) -> None:
    table = Table("Object", "State", "Found", "Amount", "Next try or proof")
    for one in objects:
        amount = f"{one.amount} {one.currency}" if one.amount is not None else ""
        tried = f"{one.next_try_at:%Y-%m-%d %H:%M}, after {one.tries} tries" if one.next_try_at else ""
        proof = one.proof["words"] if one.proof else tried
        found = f"{one.field} is {one.value or 'empty'}"
        table.add_row(f"{one.flow} {escape(one.key)}", one.state, escape(found), amount, escape(proof))
    out.print(table)
    if case.objects_ever > len(objects):
        out.print(f"{case.objects_ever:,} objects in all; --limit shows more.")
