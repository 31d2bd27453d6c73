"""The report of a week: every fault with the time to its exception, and the false alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weighbridge_simulation.week.judge import ReportedException, Verdict, false_alarms, verdicts_for
from weighbridge_simulation.week.play import Outcome

LONGEST_TITLE = 70


def verdicts(outcome: Outcome) -> list[Verdict]:
    return verdicts_for(outcome.injected, outcome.tolerated, outcome.exceptions)


def alarms(outcome: Outcome) -> list[ReportedException]:
    return false_alarms(outcome.injected, outcome.exceptions)


def passed(outcome: Outcome) -> bool:
    """True when every fault was handled as expected and no exception was a false alarm."""
    return all(verdict.good for verdict in verdicts(outcome)) and not alarms(outcome)


def print_week(outcome: Outcome, out: Console) -> None:
    """Prints the tables and one line that says whether the week passed."""
    if outcome.injected:
        out.print(_faults(outcome))
    unexplained = alarms(outcome)
    if unexplained:
        out.print(_alarms(unexplained))
    judged = verdicts(outcome)
    good = sum(verdict.good for verdict in judged)
    days = outcome.options.length / timedelta(days=1)
    out.print(
        f"{days:.1f} days, {outcome.orders:,} orders, {outcome.sales:,} live sales, {outcome.calls:,} calls to Cin7, "
        f"in {outcome.wall_seconds:.0f} seconds."
    )
    handled = f"{good} of {len(judged)} faults handled as expected, " if judged else ""
    colour = "green" if passed(outcome) else "red"
    alarm_count = f"{len(unexplained)} false alarms among {len(outcome.exceptions)} exceptions."
    out.print(f"[bold {colour}]{handled}{alarm_count}[/]")


def _faults(outcome: Outcome) -> Table:
    table = Table(title="Faults and how the product handled them", title_justify="left")
    for name in ("Fault", "Exception", "Object", "Occurred"):
        table.add_column(name)
    table.add_column("Found after", justify="right")
    table.add_column("Owner")
    table.add_column("Money at risk", justify="right")
    table.add_column("Verdict")
    for verdict in sorted(verdicts(outcome), key=lambda verdict: verdict.injected.occurred_at or outcome.ended_at):
        fault, exception_record = verdict.injected.fault, verdict.exception
        table.add_row(
            fault.name,
            str(fault.kind or "tolerated"),
            escape(", ".join(verdict.injected.names[:1])),
            _format_time(verdict.injected.occurred_at),
            _format_duration(verdict.took),
            exception_record.owner if exception_record else "",
            exception_record.money if exception_record else "",
            f"[{'green' if verdict.good else 'bold red'}]{escape(verdict.text)}[/]",
        )
    return table


def _alarms(exceptions: list[ReportedException]) -> Table:
    table = Table("No.", "Kind", "Owner", "Title", "Opened", title="False alarms", title_justify="left")
    for exception_record in exceptions:
        opened = min((reported.opened_at for reported in exception_record.objects), default=None)
        table.add_row(
            str(exception_record.number),
            exception_record.kind,
            exception_record.owner,
            escape(exception_record.title[:LONGEST_TITLE]),
            _format_time(opened),
        )
    return table


def _format_time(at: datetime | None) -> str:
    return f"{at:%a %H:%M}" if at else "never"


def _format_duration(took: timedelta | None) -> str:
    if took is None:
        return ""
    hours, minutes = divmod(int(took / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02d}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The results for programs."""
    return {
        "passed": passed(outcome),
        "seed": outcome.options.seed,
        "orders": outcome.orders,
        "sales": outcome.sales,
        "cin7_calls": outcome.calls,
        "seconds": round(outcome.wall_seconds, 1),
        "exceptions": len(outcome.exceptions),
        "faults": [_as_json(verdict) for verdict in verdicts(outcome)],
        "false_alarms": [
            {
                "number": exception_record.number,
                "kind": exception_record.kind,
                "owner": exception_record.owner,
                "title": exception_record.title,
                "state": exception_record.state,
            }
            for exception_record in alarms(outcome)
        ],
    }


def _as_json(verdict: Verdict) -> dict[str, Any]:
    fault, occurred_at = verdict.injected.fault, verdict.injected.occurred_at
    return {
        "fault": fault.name,
        "expected": str(fault.kind) if fault.kind else None,
        "names": verdict.injected.names,
        "occurred_at": occurred_at.isoformat() if occurred_at else None,
        "found_at": verdict.found_at.isoformat() if verdict.found_at else None,
        "took_seconds": verdict.took.total_seconds() if verdict.took else None,
        "within_seconds": fault.within.total_seconds() if fault.kind else None,
        "owner": verdict.exception.owner if verdict.exception else None,
        "money": verdict.exception.money if verdict.exception else None,
        "exception": verdict.exception.number if verdict.exception else None,
        "good": verdict.good,
        "text": verdict.text,
    }
