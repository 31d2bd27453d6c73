"""`weighbridge exceptions assign|comment|snooze|...|run`: actions on exceptions, under the name of the user."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from weighbridge.cli.api_client import ActorOption, ServerOption
from weighbridge.cli.context import DEFAULT_CONFIG, Config, fail, out
from weighbridge.cli.exception_client import ExceptionClient, with_exceptions
from weighbridge.cli.exceptions import Containing, OfConnection, OfKind, OfOwner, WithTag, exceptions_app
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.exceptions.actions import Accept, Action, Assign, Comment, Reopen, Snooze, Tag, Unsnooze, Untag
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.lifecycle import Effect
from weighbridge.exceptions.plan import Plan
from weighbridge.exceptions.playbooks import PlaybookRun

Number = Annotated[int, typer.Argument(help="Number of the exception.")]
Numbers = Annotated[list[int], typer.Argument(help="Numbers of the exceptions.")]
Reason = Annotated[str, typer.Option("--reason", help="Reason; it is stored in the history.")]
Yes = Annotated[bool, typer.Option("--yes", help="Run the playbook; without it, only the preview is printed.")]
RunNumber = Annotated[int, typer.Argument(help="Number of the run, as `exceptions show` prints it.")]
DURATION = re.compile(r"(\d+)([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@exceptions_app.command("assign")
def assign(
    numbers: Numbers,
    to: Annotated[str | None, typer.Option(help="Name of the assignee; empty: unassign.")] = None,
    owner: Annotated[Owner | None, typer.Option(help="The new owner.")] = None,
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Assign exceptions to a user or to another owner."""
    if to is None and owner is None:
        fail("give --to, --owner, or both")
    _act(config, numbers, Assign(to, owner), actor, server)


@exceptions_app.command("comment")
def comment(
    number: Number,
    text: Annotated[str, typer.Argument()],
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Add a comment to the history of an exception."""
    _act(config, [number], Comment(text), actor, server)


@exceptions_app.command("snooze")
def snooze(
    numbers: Numbers,
    duration: Annotated[str, typer.Option("--for", help="Duration, such as 30m, 4h or 2d.")],
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Hide exceptions from the list for a while; their deadline stays."""
    length = _duration(duration)

    async def work(client: ExceptionClient) -> int:
        return await client.act(numbers, Snooze(await client.now() + length))

    _print_count(with_exceptions(config, server, actor, work))


@exceptions_app.command("unsnooze")
def unsnooze(
    numbers: Numbers, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = ""
) -> None:
    """Show snoozed exceptions in the list again."""
    _act(config, numbers, Unsnooze(), actor, server)


@exceptions_app.command("tag")
def tag(
    name: Annotated[str, typer.Argument(metavar="TAG")],
    numbers: Numbers,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the tag.")] = False,
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Add a tag to exceptions, or remove it."""
    _act(config, numbers, Untag(name) if remove else Tag(name), actor, server)


@exceptions_app.command("reopen")
def reopen(
    number: Number, reason: Reason, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = ""
) -> None:
    """Reopen the objects that were closed last, and requeue them."""
    _act(config, [number], Reopen(reason), actor, server)


@exceptions_app.command("merge")
def merge(
    numbers: Numbers,
    into: Annotated[int, typer.Option(help="Number of the exception that receives the objects.")],
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Merge exceptions with the same cause into one, for present and later objects."""
    moved = with_exceptions(config, server, actor, lambda client: client.merge(numbers, into))
    out.print(f"{moved:,} objects moved.")


@exceptions_app.command("unmerge")
def unmerge(
    number: Number, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = ""
) -> None:
    """Reverse a merge."""
    moved = with_exceptions(config, server, actor, lambda client: client.unmerge(number))
    out.print(f"{moved:,} objects moved back.")


@exceptions_app.command("bulk")
def bulk(
    action: Annotated[str, typer.Argument(help="assign, comment, snooze, unsnooze, tag, untag or accept.")],
    value: Annotated[str, typer.Argument(help="The assignee, text, duration, tag or reason.")] = "",
    config: Config = DEFAULT_CONFIG,
    connection: OfConnection = "",
    owner: OfOwner = None,
    kind: OfKind = None,
    tagged: WithTag = "",
    containing: Containing = "",
    confirm: Annotated[str, typer.Option(help="Name of the preview; applies the action.")] = "",
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Apply an action to all exceptions that a filter finds: print the preview, then repeat with --confirm NAME."""
    exception_filter = ExceptionFilter(
        connection=connection, owner=owner, kinds=tuple(kind or ()), tag=tagged, text=containing
    )
    if exception_filter == ExceptionFilter():
        fail("give a filter: --connection, --owner, --kind, --tagged or --containing")

    async def work(client: ExceptionClient) -> tuple[Effect, int]:
        named_action = _named_action(action, value, await client.now())
        effect = await client.effect(exception_filter, named_action)
        if confirm and confirm == effect.name:
            return effect, await client.act_on_many(exception_filter, named_action, effect)
        return effect, 0

    effect, count = with_exceptions(config, server, actor, work)
    if count:
        _print_count(count)
        return
    money = ", ".join(str(amount) for amount in effect.money) or "no money"
    out.print(f"{len(effect.ids):,} exceptions with {effect.objects:,} objects, {money}, such as:")
    for title in effect.titles:
        out.print(f"  {title}", markup=False)
    for refused in effect.refused[:5]:
        out.print(f"  not {refused}", markup=False)
    if confirm:
        fail(f"--confirm is {confirm}; expected {effect.name}, the name of what the filter finds now")
    if effect.ids:
        out.print(f"Nothing has changed yet. To apply the action, repeat the command with --confirm {effect.name}")


@exceptions_app.command("run")
def run_playbook(
    number: Number,
    playbook: Annotated[Playbook, typer.Argument(help="One of the safe actions of the exception.")],
    values: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of an argument; repeatable.")] = None,
    reason: Reason = "",
    yes: Yes = False,
    config: Config = DEFAULT_CONFIG,
    actor: ActorOption = "",
    server: ServerOption = "",
) -> None:
    """Preview a playbook, and run it with --yes."""
    arguments = dict(_argument(text) for text in values or ())

    async def work(client: ExceptionClient) -> tuple[Plan, PlaybookRun | None]:
        plan = await client.plan(number, playbook, arguments)
        if not yes or plan.problem:
            return plan, None
        return plan, await client.run(number, playbook, arguments, reason)

    plan, run = with_exceptions(config, server, actor, work)
    if plan.problem:
        fail(plan.problem)
    for line in plan.lines:
        out.print(line, markup=False)
    if run is None:
        undo_note = "It can be undone." if plan.can_be_undone else "It cannot be undone."
        out.print(f"{undo_note} Nothing has changed yet; --yes runs it.")
    else:
        out.print(f"Run {run.id} has started. The exception closes once its proof is read back: {run.outcome}.")


@exceptions_app.command("undo")
def undo(
    run: RunNumber, reason: Reason, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = ""
) -> None:
    """Undo what a run stored."""
    undone = with_exceptions(config, server, actor, lambda client: client.undo(run, reason))
    out.print(f"Run {undone.id} is undone.")


@exceptions_app.command("approve")
def approve(
    run: RunNumber, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = ""
) -> None:
    """Approve a proposed run, which starts it."""
    started = with_exceptions(config, server, actor, lambda client: client.decide(run, approve=True))
    out.print(f"Run {started} has started.")


@exceptions_app.command("refuse")
def refuse(run: RunNumber, config: Config = DEFAULT_CONFIG, actor: ActorOption = "", server: ServerOption = "") -> None:
    """Refuse a proposed run."""
    with_exceptions(config, server, actor, lambda client: client.decide(run, approve=False))
    out.print("Refused.")


def _act(config: Path, numbers: list[int], action: Action, actor: str, server: str) -> None:
    _print_count(with_exceptions(config, server, actor, lambda client: client.act(numbers, action)))


def _print_count(count: int) -> None:
    out.print(f"Done for {count:,} {'exception' if count == 1 else 'exceptions'}.")


def _duration(text: str) -> timedelta:
    match = DURATION.fullmatch(text.strip())
    if match is None:
        fail(f"the duration is {text!r}; expected a number and a unit, such as 30m, 4h or 2d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _argument(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        fail(f"--set is {text!r}; expected NAME=VALUE")
    return name.strip(), value


def _named_action(name: str, value: str, now: datetime) -> Action:
    """The action with this name; an unknown name ends the command."""
    actions = {"assign": Assign, "comment": Comment, "tag": Tag, "untag": Untag, "accept": Accept}
    if name == "snooze":
        return Snooze(now + _duration(value))
    if name == "unsnooze":
        return Unsnooze()
    if name not in actions:
        fail(f"the action is {name!r}; expected snooze, unsnooze, {', '.join(actions)}")
    action: Action = actions[name](value)
    return action
