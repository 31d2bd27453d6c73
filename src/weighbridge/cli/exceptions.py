"""`weighbridge exceptions list|show`: the exceptions that wait for a person, and one exception in detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from weighbridge.cli.api_client import ServerOption
from weighbridge.cli.context import DEFAULT_CONFIG, AsJson, Config, out, print_json
from weighbridge.cli.exception_client import ExceptionClient, with_exceptions
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.evidence import Evidence
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.plan import ARGUMENTS
from weighbridge.exceptions.records import ExceptionObject, ExceptionRecord

exceptions_app = typer.Typer(help="Exceptions that wait for a person, and their playbooks.", no_args_is_help=True)

OfConnection = Annotated[str, typer.Option("--connection", help="Only exceptions of this connection.")]
OfOwner = Annotated[Owner | None, typer.Option("--owner", help="Only exceptions of this owner.")]
OfKind = Annotated[list[FindingKind] | None, typer.Option("--kind", help="Only exceptions of this kind; repeatable.")]
WithTag = Annotated[str, typer.Option("--tagged", help="Only exceptions with this tag.")]
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
    snoozed: Annotated[bool, typer.Option("--snoozed", help="Include snoozed exceptions.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Only exceptions past their deadline.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of exceptions.")] = 50,
    as_json: AsJson = False,
    server: ServerOption = "",
) -> None:
    """List exceptions, most urgent first."""
    exception_filter = ExceptionFilter(
        connection=connection, owner=owner, kinds=tuple(kind or ()), tag=tagged, text=containing, state=state,
        snoozed=snoozed, late=late,
    )  # fmt: skip

    async def read(client: ExceptionClient) -> tuple[Sequence[ExceptionRecord], bool, datetime]:
        exception_records, has_more = await client.list_exceptions(exception_filter, limit)
        return exception_records, has_more, await client.now()

    exception_records, has_more, now = with_exceptions(config, server, "", read)
    if as_json:
        print_json([exception_record.as_json() for exception_record in exception_records])
        return
    if not exception_records:
        out.print("No exceptions wait for a person.")
        return
    table = Table("No", "Urgency", "Owner", "What", "Objects", "Money", "Due", title="Exceptions", title_justify="left")
    for exception_record in exception_records:
        table.add_row(*_list_row(exception_record, now))
    out.print(table)
    if has_more:
        out.print(f"There are more than {limit}; raise --limit to list them.")


@exceptions_app.command("show")
def show_exception(
    number: Annotated[int, typer.Argument(help="Number of the exception.")],
    config: Config = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="Maximum number of objects.")] = 20,
    as_json: AsJson = False,
    server: ServerOption = "",
) -> None:
    """Show an exception: cause, evidence, playbooks, objects with their next try or proof, runs and history."""
    detail = with_exceptions(config, server, "", lambda client: client.detail(number, limit))
    exception_record, evidence = detail.exception_record, detail.evidence
    if as_json:
        print_json(
            exception_record.as_json()
            | {
                "objects": [asdict(exception_object) for exception_object in detail.objects],
                "evidence": asdict(evidence) if evidence else None,
                "runs": [asdict(run) for run in detail.runs],
                "history": [asdict(event) for event in detail.history],
            }
        )
        return
    _print_exception(exception_record, evidence)
    _print_objects(exception_record, detail.objects)
    for run in detail.runs:
        out.print(f"Run {run.id}: {run.playbook} by {run.requested_by}, {run.outcome or run.state}", markup=False)
    for event in detail.history:
        out.print(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.actor}: {event.action} {event.text}", markup=False)


def _list_row(exception_record: ExceptionRecord, now: datetime) -> tuple[str, ...]:
    owner, assignee = str(exception_record.owner), escape(exception_record.assignee)
    tags = f"\n{escape(', '.join(exception_record.tags))}" if exception_record.tags else ""
    return (
        str(exception_record.id),
        exception_record.urgency.name.lower(),
        f"{owner}\n{assignee}" if assignee else owner,
        f"{escape(exception_record.title)}{tags}",
        f"{exception_record.objects_open:,}",
        "\n".join(str(money) for money in exception_record.money),
        f"{exception_record.deadline_at:%Y-%m-%d %H:%M}" + (" late" if exception_record.is_late(now) else ""),
    )


def _print_exception(exception_record: ExceptionRecord, evidence: Evidence | None) -> None:
    entry, urgency = exception_record.entry, exception_record.urgency.name.lower()
    title = f"{exception_record.id}: {escape(exception_record.title)}"
    out.print(f"[bold]{title}[/] ({exception_record.state}, {urgency})")
    value = exception_record.value or "empty"
    rows = (
        ("Owner", f"{exception_record.owner} {exception_record.assignee}".strip()),
        ("Money at risk", ", ".join(str(money) for money in exception_record.money) or "none"),
        ("Due", f"{exception_record.deadline_at:%Y-%m-%d %H:%M} UTC"),
        ("Cause", entry.cause),
        ("Found", f"{exception_record.field} is {value}; expected {exception_record.expected}"),
        ("Blocks", entry.blocks),
        ("What to do", entry.advice),
        ("Closes when", entry.proof),
        ("Safe actions", "; ".join(_playbook_usage(playbook) for playbook in entry.playbooks)),
        ("Tags", ", ".join(exception_record.tags)),
    )
    for label, text in rows:
        if text:
            out.print(f"  {label}: {text}", markup=False, highlight=False)
    if evidence is not None:
        out.print(f"  Evidence: {evidence.call} -> {evidence.answer}", markup=False, highlight=False)
        if evidence.response:
            out.print(f"    {evidence.response[:400]}", markup=False, highlight=False)


def _playbook_usage(playbook: Playbook) -> str:
    required = [f"{argument.name}=..." for argument in ARGUMENTS.get(playbook, ()) if argument.needed]
    return " ".join([str(playbook), *required])


def _print_objects(exception_record: ExceptionRecord, objects: Sequence[ExceptionObject]) -> None:
    table = Table("Object", "State", "Found", "Amount", "Next try or proof")
    for item in objects:
        amount = f"{item.amount} {item.currency}" if item.amount is not None else ""
        next_try = f"{item.next_try_at:%Y-%m-%d %H:%M}, after {item.tries} tries" if item.next_try_at else ""
        proof = item.proof["text"] if item.proof else next_try
        finding = f"{item.field} is {item.value or 'empty'}"
        table.add_row(f"{item.flow} {escape(item.key)}", item.state, escape(finding), amount, escape(proof))
    out.print(table)
    if exception_record.objects_ever > len(objects):
        out.print(f"{exception_record.objects_ever:,} objects in total; raise --limit to list them.")
